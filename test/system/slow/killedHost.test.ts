/**
 * A host that is killed at the very moment at which its answer has left, and started again: whatever it has put off until
 * after the answer is undone then. Rows count as fresh for a day, there are no delta imports, and the full import at start
 * is refused, so nothing but the host itself can know what it has answered, or whose entry it has to read again. What it
 * then says must be what the directory holds.
 */
import type { OutgoingHttpHeaders } from 'node:http';
import { join } from 'node:path';
import { connectivity } from '../../support/connectorFiles';
import { type FlakyProxy, Sent, startFlakyProxy } from '../../support/flakyProxy';
import { eventually } from '../../support/hostProcess';
import { type Answer, CORE_USER, ECMA_USER, operations, type ScimClient } from '../../support/scimClient';
import type { Slapd } from '../../support/slapd';
import { describeOnSlapd, type System, startSystem, startTimeout } from '../../support/system';

const suffix = 'dc=example,dc=com';
const LEFT = { employeeType: 'Left' };
/** Connector → what is particular about its object type of users. */
const connectors: Readonly<Record<string, object>> = {
  immutable: {},
  named: { anchor: 'dn' },
  keeping: {
    deprovisioning: { disableFlow: { action: 'none' }, deleteFlow: { action: 'setAttribute', values: LEFT } },
  },
};
const names = Object.keys(connectors);
/** Members of a group that are kept apart from its row. */
const MANY = 1_100;

let system: System;
let proxies: readonly FlakyProxy[];

function connectorFile(slapd: Slapd, name: string, port: number): object {
  const container = `ou=${name},${suffix}`;
  return {
    connectivity: connectivity(slapd, { port }),
    partitions: [{ dn: suffix, containers: [container] }],
    properties: { autosyncTimer: '0 3 1 1 *' },
    global: { matching: { maxAge: 86_400 }, deltaImport: { method: 'none' } },
    objectTypes: [
      {
        resourceType: 'User',
        targetObject: 'inetOrgPerson',
        matchingAttributes: ['employeeNumber'],
        container,
        deprovisioning: { disableFlow: { action: 'setAttribute', values: LEFT } },
        ...connectors[name],
      },
      { resourceType: 'Group', targetObject: 'groupOfNames', container },
    ],
  };
}

beforeAll(async () => {
  system = await startSystem({
    connectors: (slapd) =>
      Object.fromEntries(names.map((name, index) => [name, connectorFile(slapd, name, proxies[index]!.port)])),
    prepare: async (look, slapd) => {
      proxies = await Promise.all(names.map(() => startFlakyProxy(slapd.port)));
      const many = Array.from({ length: MANY }, (_, index) => `uid=somebody-${index},${suffix}`);
      for (const ou of names) {
        await look.add(`ou=${ou},${suffix}`, { objectClass: 'organizationalUnit', ou });
        await look.add(`cn=large,ou=${ou},${suffix}`, { objectClass: 'groupOfNames', cn: 'large', member: many });
      }
    },
    env: { NODE_OPTIONS: `--require ${join(__dirname, '../../support/endsAfterAnswers.js')}` },
  });
}, startTimeout);
afterAll(async () => {
  await system?.stop();
  await Promise.all((proxies ?? []).map((proxy) => proxy.close()));
});

type Send = (client: ScimClient, headers: OutgoingHttpHeaders) => Promise<Answer>;

const user = (userName: string, number: string) => ({
  schemas: [CORE_USER, ECMA_USER],
  userName,
  name: { familyName: 'Killed' },
  [ECMA_USER]: { employeeNumber: number },
});
const posting =
  (body: object): Send =>
  (client, headers) =>
    client.send('POST', '/Users', { body, headers });
const patching =
  (path: string, ...list: object[]): Send =>
  (client, headers) =>
    client.send('PATCH', path, { body: operations(...list), headers });

/** Sends these requests of one connector each; the host dies when so many of them have been answered. Answers what arrived. */
async function dying(sends: readonly (readonly [string, Send])[], last = sends.length) {
  const { host } = system;
  const headers = { 'Test-Ends-After': String(last) };
  const sent = sends.map(([name, send]) => send(host.client(name), headers).catch(() => undefined));
  const answers = await Promise.all(sent);
  await eventually(async () => expect(host.pid).toBe(0));
  // A search for all users: at a start that is the import, before anybody else.
  const refused = proxies.map((proxy) => proxy.answer(Sent.search, 50, 0, 'inetOrgPerson'));
  await host.restart();
  await Promise.all(refused);
  return answers;
}

/** The same request of each connector; all of them are answered. */
async function dyingWith(send: (name: string) => Send, status: number): Promise<Map<string, Answer>> {
  const answers = await dying(names.map((name) => [name, send(name)]));
  expect(answers.map((answer) => [answer?.status, answer?.body.detail])).toEqual(names.map(() => [status, undefined]));
  return new Map(names.map((name, index) => [name, answers[index]!]));
}

async function created(name: string, userName: string, number: string): Promise<string> {
  const { status, body, text } = await system.host.client(name).post('/Users', user(userName, number));
  if (status !== 201) throw new Error(`${userName}: ${status} ${text}`);
  return String(body.id);
}

/** Ids of users who were made before the host dies. */
async function createdInEach(userName: string, number: string): Promise<Map<string, string>> {
  return new Map(await Promise.all(names.map(async (name) => [name, await created(name, userName, number)] as const)));
}

const entriesOf = (name: string, userName: string) => system.look.find(`(uid=${userName})`, `ou=${name},${suffix}`);
const byNumber = (client: ScimClient, number: string) => client.find(`${ECMA_USER}:employeeNumber eq "${number}"`);

/** What a list shows of everybody is what the directory holds. */
async function expectListed(name: string): Promise<void> {
  const { body } = await system.host.client(name).get('/Users?count=1000');
  const listed = (body.Resources as unknown as Record<string, unknown>[]).map(({ userName, title }) =>
    JSON.stringify([userName, title ?? null]),
  );
  const there = (await system.look.find('(objectClass=inetOrgPerson)', `ou=${name},${suffix}`))
    // A delete flow that keeps the entry hides it.
    .filter(({ values }) => name !== 'keeping' || values.employeeType?.[0] !== LEFT.employeeType)
    .map(({ values: { uid, title } }) => JSON.stringify([uid?.[0], title?.[0] ?? null]));
  expect([name, ...listed.sort()]).toEqual([name, ...there.sort()]);
}

/** Runs checks in an order that differs from connector to connector: each of them may mend what another would have found. */
async function checked(checks: (name: string) => readonly (() => Promise<void>)[]): Promise<void> {
  for (const [index, name] of names.entries()) {
    const own = checks(name);
    for (let at = 0; at < own.length; at += 1) await own[(at + index) % own.length]?.();
  }
}

/** What the host says of a user in every way, and that it cannot be created again. */
function expectShown(ids: ReadonlyMap<string, string>, userName: string, number: string, more: object = {}) {
  return checked((name) => {
    const client = system.host.client(name);
    const id = ids.get(name);
    const shown = { id, userName, ...more };
    return [
      () => expectListed(name),
      async () => expect([name, ...(await byNumber(client, number))]).toMatchObject([name, shown]),
      async () => expect([name, (await client.get(`/Users/${id}`)).body]).toMatchObject([name, shown]),
      async () => expect([name, ...(await client.find(`userName eq "${userName}"`))]).toMatchObject([name, shown]),
      async () => {
        const again = await client.post('/Users', user(userName, number));
        // An answer that was given is forgotten beside other work: the process may have ended before it was.
        expect(again.status === 201 ? again.body.id : again.status).toBe(again.status === 201 ? id : 409);
        expect(await entriesOf(name, userName)).toHaveLength(1);
      },
    ];
  });
}

const idsIn = (answers: ReadonlyMap<string, Answer>) =>
  new Map([...answers].map(([name, { body }]) => [name, String(body.id)]));

describeOnSlapd('a host that is killed as soon as it has answered', () => {
  test('a create', async () => {
    const answers = await dyingWith(() => posting(user('made', '1')), 201);
    await expectShown(idsIn(answers), 'made', '1');
  });

  test('a change, of a matching attribute too', async () => {
    const ids = await createdInEach('changed', '2');
    const change = [
      { op: 'replace', path: 'title', value: 'New' },
      { op: 'replace', path: `${ECMA_USER}:employeeNumber`, value: '2-new' },
    ];
    await dyingWith((name) => patching(`/Users/${ids.get(name)}`, ...change), 200);
    for (const name of names) expect([name, ...(await byNumber(system.host.client(name), '2'))]).toEqual([name]);
    await expectShown(ids, 'changed', '2-new', { title: 'New' });
  });

  test('a rename', async () => {
    const ids = await createdInEach('before', '3');
    await dyingWith(
      (name) => patching(`/Users/${ids.get(name)}`, { op: 'replace', path: 'userName', value: 'after' }),
      200,
    );
    await expectShown(ids, 'after', '3');
    for (const name of names) {
      expect(await system.host.client(name).find('userName eq "before"')).toEqual([]);
      expect(await created(name, 'before', '3-b')).not.toBe(ids.get(name));
      const path = `/Users/${ids.get(name)}`;
      expect((await system.host.client(name).patch(path, { op: 'add', path: 'title', value: 'T' })).status).toBe(200);
    }
  });

  test('disabling', async () => {
    const ids = await createdInEach('disabled', '4');
    await dyingWith(
      (name) => patching(`/Users/${ids.get(name)}`, { op: 'replace', path: 'active', value: false }),
      200,
    );
    await expectShown(ids, 'disabled', '4', { active: false });
  });

  test('a delete', async () => {
    const ids = await createdInEach('deleted', '5');
    await dyingWith((name) => (client, headers) => client.send('DELETE', `/Users/${ids.get(name)}`, { headers }), 204);
    await checked((name) => {
      const client = system.host.client(name);
      return [
        () => expectListed(name),
        async () => expect([name, ...(await byNumber(client, '5'))]).toEqual([name]),
        async () => expect([name, (await client.get(`/Users/${ids.get(name)}`)).status]).toEqual([name, 404]),
        async () => expect([name, ...(await client.find('userName eq "deleted"'))]).toEqual([name]),
      ];
    });
    for (const name of names) {
      const id = await created(name, 'deleted', '5');
      // The entry that a delete flow has kept is the same one again.
      expect([name, id === ids.get(name)]).toEqual([name, name === 'keeping']);
      expect(await entriesOf(name, 'deleted')).toHaveLength(1);
    }
  });

  test('members of a group', async () => {
    const ids = await createdInEach('member', '6');
    const others = await createdInEach('other', '6-o');
    const groups = new Map<string, string>();
    for (const name of names) {
      const members = [{ value: others.get(name) }];
      const made = await system.host.client(name).post('/Groups', { displayName: 'team', members });
      groups.set(name, String(made.body.id));
    }
    await dyingWith(
      (name) =>
        patching(
          `/Groups/${groups.get(name)}`,
          { op: 'add', path: 'members', value: [{ value: ids.get(name) }] },
          { op: 'remove', path: `members[value eq "${others.get(name)}"]` },
        ),
      200,
    );
    await checked((name) => {
      const client = system.host.client(name);
      const id = ids.get(name);
      const group = { id: groups.get(name), members: [{ value: id }] };
      return [
        async () => expect(await client.find('displayName sw "t"', '/Groups')).toMatchObject([group]),
        async () => expect((await client.get(`/Groups/${group.id}`)).body).toMatchObject(group),
        async () => expect(await client.find(`members.value eq "${id}"`, '/Groups')).toMatchObject([group]),
      ];
    });
  });

  test('a member of a group of very many', async () => {
    const ids = await createdInEach('late', '8');
    const groups = new Map<string, unknown>();
    for (const name of names)
      groups.set(name, (await system.host.client(name).find('displayName eq "large"', '/Groups'))[0]?.id);
    const add = (name: string) => ({ op: 'add', path: 'members', value: [{ value: ids.get(name) }] });
    await dyingWith((name) => patching(`/Groups/${groups.get(name)}`, add(name)), 204);
    await checked((name) => {
      const client = system.host.client(name);
      const [id, group] = [ids.get(name), groups.get(name)];
      return [
        async () => expect(await client.find(`members.value eq "${id}"`, '/Groups')).toMatchObject([{ id: group }]),
        async () => expect((await client.get(`/Groups/${group}`)).text).toContain(`"${id}"`),
      ];
    });
  });

  test('some of many creates', async () => {
    const sends = Array.from({ length: 24 }, (_, index): readonly [string, Send] => [
      names[index % names.length]!,
      posting(user(`many-${index}`, `7-${index}`)),
    ]);
    const answers = await dying(sends, 10);
    expect(answers.filter((answer) => answer?.status === 201).length).toBeGreaterThanOrEqual(10);
    for (const [index, [name, send]] of sends.entries()) {
      const client = system.host.client(name);
      const before = answers[index];
      if (before !== undefined) {
        expect(await byNumber(client, `7-${index}`)).toMatchObject([{ id: before.body.id }]);
        expect((await client.get(`/Users/${before.body.id}`)).body.userName).toBe(`many-${index}`);
      }
      const again = await send(client, {});
      const isSame = again.status === 201 && (before === undefined || again.body.id === before.body.id);
      expect(isSame ? 'the same' : again.status).toBe(isSame ? 'the same' : before === undefined ? 201 : 409);
      expect(await entriesOf(name, `many-${index}`)).toHaveLength(1);
    }
    for (const name of names) await expectListed(name);
    // Rows of new entries had not been committed yet, and their entries were read again.
    expect(system.host.output).toContain('what was created just before the host ended was read again');
    // No import has helped.
    const imports = system.host.output.split('\n').filter((line) => /"message":"\w+ ended".*"success"/.test(line));
    expect(imports).toHaveLength(names.length);
  });
});
