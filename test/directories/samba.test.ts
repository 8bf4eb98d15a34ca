/** Samba AD, the real server: the tests that every directory must pass, users and groups over SCIM, its controls and its Kerberos. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Attribute, Change, Client } from 'ldapts';
import type { Directory } from '../../src/directory/directory';
import { DN } from '../../src/directory/dn';
import { Entry } from '../../src/directory/entry';
import { present } from '../../src/directory/filter';
import type { ServerUnderTest } from '../support/directoryServer';
import { checkBinding } from './bindings';
import { testProduct } from './product';
import { runScimTests } from './scim';

const hasPackage = (() => {
  try {
    require.resolve('kerberos');
    return true;
  } catch {
    return false;
  }
})();
if (!hasPackage)
  process.stderr.write('Kerberos of Samba AD is not tested here: the package "kerberos" is not installed\n');

testProduct('Samba AD', 'samba', (server, open) => {
  runScimTests(server, { disabledBinds: false });
  runValueTests(server, open);
  runKerberosTests(server);
});

/** Values that come in parts, and values that are there already or no longer. */
function runValueTests(server: () => ServerUnderTest, open: () => Promise<Directory>): void {
  describe('values', () => {
    let directory: Directory;
    let group: DN;
    const below = (names: string) => DN.parse(`${names},${server().suffix}`);
    const members = Array.from({ length: 25 }, (_, index) => `CN=part ${index},OU=people`);
    const names = () => members.map((name) => below(name).toString()).sort();
    const read = async (attribute: string) => {
      const request = { base: group, scope: 'base', filter: present('objectClass'), attributes: [attribute] } as const;
      for await (const entry of directory.search(request)) return entry;
      throw new Error('the group is gone');
    };
    const valuesOf = (entry: Entry) => entry.values('member').map(String).sort();

    beforeAll(async () => {
      directory = await open();
      group = below('CN=parts,OU=groups');
      for (const [index, name] of members.entries())
        await directory.add(new Entry(below(name), { objectClass: 'user', sAMAccountName: `part${index}` }));
      await directory.add(
        new Entry(group, {
          objectClass: 'group',
          sAMAccountName: 'parts',
          member: members.map((name) => `${below(name)}`),
        }),
      );
    });
    afterAll(() => directory?.close());

    test('an attribute that the server hands out in parts is put together', async () => {
      // This server cuts only where it is asked to; the parts are its own.
      for (const attribute of ['member', 'member;range=0-9', 'member;range=0-23', 'member;range=0-*'])
        expect([attribute, valuesOf(await read(attribute))]).toEqual([attribute, names()]);
    });

    test('a value that is gone already is no fault of a permissive modify, but for members', async () => {
      const leaving = (attribute: string, value: string) =>
        [{ operation: 'delete', attribute, values: [value] }] as const;
      const gone = leaving('otherTelephone', '+1 555 0100');
      await expect(directory.modify(group, gone)).rejects.toMatchObject({ result: 16 });
      await directory.modify(group, gone, { permissive: true });
      const [first = ''] = names();
      await directory.modify(group, leaving('member', first));
      for (const permissive of [false, true])
        await expect(directory.modify(group, leaving('member', first), { permissive })).rejects.toMatchObject({
          result: 16,
        });
      expect(valuesOf(await read('member'))).toEqual(names().slice(1));
    });
  });
}

/** The domain controller is a key distribution center too. */
function runKerberosTests(server: () => ServerUnderTest): void {
  // On a build server nothing may vanish.
  (hasPackage || process.env.CI ? describe : describe.skip)('Kerberos', () => {
    let folder: string;
    const realm = 'AD.EXAMPLE.COM';

    beforeAll(async () => {
      folder = mkdtempSync(join(tmpdir(), 'samba-kerberos-'));
      const { ldapsUrl, caFile, admin, suffix, kdcPort } = server();
      const lines = [
        ...['[libdefaults]', `default_realm = ${realm}`, 'dns_lookup_kdc = false', 'dns_canonicalize_hostname = false'],
        ...['rdns = false', 'udp_preference_limit = 1', '[realms]', `${realm} = {`, `kdc = 127.0.0.1:${kdcPort}`, '}'],
        ...['[domain_realm]', `localhost = ${realm}`],
      ];
      writeFileSync(join(folder, 'krb5.conf'), `${lines.join('\n')}\n`);
      // Here it is reached under a name that it does not have.
      const client = new Client({ url: ldapsUrl, tlsOptions: { ca: readFileSync(caFile) } });
      await client.bind(admin.dn, admin.password);
      const modification = new Attribute({ type: 'servicePrincipalName', values: ['ldap/localhost'] });
      await client.modify(`CN=DC1,OU=Domain Controllers,${suffix}`, new Change({ operation: 'add', modification }));
      await client.unbind();
    });
    afterAll(() => rmSync(folder, { recursive: true, force: true }));

    test.each(['TLS', 'SSL', 'none'] as const)('a connector binds by a ticket of its own, security %s', (security) => {
      const { connector, tlsPort, port } = server();
      const binding = {
        port: security === 'SSL' ? tlsPort : port,
        binding: 'Kerberos',
        userName: `connector@${realm}`,
        password: `file:${connector.passwordFile}`,
        kerberos: { security },
      };
      const { bind, write } = checkBinding(server(), binding, { KRB5_CONFIG: join(folder, 'krb5.conf') });
      expect(bind).toMatch(/^ok: /);
      expect(write).not.toMatch(/^failed/);
    });
  });
}
