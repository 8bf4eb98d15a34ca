/** What becomes of people who leave: each disable flow and delete flow, looked at from SCIM and from OpenLDAP. */
import { people } from '../support/connectorFiles';
import { eventually, secret } from '../support/hostProcess';
import { CORE_USER, type ScimClient } from '../support/scimClient';
import { describeOnSlapd, type System, startSystem, startTimeout } from '../support/system';

const PEOPLE = 'ou=people,dc=example,dc=com';
const FORMER = 'ou=former,dc=example,dc=com';
const move = { action: 'move', container: FORMER };
const set = (values: object) => ({ action: 'setAttribute', values });

let system: System;
beforeAll(async () => {
  system = await startSystem({
    connectors: (slapd) => {
      const disable = (disableFlow: object) => people(slapd, { deprovisioning: { disableFlow } });
      const remove = (deleteFlow: object, more: object = {}) =>
        people(slapd, { deprovisioning: { disableFlow: { action: 'none' }, deleteFlow }, ...more });
      return {
        without: people(slapd),
        none: disable({ action: 'none' }),
        set: disable(set({ employeeType: 'Left', description: ['gone', 'for good'] })),
        lock: disable(set({ pwdAccountLockedTime: '000001010000Z' })),
        flags: people(slapd, {
          auxiliaryClasses: ['shadowAccount'],
          deprovisioning: { disableFlow: { action: 'setBits', attribute: 'shadowFlag', bits: 2, initial: 512 } },
        }),
        move: disable(move),
        moveDN: people(slapd, { anchor: 'dn', deprovisioning: { disableFlow: move } }),
        delete: disable({ action: 'delete' }),
        keep: remove({ action: 'none' }),
        mark: remove(set({ employeeType: 'Left' })),
        shelve: remove(move),
        typed: people(slapd, {
          auxiliaryClasses: ['shadowAccount'],
          deprovisioning: { disableFlow: set({ shadowExpire: 1, description: [true, 7] }) },
        }),
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
    for (const operation of [
      { op: 'remove', path: 'active' },
      { op: 'replace', path: 'active', value: '' },
      { op: 'replace', value: { title: 'Captain', active: null } },
    ]) {
      const refused = await client.patch(`/Users/${id}`, operation);
      expect([refused.status, refused.body.scimType, refused.body.detail]).toEqual([
        400,
        'mutability',
        expect.stringContaining('Set it to true or to false'),
      ]);
    }
    const { active, title } = (await client.get(`/Users/${id}`)).body;
    expect([active, title]).toEqual([true, undefined]);
    expect(await entryOf('d-none')).toEqual(before);
  });

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

  test('setAttribute: integers and booleans are written as in JSON', async () => {
    const { client, id } = await created('typed', 'd-typed');
    expect((await setActive(client, id, false)).body.active).toBe(false);
    expect((await entryOf('d-typed'))?.values).toMatchObject({ shadowExpire: ['1'], description: ['TRUE', '7'] });
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
    // The server unlocks whose password is set; nobody has asked for that.
    const again = secret('locked-out-again');
    const set = await client.patch(`/Users/${id}`, { op: 'replace', path: 'password', value: again });
    expect([set.status, set.body.active]).toEqual([200, false]);
    expect(await system.look.canBind(dn, again)).toBe(false);
    expect((await setActive(client, id, 'True')).body.active).toBe(true);
    expect(await system.look.canBind(dn, again)).toBe(true);
  });

  test('setBits: one bit comes and goes, the others stay whoever has set them', async () => {
    const { client, id, body } = await created('flags', 'd-flags', { password: secret('flags') });
    const flags = async (uid: string) => (await entryOf(uid))?.values.shadowFlag;
    expect([body.active, await flags('d-flags')]).toEqual([true, ['512']]);
    await system.look.set((await entryOf('d-flags'))?.dn ?? '', 'shadowFlag', ['66048']);
    expect((await setActive(client, id, false)).body.active).toBe(false);
    expect(await flags('d-flags')).toEqual(['66050']);
    expect((await setActive(client, id, true)).body.active).toBe(true);
    expect(await flags('d-flags')).toEqual(['66048']);
    const inactive = await created('flags', 'd-flags-off', { active: false, password: secret('flags') });
    expect([inactive.body.active, await flags('d-flags-off')]).toEqual([false, ['514']]);
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
  const flows = [
    ['keep', PEOPLE, undefined],
    ['mark', PEOPLE, ['Left']],
    ['shelve', FORMER, undefined],
    ['shelveDN', FORMER, undefined],
  ] as const;
  const uidOf = (connector: string) => `k-${connector.toLowerCase()}-gone`;
  const ids = new Map<string, string>();

  /** Whether neither the id, nor a look-up, nor a list, nor the cache shows it. */
  async function expectHidden(connector: string): Promise<void> {
    const client = system.host.client(connector);
    const uid = uidOf(connector);
    const id = String(ids.get(connector));
    expect((await client.get(`/Users/${id}`)).status).toBe(404);
    expect((await client.delete(`/Users/${id}`)).status).toBe(404);
    expect((await setActive(client, id, true)).status).toBe(404);
    const mail = `emails[type eq "work"].value eq "${uid}@example.com"`;
    for (const filter of [`userName eq "${uid}"`, `id eq "${id}"`, `userName co "${uid}"`, mail])
      expect([filter, await client.find(filter)]).toEqual([filter, []]);
    expect((await client.get('/Users')).text).not.toContain(id);
    expect((await client.get('/cache')).text).not.toContain(`uid=${uid},`);
  }

  test.each(flows)(
    '%s: the entry is what the flow makes of it, and hidden',
    async (connector, container, employeeType) => {
      const uid = uidOf(connector);
      const { client, id } = await created(connector, uid);
      ids.set(connector, id);
      expect((await client.delete(`/Users/${id}`)).status).toBe(204);
      const kept = await entryOf(uid);
      expect([kept?.dn, kept?.values.employeeType]).toEqual([`uid=${uid},${container}`, employeeType]);
      await expectHidden(connector);
    },
  );

  test('a restart and a full import leave them hidden', async () => {
    const imports = (connector: string) =>
      system.host.output.match(new RegExp(`"fullImport ended","connector":"${connector}","outcome":"success"`, 'g'))
        ?.length ?? 0;
    const before = new Map(flows.map(([connector]) => [connector, imports(connector)]));
    await system.host.restart();
    for (const [connector] of flows) {
      await eventually(async () => expect(imports(connector)).toBeGreaterThan(before.get(connector) ?? 0));
      await expectHidden(connector);
    }
  });

  test.each(flows)('%s: a create meets the entry again, under its old id', async (connector) => {
    const uid = uidOf(connector);
    const client = system.host.client(connector);
    const { entryUUID } = (await entryOf(uid))?.values ?? {};
    const again = await client.post('/Users', userNamed(uid, { title: 'Back again' }));
    expect([again.status, again.body.id, again.body.title]).toEqual([201, ids.get(connector), 'Back again']);
    const entry = await entryOf(uid);
    expect(entry?.dn).toBe(`uid=${uid},${PEOPLE}`);
    expect(entry?.values).toMatchObject({ entryUUID, title: ['Back again'] });
    expect(entry?.values).not.toHaveProperty('employeeType');
    expect((await client.find(`userName eq "${uid}"`)).map((one) => one.id)).toEqual([ids.get(connector)]);
    expect((await client.post('/Users', userNamed(uid))).status).toBe(409);
  });

  test('somebody has the name that a delete flow moves to: he is named, and nothing has moved', async () => {
    const { client, id } = await created('shelve', 'in-the-way');
    await system.look.add(`uid=in-the-way,${FORMER}`, { objectClass: 'inetOrgPerson', cn: 'Other', sn: 'Other' });
    const { status, body } = await client.delete(`/Users/${id}`);
    expect([status, body.detail]).toEqual([409, expect.stringContaining(`"uid=in-the-way,${FORMER}"`)]);
    expect((await client.get(`/Users/${id}`)).status).toBe(200);
    expect(await system.look.at(`uid=in-the-way,${PEOPLE}`)).toBeDefined();
  });

  test('who is met again keeps the classes that others have given him', async () => {
    const { client, id } = await created('shelve', 'd-posix');
    expect((await client.delete(`/Users/${id}`)).status).toBe(204);
    const { dn, values } = (await entryOf('d-posix')) ?? { dn: '', values: {} };
    await system.look.set(dn, 'objectClass', [...(values.objectClass ?? []), 'shadowAccount']);
    await system.look.set(dn, 'shadowMax', ['90']);
    const { status, body } = await client.post('/Users', userNamed('d-posix'));
    expect([status, body.detail, body.id]).toEqual([201, undefined, id]);
    const again = (await entryOf('d-posix'))?.values;
    expect(again).toMatchObject({ shadowMax: ['90'] });
    expect(again?.objectClass?.toSorted()).toEqual(['inetOrgPerson', 'shadowAccount']);
  });
});
