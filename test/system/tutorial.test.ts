/**
 * An identity provider's tutorial for provisioning into OpenLDAP, followed by the letter over HTTPS, with either anchor.
 * After each step somebody else looks into the server.
 */
import type { HostProcess } from '../support/hostProcess';
import type { LdapLook } from '../support/ldapLook';
import { CORE_USER, ECMA_USER, type ScimClient } from '../support/scimClient';
import { describeOnSlapd, type System, startSystem, startTimeout } from '../support/system';
import { connector as connectorOf, face, idsBy, idsByRaw, path, SUFFIX, single } from '../support/tutorial';

const attributes = [...single('cn', 'mail', 'sn'), { name: 'objectClass', treatAsSingleValue: false }];

let system: System;
let look: LdapLook;
let host: HostProcess;

beforeAll(async () => {
  system = await startSystem({
    suffix: SUFFIX,
    connectors: (slapd) => ({
      LDAP: connectorOf(slapd, { attributes, anchor: 'dn' }),
      LDAPUUID: connectorOf(slapd, { attributes, anchor: 'entryUUID' }),
    }),
  });
  ({ look, host } = system);
}, startTimeout);

afterAll(() => system?.stop());

describeOnSlapd.each(['LDAP', 'LDAPUUID'])('the table for OpenLDAP, connector %s', (connector) => {
  let client: ScimClient;
  let id: string;
  const word = connector.toLowerCase();
  const mail = `${word}@contoso.com`;
  const dn = `CN=${word},DC=Contoso,DC=lab`;

  beforeAll(() => {
    client = host.client(connector);
  });

  test('the connection test asks for a PLACEHOLDER and finds nothing', async () => {
    for (const filter of ['PLACEHOLDER eq "8646d011"', `${path('PLACEHOLDER')} eq "8646d011"`]) {
      expect(await idsByRaw(client, filter)).toEqual([]);
      expect((await client.get(`/Users?filter=${encodeURIComponent(filter)}`)).body).toMatchObject({ totalResults: 0 });
    }
  });

  test('the attribute list shows the attributes of the table, with their multiplicity', async () => {
    for (const schemas of ['/Schemas', '/schemas']) {
      const { body } = await client.get(`${schemas}/${ECMA_USER}`);
      const shown = Object.fromEntries(
        (body.attributes as unknown as { name: string; multiValued: boolean }[]).map((one) => [
          one.name,
          one.multiValued,
        ]),
      );
      expect(shown).toMatchObject({ '-dn-': false, cn: false, mail: false, sn: false, objectClass: true });
    }
  });

  test('a user is created from the attributes of the directory alone', async () => {
    expect(await idsByRaw(client, `${path('mail')} eq "${mail}"`)).toEqual([]);
    const { status, body, headers } = await client.post('/Users', {
      schemas: [CORE_USER],
      externalId: word,
      active: true,
      meta: { resourceType: 'User' },
      [ECMA_USER]: {
        '-dn-': dn,
        objectClass: ['inetOrgPerson'],
        cn: 'B Simon',
        surname: 'Simon',
        mail,
        PLACEHOLDER: `${word}@contoso.com`,
      },
    });
    expect([status, body.detail]).toEqual([201, undefined]);
    expect(face(body)).toMatchObject({ cn: 'B Simon', surname: 'Simon', mail });
    expect(String(face(body)['-dn-']).toLowerCase()).toBe(dn.toLowerCase());
    expect(face(body).objectClass).toEqual(expect.arrayContaining(['inetOrgPerson']));
    expect(face(body)).not.toHaveProperty('PLACEHOLDER');
    id = String(body.id);
    expect(headers.location).toBe(`https://localhost:${host.port}/ecma2host_${connector}/scim/Users/${id}`);
    const entry = await look.at(dn);
    expect(entry).toMatchObject({ sn: ['Simon'], mail: [mail], structuralObjectClass: ['inetOrgPerson'] });
    expect([...(entry?.cn ?? [])].sort()).toEqual(['B Simon', word]);
    if (connector === 'LDAPUUID') expect(entry?.entryUUID).toEqual([id]);
  });

  test('it is found by its anchor and by every spelling of its mail address', async () => {
    const read = await client.get(`/Users/${id}`);
    expect([read.status, read.body.id]).toEqual([200, id]);
    expect(face(read.body)).toMatchObject({ surname: 'Simon', sn: 'Simon', cn: 'B Simon' });
    const filters = [
      `id eq "${id}"`,
      `${path('mail')} eq "${mail}"`,
      `${path('MAIL')} eq "${mail.toUpperCase()}"`,
      `emails[type eq "work"].value eq "${mail}"`,
      `emails.value eq "${mail}"`,
      `${path('surname')} eq "Simon" and ${path('cn')} eq "B Simon" and ${path('mail')} eq "${mail}"`,
      `${path('-dn-')} eq "${dn}"`,
    ];
    for (const filter of filters) {
      expect([filter, await idsBy(client, filter)]).toEqual([filter, [id]]);
      expect([filter, await idsByRaw(client, filter)]).toEqual([filter, [id]]);
    }
    expect(await idsBy(client, `${path('mail')} eq "x${mail}"`)).toEqual([]);
  });

  test.each([
    [
      'of today',
      [
        ['Replace', 'sn', 'Simonsen'],
        ['Add', 'mail', `b.${mail}`],
      ],
    ],
    ['with aadOptscim062020', { op: 'replace', value: { [path('sn')]: 'Simons', [path('mail')]: `c.${mail}` } }],
    ['nested', { op: 'Replace', value: { [ECMA_USER]: { surname: 'Sim', mail: `d.${mail}` } } }],
    [
      'by the name that was sent',
      [
        ['Replace', 'surname', 'Simon'],
        ['Replace', 'mail', mail],
      ],
    ],
  ])('a user is changed by a PATCH %s', async (_shape, shape) => {
    const list = Array.isArray(shape)
      ? (shape as string[][]).map(([op, name, value]) => ({ op, path: path(name ?? ''), value }))
      : [shape as object];
    const answer = await client.patch(`/Users/${id}`, ...list);
    expect([answer.status, answer.body.detail]).toEqual([200, undefined]);
    const entry = await look.at(dn);
    expect(face(answer.body)).toMatchObject({ surname: entry?.sn?.[0], mail: entry?.mail?.[0] });
    expect(face((await client.get(`/Users/${id}`)).body)).toMatchObject({
      sn: entry?.sn?.[0],
      surname: entry?.sn?.[0],
    });
    const said = JSON.stringify(list);
    for (const value of [entry?.sn, entry?.mail]) {
      expect(value).toHaveLength(1);
      expect(said).toContain(`"${value?.[0]}"`);
    }
    expect(await idsBy(client, `${path('mail')} eq "${entry?.mail?.[0]}"`)).toEqual([id]);
  });

  test('the shown name changes without a rename, and a value is removed', async () => {
    const changed = await client.patch(
      `/Users/${id}`,
      { op: 'Replace', path: path('cn'), value: 'Britta Simon' },
      { op: 'Remove', path: path('mail') },
    );
    expect(changed.status).toBe(200);
    const entry = await look.at(dn);
    expect([...(entry?.cn ?? [])].sort()).toEqual(['Britta Simon', word]);
    expect(entry).not.toHaveProperty('mail');
    expect(face(changed.body)).not.toHaveProperty('mail');
    expect((await client.patch(`/Users/${id}`, { op: 'Add', path: path('mail'), value: mail })).status).toBe(200);
  });

  test('a rename by -dn- keeps the id, also for those who know the new name only', async () => {
    const renamed = `CN=${word}-renamed,DC=Contoso,DC=lab`;
    const answer = await client.patch(`/Users/${id}`, { op: 'Replace', path: path('-dn-'), value: renamed });
    expect([answer.status, answer.body.id]).toEqual([200, id]);
    expect(String(face(answer.body)['-dn-']).toLowerCase()).toBe(renamed.toLowerCase());
    expect(await look.at(dn)).toBeUndefined();
    expect(await look.at(renamed)).toMatchObject({ mail: [mail], sn: ['Simon'] });
    expect(await idsBy(client, `${path('-dn-')} eq "${renamed}"`)).toEqual([id]);
    expect(await idsBy(client, `${path('-dn-')} eq "${dn}"`)).toEqual([]);
    expect((await client.get(`/Users/${id}`)).body.id).toBe(id);
    const moved = `cn=${word}-moved,ou=people,${SUFFIX}`;
    expect((await client.patch(`/Users/${id}`, { op: 'Replace', path: path('-dn-'), value: moved })).body.id).toBe(id);
    expect(await look.at(moved)).toMatchObject({ mail: [mail] });
  });

  test('the name that became free is another user, with another id', async () => {
    const other = await client.post('/Users', { schemas: [CORE_USER], [ECMA_USER]: { '-dn-': dn, sn: 'Other' } });
    expect(other.status).toBe(201);
    expect(other.body.id).not.toBe(id);
    expect((await client.delete(`/Users/${other.body.id}`)).status).toBe(204);
    const again = await client.post('/Users', { schemas: [CORE_USER], [ECMA_USER]: { '-dn-': dn, sn: 'Again' } });
    expect(again.status).toBe(201);
    expect([id, other.body.id]).not.toContain(again.body.id);
    expect((await client.get(`/Users/${other.body.id}`)).status).toBe(404);
    expect((await client.delete(`/Users/${again.body.id}`)).status).toBe(204);
  });

  test('ids outlive a restart, renames included', async () => {
    await host.restart();
    client = host.client(connector);
    expect((await client.get(`/Users/${id}`)).body).toMatchObject({ id });
    expect(await idsBy(client, `${path('mail')} eq "${mail}"`)).toEqual([id]);
  });

  test('a user that goes out of scope is deleted by the disable flow, for good', async () => {
    const answer = await client.patch(`/Users/${id}`, { op: 'Replace', path: 'active', value: 'False' });
    expect(answer.status).toBe(204);
    expect(await look.find(`(mail=${mail})`)).toEqual([]);
    expect((await client.get(`/Users/${id}`)).status).toBe(404);
    expect((await client.delete(`/Users/${id}`)).status).toBe(404);
    expect(await idsBy(client, `${path('mail')} eq "${mail}"`)).toEqual([]);
  });
});
