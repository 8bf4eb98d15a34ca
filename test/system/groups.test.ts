/** Members of groups: what a change asks of the directory, whatever the size of the group, and what it answers. */
import { people } from '../support/connectorFiles';
import { HostProcess } from '../support/hostProcess';
import type { LdapLook } from '../support/ldapLook';
import { ldapOf } from '../support/requestLog';
import { CORE_USER, type Json, operations, type ScimClient } from '../support/scimClient';
import { slapdIsHere, startSystem, startTimeout } from '../support/system';

const CORE_GROUP = 'urn:ietf:params:scim:schemas:core:2.0:Group';
const ECMA_GROUP = 'urn:ietf:params:scim:schemas:extension:ECMA2Host:2.0:Group';
/** More values than this are kept apart, and are too many to be worth returning. */
const LONG = 1_000;
const suffix = 'dc=example,dc=com';
const groupDN = (cn: string) => `cn=${cn},ou=groups,${suffix}`;
/** Nobody in scope. */
const stranger = (index: number) => `uid=s${index},ou=elsewhere,${suffix}`;
const strangers = (count: number) => Array.from({ length: count }, (_, index) => stranger(index));

describe.each(slapdIsHere ? ['memory', 'OpenLDAP'] : ['memory'])('members on %s', (directory) => {
  let host: HostProcess;
  let client: ScimClient;
  let look: LdapLook | undefined;
  let stop: () => Promise<void>;
  const users: string[] = [];
  let turn = 0;

  beforeAll(async () => {
    const args = ['--log-format', 'json'];
    if (directory === 'memory') {
      host = await HostProcess.start({ connectors: { groups: people(undefined) }, args });
      stop = () => host.stop();
    } else {
      const system = await startSystem({ suffix, connectors: (slapd) => ({ groups: people(slapd) }), args });
      ({ host, look } = system);
      stop = system.stop;
    }
    client = host.client('groups');
    for (const name of ['ada', 'bob', 'cyd']) {
      const body = { schemas: [CORE_USER], userName: `${name}-g`, name: { familyName: name } };
      const { status, body: made, text } = await client.post('/Users', body);
      if (status !== 201) throw new Error(`${status} ${text}`);
      users.push(String(made.id));
    }
  }, startTimeout);
  afterAll(() => stop?.());

  async function create(displayName: string, more: object = {}): Promise<Json> {
    const { status, body, text } = await client.post('/Groups', { schemas: [CORE_GROUP], displayName, ...more });
    if (status !== 201) throw new Error(`${displayName}: ${status} ${text}`);
    return body;
  }

  /** A PATCH, and the LDAP operations that the host has logged for it. */
  async function patch(group: Json, list: object[], headers: Record<string, string> = {}) {
    turn += 1;
    const id = `${directory}-${turn}`;
    const request = { body: operations(...list), headers: { 'X-Request-Id': id, ...headers } };
    const answer = await client.send('PATCH', `/Groups/${String(group.id)}`, request);
    return { ...answer, ldap: await ldapOf(host, id) };
  }

  const add = (...values: (string | undefined)[]) => ({
    op: 'Add',
    path: 'members',
    value: values.map((value) => ({ value, display: 'whoever' })),
  });
  const idsOf = ({ members = [] as unknown as Json }: { members?: Json }) =>
    (members as unknown as Json[]).map(({ value }) => value).sort();
  const read = async (group: Json) => (await client.get(`/Groups/${String(group.id)}`)).body;
  const membersInDirectory = async (cn: string) =>
    look === undefined ? undefined : (await look.at(groupDN(cn)))?.member;

  /** The users of whom the directory notes that they are in this group. */
  async function noted(displayName: string): Promise<string[]> {
    const read = await Promise.all(users.map(async (id) => (await client.get(`/Users/${id}`)).body));
    const isIn = ({ groups }: Json) =>
      ((groups ?? []) as { display?: string }[]).some(({ display }) => display === displayName);
    return read
      .filter(isIn)
      .map(({ id }) => String(id))
      .sort();
  }

  test('are added and removed by one modify, in every form that is sent', async () => {
    const [ada, bob, cyd] = users;
    const group = await create('Forms', { members: [{ value: ada }] });
    const one = await patch(group, [add(bob)]);
    expect([one.status, one.ldap]).toEqual([200, ['modify 0']]);
    expect(idsOf(one.body)).toEqual([ada, bob].sort());
    expect(await read(group)).toEqual(one.body);
    const forms: [object[], (string | undefined)[]][] = [
      [[{ op: 'remove', path: `members[value eq "${bob}"]` }], [ada]],
      [[add(bob, cyd)], [ada, bob, cyd]],
      [[{ op: 'Remove', path: 'members', value: [{ value: ada }] }], [bob, cyd]],
      [
        [{ op: 'remove', path: 'members', value: [{ value: bob }] }, add(ada)],
        [ada, cyd],
      ],
      [[{ op: 'add', value: { members: [{ value: bob }] } }], [ada, bob, cyd]],
      [[{ op: 'remove', path: `members[value eq "${bob}" or value eq "${cyd}"]` }], [ada]],
      [[{ op: 'add', path: `${ECMA_GROUP}:member`, value: [cyd] }], [ada, cyd]],
    ];
    for (const [list, expected] of forms) {
      const { status, body, ldap } = await patch(group, list);
      expect([list, status, ldap, idsOf(body)]).toEqual([list, 200, ['modify 0'], [...expected].sort()]);
      // What the directory notes in the entries of the members follows.
      expect([list, await noted('Forms')]).toEqual([list, [...expected].sort()]);
    }
    if (look !== undefined) expect((await membersInDirectory('Forms'))?.length).toBe(2);
  });

  test('that are there already, or not at all, change nothing', async () => {
    const [ada, bob] = users;
    const group = await create('Nothing', { members: [{ value: ada }] });
    for (const list of [[add(ada)], [{ op: 'remove', path: `members[value eq "${bob}"]` }], [add(ada, ada)]]) {
      const { status, body } = await patch(group, list);
      expect([status, body.meta]).toEqual([200, group.meta]);
    }
    const mixed = await patch(group, [add(ada, bob), { op: 'remove', path: 'members[value eq "nobody"]' }]);
    expect([mixed.status, idsOf(mixed.body)]).toEqual([200, [ada, bob].sort()]);
  });

  test('are told apart by their types, and have names', async () => {
    const [ada] = users;
    const inner = await create('Inner', { members: [{ value: ada, type: 'wrong', display: 'forgotten' }] });
    expect(inner.members).toEqual([
      {
        value: ada,
        type: 'User',
        display: 'ada',
        $ref: expect.stringMatching(new RegExp(`^https://.*/scim/Users/${ada}$`)),
      },
    ]);
    const outer = await create('Outer', { members: [{ value: inner.id }] });
    const nested = {
      value: inner.id,
      type: 'Group',
      display: 'Inner',
      $ref: expect.stringMatching(new RegExp(`/Groups/${String(inner.id)}$`)),
    };
    expect(outer.members).toEqual([nested]);
    expect((await client.get(`/Users/${String(inner.id)}`)).status).toBe(404);
    expect((await client.get(`/Groups/${ada}`)).status).toBe(404);
    // Removed, whatever type the client believes it to have.
    const left = await client.put(`/Groups/${String(outer.id)}`, {
      ...outer,
      members: [{ value: ada, type: 'Group' }],
    });
    expect(idsOf(left.body)).toEqual([ada]);
    const { groups } = (await client.get(`/Users/${ada}`)).body;
    const direct = (group: Json) => {
      const value = String(group.id);
      return {
        value,
        type: 'direct',
        display: group.displayName,
        $ref: expect.stringMatching(new RegExp(`/Groups/${value}$`)),
      };
    };
    expect(groups).toEqual(expect.arrayContaining([direct(inner), direct(outer)]));
    await patch(outer, [{ op: 'remove', path: `members[value eq "${ada}"]` }]);
    const after = (await client.get(`/Users/${ada}`)).body.groups as unknown as Json[];
    expect(after.map(({ display }) => display)).not.toContain('Outer');
    expect((await client.find(`groups.value eq "${String(inner.id)}"`)).map(({ id }) => id)).toEqual([ada]);
  });

  test('that nobody knows are refused, and nothing is written', async () => {
    const group = await create('Unknown', { members: [{ value: users[0] }] });
    const { status, body, ldap } = await patch(group, [add(users[1], 'no-such-id')]);
    expect([status, ldap, body.detail]).toEqual([400, [], expect.stringContaining('no-such-id')]);
    expect(await read(group)).toEqual(group);
  });

  test('come and go with the value that stands in for nobody', async () => {
    const group = await create('Empty');
    if (look !== undefined) expect(await membersInDirectory('Empty')).toEqual(['']);
    const first = await patch(group, [add(users[0])]);
    expect([first.status, first.ldap]).toEqual([200, ['modify 0']]);
    expect((first.body[ECMA_GROUP] as Json).member).toHaveLength(1);
    if (look !== undefined) expect(await membersInDirectory('Empty')).toHaveLength(1);
    const last = await patch(group, [{ op: 'remove', path: `members[value eq "${users[0]}"]` }]);
    expect([last.status, last.body.members]).toEqual([200, undefined]);
    expect((last.body[ECMA_GROUP] as Json).member).toBeUndefined();
    if (look !== undefined) expect(await membersInDirectory('Empty')).toEqual(['']);
  });

  test('change only for who knows the version, where one is demanded', async () => {
    const group = await create('Versions', { members: [{ value: users[0] }] });
    const version = String((group.meta as Json).version);
    const changed = await patch(group, [add(users[1])], { 'If-Match': version });
    expect(changed.status).toBe(200);
    expect((await patch(group, [add(users[2])], { 'If-Match': version })).status).toBe(412);
    expect(await read(group)).toEqual(changed.body);
  });

  describe('of a group of many', () => {
    let group: Json;
    const count = LONG + 200;
    beforeAll(async () => {
      group = await create('Many', { [ECMA_GROUP]: { member: [users[0], ...strangers(count)] } });
    });
    const shown = async () => {
      const body = await read(group);
      return [idsOf(body), (body[ECMA_GROUP] as Json).member?.length];
    };

    test('are changed by one modify that reads nothing, and the answer is that it was done', async () => {
      const [ada, bob] = users;
      const added = await patch(group, [add(bob)]);
      expect([added.status, added.text, added.ldap]).toEqual([204, '', ['modify 0']]);
      // Straight from the space.
      expect(await shown()).toEqual([[ada, bob].sort(), count + 2]);
      const again = await patch(group, [add(bob)]);
      expect([again.status, again.ldap]).toEqual([204, ['modify 20']]);
      const removed = await patch(group, [{ op: 'remove', path: 'members', value: [{ value: bob }] }]);
      expect([removed.status, removed.ldap]).toEqual([204, ['modify 0']]);
      expect(await shown()).toEqual([[ada], count + 1]);
      if (look !== undefined) expect(await membersInDirectory('Many')).toHaveLength(count + 1);
    });

    test('are read only where somebody asks for them', async () => {
      const without = { displayName: 'Many', id: group.id };
      const filter = encodeURIComponent('displayName eq "Many"');
      const paths = [
        `/Groups?filter=${filter}&excludedAttributes=members`,
        `/Groups?filter=${filter}&attributes=displayName`,
        `/Groups?filter=${encodeURIComponent(`id eq "${String(group.id)}"`)}&excludedAttributes=members`,
      ];
      for (const path of paths) {
        const found = (await client.get(path)).body.Resources as unknown as Json[];
        expect([path, found]).toEqual([path, [expect.objectContaining(without)]]);
        const { members, [ECMA_GROUP]: face } = found[0] ?? {};
        expect([members, (face as Json | undefined)?.member]).toEqual([undefined, undefined]);
      }
      const { body, headers } = await client.get(`/Groups/${String(group.id)}?excludedAttributes=members`);
      expect([body.displayName, body.members, (body[ECMA_GROUP] as Json).member]).toEqual([
        'Many',
        undefined,
        undefined,
      ]);
      expect([headers.etag, (body.meta as Json).version]).toEqual([undefined, undefined]);
      const listed = (await client.get('/Groups?excludedAttributes=members&count=1000')).body
        .Resources as unknown as Json[];
      expect(listed.map(({ members }) => members)).toEqual(listed.map(() => undefined));
      // What is asked for, in the answer or in a condition, is read all the same.
      const asked = await client.get(`/Groups/${String(group.id)}?attributes=members`);
      expect(idsOf(asked.body)).toEqual([users[0]]);
      const byMember = encodeURIComponent(`displayName eq "Many" and members.value eq "${users[0]}"`);
      const met = (await client.get(`/Groups?filter=${byMember}&excludedAttributes=members`)).body;
      expect(met.totalResults).toBe(1);
      // Nothing of the group was forgotten on the way.
      expect(await shown()).toEqual([[users[0]], count + 1]);
    });

    test('are answered for where the client names what it wants to see', async () => {
      const path = `/Groups/${String(group.id)}?attributes=`;
      const change = (op: string) => ({ body: operations({ op, path: 'members', value: [{ value: users[1] }] }) });
      const named = await client.send('PATCH', `${path}displayName`, change('add'));
      expect([named.status, named.body.displayName, named.body.members]).toEqual([200, 'Many', undefined]);
      const whole = await client.send('PATCH', `${path}members`, change('remove'));
      expect([whole.status, idsOf(whole.body)]).toEqual([200, [users[0]]]);
    });

    test('are changed as far as there is something to change', async () => {
      const [ada, bob, cyd] = users;
      const { status } = await patch(group, [add(ada, bob, cyd), { op: 'remove', path: 'members[value eq "x"]' }]);
      expect(status).toBe(204);
      expect(await shown()).toEqual([[ada, bob, cyd].sort(), count + 3]);
      // Who sends all members again costs one look, and none of them a write of its own.
      const again = await patch(group, [add(ada, bob, cyd)]);
      expect([again.status, again.ldap]).toEqual([204, ['modify 20', 'search 0']]);
      const gone = await patch(group, [{ op: 'remove', path: 'members', value: [{ value: bob }, { value: cyd }] }]);
      expect(gone.status).toBe(204);
      expect(await shown()).toEqual([[ada], count + 1]);
    });

    test('that are out of scope stay through a replace', async () => {
      const body = { schemas: [CORE_GROUP], displayName: 'Many', members: [{ value: users[1] }] };
      const { status, body: replaced } = await client.put(`/Groups/${String(group.id)}`, body);
      expect([status, idsOf(replaced), (replaced[ECMA_GROUP] as Json).member?.length]).toEqual([
        200,
        [users[1]],
        count + 1,
      ]);
    });
  });

  if (directory === 'OpenLDAP') {
    test('find their way into a group that somebody has renamed meanwhile, and not into one that has taken its name', async () => {
      const group = await create('Renamed', { members: [{ value: users[0] }] });
      await look?.rename(groupDN('Renamed'), groupDN('Elsewhere'));
      await look?.add(groupDN('Renamed'), { objectClass: 'groupOfNames', cn: 'Renamed', member: stranger(1) });
      const { status, body } = await patch(group, [add(users[1])]);
      expect([status, body.displayName, idsOf(body)]).toEqual([200, 'Elsewhere', [users[0], users[1]].sort()]);
      expect(await membersInDirectory('Renamed')).toEqual([stranger(1)]);
    });
  }
});
