/** `check --connect`, against servers that are well, locked, refusing, untrusted or not there. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BindCause, causeOf } from '../../src/directory/bindProbe';
import { connectivity, people } from '../support/connectorFiles';
import { type FakeLdap, result, startFakeLdap, Tag } from '../support/fakeLdap';
import { type LdapLook, lookInto } from '../support/ldapLook';
import { type Slapd, startSlapd } from '../support/slapd';
import { describeOnSlapd } from '../support/system';
import { commandLine } from './commandLine';

interface Step {
  readonly step: string;
  readonly status: string;
  readonly message: string;
}

const folder = mkdtempSync(join(tmpdir(), 'connect-'));
const flags = ['connectors', 'certs', 'state'].flatMap((name) => [`--${name}`, join(folder, name)]);

beforeAll(() => mkdirSync(join(folder, 'connectors')));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function check(file: object, ...more: string[]) {
  writeFileSync(join(folder, 'connectors/it.json'), JSON.stringify(file));
  return commandLine(['check', 'it', '--connect', ...flags, ...more]);
}

async function steps(file: object): Promise<{ code: number; steps: readonly Step[] }> {
  const { code, stdout } = await check(file, '--json');
  return { code, steps: JSON.parse(stdout)[0].steps };
}

const last = (list: readonly Step[]) => [list.at(-1)?.step, list.at(-1)?.status];

test('the embedded directory passes, and says that the right to add is not tested', async () => {
  const { code, stdout } = await check(people(undefined));
  expect(code).toBe(0);
  expect(stdout).toMatch(/^it:\n {2}name +ok +the embedded directory/);
  expect(stdout).toMatch(/ {2}read +ok +User below ou=people,dc=example,dc=com: \d+ entries\n/);
  expect(stdout).toMatch(/ {2}write +ok .*nothing was changed/);
  expect(stdout).toMatch(/ {2}write +- +adding and deleting entries: not tested/);
  expect(stdout).toMatch(/ {2}changes +ok/);
  expect(stdout).toMatch(/it\.json: ok\n$/);
});

test.each([
  ['name', { host: 'nowhere.invalid' }, /not known to DNS/],
  ['tcp', { host: '127.0.0.1', port: 1 }, /nothing listens there.*ECONNREFUSED/],
])('a connection that fails at %s says so, and what to do', async (step, where, words) => {
  const account = { binding: 'Basic', userName: 'cn=a', password: 'not-so-secret' };
  const answer = await steps(people(undefined, {}, { connectivity: { ...account, ...where } }));
  expect([answer.code, ...last(answer.steps)]).toEqual([1, step, 'failed']);
  expect(answer.steps.at(-1)?.message).toMatch(words);
});

describe('a refused bind', () => {
  const windows = (code: string) =>
    `80090308: LdapErr: DSID-0C090447, comment: AcceptSecurityContext error, data ${code}, v3839`;
  const cases: [string, number, string, BindCause][] = [
    ['52e', 49, windows('52e'), 'wrongPassword'],
    ['525', 49, windows('525'), 'unknownUser'],
    ['533', 49, windows('533'), 'disabled'],
    ['701', 49, windows('701'), 'accountExpired'],
    ['532', 49, windows('532'), 'passwordExpired'],
    ['773', 49, windows('773'), 'passwordMustChange'],
    ['775', 49, windows('775'), 'locked'],
    ['530', 49, windows('530'), 'notHereOrNow'],
    ['389 locked', 19, 'Exceed password retry limit. Please try later.', 'locked'],
    ['389 inactive', 53, 'Account inactivated. Contact system administrator.', 'disabled'],
    ['eDirectory locked', 53, 'NDS error: login lockout (-197)', 'locked'],
    ['eDirectory wrong', 49, 'NDS error: failed authentication (-669)', 'wrongPassword'],
    ['TLS demanded', 13, 'confidentiality required', 'notWithoutTls'],
    ['no DN', 34, 'invalid DN', 'malformedName'],
    ['nothing said', 49, '', 'refused'],
    ['a look-alike', 49, 'metadata 52e1, data 999', 'refused'],
  ];
  test.each(cases)('%s is told', (_name, code, diagnostic, cause) => {
    expect(causeOf({ result: code, diagnostic })).toBe(cause);
  });

  test('is asked for once, and its words reach the line without the password', async () => {
    let server: FakeLdap | undefined;
    try {
      server = await startFakeLdap((request, socket) => {
        if (request.tag !== Tag.bind) return false;
        socket.write(result(request.id, 0x61, 49, windows('775')));
        return true;
      });
      const { host, port } = server;
      const account = { binding: 'Basic', userName: 'svc@example.com', password: 'S3cret-of-the-account' };
      const { code, stdout } = await check(people(undefined, {}, { connectivity: { host, port, ...account } }));
      expect(code).toBe(1);
      expect(stdout).toMatch(/bind +FAILED +svc@example\.com is refused \(49\): the account is locked .*unlock it/);
      expect(stdout).not.toContain('S3cret');
      expect(server.requests.filter(({ tag }) => tag === Tag.bind)).toHaveLength(1);
    } finally {
      await server?.close();
    }
  });
});

describeOnSlapd('on OpenLDAP', () => {
  let slapd: Slapd;
  let look: LdapLook;

  beforeAll(async () => {
    const started = await startSlapd({ faults: false });
    if (started === undefined) throw new Error('slapd was found but did not start');
    slapd = started;
    look = await lookInto(slapd);
  });
  afterAll(async () => {
    await look?.close();
    await slapd?.stop();
  });

  const encrypted = (more: object = {}) => ({
    host: 'localhost',
    binding: 'TLS',
    certificate: { ca: slapd.caFile },
    ...more,
  });
  const file = (more: object) => people(slapd, {}, { connectivity: connectivity(slapd, more) });

  test('every step is passed, and nothing at all is changed', async () => {
    const before = await look.find('(objectClass=*)');
    const answer = await steps(file(encrypted()));
    expect(answer.code).toBe(0);
    const seen = new Set(answer.steps.map(({ step, status }) => `${step} ${status}`));
    expect([...seen].sort()).toEqual(
      ['bind ok', 'changes ok', 'name ok', 'read ok', 'tcp ok', 'tls ok', 'write notTested', 'write ok'].sort(),
    );
    const tls = answer.steps.find(({ step }) => step === 'tls');
    expect(tls?.message).toMatch(
      /CN=localhost.* by CN=Example directory CA.*expires on 20.*DNS:localhost.*SHA-256 [0-9A-F:]{95}/,
    );
    expect(tls).toMatchObject({ certificate: { names: 'DNS:localhost, IP Address:127.0.0.1' } });
    expect(answer.steps.find(({ step }) => step === 'changes')?.message).toContain('access log (cn=accesslog)');
    expect(await look.find('(objectClass=*)')).toEqual(before);
  });

  test('an account that may only read fails at write', async () => {
    const reader = { userName: slapd.readerDN, password: `file:${join(slapd.folder, 'reader.password')}` };
    const { code, stdout } = await check(file(encrypted(reader)));
    expect(code).toBe(1);
    expect(stdout).toMatch(/write +FAILED +User below ou=people.*may not change description \(50\): give it the right/);
    expect(stdout).toMatch(/cn=accesslog\), which the account may not read/);
  });

  test('a locked account and a wrong password are told apart by the control of the server', async () => {
    const dn = `cn=locked,${slapd.suffix}`;
    await look.add(dn, {
      objectClass: ['organizationalRole', 'simpleSecurityObject'],
      cn: 'locked',
      userPassword: 'right-password',
    });
    const account = (password: string) => file(encrypted({ userName: dn, password }));
    const wrong = await steps(account('wrong-password'));
    expect(wrong.steps.at(-1)).toMatchObject({ step: 'bind', message: expect.stringContaining('does not say which') });
    await look.set(dn, 'pwdAccountLockedTime', ['000001010000Z']);
    for (const password of ['right-password', 'wrong-password']) {
      const { code, steps: list } = await steps(account(password));
      expect([code, ...last(list)]).toEqual([1, 'bind', 'failed']);
      expect(list.at(-1)?.message).toContain('the account is locked');
    }
  });

  test.each<[string, () => object, RegExp]>([
    ['no CA', () => encrypted({ certificate: {} }), /no CA that is trusted.*set certificate\.ca.*It shows .*SHA-256/],
    [
      'another name',
      () => encrypted({ certificate: { ca: slapd.caFile, serverName: 'x.example' } }),
      /for another name/,
    ],
    ['another thumbprint', () => encrypted({ certificate: { thumbprint: 'ab'.repeat(32) } }), /another certificate/],
    ['no TLS there', () => encrypted({ binding: 'SSL' }), /broke the connection off; LDAPS.*do not understand/],
    ['no file', () => encrypted({ certificate: { ca: '/nowhere.pem' } }), /nowhere\.pem does not exist/],
  ])('TLS fails with %s, and no password leaves', async (_name, more, words) => {
    const answer = await steps(file(more()));
    expect([answer.code, ...last(answer.steps)]).toEqual([1, 'tls', 'failed']);
    expect(answer.steps.at(-1)?.message).toMatch(words);
  });

  test('of several servers each is tried, and the first that works is bound to', async () => {
    const hosts = ['localhost:1', `localhost:${slapd.port}`];
    const { code, stdout } = await check(file(encrypted({ host: undefined, port: undefined, hosts })));
    expect(code).toBe(1);
    expect(stdout).toMatch(/tcp +FAILED +localhost:1: nothing listens/);
    expect(stdout).toMatch(/bind +ok +as cn=connector/);
  });
});
