/**
 * What a request leaves behind that is cut short after the directory has done its part, and two requests that meet at one
 * entry. The directory has no place for what is lost then: the way back from a disable flow, ids of entries that are
 * identified by their names, what is kept of a resource beside its entry.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { connectivity, people } from '../../support/connectorFiles';
import { type FlakyProxy, Sent, startFlakyProxy } from '../../support/flakyProxy';
import { eventually } from '../../support/hostProcess';
import { type Answer, CORE_USER, ECMA_USER, type ScimClient } from '../../support/scimClient';
import { describeOnSlapd, type System, startSystem, startTimeout } from '../../support/system';

const suffix = 'dc=example,dc=com';
const dnOf = (uid: string, ou = 'people') => `uid=${uid},ou=${ou},${suffix}`;
const move = { action: 'move', container: `ou=former,${suffix}` };

let system: System;
let proxy: FlakyProxy;
const client = (name: string): ScimClient => system.host.client(name);

beforeAll(async () => {
  system = await startSystem({
    connectors: (slapd) => {
      const file = (objectType: object) =>
        people(
          slapd,
          { matchingAttributes: ['employeeNumber'], ...objectType },
          {
            connectivity: connectivity(slapd, { port: proxy.port }),
            properties: { autosyncTimer: '0 3 1 1 *' },
            runProfiles: { deltaImport: { enabled: false } },
          },
        );
      const set = { action: 'setAttribute', values: { employeeType: 'Left' } };
      // An attribute that slapd's own overlay does not see to.
      const roles = {
        resourceType: 'Group',
        targetObject: 'organizationalRole',
        container: `ou=groups,${suffix}`,
        mappings: [
          { source: 'displayName', target: 'cn' },
          { source: 'members.value', target: 'roleOccupant' },
        ],
      };
      const { objectTypes, ...others } = file({}) as { objectTypes: object[] };
      return {
        naming: { ...others, objectTypes: [objectTypes[0], roles] },
        disabling: file({ deprovisioning: { disableFlow: set } }),
        moving: file({ deprovisioning: { disableFlow: move } }),
        keeping: file({ deprovisioning: { disableFlow: { action: 'none' }, deleteFlow: set } }),
        named: file({
          anchor: 'dn',
          deprovisioning: { disableFlow: { action: 'none' }, deleteFlow: { action: 'delete' } },
        }),
        shelving: file({ anchor: 'dn', deprovisioning: { disableFlow: { action: 'none' }, deleteFlow: move } }),
      };
    },
    prepare: async (_look, slapd) => {
      proxy = await startFlakyProxy(slapd.port);
    },
  });
}, startTimeout);
afterAll(async () => {
  await system?.stop();
  await proxy?.close();
});

const user = (userName: string, more: object = {}) => ({
  schemas: [CORE_USER],
  userName,
  name: { familyName: 'Cut' },
  ...more,
});
async function created(connector: string, userName: string, more: object = {}): Promise<string> {
  const { status, body, text } = await client(connector).post('/Users', user(userName, more));
  if (status !== 201) throw new Error(`${userName}: ${status} ${text}`);
  return String(body.id);
}
const renaming = (userName: string) => ({ op: 'replace', path: 'userName', value: userName });
const setActive = (connector: string, id: string, value: boolean) =>
  client(connector).patch(`/Users/${id}`, { op: 'replace', path: 'active', value });
const reachable = async (connector: string) =>
  eventually(async () =>
    expect((await client(connector).get('/Users?filter=userName%20eq%20%22x%22')).status).toBe(200),
  );

/** The ways in which a request can be cut short when the directory has done what it was asked. */
const cuts: Readonly<Record<string, (tag: number, connector: string, send: () => Promise<Answer>) => Promise<void>>> = {
  'the directory goes away': async (tag, connector, send) => {
    const lost = proxy.loseAnswer(tag, () => proxy.refuse(true));
    expect((await send()).status).toBe(503);
    await lost;
    proxy.refuse(false);
    await reachable(connector);
  },
  'the host is killed': async (tag, _connector, send) => {
    let died: Promise<unknown> = Promise.resolve();
    const lost = proxy.loseAnswer(tag, () => {
      died = system.host.end('SIGKILL');
    });
    await expect(send()).rejects.toThrow();
    await lost;
    await died;
    await system.host.restart();
  },
};

describeOnSlapd.each(Object.entries(cuts))('cut short: %s', (how, cut) => {
  const called = (name: string) => `${name}-${how.includes('host') ? 'h' : 'd'}`;

  test('disabling: what was there before comes back', async () => {
    const uid = called('disabled');
    const id = await created('disabling', uid);
    await system.look.set(dnOf(uid), 'employeeType', ['Regular']);
    await cut(Sent.modify, 'disabling', () => setActive('disabling', id, false));
    expect((await system.look.at(dnOf(uid)))?.employeeType).toEqual(['Left']);
    const again = await setActive('disabling', id, false);
    expect([again.status, again.body.active]).toEqual([200, false]);
    expect((await setActive('disabling', id, true)).body.active).toBe(true);
    expect((await system.look.at(dnOf(uid)))?.employeeType).toEqual(['Regular']);
  });

  test('disabling by a move: back to where it was', async () => {
    const uid = called('moved');
    const home = `ou=${called('branch')},ou=people,${suffix}`;
    await system.look.add(home, { objectClass: 'organizationalUnit' });
    const id = await created('moving', uid, { [ECMA_USER]: { '-dn-': `uid=${uid},${home}` } });
    await cut(Sent.modifyDN, 'moving', () => setActive('moving', id, false));
    expect((await setActive('moving', id, false)).body.active).toBe(false);
    expect((await setActive('moving', id, true)).body.active).toBe(true);
    expect((await system.look.find(`(uid=${uid})`)).map(({ dn }) => dn)).toEqual([`uid=${uid},${home}`]);
  });

  test('a rename where the name is the anchor: under the same id', async () => {
    const uid = called('renamed');
    const id = await created('named', uid, { externalId: uid });
    const rename = () => client('named').patch(`/Users/${id}`, { op: 'replace', path: 'userName', value: `${uid}-2` });
    await cut(Sent.modifyDN, 'named', rename);
    expect((await client('named').find(`userName eq "${uid}-2"`)).map((one) => one.id)).toEqual([id]);
    const again = await rename();
    expect([again.status, again.body.id, again.body.userName]).toEqual([200, id, `${uid}-2`]);
    expect((await client('named').get(`/Users/${id}`)).body).toMatchObject({ userName: `${uid}-2`, externalId: uid });
    expect((await client('named').find(`userName eq "${uid}"`)).length).toBe(0);
  });

  test('a delete where the name is the anchor: nobody gets its id, nor what was kept of it', async () => {
    const uid = called('deleted');
    const id = await created('named', uid, { externalId: uid });
    await cut(Sent.delete, 'named', () => client('named').delete(`/Users/${id}`));
    expect((await client('named').delete(`/Users/${id}`)).status).toBe(404);
    const next = await client('named').post('/Users', user(uid));
    expect(next.status).toBe(201);
    expect(next.body.id).not.toBe(id);
    expect((await client('named').get(`/Users/${next.body.id}`)).body.externalId).toBeUndefined();
    expect((await client('named').get(`/Users/${id}`)).status).toBe(404);
  });

  test('a delete that moves the entry, where the name is the anchor: it appears under no other id', async () => {
    const uid = called('shelved');
    const id = await created('shelving', uid);
    await cut(Sent.modifyDN, 'shelving', () => client('shelving').delete(`/Users/${id}`));
    expect([204, 404]).toContain((await client('shelving').delete(`/Users/${id}`)).status);
    expect((await system.look.find(`(uid=${uid})`)).map(({ dn }) => dn)).toEqual([dnOf(uid, 'former')]);
    expect(await client('shelving').find(`userName eq "${uid}"`)).toEqual([]);
    expect((await client('shelving').get(`/Users/${id}`)).status).toBe(404);
    expect((await client('shelving').post('/Users', user(uid))).body.id).toBe(id);
  });
});

describeOnSlapd.each(Object.entries(cuts))('who names an entry, %s', (how, cut) => {
  const called = (name: string) => `${name}-${how.includes('host') ? 'h' : 'd'}`;

  test('follows its rename, and its delete', async () => {
    const [uid, role] = [called('named'), called('role')];
    const id = await created('naming', uid);
    const path = `cn=${role},ou=groups,${suffix}`;
    const occupants = async () => (await system.look.at(path))?.roleOccupant;
    expect((await client('naming').post('/Groups', { displayName: role, members: [{ value: id }] })).status).toBe(201);
    expect(await occupants()).toEqual([dnOf(uid)]);
    const rename = () => client('naming').patch(`/Users/${id}`, { op: 'replace', path: 'userName', value: `${uid}-2` });
    await cut(Sent.modifyDN, 'naming', rename);
    expect((await rename()).status).toBe(200);
    await eventually(async () => expect(await occupants()).toEqual([dnOf(`${uid}-2`)]));
    await cut(Sent.delete, 'naming', () => client('naming').delete(`/Users/${id}`));
    expect((await client('naming').delete(`/Users/${id}`)).status).toBe(404);
    await eventually(async () => expect(await occupants()).toBeUndefined());
  });
});

describeOnSlapd('two requests that meet at one entry', () => {
  test('creates that meet a disconnected entry by different values: one of them gets it', async () => {
    for (let round = 0; round < 5; round += 1) {
      const [one, other] = [`meets-${round}`, `meets-too-${round}`];
      const number = `20${round}`;
      const id = await created('keeping', one, { [ECMA_USER]: { employeeNumber: number } });
      expect((await client('keeping').delete(`/Users/${id}`)).status).toBe(204);
      const answers = await Promise.all([
        client('keeping').post('/Users', user(one, { title: 'One' })),
        client('keeping').post('/Users', user(other, { title: 'Other', [ECMA_USER]: { employeeNumber: number } })),
      ]);
      const winners = answers.filter(({ status }) => status === 201);
      expect(new Set(winners.map(({ body }) => body.id)).size).toBe(winners.length);
      for (const { body } of winners) expect((await client('keeping').get(`/Users/${body.id}`)).body).toEqual(body);
    }
  });

  test.each([
    ['renamed', 'named', Sent.modifyDN, (id: string) => client('named').patch(`/Users/${id}`, renaming('gone'))],
    ['deleted', 'named', Sent.delete, (id: string) => client('named').delete(`/Users/${id}`)],
    ['shelved', 'shelving', Sent.modifyDN, (id: string) => client('shelving').delete(`/Users/${id}`)],
  ])(
    'a create of the name that somebody is just losing (%s): two people, two ids',
    async (uid, connector, tag, lose) => {
      const id = await created(connector, `losing-${uid}`, { externalId: uid });
      const answer = proxy.hold(tag);
      const losing = lose(id);
      await answer.held;
      const creating = client(connector).post('/Users', user(`losing-${uid}`));
      await Promise.race([creating, sleep(500)]);
      answer.letGo();
      const [lost, next] = await Promise.all([losing, creating]);
      expect([lost.status < 300, next.status]).toEqual([true, 201]);
      const shown = await client(connector).get(`/Users/${next.body.id}`);
      if (uid === 'shelved') {
        expect(next.body.id).toBe(id);
        return;
      }
      expect(next.body.id).not.toBe(id);
      expect([shown.status, shown.body.userName, shown.body.externalId]).toEqual([200, `losing-${uid}`, undefined]);
      const before = await client(connector).get(`/Users/${id}`);
      expect([before.status, before.body.userName]).toEqual(uid === 'renamed' ? [200, 'gone'] : [404, undefined]);
    },
  );

  test('what somebody else has deleted leaves nothing to the next one of its name', async () => {
    await created('named', 'successor', { externalId: 'of the first one' });
    await system.look.remove(dnOf('successor'));
    const { status, body } = await client('named').post('/Users', user('successor'));
    expect([status, body.externalId]).toEqual([201, undefined]);
    expect((await client('named').get(`/Users/${body.id}`)).body.externalId).toBeUndefined();
    expect(await client('named').find('externalId eq "of the first one"')).toEqual([]);
  });
});
