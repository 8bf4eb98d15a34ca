/** Members that a client does not want to see, under whichever name; on the embedded directory and on OpenLDAP. */
import { CORE_GROUP, onEachDirectory } from '../support/onEachDirectory';
import { type Answer, type Json, operations } from '../support/scimClient';

const ECMA_GROUP = 'urn:ietf:params:scim:schemas:extension:ECMA2Host:2.0:Group';
const resources = ({ Resources = [] as unknown as Json }: { Resources?: Json }) => Resources as unknown as Json[];
/** The members that a group shows under either name. */
const shown = ({ members, [ECMA_GROUP]: face }: Partial<Json> = {}) => [members?.length, face?.member?.length];

onEachDirectory((asked) => {
  let user: Json;
  let group: Json;
  const excluding = 'excludedAttributes=members';
  const byMember = (more: string) =>
    `/Groups?filter=${encodeURIComponent(`members.value eq "${user.id}" and displayName eq "${group.displayName}"`)}&${more}`;
  beforeAll(async () => {
    user = await asked.user();
    group = await asked.group(user);
  });

  test('are shown under no name, and found all the same', async () => {
    expect(shown(group)).toEqual([1, 1]);
    const own = `/Groups/${group.id}?${excluding}`;
    const answers = [
      (await asked.client.get(own)).body,
      resources((await asked.client.get(byMember(excluding))).body)[0],
      resources((await asked.client.get(byMember('attributes=displayName'))).body)[0],
      resources(
        (await asked.client.post('/.search', { filter: `id eq "${group.id}"`, excludedAttributes: ['members'] })).body,
      )[0],
    ];
    expect(answers.map(shown)).toEqual(answers.map(() => [undefined, undefined]));
    expect(answers.map((answer) => answer?.displayName)).toEqual(answers.map(() => group.displayName));
  });

  test('can be asked for without being read', async () => {
    const other = await asked.user();
    const total = async (filter: string) => {
      const { status, body, text } = await asked.client.get(
        `/Groups?filter=${encodeURIComponent(filter)}&${excluding}`,
      );
      if (status !== 200) throw new Error(text);
      return resources(body).map(({ id, displayName, meta }) => [id, displayName, meta?.version]);
    };
    const found = [[group.id, group.displayName, undefined]];
    expect(await total(`id eq "${group.id}" and members eq "${user.id}"`)).toEqual(found);
    expect(await total(`members.value eq "${user.id}" and id eq "${group.id}" and displayName pr`)).toEqual(found);
    expect(await total(`members[value eq "${user.id}"] and displayName eq "${group.displayName}"`)).toEqual(found);
    expect(await total(`members.$ref eq "${user.meta?.location}" and id eq "${group.id}"`)).toHaveLength(1);
    for (const nothing of [
      `id eq "${group.id}" and members eq "${other.id}"`,
      `id eq "${group.id}" and members eq "${user.id}" and members eq "${other.id}"`,
      `id eq "${group.id}" and members eq "nobody"`,
      `id eq "nothing" and members eq "${user.id}"`,
      `id eq "${group.id}" and displayName eq "other" and members eq "${user.id}"`,
    ])
      expect([nothing, await total(nothing)]).toEqual([nothing, []]);
  });

  test('are shown under the name that is asked for', async () => {
    const read = async (query: string) => shown((await asked.client.get(`/Groups/${group.id}?${query}`)).body);
    expect(await read(`attributes=${ECMA_GROUP}:member`)).toEqual([undefined, 1]);
    expect(await read(`attributes=${ECMA_GROUP}:member&${excluding}`)).toEqual([undefined, 1]);
    expect(await read(`excludedAttributes=${ECMA_GROUP}:member`)).toEqual([1, undefined]);
    expect(await read('excludedAttributes=members.display')).toEqual([1, 1]);
    expect(shown(resources((await asked.client.get(byMember('attributes=members'))).body)[0])).toEqual([1, undefined]);
  });

  test('are in no answer to a change', async () => {
    const sent = { schemas: [CORE_GROUP], displayName: asked.name(), members: [{ value: user.id }] };
    const made = await asked.client.post(`/Groups?${excluding}`, sent);
    const own = `/Groups/${made.body.id}?${excluding}`;
    const patch = operations({ op: 'add', path: 'members', value: [{ value: String(group.id) }] });
    const changes: Answer[] = [
      made,
      await asked.client.put(own, sent),
      await asked.client.send('PATCH', own, { body: patch }),
    ];
    expect(changes.map(({ status, body }) => [status, ...shown(body)])).toEqual([
      [201, undefined, undefined],
      [200, undefined, undefined],
      [200, undefined, undefined],
    ]);
    expect(shown((await asked.client.get(`/Groups/${made.body.id}`)).body)).toEqual([2, 2]);
  });
});
