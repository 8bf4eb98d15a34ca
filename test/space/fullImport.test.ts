import { existsSync } from 'node:fs';
import { DN } from '../../src/directory/dn';
import { Entry } from '../../src/directory/entry';
import { LdapError } from '../../src/directory/error';
import { type ConnectorSpace, openSpace } from '../../src/space/connectorSpace';
import type { ImportScope, ImportSource } from '../../src/space/importScope';
import { RunInProgress, Runner, type RunResult } from '../../src/space/run';
import { NO_COUNTS } from '../../src/space/runRecord';
import { openState, type State } from '../../src/space/state';
import { anchorsIn, type FullOptions, importAll } from './importAll';
import {
  draft,
  ListDirectory,
  PEOPLE,
  people,
  peopleScope,
  person,
  removeTemporaryFolders,
  row,
  temporaryFolder,
} from './support';

let state: State;
let space: ConnectorSpace;
let now: number;

beforeEach(async () => {
  const folder = temporaryFolder();
  now = 5_000;
  state = await openState(folder, 'hr');
  space = await openSpace({ folder, name: 'hr', state });
});
afterEach(async () => {
  await space.close();
  await state.close();
});
afterAll(removeTemporaryFolders);

const full = (directory: ImportSource, options: FullOptions = {}): Promise<RunResult> =>
  importAll(space, directory, { now: () => now, ...options });
const anchors = () => anchorsIn(space);

describe('a full import', () => {
  it('fills the space and counts what has changed', async () => {
    const directory = new ListDirectory(people(500));
    const progress: number[] = [];
    const first = await full(directory, {
      pageSize: 100,
      batchSize: 200,
      onProgress: ({ seen }) => progress.push(seen),
    });
    expect(first).toEqual({ outcome: 'success', counts: { ...NO_COUNTS, seen: 500, added: 500 }, errors: [] });
    expect(progress).toEqual([200, 400, 500]);
    expect(directory.requests[0]).toMatchObject({ base: PEOPLE, scope: 'sub', pageSize: 100 });
    expect(space.get('id-p00042')).toMatchObject({ objectType: 'User', readAt: 5_000 });
    expect(space.byMatch('User', 'mail', 'p00042@example.com').map(({ id }) => id)).toEqual(['id-p00042']);
    expect(space.importedAt).toBe(5_000);

    directory.entries = [...people(498), person('new'), person('p00498', { sn: 'changed' })];
    const second = await full(directory);
    expect(second.counts).toEqual({ seen: 500, added: 1, updated: 1, unchanged: 498, deleted: 1, failed: 0 });
  });

  it('leaves out excluded containers and what is no row, and names what fails', async () => {
    const excluded = DN.parse(`ou=robots,${PEOPLE}`);
    const robot = new Entry(DN.parse(`uid=r2d2,${excluded}`), { uid: 'r2d2' });
    const directory = new ListDirectory([...people(3), robot, person('hidden'), person('bad')]);
    const result = await full(directory, {
      scopes: [{ ...peopleScope, excluded: [excluded] }],
      toRow: async (entry) => {
        if (entry.first('uid') === 'bad') throw new Error('no anchor');
        return entry.first('uid') === 'hidden' ? undefined : draft(entry);
      },
    });
    expect(result.outcome).toBe('completedWithErrors');
    expect(result.counts).toMatchObject({ seen: 6, added: 3, failed: 1 });
    expect(result.errors).toEqual([{ dn: `uid=bad,${PEOPLE}`, message: 'no anchor' }]);
    expect(await anchors()).toEqual(['p00000', 'p00001', 'p00002']);
  });

  it('reads containers side by side, and ends them all when one of them fails', async () => {
    const containers = ['a', 'b', 'c', 'd'].map((name) => DN.parse(`ou=${name},${PEOPLE}`));
    const entries = containers.flatMap((base, index) =>
      Array.from(
        { length: 300 },
        (_, i) => new Entry(DN.parse(`uid=p${index}-${i},${base}`), { uid: `p${index}-${i}` }),
      ),
    );
    const scopes = containers.map((base) => ({ ...peopleScope, base }));
    const directory = new ListDirectory(entries);
    let atOnce = 0;
    let most = 0;
    directory.before = async (index) => {
      if (index === 0) most = Math.max(most, ++atOnce);
      await new Promise((resolve) => setImmediate(resolve));
      if (index === 299) atOnce -= 1;
    };
    expect(await full(directory, { scopes, sideBySide: 3 })).toMatchObject({
      outcome: 'success',
      counts: { seen: 1_200, added: 1_200 },
    });
    expect(most).toBe(3);
    directory.before = (index) => {
      if (index === 250) throw new LdapError('connectionLost', 'search', 'dc=x', '');
    };
    expect(await full(directory, { scopes, sideBySide: 4 })).toMatchObject({ outcome: 'failed' });
    expect(space.count()).toBe(1_200);
  });

  it('changes nothing when a search does not end well', async () => {
    const directory = new ListDirectory(people(300));
    await full(directory);
    directory.before = (index) => {
      if (index === 250) throw new LdapError('connectionLost', 'search', 'dc=x', 'secret diagnostic');
    };
    const before = space.statistics;
    const result = await full(directory);
    expect(result).toMatchObject({ outcome: 'failed', errors: [{ message: 'search dc=x: connectionLost' }] });
    expect(space.statistics).toEqual(before);
    expect(existsSync(before.file.replace('space-2', 'space-3'))).toBe(false);
    directory.before = () => {};
    expect((await full(directory)).outcome).toBe('success');
  });

  it('is refused when more would go than the accident limit allows, by object type', async () => {
    const group = (i: number) => new Entry(DN.parse(`cn=g${i},ou=groups,dc=example,dc=com`), { uid: `g${i}` });
    const groups = Array.from({ length: 40 }, (_, i) => group(i));
    const groupScope: ImportScope = {
      ...peopleScope,
      objectType: 'Group',
      base: DN.parse('ou=groups,dc=example,dc=com'),
    };
    const scopes = [peopleScope, groupScope];
    const directory = new ListDirectory([...people(1_000), ...groups]);
    await full(directory, { scopes });
    directory.entries = [...people(1_000), ...groups.slice(30)];
    const refused = await full(directory, { scopes });
    expect(refused.outcome).toBe('failed');
    expect(refused.errors[0]?.message).toMatch(
      /Accident limit: 30 of 40 entries of Group \(75 %\).*10 % may.*unchanged/,
    );
    expect(space.count('Group')).toBe(40);
    expect((await full(directory, { scopes, accidentLimit: 1 })).outcome).toBe('success');
    expect(space.count('Group')).toBe(10);
  });

  it('allows a handful to go whatever its share', async () => {
    const directory = new ListDirectory(people(19));
    await full(directory);
    directory.entries = [];
    expect((await full(directory)).outcome).toBe('success');
    directory.entries = people(20);
    await full(directory);
    directory.entries = [];
    expect((await full(directory)).outcome).toBe('failed');
  });

  it('can be stopped', async () => {
    const abort = new AbortController();
    const directory = new ListDirectory(people(1_000));
    const result = await full(directory, { signal: abort.signal, onProgress: () => abort.abort() });
    expect(result.outcome).toBe('cancelled');
    expect(space.count()).toBe(0);
    expect(space.beginGeneration()).toBeDefined();
  });

  it('lets the event loop have its turn, and keeps what the host writes meanwhile', async () => {
    const directory = new ListDirectory(people(2_000));
    let turns = 0;
    let running = true;
    const host = (async () => {
      while (running) {
        await new Promise((resolve) => setImmediate(resolve));
        if (turns++ === 3) space.upsert(row('by the host'));
      }
    })();
    const result = await full(directory, { batchSize: 100 });
    running = false;
    await host;
    expect(turns).toBeGreaterThan(20);
    expect(result.counts).toMatchObject({ added: 2_000, deleted: 0 });
    expect(space.count()).toBe(2_001);
  });

  it('never lets a password into the file', async () => {
    await full(new ListDirectory([person('a', { userPassword: 'hunter2', employeeNumber: '7' })]), {
      never: ['employeeNumber'],
    });
    expect(space.get('id-a')?.entry.has('userPassword')).toBe(false);
    expect(space.get('id-a')?.entry.has('employeeNumber')).toBe(false);
  });
});

describe('runs', () => {
  const success: RunResult = { outcome: 'success', counts: NO_COUNTS, errors: [] };

  it('are recorded, those that throw as failed', async () => {
    const runner = new Runner(state.runs, () => now++);
    expect(await runner.run('fullImport', async () => success)).toMatchObject({
      profile: 'fullImport',
      outcome: 'success',
      started: 5_000,
      ended: 5_001,
    });
    await runner.run('deltaImport', async () => {
      throw new Error('unexpected');
    });
    expect(await state.runs.list()).toMatchObject([
      { profile: 'deltaImport', outcome: 'failed', errors: [{ message: 'unexpected' }] },
      { profile: 'fullImport', outcome: 'success' },
    ]);
  });

  it('do not overlap, and can be stopped', async () => {
    const runner = new Runner(state.runs, () => now);
    const running = runner.run(
      'fullImport',
      (signal) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
    );
    await expect(runner.run('deltaImport', async () => success)).rejects.toThrow(RunInProgress);
    expect(runner.current).toEqual({ profile: 'fullImport', started: 5_000 });
    await runner.stop();
    expect((await running).outcome).toBe('cancelled');
    expect(runner.current).toBeUndefined();
    expect((await runner.run('deltaImport', async () => success)).outcome).toBe('success');
    await runner.stop();
  });
});
