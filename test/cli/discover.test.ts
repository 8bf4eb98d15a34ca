/** `discover`: what it says of servers, and the connector file that it proposes. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startProxy } from '../support/fakeLdap';
import { type LdapLook, lookInto } from '../support/ldapLook';
import { type Slapd, startSlapd } from '../support/slapd';
import { describeOnSlapd } from '../support/system';
import { commandLine } from './commandLine';

test.each([
  [['ldap://127.0.0.1:1'], 1, /^127\.0\.0\.1:1 cannot be reached: nothing listens there.*\n$/],
  [['ldap://nowhere.invalid'], 1, /^nowhere\.invalid:389 cannot be reached: the host name is not known to DNS.*\n$/],
  [['ldaps://h', '--starttls'], 2, /leave --starttls out/],
  [['http://h'], 2, /no LDAP URL/],
  [['ldap://h:99999'], 2, /no LDAP URL/],
  [['ldap://h/%zz'], 2, /not percent-encoded/],
  [['ldap://h', '--user-name', 'cn=a'], 2, /no terminal.*CONNECTOR_HOST_LDAP_PASSWORD/],
  [['ldap://h', '--user-name', 'cn=a', '--password-file', '/nowhere'], 2, /\/nowhere does not exist/],
  [['ldap://127.0.0.1:1', '--limit', '0'], 2, /--limit/],
  [['ldaps://127.0.0.1:1', '--ca', '/nowhere'], 2, /\/nowhere of --ca does not exist/],
])('discover %j is one sentence', async (args, exit, words) => {
  const { code, stdout, stderr } = await commandLine(['discover', ...args]);
  expect({ code, stdout }).toEqual({ code: exit, stdout: '' });
  expect(stderr).toMatch(words);
});

describeOnSlapd('on OpenLDAP', () => {
  let slapd: Slapd;
  let look: LdapLook;
  const folder = mkdtempSync(join(tmpdir(), 'discover-'));
  const target = join(folder, 'connectors/found.json');
  const flags = ['connectors', 'certs', 'state'].flatMap((name) => [`--${name}`, join(folder, name)]);
  const account = () => ['--user-name', slapd.connectorDN, '--password-file', join(slapd.folder, 'connector.password')];
  const encrypted = () => [`ldap://localhost:${slapd.port}`, '--starttls', '--ca', slapd.caFile];

  beforeAll(async () => {
    const started = await startSlapd({ faults: false });
    if (started === undefined) throw new Error('slapd was found but did not start');
    slapd = started;
    look = await lookInto(slapd);
    mkdirSync(join(folder, 'connectors'));
  });
  afterAll(async () => {
    await look?.close();
    await slapd?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  test('proposes a file that opens as it stands, and leaves an existing one alone', async () => {
    const before = await look.find('(objectClass=*)');
    const { code, stdout } = await commandLine(['discover', ...encrypted(), ...account(), '--write', target]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^product +OpenLDAP$/m);
    expect(stdout).toMatch(/^certificate .*CN=localhost.*SHA-256/m);
    expect(stdout).toMatch(/1\.2\.840\.113556\.1\.4\.319 {2}paged results \(RFC 2696\)/);
    expect(stdout).toMatch(/^SASL +.*DIGEST-MD5/m);
    expect(stdout).toMatch(/^missing +tree delete: an entry that has entries below it cannot be deleted$/m);
    expect(stdout).toMatch(/^people +5 inetOrgPerson in ou=people,dc=example,dc=com$/m);
    expect(stdout).toMatch(/^groups +2 groupOfNames in ou=groups,dc=example,dc=com$/m);
    const text = readFileSync(target, 'utf8');
    expect(text).not.toContain(slapd.connectorPassword);
    expect(stdout).not.toContain(slapd.connectorPassword);
    const checked = await commandLine(['check', 'found', '--connect', ...flags]);
    expect([checked.code, checked.stdout]).toEqual([0, expect.stringMatching(/found\.json: ok\n$/)]);
    expect(existsSync(join(folder, 'state'))).toBe(false);
    const again = await commandLine(['discover', ...encrypted(), ...account(), '--write', target]);
    expect([again.code, again.stderr]).toEqual([2, expect.stringMatching(/is there already/)]);
    expect(readFileSync(target, 'utf8')).toBe(text);
    expect(await look.find('(objectClass=*)')).toEqual(before);
  });

  test('a password of the environment is referred to, never written', async () => {
    const env = { CONNECTOR_HOST_LDAP_PASSWORD: slapd.connectorPassword };
    const args = ['discover', ...encrypted(), '--user-name', slapd.connectorDN, '--json'];
    const { code, stdout } = await commandLine(args, env);
    expect(code).toBe(0);
    expect(stdout).not.toContain(slapd.connectorPassword);
    expect(JSON.parse(stdout)).toMatchObject({
      tls: { certificate: { names: 'DNS:localhost, IP Address:127.0.0.1' } },
      directory: { productName: 'OpenLDAP', populations: [{ top: 'dc=example,dc=com', complete: true }] },
      proposal: { connectivity: { password: 'env:CONNECTOR_HOST_LDAP_PASSWORD', binding: 'TLS' } },
      faults: [],
    });
  });

  test('an untrusted server is shown its certificate and told nothing', async () => {
    const proxy = await startProxy(slapd.tlsPort);
    try {
      const url = `ldaps://localhost:${proxy.port}`;
      const { code, stdout } = await commandLine(['discover', url, ...account()]);
      expect(code).toBe(1);
      expect(stdout).toMatch(/is not trusted/);
      const thumbprint = /--thumbprint ([0-9A-F]{64})\n/.exec(stdout)?.[1] ?? '';
      expect(proxy.sent.length).toBeGreaterThan(0);
      expect(applicationRecords(proxy.sent)).toBe(0);
      const pinned = await commandLine(['discover', url, ...account(), '--thumbprint', thumbprint, '--json']);
      expect([pinned.code, JSON.parse(pinned.stdout).proposal.connectivity.certificate]).toEqual([0, { thumbprint }]);
      const other = await commandLine(['discover', url, ...account(), '--thumbprint', 'ab'.repeat(32)]);
      expect([other.code, other.stdout]).toEqual([1, expect.stringMatching(/another certificate/)]);
    } finally {
      await proxy.close();
    }
  });

  test('a refused account is one sentence', async () => {
    const file = join(slapd.folder, 'reader.password');
    const args = ['discover', ...encrypted(), '--user-name', slapd.connectorDN, '--password-file', file];
    const { code, stderr } = await commandLine(args);
    expect([code, stderr]).toEqual([1, expect.stringMatching(/^cn=connector.* is refused \(49\): .*\n$/)]);
  });

  test('the tree has the containers with their numbers, from any of them on', async () => {
    const { stdout } = await commandLine(['discover', ...encrypted(), ...account(), '--tree']);
    expect(stdout).toMatch(
      /^ {2}dc=example,dc=com {2}\(\d+, \d+ in all\)\n {4}ou=former {2}\(0\)\n {4}ou=groups {2}\(2\)$/m,
    );
    const below = await commandLine([
      'discover',
      ...encrypted(),
      ...account(),
      '--tree',
      'ou=people,dc=example,dc=com',
    ]);
    expect(below.stdout).toMatch(/^ {2}ou=people,dc=example,dc=com {2}\(5\)$/m);
    expect(below.stdout).not.toContain('ou=former');
    const few = await commandLine(['discover', ...encrypted(), ...account(), '--limit', '3', '--tree']);
    expect(few.stdout).toContain('the first 3 entries only');
  });

  test('an anonymous look at a server that shows nothing still proposes the usual class', async () => {
    const { code, stdout } = await commandLine(['discover', `ldap://127.0.0.1:${slapd.port}`]);
    expect(code).toBe(0);
    expect(stdout).toContain('certificate  none: the connection is not encrypted');
    expect(stdout).toMatch(/"binding": "Anonymous"/);
    expect(stdout).toMatch(/"targetObject": "inetOrgPerson"/);
  });
});

/** Records of TLS 1.3 look alike once they are encrypted; behind the client's Finished nothing but an alert may follow. */
function applicationRecords(connections: readonly Buffer[]): number {
  let beyond = 0;
  for (const bytes of connections) {
    const lengths: number[] = [];
    for (let at = 0; at + 5 <= bytes.length; at += 5 + bytes.readUInt16BE(at + 3))
      if (bytes[at] === 23) lengths.push(bytes.readUInt16BE(at + 3));
    // Finished (SHA-256 or SHA-384) and close_notify; a bind with this account is longer than either.
    beyond += lengths.filter((length) => length > 53 + 16).length;
  }
  return beyond;
}
