/**
 * What a request leaves behind that is cut short after the directory has done its part, and two requests that meet at one
 * entry. The directory has no place for what is lost then: the way back from a disable flow, ids of entries that are
 * identified by their names, what is kept of a resource beside its entry.
 */
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
      return {
        disabling: file({ deprovisioning: { disableFlow: set } }),
        moving: file({ deprovisioning: { disableFlow: move } }),
        keeping: file({ deprovisioning: { disableFlow: { action: 'none' }, deleteFlow: set } }),
        named: file({
          anchor: 'dn',
          deprovisioning: { disableFlow: { action: 'none' }, deleteFlow: { action: 'delete' } },
        }),
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

  test('what somebody else has deleted leaves nothing to the next one of its name', async () => {
    await created('named', 'successor', { externalId: 'of the first one' });
    await system.look.remove(dnOf('successor'));
    const { status, body } = await client('named').post('/Users', user('successor'));
    expect([status, body.externalId]).toEqual([201, undefined]);
    expect((await client('named').get(`/Users/${body.id}`)).body.externalId).toBeUndefined();
    expect(await client('named').find('externalId eq "of the first one"')).toEqual([]);
  });
});
