/** What becomes of people who leave: each disable flow and delete flow, looked at from SCIM and from OpenLDAP. */
import { people } from '../support/connectorFiles';
import { eventually, secret } from '../support/hostProcess';
import { CORE_USER, type ScimClient } from '../support/scimClient';
import { describeOnSlapd, type System, startSystem, startTimeout } from '../support/system';

const PEOPLE = 'ou=people,dc=example,dc=com';
const FORMER = 'ou=former,dc=example,dc=com';
const move = { action: 'move', container: FORMER };
const set = (values: object) => ({ action: 'setAttribute', values });
/** Six tenths of a second, in minutes. */
const often = { properties: { autosyncTimer: 0.01 } };

let system: System;
beforeAll(async () => {
  system = await startSystem({
    connectors: (slapd) => {
      const disable = (disableFlow: object) => people(slapd, { deprovisioning: { disableFlow } });
      const remove = (deleteFlow: object, more: object = {}) =>
        people(slapd, { deprovisioning: { disableFlow: { action: 'none' }, deleteFlow }, ...more }, often);
      return {
        without: people(slapd),
        none: disable({ action: 'none' }),
        set: disable(set({ employeeType: 'Left', description: ['gone', 'for good'] })),
        lock: disable(set({ pwdAccountLockedTime: '000001010000Z' })),
        move: disable(move),
        moveDN: people(slapd, { anchor: 'dn', deprovisioning: { disableFlow: move } }),
        delete: disable({ action: 'delete' }),
        keep: remove({ action: 'none' }),
        mark: remove(set({ employeeType: 'Left' })),
        shelve: remove(move),
        shelveDN: remove(move, { anchor: 'dn' }),
      };
    },
  });
}, startTimeout);
afterAll(() => system?.stop());

const userNamed = (userName: string, more: object = {}) => ({
  schemas: [CORE_USER],
  userName,
  name: { familyName: 'Leaver' },
  emails: [{ type: 'work', value: `${userName}@example.com` }],
  ...more,
});
const entryOf = async (uid: string) => (await system.look.find(`(uid=${uid})`))[0];
const setActive = (client: ScimClient, id: unknown, value: unknown) =>
  client.patch(`/Users/${id}`, { op: 'Replace', path: 'active', value });

async function created(connector: string, userName: string, more: object = {}) {
  const client = system.host.client(connector);
  const { status, body } = await client.post('/Users', userNamed(userName, more));
  expect([status, body.detail]).toEqual([201, undefined]);
  return { client, id: String(body.id), body };
}

describeOnSlapd('disabling', () => {
  test('without a flow: active is no attribute, true is accepted and false is refused', async () => {
    const { client, id, body } = await created('without', 'd-without', { active: true });
    expect(body).not.toHaveProperty('active');
    const names = JSON.stringify((await client.get(`/Schemas/${CORE_USER}`)).body.attributes);
    expect(names).toContain('"userName"');
    expect(names).not.toContain('"active"');
    const refused = await setActive(client, id, false);
    expect([refused.status, refused.body.detail]).toEqual([
      400,
      expect.stringMatching(/active cannot be false.*disableFlow/s),
    ]);
    expect((await setActive(client, id, 'True')).status).toBe(200);
    expect((await client.put(`/Users/${id}`, userNamed('d-without', { active: false }))).status).toBe(400);
  });

  test('none: remembered by the host, also over a restart, and nothing is written', async () => {
    const { id } = await created('none', 'd-none');
    const before = await entryOf('d-none');
    expect((await setActive(system.host.client('none'), id, 'False')).body.active).toBe(false);
    await system.host.restart();
    const client = system.host.client('none');
    expect((await client.get(`/Users/${id}`)).body.active).toBe(false);
    expect((await client.find('active eq false')).map((one) => one.id)).toEqual([id]);
    expect((await setActive(client, id, true)).body.active).toBe(true);
    expect(await entryOf('d-none')).toEqual(before);
  }, 20_000);

  test('setAttribute: the values come, and what was there before comes back', async () => {
    const { client, id } = await created('set', 'd-set');
    // What a flow sets is nothing that clients see, so somebody else has written it.
    await system.look.set(`uid=d-set,${PEOPLE}`, 'description', ['own words']);
    await system.look.set(`uid=d-set,${PEOPLE}`, 'employeeType', ['Engineer']);
    expect((await setActive(client, id, false)).body.active).toBe(false);
    expect((await entryOf('d-set'))?.values).toMatchObject({
      employeeType: ['Left'],
      description: ['gone', 'for good'],
    });
    expect((await client.find('userName eq "d-set"'))[0]?.active).toBe(false);
    expect((await setActive(client, id, true)).body.active).toBe(true);
    expect((await entryOf('d-set'))?.values).toMatchObject({ employeeType: ['Engineer'], description: ['own words'] });
  });

  test('setAttribute: active is what stands in the entry, whoever has written it', async () => {
    const { client, id, body } = await created('set', 'd-outside', { active: false });
    expect(body.active).toBe(false);
    const entry = await entryOf('d-outside');
    expect(entry?.values).toMatchObject({ employeeType: ['Left'], description: ['gone', 'for good'] });
    await system.look.set(String(entry?.dn), 'employeeType', ['Back']);
    expect((await client.patch(`/Users/${id}`, { op: 'add', path: 'title', value: 'T' })).body.active).toBe(true);
  });

  test('setAttribute on the lock of the password policy: the account is really locked and unlocked', async () => {
    const password = secret('locked-out');
    const { client, id } = await created('lock', 'd-lock', { password });
    const dn = `uid=d-lock,${PEOPLE}`;
    expect(await system.look.canBind(dn, password)).toBe(true);
    expect((await setActive(client, id, 'False')).body.active).toBe(false);
    expect(await system.look.canBind(dn, password)).toBe(false);
    expect((await setActive(client, id, 'True')).body.active).toBe(true);
    expect(await system.look.canBind(dn, password)).toBe(true);
  });

  test.each(['move', 'moveDN'])('move: there and back again under one id, connector %s', async (connector) => {
    const uid = `d-${connector}`;
    const { client, id } = await created(connector, uid);
    expect((await setActive(client, id, false)).body).toMatchObject({ id, active: false });
    expect((await entryOf(uid))?.dn).toBe(`uid=${uid},${FORMER}`);
    expect((await client.get(`/Users/${id}`)).body).toMatchObject({ id, active: false });
    expect((await setActive(client, id, true)).body).toMatchObject({ id, active: true });
    expect((await entryOf(uid))?.dn).toBe(`uid=${uid},${PEOPLE}`);
    const late = await created(connector, `${uid}-late`, { active: false });
    expect([late.body.active, (await entryOf(`${uid}-late`))?.dn]).toEqual([false, `uid=${uid}-late,${FORMER}`]);
    expect((await setActive(client, late.id, true)).body.active).toBe(true);
    expect((await entryOf(`${uid}-late`))?.dn).toBe(`uid=${uid}-late,${PEOPLE}`);
  });

  test('delete: the entry is gone, and nobody can be created like that', async () => {
    const { client, id } = await created('delete', 'd-delete');
    expect((await setActive(client, id, false)).status).toBe(204);
    expect(await entryOf('d-delete')).toBeUndefined();
    expect((await client.get(`/Users/${id}`)).status).toBe(404);
    expect((await client.post('/Users', userNamed('d-delete', { active: false }))).status).toBe(400);
    expect(await entryOf('d-delete')).toBeUndefined();
  });
});

describeOnSlapd('a delete flow that keeps the entry', () => {
  /** Waits until a full import that began after now has ended. */
  async function nextImport(connector: string): Promise<void> {
    const ends = () =>
      system.host.output
        .split('\n')
        .filter((line) => line.includes(`ended","connector":"${connector}","outcome":"success"`));
    const before = ends().length;
    // The first to end may have begun before.
    await eventually(async () => expect(ends().length).toBeGreaterThan(before + 1));
  }

  test.each([
    ['keep', PEOPLE, undefined],
    ['mark', PEOPLE, ['Left']],
    ['shelve', FORMER, undefined],
    ['shelveDN', FORMER, undefined],
  ])('%s: hidden for good, until a create meets it again', async (connector, container, employeeType) => {
    const uid = `k-${connector.toLowerCase()}`;
    const { client, id } = await created(connector, uid);
    expect((await client.delete(`/Users/${id}`)).status).toBe(204);
    const kept = await entryOf(uid);
    expect([kept?.dn, kept?.values.employeeType]).toEqual([`uid=${uid},${container}`, employeeType]);
    const hidden = async (from: ScimClient) => {
      expect((await from.get(`/Users/${id}`)).status).toBe(404);
      expect((await from.delete(`/Users/${id}`)).status).toBe(404);
      expect((await setActive(from, id, true)).status).toBe(404);
      for (const filter of [
        `userName eq "${uid}"`,
        `id eq "${id}"`,
        `userName co "${uid}"`,
        `emails.value eq "${uid}@example.com"`,
      ])
        expect([filter, await from.find(filter)]).toEqual([filter, []]);
      expect((await from.get('/Users')).text).not.toContain(id);
      expect((await from.get('/cache')).text).not.toContain(`uid=${uid},`);
    };
    await hidden(client);
    await nextImport(connector);
    await hidden(client);
    const again = await client.post('/Users', userNamed(uid, { title: 'Back again' }));
    expect([again.status, again.body.id, again.body.title]).toEqual([201, id, 'Back again']);
    expect((await entryOf(uid))?.dn).toBe(`uid=${uid},${PEOPLE}`);
    expect((await entryOf(uid))?.values).toMatchObject({ entryUUID: kept?.values.entryUUID, title: ['Back again'] });
    expect((await entryOf(uid))?.values).not.toHaveProperty('employeeType');
    expect((await client.find(`userName eq "${uid}"`)).map((one) => one.id)).toEqual([id]);
    expect((await client.post('/Users', userNamed(uid))).status).toBe(409);
  });

  test('hidden stays hidden over a restart', async () => {
    const { client, id } = await created('keep', 'k-restart');
    expect((await client.delete(`/Users/${id}`)).status).toBe(204);
    await system.host.restart();
    const later = system.host.client('keep');
    expect((await later.get(`/Users/${id}`)).status).toBe(404);
    expect(await later.find('userName eq "k-restart"')).toEqual([]);
    expect((await later.post('/Users', userNamed('k-restart'))).body.id).toBe(id);
  }, 20_000);
});
