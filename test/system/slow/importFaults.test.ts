/**
 * Imports that do not come to their end: the host is killed, the directory is killed, cut off, slow or refuses in the
 * middle, the disk is full. The connector space opens, holds nothing that was never true and loses nothing that was
 * answered, and the next import completes.
 */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connectivity, people } from '../../support/connectorFiles';
import { type FlakyProxy, Sent, startFlakyProxy } from '../../support/flakyProxy';
import { eventually, HostProcess, program } from '../../support/hostProcess';
import type { LdapLook } from '../../support/ldapLook';
import { randomOf } from '../../support/random';
import { CORE_USER } from '../../support/scimClient';
import type { Slapd } from '../../support/slapd';
import { describeOnSlapd, type System, startSystem, startTimeout } from '../../support/system';

const ROUNDS = 50;
const suffix = 'dc=example,dc=com';
const dnOf = (uid: string) => `uid=${uid},ou=people,${suffix}`;

/** Two values that somebody else always writes together: a row with values of two writes was never true. */
const pair = (version: number) => [`a ${version}`, `b ${version}`];

async function addPeople(look: LdapLook, count: number, more: (uid: string) => object = () => ({})): Promise<void> {
  for (let index = 0; index < count; index += 1) {
    const uid = `p${index}`;
    const attributes = { objectClass: 'inetOrgPerson', uid, cn: uid, sn: uid, description: pair(0), ...more(uid) };
    await look.add(dnOf(uid), attributes);
  }
}

interface Row {
  readonly id: string;
  readonly '-dn-': string;
  readonly uid: readonly string[];
  readonly description?: readonly string[];
}

let system: System;

/** All rows of people, from the connector space alone. */
async function cached(): Promise<readonly Row[]> {
  const { status, text } = await system.host.client('hr').get('/cache/User');
  expect(status).toBe(200);
  return JSON.parse(text);
}

afterEach(() => system?.stop());

describeOnSlapd('a host that is killed', () => {
  test(`${ROUNDS} times, at any moment of imports and exports`, async () => {
    const residents = 200;
    const pageSize = { fullImport: { pageSize: 10 }, deltaImport: { interval: 1 } };
    system = await startSystem({
      connectors: (slapd) => ({ hr: people(slapd, {}, { runProfiles: pageSize }) }),
      prepare: (look) => addPeople(look, residents),
    });
    const random = randomOf(4711);
    /** What was answered: id → uid; and ids that were deleted. */
    const created = new Map<string, string>();
    const deleted = new Set<string>();
    let version = 0;
    let number = 0;

    /** Creates, and deletes every third of them, until the host is gone. */
    const exporting = async (): Promise<void> => {
      const client = system.host.client('hr');
      for (;;) {
        const userName = `made${number++}`;
        const made = await client.post('/Users', { schemas: [CORE_USER], userName, name: { familyName: 'Made' } });
        if (made.status !== 201) continue;
        const id = String(made.body.id);
        created.set(id, userName);
        if (number % 3 > 0) continue;
        // Until it is answered nobody knows whether it is there.
        created.delete(id);
        if ((await client.delete(`/Users/${id}`)).status === 204) deleted.add(id);
      }
    };
    const changing = async (signal: AbortSignal): Promise<void> => {
      while (!signal.aborted) {
        version += 1;
        await system.look.set(dnOf(`p${version % residents}`), 'description', pair(version));
      }
    };

    for (let round = 0; round < ROUNDS; round += 1) {
      const over = new AbortController();
      const work = [exporting().catch(() => undefined), changing(over.signal)];
      await sleep(random.between(0, 900));
      await system.host.end('SIGKILL');
      over.abort();
      await Promise.all(work);
      await system.host.restart();
      const rows = await cached();
      const ids = new Set(rows.map(({ id }) => id));
      expect([...created.keys()].filter((id) => !ids.has(id))).toEqual([]);
      expect([...deleted].filter((id) => ids.has(id))).toEqual([]);
      for (const { uid, description = [] } of rows) {
        if (!uid[0]?.startsWith('p')) continue;
        const [first, second] = [...description].sort().map((text) => Number(text.slice(2)));
        expect([uid, first]).toEqual([uid, second]);
        expect(first).toBeLessThanOrEqual(version);
      }
    }

    const client = system.host.client('hr');
    await eventually(async () => {
      const { output } = system.host;
      expect(output.slice(output.lastIndexOf('the connector is open'))).toContain('"outcome":"success"');
    });
    const rows = await cached();
    const there = await system.look.find('(objectClass=inetOrgPerson)');
    expect(rows.map((row) => row['-dn-']).sort()).toEqual(there.map(({ dn }) => dn).sort());
    for (const [id, userName] of created) expect((await client.get(`/Users/${id}`)).body).toMatchObject({ userName });
    expect(created.size).toBeGreaterThan(ROUNDS);
  }, 900_000);
});

describeOnSlapd('a directory that fails in the middle of a full import', () => {
  let proxy: FlakyProxy;
  let slapd: Slapd;

  beforeEach(async () => {
    system = await startSystem({
      args: ['--admin-port', '0'],
      connectors: (started) => {
        slapd = started;
        return { hr: 'set below' };
      },
      until: 'listening',
      prepare: (look) => addPeople(look, 300),
    });
    proxy = await startFlakyProxy(slapd.port);
    const wire = connectivity({ ...slapd, port: proxy.port }, { operationTimeout: 20 });
    const runProfiles = { fullImport: { pageSize: 20 } };
    // Each second another one, so that the next import does not have to be asked for.
    const properties = { autosyncTimer: 1 / 60, autosyncJitter: 0 };
    system.host.writeConnector('hr', people(slapd, {}, { connectivity: wire, runProfiles, properties }));
    await system.host.restart();
    await system.host.imported(['hr']);
  }, startTimeout);
  afterEach(() => proxy?.close());

  const imports = () =>
    [...system.host.output.matchAll(/"message":"fullImport ended".*?"outcome":"(\w+)"/g)].map(([, one]) => one);

  /** Waits for an import that has ended like this, of those that end from now on. */
  async function next(outcome: string, patienceMs = 120_000): Promise<void> {
    const before = imports().length;
    await eventually(async () => expect(imports().slice(before)).toContain(outcome), patienceMs);
  }

  async function stillThere(): Promise<void> {
    expect((await system.host.client('hr').get('/Users?count=0')).body).toMatchObject({ totalResults: 305 });
  }

  test.each([
    [
      'is killed',
      async () => {
        await proxy.answer(Sent.search, 51, 5);
        await system.slapd.kill();
      },
      () => system.slapd.restart(),
    ],
    [
      'is cut off',
      async () => {
        await proxy.answer(Sent.search, 51, 5);
        proxy.refuse(true);
        proxy.cut();
      },
      async () => proxy.refuse(false),
    ],
    ['refuses', () => proxy.answer(Sent.search, 53, 8), async () => undefined],
  ])(
    '%s',
    async (_name, fail, mend) => {
      const failed = next('failed');
      await fail();
      await failed;
      await stillThere();
      await mend();
      await next('success');
      await stillThere();
    },
    300_000,
  );

  test('takes three seconds for each operation', async () => {
    proxy.delay(3_000);
    proxy.cut();
    // One that was under way fails with its connection; the next one reads sixteen pages.
    await next('success', 400_000);
    await stillThere();
  }, 600_000);
});

describeOnSlapd('two hosts by mistake on one state folder', () => {
  test('the second one says so and does not open the connector, and the first one goes on', async () => {
    let hr: object = {};
    system = await startSystem({
      connectors: (slapd) => {
        hr = people(slapd);
        return { hr };
      },
    });
    const args = ['--state', join(system.host.folder, 'state')];
    const second = await HostProcess.start({ connectors: { hr }, args, until: 'listening' });
    try {
      await eventually(async () => {
        const { body } = await second.client('').get('/readyz');
        expect(body).toMatchObject({ connectors: { faulty: 1 } });
      });
      expect(second.output).toContain('is a second host running on the same folder?');
      expect((await system.host.client('hr').get('/Users?count=0')).body).toMatchObject({ totalResults: 5 });
    } finally {
      await second.stop();
    }
  }, 180_000);
});

describeOnSlapd('a disk that is full', () => {
  test('an import fails and says so, what was there stays, and with room it completes', async () => {
    system = await startSystem({
      connectors: (slapd) => ({ hr: people(slapd) }),
      prepare: (look) => addPeople(look, 20),
    });
    await system.host.end();
    const run = (limit: string, command: string) =>
      new Promise<{ code: number; text: string }>((resolve) => {
        const script = `ulimit -f ${limit}; exec "$0" "$1" ${command}`;
        execFile(
          'sh',
          ['-c', script, process.execPath, program],
          { cwd: system.host.folder },
          (error, stdout, stderr) => resolve({ code: Number(error?.code ?? 0), text: stdout + stderr }),
        );
      });
    for (let index = 0; index < 60; index += 1) {
      const uid = `large${index}`;
      const description = Array.from({ length: 50 }, (_, line) => `${line} ${'x'.repeat(800)}`);
      await system.look.add(dnOf(uid), { objectClass: 'inetOrgPerson', uid, cn: uid, sn: uid, description });
    }
    // Blocks of 512 or 1024 octets: at most a mebibyte, and the new people have more than two.
    const full = await run('1024', 'import hr');
    expect(full).toMatchObject({ code: 1, text: expect.stringMatching(/fullImport failed.*[\s\S]*the disk is full/) });
    const kept = await run('unlimited', 'space export --connector hr --attributes uid');
    expect(kept.text.trim().split('\r\n')).toHaveLength(1 + 20 + 5);
    expect(await run('unlimited', 'import hr')).toMatchObject({ code: 0, text: expect.stringContaining('60 added') });
    await system.host.restart();
    expect((await system.host.client('hr').get('/Users?count=0')).body).toMatchObject({ totalResults: 85 });
  }, 300_000);
});
