import { closeSync, openSync, readFileSync, statSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { Database } from '../../src/space/database';
import type { RunOutcome, RunProfile } from '../../src/space/run';
import { NO_COUNTS } from '../../src/space/runRecord';
import { DatabaseTooNew, derivedId, IdTable, openState, type State, StateDamaged } from '../../src/space/state';
import { child, kill, removeTemporaryFolders, said, temporaryFolder } from './support';

let folder: string;
let state: State;
let now: number;

beforeEach(async () => {
  folder = temporaryFolder();
  now = 1_000_000;
  state = await openState(folder, 'hr', { now: () => now, intentWindowMs: 1000, runsKept: 3 });
});
afterEach(() => state.close());
afterAll(removeTemporaryFolders);

async function reopened(): Promise<State> {
  await state.close();
  state = await openState(folder, 'hr', { now: () => now, intentWindowMs: 1000, runsKept: 3 });
  return state;
}

describe('the file', () => {
  const file = () => join(folder, 'hr.state.sqlite');

  it('is readable by its owner only, and so are its companions', async () => {
    await state.names.remember({ objectType: 'User', attribute: 'sn', name: 'surname' });
    for (const path of [file(), `${file()}-wal`, `${file()}-shm`]) expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it('commits writes of one moment together', async () => {
    const before = state.statistics;
    await Promise.all(Array.from({ length: 32 }, (_, i) => state.intents.begin(`k${i}`, `uid=${i}`).onDisk));
    expect(state.statistics.writes - before.writes).toBe(32);
    expect(state.statistics.commits - before.commits).toBe(1);
  });

  it('undoes a failed write alone, and all of it', async () => {
    await state.stored.set('1', { attributes: { externalId: 'A' }, keys: [] });
    const results = await Promise.allSettled([
      state.intents.begin('a', 'uid=a').onDisk,
      state.stored.set('1', {
        attributes: { externalId: 'B' },
        keys: [{ attribute: 'externalId', value: {} as string }],
      }),
      state.intents.begin('b', 'uid=b').onDisk,
    ]);
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(await state.intents.find('a')).toBeDefined();
    expect(await state.intents.find('b')).toBeDefined();
    expect(await state.stored.get('1')).toEqual({ externalId: 'A' });
  });

  it('finishes on close what was begun, and refuses what comes later', async () => {
    const written = state.intents.begin('late', 'uid=late').onDisk;
    await state.close();
    await expect(written).resolves.toBeUndefined();
    await expect(state.intents.find('late')).rejects.toThrow(/closed/);
    expect(() => state.intents.begin('later', 'uid=x')).toThrow(/closed/);
    expect(await (await reopened()).intents.find('late')).toBeDefined();
  });

  it('refuses a damaged record, names it and says what to do', async () => {
    await state.close();
    writeFileSync(file(), 'this is no database '.repeat(1000));
    await expect(openState(folder, 'hr')).rejects.toThrow(StateDamaged);
    await expect(openState(folder, 'hr')).rejects.toThrow(/hr\.state\.sqlite is damaged\. Restore it/);
    expect(readFileSync(file(), 'utf8')).toContain('this is no database');
  });

  it('finds damage inside the file when the end before was unclean', async () => {
    for (let i = 0; i < 200; i++)
      void state.stored.set(`id${i}`, { attributes: { externalId: 'x'.repeat(500) }, keys: [] });
    await reopened();
    await state.close();
    const descriptor = openSync(file(), 'r+');
    writeSync(descriptor, Buffer.alloc(4096 * 10, 0x5a), 0, 4096 * 10, 4096 * 4);
    closeSync(descriptor);
    writeFileSync(`${file()}-wal`, 'left over');
    await expect(openState(folder, 'hr')).rejects.toThrow(StateDamaged);
  });

  it('refuses a record of a newer release', async () => {
    await state.close();
    Database.open(file(), { durability: 'full', migrations: Array.from({ length: 99 }, () => 'SELECT 1') }).close();
    await expect(openState(folder, 'hr')).rejects.toThrow(DatabaseTooNew);
    await expect(openState(folder, 'hr')).rejects.toThrow(/schema version 99/);
  });

  it('keeps what was acknowledged when the process is killed', async () => {
    await state.close();
    // Before the first one, however long the process takes for them.
    now = Date.now();
    const writer = child(`
      const { openState } = require('./src/space/state.ts');
      (async () => {
        const state = await openState(${JSON.stringify(folder)}, 'hr');
        for (let i = 0; ; i++) {
          await state.intents.begin('k' + i, 'uid=' + i).committed;
          if (i === 50) console.log('fifty');
        }
      })();
    `);
    await said(writer, 'fifty');
    await kill(writer);
    await reopened();
    for (const i of [0, 25, 50]) expect((await state.intents.find(`k${i}`))?.normalizedDN).toBe(`uid=${i}`);
  });
});

describe('ids', () => {
  const a = 'uid=a,dc=x';
  const b = 'uid=b,dc=x';

  it('are derived from the DN until something says otherwise', async () => {
    expect(await state.ids.idOf(a)).toBe(derivedId(a));
    expect(derivedId(a)).toMatch(/^[A-Za-z0-9_-]{22}$/);
    expect(await state.ids.exceptions()).toEqual([]);
    expect(await state.ids.dnOf(derivedId(a))).toBeUndefined();
  });

  it('stay with a renamed entry, and its old name gives a new entry another id, for good', async () => {
    const id = await state.ids.renamed(a, b);
    expect(id).toBe(derivedId(a));
    expect(await state.ids.idOf(b)).toBe(id);
    expect(await state.ids.dnOf(id)).toBe(b);
    const other = await state.ids.idOf(a);
    expect(other).not.toBe(id);
    expect(await state.ids.idsOf([a, b, 'uid=c'])).toEqual([other, id, derivedId('uid=c')]);
    await reopened();
    expect(await state.ids.idOf(a)).toBe(other);
    expect(await state.ids.idOf(b)).toBe(id);
  });

  it('are not reused after their entry was deleted, renamed or not', async () => {
    const id = await state.ids.renamed(a, b);
    await state.ids.deleted(b);
    expect(await state.ids.dnOf(id)).toBeUndefined();
    const other = await state.ids.idOf(b);
    await state.ids.deleted(b);
    for (const dn of [a, b]) expect([id, other]).not.toContain(await state.ids.idOf(dn));
  });

  it('are not allocated twice when two ask at once', async () => {
    await state.ids.renamed(a, b);
    const [one, two] = await Promise.all([state.ids.idOf(a), state.ids.idOf(a)]);
    expect(one).toBe(two);
  });

  it('can be given in another process by the same rules', async () => {
    await state.ids.renamed(a, b);
    const table = new IdTable(await state.ids.exceptions());
    expect(table.idOf(b)).toBe(derivedId(a));
    expect(table.idOf('uid=c')).toBe(derivedId('uid=c'));
    const id = table.idOf(a);
    expect(table.idOf(a)).toBe(id);
    expect(table.allocated).toEqual([{ id, normalizedDN: a }]);
    for (const { id, normalizedDN } of table.allocated) await state.ids.keep(id, normalizedDN ?? '');
    expect(await state.ids.idOf(a)).toBe(id);
  });

  it('never belong to two entries, whatever is renamed, deleted and created', async () => {
    const step = fc.record({
      kind: fc.constantFrom('create', 'rename', 'delete'),
      from: fc.integer({ min: 0, max: 3 }),
      to: fc.integer({ min: 0, max: 3 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
        const own = await openState(temporaryFolder(), 'p');
        const living = new Map<string, { id: string; entry: number }>();
        const owner = new Map<string, string>();
        let entries = 0;
        for (const { kind, from, to } of steps) {
          const [source, target] = [`uid=${from}`, `uid=${to}`];
          const present = living.get(source);
          if (kind === 'create' && !present) {
            const id = await own.ids.idOf(source);
            // An entry without anchor that comes back at its own last name is the same entry.
            expect(owner.get(id) ?? source).toBe(source);
            expect([...living.values()].map((other) => other.id)).not.toContain(id);
            living.set(source, { id, entry: entries++ });
            owner.set(id, source);
          } else if (kind === 'rename' && present && !living.has(target)) {
            expect(await own.ids.renamed(source, target)).toBe(present.id);
            living.delete(source);
            living.set(target, present);
            owner.set(present.id, target);
          } else if (kind === 'delete' && present) {
            await own.ids.deleted(source);
            living.delete(source);
          }
          for (const [dn, { id }] of living) expect(await own.ids.idOf(dn)).toBe(id);
        }
        await own.close();
      }),
      { numRuns: 40 },
    );
  });
});

describe('intents', () => {
  const key = () => state.intents.key('idp', 'uid=a', '{"userName":"a"}');

  it('tell creates apart by each of their parts, and are not plain hashes', async () => {
    const keys = [
      key(),
      state.intents.key('idp2', 'uid=a', '{"userName":"a"}'),
      state.intents.key('idp', 'uid=a{', '"userName":"a"}'),
    ];
    expect(new Set(keys).size).toBe(3);
    const kept = key();
    await reopened();
    expect(key()).toBe(kept);
    const other = await openState(temporaryFolder(), 'hr');
    expect(other.intents.key('idp', 'uid=a', '{"userName":"a"}')).not.toBe(kept);
    await other.close();
  });

  it('are found within their window only', async () => {
    await state.intents.begin(key(), 'uid=a').onDisk;
    expect(await state.intents.find(key())).toEqual({ normalizedDN: 'uid=a', anchor: undefined, at: 1_000_000 });
    await state.intents.complete(key(), 'uuid-1');
    now += 999;
    expect((await state.intents.find(key()))?.anchor).toBe('uuid-1');
    expect(await state.intents.purge()).toBe(0);
    now += 1;
    expect(await state.intents.find(key())).toBeUndefined();
    expect(await state.intents.purge()).toBe(1);
  });

  it('are forgotten when the Add has failed', async () => {
    await state.intents.begin(key(), 'uid=a').onDisk;
    await state.intents.forget(key());
    expect(await state.intents.find(key())).toBeUndefined();
  });

  it('are found when they were begun by another process, and when they are begun again while they are forgotten', async () => {
    await state.intents.begin(key(), 'uid=a').onDisk;
    await reopened();
    expect(await state.intents.find(key())).toMatchObject({ normalizedDN: 'uid=a' });
    const forgotten = state.intents.forgetLater(key());
    await state.intents.begin(key(), 'uid=b').committed;
    await forgotten;
    expect(await state.intents.find(key())).toMatchObject({ normalizedDN: 'uid=b' });
    await state.intents.forget(key());
    await state.intents.begin(key(), 'uid=c').committed;
    expect(await state.intents.find(key())).toMatchObject({ normalizedDN: 'uid=c' });
  });
});

describe('the rest', () => {
  it('keeps disconnected entries until they are reconnected', async () => {
    const entry = { id: '1', normalizedDN: 'uid=a', since: 5 };
    await state.disconnected.add(entry);
    await reopened();
    expect(await state.disconnected.get('1')).toEqual(entry);
    expect(await state.disconnected.byDN('uid=a')).toEqual(entry);
    expect(await state.disconnected.all()).toEqual([entry]);
    expect(await state.disconnected.remove('1')).toBe(true);
    expect(await state.disconnected.remove('1')).toBe(false);
    expect(await state.disconnected.get('1')).toBeUndefined();
  });

  it('keeps spellings, the description and the generation', async () => {
    const spelled = { objectType: 'User', attribute: 'sn', name: 'surname' };
    await state.names.remember(spelled);
    const { commits } = state.statistics;
    await state.names.remember(spelled);
    expect(state.statistics.commits).toBe(commits);
    const kept = {
      description: { product: 'openldap', namingContexts: ['dc=x'] } as never,
      schema: { attributeTypes: ['( 2.5.4.3 NAME "cn" )'] },
      readAt: 7,
    };
    await state.descriptions.set(kept);
    await state.generations.set(3);
    await reopened();
    expect(await state.names.all()).toEqual([spelled]);
    expect(await state.descriptions.get()).toEqual(kept);
    expect(await state.generations.current()).toBe(3);
  });

  it('keeps the last runs of each profile, and failures apart from successes', async () => {
    const run = (profile: RunProfile, outcome: RunOutcome, started: number) =>
      state.runs.record({ profile, outcome, started, ended: started + 1, counts: NO_COUNTS, errors: [] });
    await run('fullImport', 'success', 1);
    await run('deltaImport', 'failed', 2);
    for (let i = 10; i < 20; i++) await run('deltaImport', 'success', i);
    expect((await state.runs.list()).map(({ started }) => started)).toEqual([19, 18, 17, 2, 1]);
    expect((await state.runs.list({ profile: 'deltaImport', limit: 1 })).map(({ started }) => started)).toEqual([19]);
    expect((await state.runs.list({ failedOnly: true })).map(({ started }) => started)).toEqual([2]);
  });
});
