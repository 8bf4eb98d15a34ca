/** Names that are hard to write down, and the POSIX table of an identity provider's tutorial, on a real OpenLDAP. */
import { type HostProcess, secret } from '../support/hostProcess';
import type { LdapLook } from '../support/ldapLook';
import { CORE_USER, ECMA_USER } from '../support/scimClient';
import { describeOnSlapd, type System, startSystem, startTimeout } from '../support/system';
import { connector as connectorOf, face, idsBy, path, SUFFIX, single } from '../support/tutorial';

const posix = [
  ...single('cn', 'mail', 'sn', 'uid', 'userPassword'),
  'objectClass',
  'gidNumber',
  'homeDirectory',
  'uidNumber',
];

let system: System;
let look: LdapLook;
let host: HostProcess;

beforeAll(async () => {
  system = await startSystem({
    suffix: SUFFIX,
    connectors: (slapd) => ({
      POSIX: connectorOf(slapd, { attributes: posix, anchor: 'dn' }),
      POSIXUUID: connectorOf(slapd, { attributes: posix }),
      NAMES: connectorOf(slapd, {
        dn: 'Join("", "CN=", Word([userPrincipalName], 1, "@"), ",ou=people,DC=Contoso,DC=lab")',
      }),
    }),
  });
  ({ look, host } = system);
}, startTimeout);

afterAll(() => system?.stop());

describeOnSlapd.each(['POSIX', 'POSIXUUID'])(
  'the table for OpenLDAP with the POSIX schema, connector %s',
  (connector) => {
    test.each([
      ['strings', ['inetOrgPerson', 'posixAccount', 'shadowAccount']],
      ['objects', [{ value: 'inetOrgPerson' }, { value: 'posixAccount' }, { value: 'shadowAccount' }]],
    ])('a user whose object classes are %s', async (shape, objectClass) => {
      const client = host.client(connector);
      const uid = `${connector.toLowerCase()}-${shape}`;
      const dn = `cn=${uid},${SUFFIX}`;
      const password = secret(uid);
      const { status, body } = await client.post('/Users', {
        schemas: [CORE_USER],
        active: true,
        [ECMA_USER]: {
          '-dn-': dn,
          objectClass,
          cn: uid,
          sn: 'Simon',
          mail: `${uid}@contoso.com`,
          uid,
          uidNumber: '10011',
          gidNumber: 10000,
          homeDirectory: `/home/${uid}`,
          userPassword: password,
        },
      });
      expect([status, body.detail]).toEqual([201, undefined]);
      expect(face(body)).toMatchObject({ uid, uidNumber: 10011, gidNumber: 10000, homeDirectory: `/home/${uid}` });
      expect(face(body)).not.toHaveProperty('userPassword');
      const entry = await look.at(dn);
      expect(entry).toMatchObject({ uidNumber: ['10011'], gidNumber: ['10000'], cn: [uid], uid: [uid] });
      expect(entry?.objectClass).toEqual(expect.arrayContaining(['inetOrgPerson', 'posixAccount', 'shadowAccount']));
      expect(entry?.userPassword?.[0]).not.toContain(password);
      expect(await look.canBind(dn, password)).toBe(true);
      const renewed = secret(`${uid}-renewed`);
      const patched = await client.patch(
        `/Users/${body.id}`,
        { op: 'Replace', path: path('uidNumber'), value: '10012' },
        { op: 'Replace', path: path('export_password'), value: renewed },
      );
      expect(patched.status).toBe(200);
      expect(await look.at(dn)).toMatchObject({ uidNumber: ['10012'] });
      expect([await look.canBind(dn, password), await look.canBind(dn, renewed)]).toEqual([false, true]);
      expect((await client.delete(`/Users/${body.id}`)).status).toBe(204);
      expect(await look.at(dn)).toBeUndefined();
    });
  },
);

describeOnSlapd('a DN expression', () => {
  test.each([
    ['a comma, a plus and an equals sign', 'Doe, Jane+x=1'],
    ['a leading number sign', '#first'],
    ['a leading blank', ' leading'],
    ['a trailing blank', 'trailing '],
    ['a trailing backslash', 'back\\'],
    ['what looks like an escape', 'a\\2Cb\\,c'],
    ['quotes and angle brackets', '"q" <a>;b'],
    ['NUL', 'nul\u0000byte'],
    ['an emoji', 'Zoë 👩🏽‍🚀'],
    ['an RDN of its own', 'x,ou=groups'],
  ])('makes a name of data with %s', async (_what, name) => {
    const client = host.client('NAMES');
    const userName = `${name}@contoso.com`;
    const created = await client.post('/Users', { schemas: [CORE_USER], userName, name: { familyName: 'Name' } });
    expect([created.status, created.body.detail]).toEqual([201, undefined]);
    const id = String(created.body.id);
    const [seen, ...others] = await look.find(`(entryUUID=${id})`);
    expect(others).toEqual([]);
    expect(seen?.values.cn).toContain(name);
    expect(seen?.values.uid).toEqual([userName]);
    expect(seen?.dn.toLowerCase()).toMatch(/^cn=.*,ou=people,dc=contoso,dc=lab$/s);
    const dn = String(face(created.body)['-dn-']);
    expect(await look.at(dn)).toMatchObject({ entryUUID: [id] });
    expect(created.body.userName).toBe(userName);
    expect(await idsBy(client, `userName eq ${JSON.stringify(userName)}`)).toEqual([id]);
    expect(await idsBy(client, `${path('-dn-')} eq ${JSON.stringify(dn)}`)).toEqual([id]);
    expect((await client.delete(`/Users/${id}`)).status).toBe(204);
    expect(await look.find(`(entryUUID=${id})`)).toEqual([]);
  });
});
