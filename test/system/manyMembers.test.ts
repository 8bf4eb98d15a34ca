/** Very many members at once: all of them arrive, are shown, and cost the next change nothing; on the embedded directory and on OpenLDAP. */
import { CORE_GROUP, onEachDirectory } from '../support/onEachDirectory';
import { type Json, operations } from '../support/scimClient';

const ECMA_GROUP = 'urn:ietf:params:scim:schemas:extension:ECMA2Host:2.0:Group';
/** Nobody in scope. */
const strangers = (from: number, count: number) =>
  Array.from({ length: count }, (_, index) => `uid=s${from + index},ou=elsewhere,dc=example,dc=com`);
const path = `${ECMA_GROUP}:member`;

onEachDirectory((asked) => {
  let user: Json;
  let id: string;
  beforeAll(async () => {
    user = await asked.user();
    id = String((await asked.group(user)).id);
  });
  const read = async () => (await asked.client.get(`/Groups/${id}`)).body;
  const known = async () => {
    const { members, [ECMA_GROUP]: face } = await read();
    return [members?.length, (face as Json).member?.length];
  };
  const patch = (op: object, headers: Record<string, string> = {}) =>
    asked.client.send('PATCH', `/Groups/${id}`, { body: operations(op), headers });

  test('come into a small group, and more of them into the large one', async () => {
    expect((await patch({ op: 'add', path, value: strangers(0, 1_500) })).status).toBe(200);
    expect(await known()).toEqual([1, 1_501]);
    // Some are there already.
    expect((await patch({ op: 'add', path, value: strangers(1_000, 1_600) })).status).toBe(204);
    expect(await known()).toEqual([1, 2_601]);
    expect((await patch({ op: 'remove', path, value: strangers(0, 1_200) })).status).toBe(204);
    expect(await known()).toEqual([1, 1_401]);
  });

  test('have one version, whether they were read or one of them has come since', async () => {
    const other = await asked.user();
    expect((await patch({ op: 'add', path: 'members', value: [{ value: other.id }] })).status).toBe(204);
    const { version } = (await read()).meta as Json;
    const change = { op: 'remove', path: 'members', value: [{ value: user.id }] };
    expect((await patch(change, { 'If-Match': 'W/"another"' })).status).toBe(412);
    expect((await patch(change, { 'If-Match': String(version) })).status).toBe(200);
    expect(await known()).toEqual([1, 1_401]);
  });

  test('are replaced by others', async () => {
    const body = { schemas: [CORE_GROUP], displayName: (await read()).displayName, [ECMA_GROUP]: {} };
    const put = async (member: readonly string[]) =>
      asked.client.put(`/Groups/${id}`, { ...body, [ECMA_GROUP]: { member } });
    expect((await put(strangers(5_000, 1_700))).status).toBe(200);
    expect(await known()).toEqual([undefined, 1_700]);
    expect((await put(strangers(5_000, 3))).status).toBe(200);
    expect(await known()).toEqual([undefined, 3]);
  });
});
