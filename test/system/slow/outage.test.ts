/**
 * A directory that fails in the middle of work: what was answered with success is there, everything else was a 5xx that
 * can be repeated, and nobody has to help the host to its feet again.
 */
import { people } from '../../support/connectorFiles';
import { eventually } from '../../support/hostProcess';
import { type Answer, CORE_USER, type ScimClient } from '../../support/scimClient';
import { describeOnSlapd, type System, startSystem, startTimeout } from '../../support/system';

const users = Array.from({ length: 200 }, (_, index) => `outage-${index}`);
const body = (userName: string) => ({
  schemas: [CORE_USER],
  externalId: `ext-${userName}`,
  userName,
  name: { familyName: 'Outage' },
  emails: [{ type: 'work', value: `${userName}@example.com` }],
});

let system: System;

/** Works through a list with so many at a time. */
async function sideBySide<T>(items: readonly T[], workers: number, work: (item: T) => Promise<void>): Promise<void> {
  const rest = [...items];
  const worker = async () => {
    for (let item = rest.shift(); item !== undefined; item = rest.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: workers }, worker));
}

async function createAll(client: ScimClient, names: readonly string[], after?: (done: number) => void) {
  const answers = new Map<string, Answer>();
  await sideBySide(names, 16, async (name) => {
    answers.set(name, await client.post('/Users', body(name)));
    after?.(answers.size);
  });
  return answers;
}

const uidsInSlapd = async () =>
  (await system.look.find('(uid=outage-*)')).flatMap(({ values }) => values.uid ?? []).sort();

describeOnSlapd.each([
  ['entryUUID', {}],
  ['dn', { anchor: 'dn' }],
])('slapd is killed in the middle of 200 creates, anchor %s', (_anchor, objectType) => {
  beforeAll(async () => {
    system = await startSystem({ connectors: (slapd) => ({ outage: people(slapd, objectType) }) });
  }, startTimeout);
  afterAll(() => system?.stop());

  test('every success is in the directory, all else is repeated until each user is there once', async () => {
    const client = system.host.client('outage');
    let killed: Promise<void> | undefined;
    const answers = await createAll(client, users, (done) => {
      if (done < 60 || killed !== undefined) return;
      killed = system.slapd.kill();
    });
    await killed;
    const failed = users.filter((name) => answers.get(name)?.status !== 201);
    expect(failed.length).toBeGreaterThan(20);
    expect(failed.length).toBeLessThan(160);
    for (const name of failed) {
      const { status, headers, body: error } = answers.get(name) as Answer;
      expect([name, status, headers['retry-after']]).toEqual([name, 503, expect.stringMatching(/^\d+$/)]);
      expect(error).toMatchObject({ status: '503', detail: expect.stringContaining('directory') });
    }
    expect((await client.get('/Users?filter=userName%20eq%20%22nobody%22')).status).toBe(503);
    expect((await system.host.client('').get('/healthz')).status).toBe(200);

    await system.slapd.restart();
    await system.reconnect();
    const there = await uidsInSlapd();
    const created = users.filter((name) => answers.get(name)?.status === 201).sort();
    expect(there).toEqual(expect.arrayContaining(created));
    await eventually(async () => {
      expect((await client.get('/Users?filter=userName%20eq%20%22nobody%22')).status).toBe(200);
    });

    // A create whose answer was lost is recognised by its intent: it succeeds again and adds nobody.
    const again = await createAll(client, failed);
    for (const [name, { status, body: answer }] of again)
      expect([name, status, answer.userName, answer.externalId]).toEqual([name, 201, name, `ext-${name}`]);
    expect(await uidsInSlapd()).toEqual([...users].sort());
    const ids = new Set<unknown>();
    await sideBySide(users, 8, async (name) => {
      const found = await client.find(`userName eq "${name}"`);
      expect([name, found.length]).toEqual([name, 1]);
      ids.add(found[0]?.id);
    });
    expect(ids.size).toBe(users.length);
  });
});

describeOnSlapd('stopping and pausing', () => {
  beforeAll(async () => {
    system = await startSystem({ connectors: (slapd) => ({ slow: people(slapd) }) });
  }, startTimeout);
  afterAll(() => system?.stop());

  test('requests in flight when the host is told to stop are finished, and it ends well', async () => {
    const client = system.host.client('slow');
    await client.find('userName eq "warm"');
    await system.slapd.pause();
    const names = Array.from({ length: 5 }, (_, index) => `slow-${index}`);
    const answers = Promise.all(names.map((name) => client.post('/Users', body(name))));
    await new Promise((resolve) => setTimeout(resolve, 500));
    const ended = system.host.end();
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    await expect(
      client.get('/Users?count=1').then(
        ({ status }) => status,
        () => 'refused',
      ),
    ).resolves.not.toBe(200);
    system.slapd.resume();
    expect((await answers).map(({ status }) => status)).toEqual(names.map(() => 201));
    expect(await ended).toBe(0);
    expect(await system.look.find('(uid=slow-*)')).toHaveLength(names.length);
    await system.host.restart();
    expect((await system.host.client('slow').find('userName sw "slow-"')).length).toBe(names.length);
  });

  test('a request in flight when nothing answers any more does not keep the host from ending', async () => {
    const client = system.host.client('slow');
    await client.find('userName eq "warm"');
    await system.slapd.pause();
    const answer = client.post('/Users', body('never')).then(
      ({ status }) => status,
      () => 'cut off',
    );
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(await system.host.end()).toBe(0);
    expect(await answer).not.toBe(201);
    system.slapd.resume();
  });

  test('an outage is 503 for everything but what is known and fresh, and 404 never', async () => {
    await system.host.restart();
    const client = system.host.client('slow');
    const id = (await client.find('userName eq "alice"'))[0]?.id;
    await system.slapd.kill();
    expect((await client.get(`/Users/${id}`)).status).toBe(200);
    expect((await client.get('/Users?count=2')).status).toBe(200);
    for (const answer of [
      await client.get('/Users/00000000-0000-0000-0000-000000000000'),
      await client.get('/Users?filter=userName%20eq%20%22nobody%22'),
      await client.post('/Users', body('late')),
      await client.patch(`/Users/${id}`, { op: 'add', path: 'title', value: 'T' }),
      await client.delete(`/Users/${id}`),
    ])
      expect([answer.status, answer.headers['retry-after']]).toEqual([503, expect.stringMatching(/^\d+$/)]);
    await system.slapd.restart();
    await system.reconnect();
    await eventually(async () => expect((await client.post('/Users', body('late'))).status).toBe(201));
    expect((await client.get(`/Users/${id}`)).status).toBe(200);
    expect(await system.look.find('(uid=late)')).toHaveLength(1);
  });
});
