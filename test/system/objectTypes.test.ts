/** Object types of the administrator's own: where they are served, who owns an entry, and what would take it out of its type. */
import { people } from '../support/connectorFiles';
import { HostProcess } from '../support/hostProcess';
import { CORE_USER, ECMA_USER, type Json, type ScimClient } from '../support/scimClient';
import { startTimeout } from '../support/system';

const CORE_ROLE = 'urn:ietf:params:scim:schemas:core:2.0:Role';
const ECMA_ROLE = 'urn:ietf:params:scim:schemas:extension:ECMA2Host:2.0:Role';
const suffix = 'dc=example,dc=com';

describe('object types', () => {
  let host: HostProcess;
  let client: ScimClient;

  beforeAll(async () => {
    const base = people(undefined, { filter: '(!(employeeType=service))' }) as { objectTypes: object[] };
    const [user, group] = base.objectTypes;
    const service = {
      resourceType: 'ServiceAccount',
      targetObject: 'inetOrgPerson',
      filter: '(employeeType=service)',
      container: `ou=people,${suffix}`,
      attributes: ['cn', 'sn', 'employeeType', 'description'],
    };
    const role = {
      resourceType: 'Role',
      endpoint: '/JobRoles',
      targetObject: 'organizationalRole',
      container: `ou=groups,${suffix}`,
    };
    const posix = {
      resourceType: 'Group',
      targetObject: 'organizationalRole',
      auxiliaryClasses: ['posixGroup'],
      container: `ou=groups,${suffix}`,
      mappings: [
        { source: 'displayName', target: 'cn' },
        { source: 'members.value', target: 'memberUid' },
        { constant: '4711', target: 'gidNumber', apply: 'onCreate' },
      ],
    };
    const types = { ...base, objectTypes: [user, group, service, role] };
    host = await HostProcess.start({
      connectors: { types, posix: { ...people(undefined), objectTypes: [user, posix] } },
    });
    client = host.client('types');
  }, startTimeout);
  afterAll(() => host?.stop());

  test('hold members by the names of users, where that is how the class does it', async () => {
    const posix = host.client('posix');
    const ids: string[] = [];
    for (const userName of ['pia', 'quinn']) {
      const made = await posix.post('/Users', { schemas: [CORE_USER], userName, name: { familyName: userName } });
      ids.push(String(made.body.id));
    }
    const [pia, quinn] = ids;
    const { status, body, text } = await posix.post('/Groups', { displayName: 'shell', members: [{ value: pia }] });
    expect([status, text]).toEqual([201, expect.stringContaining('"members"')]);
    const path = `/Groups/${String(body.id)}`;
    const member = (value: string | undefined) => expect.objectContaining({ value, type: 'User' });
    expect(body.members).toEqual([member(pia)]);
    const added = await posix.patch(path, { op: 'add', path: 'members', value: [{ value: quinn }] });
    expect([added.status, added.body.members]).toEqual([200, [member(pia), member(quinn)]]);
    const removed = await posix.patch(path, { op: 'remove', path: `members[value eq "${pia}"]` });
    expect([removed.status, removed.body.members]).toEqual([200, [member(quinn)]]);
    expect((await posix.find(`members.value eq "${quinn}"`, '/Groups')).map(({ id }) => id)).toEqual([body.id]);
    const refused = await posix.patch(path, { op: 'add', path: 'members', value: [{ value: 'nobody' }] });
    expect([refused.status, refused.body.detail]).toEqual([400, expect.stringContaining('nobody')]);
  });

  test('are described like all others', async () => {
    const { body } = await client.get('/ResourceTypes');
    const found = (body.Resources as unknown as Json[]).map(({ id, endpoint, schema }) => [id, endpoint, schema]);
    expect(found).toEqual(expect.arrayContaining([['Role', '/JobRoles', CORE_ROLE]]));
    expect(found.map(([id]) => id)).toEqual(['User', 'Group', 'ServiceAccount', 'Role']);
    expect((await client.get(`/Schemas/${CORE_ROLE}`)).body.attributes).toEqual([
      expect.objectContaining({ name: 'displayName' }),
    ]);
    const face = (await client.get(`/Schemas/${ECMA_ROLE}`)).body.attributes as unknown as Json[];
    expect(face.map(({ name }) => name)).toEqual(expect.arrayContaining(['cn', 'roleOccupant']));
  });

  test('are created, found, changed and deleted under their endpoint', async () => {
    const sent = { schemas: [CORE_ROLE], displayName: 'Auditor', [ECMA_ROLE]: { description: ['Looks twice'] } };
    const made = await client.post('/JobRoles', sent);
    expect([made.status, made.body]).toEqual([201, expect.objectContaining({ displayName: 'Auditor' })]);
    expect((made.body.meta as Json).resourceType).toBe('Role');
    expect(made.headers.location).toMatch(/\/JobRoles\/[^/]+$/);
    const id = String(made.body.id);
    expect((await client.find('displayName eq "auditor"', '/JobRoles')).map((one) => one.id)).toEqual([id]);
    const patched = await client.patch(`/JobRoles/${id}`, { op: 'replace', path: 'displayName', value: 'Inspector' });
    expect([patched.status, (patched.body[ECMA_ROLE] as Json)['-dn-']]).toEqual([
      200,
      `cn=Inspector,ou=groups,${suffix}`,
    ]);
    expect((await client.get(`/Users/${id}`)).status).toBe(404);
    expect((await client.get('/Roles')).status).toBe(404);
    expect((await client.delete(`/JobRoles/${id}`)).status).toBe(204);
    expect((await client.get(`/JobRoles/${id}`)).status).toBe(404);
  });

  test('share no entry, and a change cannot take one from its type', async () => {
    const face = { sn: 'backup', employeeType: ['service'] };
    const urn = 'urn:ietf:params:scim:schemas:extension:ECMA2Host:2.0:ServiceAccount';
    const made = await client.post('/ServiceAccounts', { schemas: [urn], displayName: 'backup', [urn]: face });
    expect([made.status, made.text]).toEqual([201, expect.any(String)]);
    const id = String(made.body.id);
    expect((await client.get(`/Users/${id}`)).status).toBe(404);
    // Who looks in the wrong place takes nothing from where it is.
    expect((await client.get(`/ServiceAccounts/${id}`)).status).toBe(200);
    expect((await client.find('displayName eq "backup"', '/ServiceAccounts')).length).toBe(1);
    const left = await client.patch(`/ServiceAccounts/${id}`, { op: 'remove', path: `${urn}:employeeType` });
    expect([left.status, left.body.detail]).toEqual([400, expect.stringContaining('a User and no ServiceAccount')]);
    expect((await client.get(`/ServiceAccounts/${id}`)).body).toEqual(made.body);
    const wrong = await client.post('/Users', {
      schemas: [CORE_USER, ECMA_USER],
      userName: 'robot',
      name: { familyName: 'Robot' },
      userType: 'service',
    });
    expect([wrong.status, wrong.body.detail]).toEqual([400, expect.stringContaining('(!(employeeType=service))')]);
    expect(await client.find('userName eq "robot"')).toEqual([]);
  });
});
