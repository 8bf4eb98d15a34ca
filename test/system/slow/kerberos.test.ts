/** Kerberos of the whole program, against a real KDC and a real slapd. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { people } from '../../support/connectorFiles';
import { HostProcess, program } from '../../support/hostProcess';
import { type Kdc, noKdcBecause, startKdc } from '../../support/kdc';
import { CORE_USER } from '../../support/scimClient';
import { type Slapd, startSlapd } from '../../support/slapd';

const reason = noKdcBecause();
if (reason !== undefined) process.stderr.write(`Kerberos is not tested here: ${reason}\n`);
// On a build server nothing may vanish.
const describeWithKdc = reason === undefined || process.env.CI ? describe : describe.skip;

const userName = 'connector@EXAMPLE.COM';
let kdc: Kdc;
let slapd: Slapd;
let folder: string;

const file = (kerberos: object, more: object = {}) =>
  people(
    slapd,
    {},
    {
      connectivity: {
        host: 'localhost',
        port: 'security' in kerberos && kerberos.security === 'SSL' ? slapd.tlsPort : slapd.port,
        binding: 'Kerberos',
        userName,
        certificate: { ca: slapd.caFile },
        kerberos,
        ...more,
      },
    },
  );

/** The steps of `check --connect` on one connector file. */
function check(connector: object, env: object = kdc.env): Record<string, string> {
  mkdirSync(join(folder, 'connectors'), { recursive: true });
  writeFileSync(join(folder, 'connectors/people.json'), JSON.stringify(connector));
  const { stdout } = spawnSync(process.execPath, [program, 'check', 'people', '--connect', '--json'], {
    cwd: folder,
    encoding: 'utf8',
    env: { ...process.env, ...env },
  });
  const [{ steps = [] }] = JSON.parse(stdout) as [{ steps?: Step[] }];
  return Object.fromEntries(steps.map(({ step, status, message }) => [step, `${status}: ${message}`]));
}
interface Step {
  readonly step: string;
  readonly status: string;
  readonly message: string;
}

describeWithKdc('Kerberos', () => {
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'kerberos-'));
    kdc = await startKdc();
    Object.assign(process.env, kdc.env);
    const started = await startSlapd({ saslRealm: kdc.realm });
    if (started === undefined) throw new Error('slapd did not start; the line above says why');
    slapd = started;
    writeFileSync(join(folder, 'password'), kdc.password);
    writeFileSync(join(folder, 'wrong'), 'S3cret-wrong-never-shown');
  });
  afterAll(async () => {
    await slapd?.stop();
    await kdc?.stop();
    for (const name of Object.keys(kdc?.env ?? {})) delete process.env[name];
    rmSync(folder, { recursive: true, force: true });
  });

  test.each(['none', 'TLS', 'SSL'])('with a keytab, over %s', (security) => {
    expect(check(file({ security, keytab: kdc.keytab }))).toMatchObject({
      bind: `ok: by ${userName} as dn:${slapd.connectorDN}`,
      read: expect.stringMatching(/^ok/),
    });
  });

  test('what is wrong is said, and a password never is', () => {
    const refused = (connector: object) => check(connector).bind ?? '';
    const wrong = refused(file({}, { password: `file:${join(folder, 'wrong')}` }));
    expect(wrong).toMatch(/^failed: .*no ticket for connector@EXAMPLE.COM: Password incorrect/);
    expect(wrong).not.toContain('S3cret');
    expect(refused(file({ keytab: kdc.keytab }, { userName: 'nobody@EXAMPLE.COM' }))).toMatch(
      /no ticket for nobody@EXAMPLE.COM/,
    );
    expect(refused(file({ keytab: '/nonexistent/keytab' }))).toMatch(/keytab/i);
  });

  test('a host that imports and creates, with a password', async () => {
    const host = await HostProcess.start({
      connectors: { people: file({}, { password: `file:${join(folder, 'password')}` }) },
      env: kdc.env,
      secrets: [kdc.password],
    });
    try {
      const client = host.client('people');
      const created = await client.post('/Users', {
        schemas: [CORE_USER],
        userName: 'krb',
        name: { familyName: 'Berus' },
      });
      expect([created.status, created.body.detail]).toEqual([201, undefined]);
      expect((await client.get('/Users?filter=userName%20eq%20%22alice%22')).body.totalResults).toBe(1);
    } finally {
      await host.stop();
    }
  });
});
