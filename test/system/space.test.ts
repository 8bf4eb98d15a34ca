/** What the host remembers of a directory in which others write too. */
import { people } from '../support/connectorFiles';
import { eventually } from '../support/hostProcess';
import { CORE_USER } from '../support/scimClient';
import { describeOnSlapd, type System, startSystem, startTimeout } from '../support/system';

const PEOPLE = 'ou=people,dc=example,dc=com';
const person = (uid: string) => ({
  objectClass: 'inetOrgPerson',
  uid,
  cn: uid,
  sn: 'Outside',
  mail: `${uid}@example.com`,
});
const dnOf = (uid: string) => `uid=${uid},${PEOPLE}`;
const fresh = (seconds: number) => ({ global: { matching: { maxAge: seconds } } });
const idOf = async (uid: string) => (await system.look.at(dnOf(uid)))?.entryUUID?.[0];

let system: System;

describeOnSlapd.each([
  ['entryUUID', {}],
  ['dn', { anchor: 'dn' }],
])('behind the back of a host whose anchor is %s', (anchor, objectType) => {
  const uidOf = (name: string) => `${name}-${anchor.toLowerCase()}`;

  beforeAll(async () => {
    system = await startSystem({
      connectors: (slapd) => ({
        // Once everything has been imported: what follows is found by looking, not by importing again.
        live: people(slapd, objectType, {
          ...fresh(0),
          properties: { autosyncTimer: 0 },
          runProfiles: { deltaImport: { enabled: false } },
        }),
      }),
    });
  }, startTimeout);
  afterAll(() => system?.stop());

  test('an entry that somebody adds is found at once, by each of its keys', async () => {
    const client = system.host.client('live');
    const uid = uidOf('added');
    expect(await client.find(`userName eq "${uid}"`)).toEqual([]);
    await system.look.add(dnOf(uid), person(uid));
    const [found, ...others] = await client.find(`emails[type eq "work"].value eq "${uid}@example.com"`);
    expect(others).toEqual([]);
    if (anchor === 'entryUUID') expect(found?.id).toBe(await idOf(uid));
    expect((await client.find(`userName eq "${uid}"`))[0]?.id).toBe(found?.id);
    expect((await client.get(`/Users/${found?.id}`)).body).toMatchObject({ userName: uid });
    const refused = await client.post('/Users', { schemas: [CORE_USER], userName: uid, name: { familyName: 'Twice' } });
    expect([refused.status, refused.body.detail]).toEqual([409, expect.stringContaining(dnOf(uid))]);
  });

  test('a mail address that somebody gives to another person never leads to the one who had it', async () => {
    const client = system.host.client('live');
    const uids = ['one', 'two', 'three'].map((name) => uidOf(`mail-${name}`));
    for (const uid of uids) await system.look.add(dnOf(uid), person(uid));
    const address = `moving-${anchor.toLowerCase()}@example.com`;
    for (const holder of [0, 1, 0, 2, 1]) {
      for (const [index, uid] of uids.entries())
        await system.look.set(dnOf(uid), 'mail', [index === holder ? address : `${uid}@example.com`]);
      const found = await client.find(`emails[type eq "work"].value eq "${address}"`);
      expect(found.map(({ userName }) => userName)).toEqual([uids[holder]]);
      const emails = [{ type: 'work', value: address }];
      const twice = { schemas: [CORE_USER], userName: uidOf('mail-new'), name: { familyName: 'New' }, emails };
      const refused = await client.post('/Users', twice);
      expect([refused.status, refused.body.detail]).toEqual([409, expect.stringContaining(dnOf(uids[holder] ?? ''))]);
    }
  });

  test('an entry that somebody renames keeps its id, or gets another; never does anybody else get it', async () => {
    const client = system.host.client('live');
    const uid = uidOf('renamed');
    await system.look.add(dnOf(uid), person(uid));
    const id = (await client.find(`userName eq "${uid}"`))[0]?.id;
    await system.look.rename(dnOf(uid), dnOf(`${uid}-2`));
    expect(await client.find(`userName eq "${uid}"`)).toEqual([]);
    const found = (await client.find(`emails[type eq "work"].value eq "${uid}@example.com"`))[0];
    expect(found).toMatchObject({ userName: `${uid}-2` });
    if (anchor === 'entryUUID') {
      expect(found?.id).toBe(id);
      const patched = await client.patch(`/Users/${id}`, { op: 'add', path: 'title', value: 'Found' });
      expect([patched.status, (await system.look.at(dnOf(`${uid}-2`)))?.title]).toEqual([200, ['Found']]);
    }
    await system.look.add(dnOf(uid), { ...person(uid), mail: 'another@example.com' });
    const other = (await client.find(`userName eq "${uid}"`))[0];
    expect(other).toMatchObject({ emails: [{ value: 'another@example.com' }] });
    expect(other?.id).not.toBe(found?.id);
    if (anchor === 'entryUUID') expect(other?.id).not.toBe(id);
  });

  test('an entry that somebody changes is read as it is, and a change of something else keeps it', async () => {
    const client = system.host.client('live');
    const uid = uidOf('changed');
    await system.look.add(dnOf(uid), person(uid));
    const id = (await client.find(`userName eq "${uid}"`))[0]?.id;
    await system.look.set(dnOf(uid), 'sn', ['Changed']);
    expect((await client.get(`/Users/${id}`)).body).toMatchObject({ name: { familyName: 'Changed' } });
    expect((await client.patch(`/Users/${id}`, { op: 'add', path: 'title', value: 'T' })).status).toBe(200);
    expect(await system.look.at(dnOf(uid))).toMatchObject({ sn: ['Changed'], title: ['T'] });
  });

  test('an entry that somebody deletes is 404, found by nothing, and can be created anew', async () => {
    const client = system.host.client('live');
    const uid = uidOf('deleted');
    const body = { schemas: [CORE_USER], userName: uid, name: { familyName: 'Gone' } };
    const id = (await client.post('/Users', body)).body.id;
    await system.look.remove(dnOf(uid));
    expect(await client.find(`userName eq "${uid}"`)).toEqual([]);
    expect((await client.get(`/Users/${id}`)).status).toBe(404);
    expect((await client.patch(`/Users/${id}`, { op: 'add', path: 'title', value: 'T' })).status).toBe(404);
    expect((await client.delete(`/Users/${id}`)).status).toBe(404);
    const again = await client.post('/Users', body);
    expect(again.status).toBe(201);
    // Where the name is the anchor, what others delete and the host creates again is the same anchor.
    expect(again.body.id === id).toBe(anchor === 'dn');
    expect((await client.delete(`/Users/${again.body.id}`)).status).toBe(204);
    const anew = await client.post('/Users', body);
    expect([id, again.body.id]).not.toContain(anew.body.id);
    for (const old of [id, again.body.id]) expect((await client.get(`/Users/${old}`)).status).toBe(404);
  });

  test('a restart keeps the space and the ids', async () => {
    const list = async () => (await system.host.client('live').get('/Users?sortBy=userName')).body.Resources;
    const before = await list();
    await system.host.restart();
    expect(await list()).toEqual(before);
    await system.host.restart('SIGKILL');
    expect(await list()).toEqual(before);
  });
});

describeOnSlapd('imports', () => {
  const many = Array.from({ length: 40 }, (_, index) => `many-${index}`);
  const output = () => system.host.output;
  const total = async () => Number((await system.host.client('often').get('/Users?count=0')).body.totalResults);

  beforeAll(async () => {
    system = await startSystem({
      connectors: (slapd) => ({
        patient: people(slapd, {}, { ...fresh(3600), properties: { autosyncTimer: 0 } }),
        often: people(slapd, {}, { ...fresh(0), properties: { autosyncTimer: 0.02 } }),
      }),
      prepare: async (look) => {
        for (const uid of many) await look.add(dnOf(uid), person(uid));
      },
    });
  }, startTimeout);
  afterAll(() => system?.stop());

  test('a fresh hit counts without a search; a write looks first all the same', async () => {
    const client = system.host.client('patient');
    const uid = 'many-0';
    await system.look.set(dnOf(uid), 'title', ['Unseen']);
    const [hit] = await client.find(`userName eq "${uid}"`);
    expect(hit).not.toHaveProperty('title');
    expect(
      (await client.patch(`/Users/${hit?.id}`, { op: 'add', path: 'displayName', value: 'D' })).body,
    ).toMatchObject({
      title: 'Unseen',
      displayName: 'D',
    });
  });

  test('a few that somebody deletes leave the lists with the next import', async () => {
    const before = await total();
    for (const uid of many.slice(1, 4)) await system.look.remove(dnOf(uid));
    await eventually(async () => expect(await total()).toBe(before - 3));
  });

  test('too many lost at once are an accident: the space stays, the log says why, single answers stay true', async () => {
    const client = system.host.client('often');
    const before = await total();
    const lost = (await client.find('userName eq "many-10"'))[0]?.id;
    for (const uid of many.slice(10, 35)) await system.look.remove(dnOf(uid));
    await eventually(async () =>
      expect(output()).toMatch(/"outcome":"failed".*Accident limit: 2\d of \d\d entries of User/),
    );
    expect(await total()).toBeGreaterThan(before - 20);
    expect((await client.get(`/Users/${lost}`)).status).toBe(404);
    expect(await client.find('userName eq "many-11"')).toEqual([]);
    expect((await system.host.client('').get('/healthz')).status).toBe(200);
  });
});
