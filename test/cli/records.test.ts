/** Commands on the records of connectors: runs, state backup. */
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lockStores } from '../../src/space/lock';
import { openState } from '../../src/space/state';
import { people } from '../support/connectorFiles';
import { commandLine } from './commandLine';

const folder = mkdtempSync(join(tmpdir(), 'records-'));
const flags = ['connectors', 'certs', 'state'].flatMap((name) => [`--${name}`, join(folder, name)]);

beforeAll(() => {
  for (const name of ['connectors', 'certs']) mkdirSync(join(folder, name));
  writeFileSync(join(folder, 'connectors/memory.json'), JSON.stringify(people(undefined)));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('runs and state backup', () => {
  const copies = join(folder, 'copies');

  test('the history is printed for people and for machines', async () => {
    await commandLine(['import', 'memory', ...flags]);
    const told = await commandLine(['runs', 'memory', ...flags, '--limit', '1']);
    expect([told.code, told.stdout]).toEqual([
      0,
      expect.stringMatching(/^\d{4}-\S+Z {2}fullImport success in \d+\.\d s: 16 seen, /),
    ]);
    expect((await commandLine(['runs', 'memory', ...flags, '--failed'])).stdout).toBe('No run has ended yet.\n');
    const { stdout } = await commandLine(['runs', 'memory', ...flags, '--json']);
    expect(JSON.parse(stdout)[0]).toMatchObject({ profile: 'fullImport', outcome: 'success' });
    const unknown = await commandLine(['runs', 'nobody', ...flags]);
    expect([unknown.code, unknown.stderr]).toEqual([1, expect.stringContaining('knows nothing of nobody')]);
  });

  test('a record is copied while a host works on it, for its owner only, and never over another', async () => {
    const lock = await lockStores(join(folder, 'state'), 'memory');
    const state = await openState(join(folder, 'state'), 'memory');
    try {
      await state.stored.set('id-1', { attributes: { externalId: 'kept' }, keys: [] });
      const told = await commandLine(['state', 'backup', copies, ...flags]);
      expect([told.code, told.stderr]).toEqual([0, '']);
      expect(told.stdout).toContain(join(copies, 'memory.state.sqlite'));
      await state.stored.set('id-1', { attributes: { externalId: 'later' }, keys: [] });
    } finally {
      await state.close();
      lock.release();
    }
    expect(statSync(join(copies, 'memory.state.sqlite')).mode & 0o777).toBe(0o600);
    const copy = await openState(copies, 'memory');
    expect(await copy.stored.get('id-1')).toEqual({ externalId: 'kept' });
    expect((await copy.runs.list()).length).toBeGreaterThan(0);
    await copy.close();
    const again = await commandLine(['state', 'backup', copies, ...flags]);
    expect([again.code, again.stderr]).toEqual([1, expect.stringContaining('never overwritten')]);
  });

  test('a record that is damaged, or that is not there, is said in a sentence', async () => {
    const damaged = join(folder, 'damaged');
    mkdirSync(damaged);
    writeFileSync(join(damaged, 'hr.state.sqlite'), 'not a database, but long enough to be taken for one'.repeat(100));
    const told = await commandLine(['state', 'backup', join(folder, 'elsewhere'), ...flags, '--state', damaged]);
    expect([told.code, told.stderr]).toEqual([1, expect.stringMatching(/hr\.state\.sqlite is damaged\. Restore it/)]);
    const none = await commandLine(['state', 'backup', join(folder, 'elsewhere'), ...flags, '--connector', 'nobody']);
    expect([none.code, none.stderr]).toEqual([1, expect.stringContaining('There is no record of nobody in')]);
  });
});
