/** Connectors for clients that refuse what RFC 7643 does not name. */
import { people } from '../support/connectorFiles';
import { CORE_USER, ECMA_USER, type Json } from '../support/scimClient';
import { describeOnSlapd, type System, startSystem, startTimeout } from '../support/system';

let system: System;
beforeAll(async () => {
  system = await startSystem({
    connectors: (slapd) => ({
      plain: people(
        slapd,
        { auxiliaryClasses: ['posixAccount'] },
        { global: { published: { directoryFace: false, pagination: false } } },
      ),
      all: people(slapd, { auxiliaryClasses: ['posixAccount'] }),
    }),
  });
}, startTimeout);
afterAll(() => system?.stop());

const ids = (body: Json) => (body.Resources as unknown as Json[]).map(({ id }) => id);
const posix = (uidNumber: number) => ({ uidNumber, gidNumber: 100, homeDirectory: `/home/${uidNumber}` });
const person = (userName: string, more: object = {}) => ({ schemas: [CORE_USER], userName, ...more });

describeOnSlapd('what is published', () => {
  test('the directory’s face is not told of, can be used, and is shown to who asks for it', async () => {
    const client = system.host.client('plain');
    expect((await client.get('/ServiceProviderConfig')).body).not.toHaveProperty('pagination');
    expect(ids((await client.get('/Schemas')).body)).not.toContain(ECMA_USER);
    expect((await client.get(`/Schemas/${ECMA_USER}`)).status).toBe(404);
    expect(JSON.stringify((await client.get('/ResourceTypes')).body)).not.toContain('ECMA2Host');

    const created = await client.post('/Users', person('p-plain', { [ECMA_USER]: { ...posix(1), sn: 'Plain' } }));
    expect([created.status, created.body.schemas]).toEqual([201, [CORE_USER]]);
    expect(created.text).not.toContain('ECMA2Host');
    const [found] = await client.find(`${ECMA_USER}:uidNumber eq 1`);
    expect(found).toMatchObject({ userName: 'p-plain', schemas: [CORE_USER] });
    const path = `/Users/${created.body.id}`;
    const patched = await client.patch(path, { op: 'replace', path: `${ECMA_USER}:description`, value: ['told'] });
    expect([patched.status, ECMA_USER in patched.body]).toEqual([200, false]);
    const asked = (await client.get(`${path}?attributes=userName,${ECMA_USER}:description,${ECMA_USER}:-dn-`)).body;
    expect(asked[ECMA_USER]).toEqual({ description: ['told'], '-dn-': 'uid=p-plain,ou=people,dc=example,dc=com' });
    const { nextCursor } = (await client.get('/Users?count=1&cursor=')).body;
    expect(typeof nextCursor).toBe('string');
  });

  test('by default all of it is told, with what only a client can give', async () => {
    const client = system.host.client('all');
    expect((await client.get('/ServiceProviderConfig')).body).toHaveProperty('pagination.cursor', true);
    const { attributes } = (await client.get(`/Schemas/${ECMA_USER}`)).body as unknown as {
      attributes: { name: string; required: boolean }[];
    };
    const required = attributes.filter((one) => one.required).map(({ name }) => name);
    expect(required.sort()).toEqual(['gidNumber', 'homeDirectory', 'uidNumber']);
    const type = (await client.get('/ResourceTypes/User')).body;
    expect(type.schemaExtensions).toContainEqual({ schema: ECMA_USER, required: true });

    const without = await client.post('/Users', person('p-without'));
    expect([without.status, without.body.detail]).toEqual([400, expect.stringContaining('homeDirectory')]);
    const created = await client.post('/Users', person('p-all', { [ECMA_USER]: posix(2) }));
    expect([created.status, created.body.schemas]).toEqual([201, expect.arrayContaining([ECMA_USER])]);
    // Whoever speaks of the core face only may replace it.
    const replaced = await client.put(`/Users/${created.body.id}`, person('p-all', { title: 'Captain' }));
    expect([replaced.status, replaced.body.title]).toEqual([200, 'Captain']);
  });
});
