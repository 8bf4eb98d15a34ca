import { type Change, openState, type State } from '../../src/space/state';
import { removeTemporaryFolders, temporaryFolder } from './support';

let folder: string;
let state: State;
beforeEach(async () => {
  folder = temporaryFolder();
  state = await openState(folder, 'hr');
});
afterEach(() => state.close());
afterAll(removeTemporaryFolders);

const change = (at: number, more: Partial<Change> = {}): Change => ({
  at,
  actor: 'connector hr',
  requestId: `r${at}`,
  operation: 'modify',
  outcome: 'success',
  objectType: 'User',
  id: `id-${at % 3}`,
  dn: `uid=u${at},ou=people,dc=example,dc=com`,
  attributes: [{ name: 'title', added: ['Boss'], replaced: true }],
  durationMs: 1,
  ...more,
});

async function listed(...selection: Parameters<State['changes']['list']>): Promise<number[]> {
  const found = [];
  for await (const { at } of state.changes.list(...selection)) found.push(at);
  return found;
}

test('changes are listed newest first, and each condition leaves out the others', async () => {
  await Promise.all([1, 2, 3, 4].map((at) => state.changes.add(change(at))));
  await state.changes.add(
    change(5, { operation: 'delete', outcome: 'failed', actor: 'administrator', result: 'busy' }),
  );
  await state.changes.add(change(6, { operation: 'rename', newDN: 'uid=x,ou=Former,dc=example,dc=com' }));
  expect(await listed()).toEqual([6, 5, 4, 3, 2, 1]);
  expect(await listed({ id: 'id-1' })).toEqual([4, 1]);
  expect(await listed({ operation: 'delete' })).toEqual([5]);
  expect(await listed({ outcome: 'failed' })).toEqual([5]);
  expect(await listed({ actor: 'administrator' })).toEqual([5]);
  expect(await listed({ requestId: 'r3' })).toEqual([3]);
  expect(await listed({ since: 2, until: 4 })).toEqual([3, 2]);
  expect(await listed({ dn: 'UID=u2,ou=people,dc=example,dc=com' })).toEqual([2]);
  expect(await listed({ dn: 'ou=former,dc=example,dc=com' })).toEqual([6]);
  expect(await listed({ dn: 'u2,ou=people,dc=example,dc=com' })).toEqual([]);
});

test('a change is what it was after the record is opened again, under a number that is never given again', async () => {
  const number = await state.changes.add(change(1));
  await state.changes.purge(2);
  expect(await state.changes.get(number)).toBeUndefined();
  const next = await state.changes.add(change(7));
  expect(next).toBeGreaterThan(number);
  await state.close();
  state = await openState(folder, 'hr');
  expect(await state.changes.get(next)).toEqual({ number: next, ...change(7) });
});

test('changes that gather share one write; a log longer than one read is listed to its end', async () => {
  const { writes } = state.statistics;
  await Promise.all(Array.from({ length: 5_000 }, (_, at) => state.changes.add(change(at))));
  expect(state.statistics.writes - writes).toBe(1);
  expect(await listed()).toHaveLength(5_000);
  expect(await state.changes.purge(3_500)).toBe(3_500);
  expect((await listed()).at(-1)).toBe(3_500);
});

test('what is waiting when the record is closed is in it', async () => {
  const added = state.changes.add(change(1));
  await state.close();
  await added;
  state = await openState(folder, 'hr');
  expect(await listed()).toEqual([1]);
});
