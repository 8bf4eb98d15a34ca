import * as fc from 'fast-check';
import { type ConnectorSpace, openSpace, type SpaceOptions } from '../../src/space/connectorSpace';
import { SpaceBuilder } from '../../src/space/spaceBuilder';
import { openState, type State } from '../../src/space/state';
import { removeTemporaryFolders, row, temporaryFolder } from './support';

let folder: string;
let state: State;
let space: ConnectorSpace;
let now: number;

beforeEach(async () => {
  folder = temporaryFolder();
  now = 1_000_000;
  state = await openState(folder, 'hr');
  space = await open();
});
afterEach(async () => {
  await space.close();
  await state.close();
});
afterAll(removeTemporaryFolders);

function open(options: Partial<SpaceOptions> = {}): Promise<ConnectorSpace> {
  return openSpace({ folder, name: 'hr', state, now: () => now, ...options });
}

const uids = (count: number) => Array.from({ length: count }, (_, i) => `u${String(i).padStart(5, '0')}`);
const fill = (names: readonly string[]) => space.apply(names.map((uid) => ({ kind: 'upsert', row: row(uid) })));

async function all(objectType?: string): Promise<string[]> {
  const found: string[] = [];
  for await (const { anchor } of space.iterate(objectType)) found.push(anchor);
  return found;
}

describe('pages', () => {
  it('are in anchor order and hold what is left', async () => {
    fill(['c', 'a', 'B', 'ä', '💚', '\uffee']);
    // Octet order of UTF-8, which is not that of JavaScript's strings.
    const order = ['B', 'a', 'c', 'ä', '\uffee', '💚'];
    expect(await all('User')).toEqual(order);
    expect((await space.page('User', 1, 4)).entries.map(({ anchor }) => anchor)).toEqual(order.slice(0, 4));
    expect((await space.page('User', 4, 10)).entries.map(({ anchor }) => anchor)).toEqual(order.slice(3));
    expect(await space.page('User', 7, 10)).toEqual({ total: 6, entries: [] });
    expect(await space.page('User', 2, 0)).toEqual({ total: 6, entries: [] });
    expect(await space.page('Nothing', 1, 10)).toEqual({ total: 0, entries: [] });
  });

  it('are found by number wherever they begin, whatever was inserted and deleted', async () => {
    const step = fc.record({
      add: fc.boolean(),
      uid: fc.integer({ min: 0, max: 3_999 }),
      start: fc.integer({ min: 1, max: 2_600 }),
    });
    const name = (i: number) => `u${String(i).padStart(5, '0')}`;
    const living = new Set(Array.from({ length: 2_000 }, (_, i) => name(i * 2)));
    fill([...living]);
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 30 }), async (steps) => {
        for (const { add, uid, start } of steps) {
          now += 3_600_000; // pages of the past are forgotten
          if (add) living.add(name(uid));
          else living.delete(name(uid));
          if (add) space.upsert(row(name(uid)));
          else space.remove({ anchor: name(uid) });
          const { total, entries } = await space.page('User', start, 3);
          expect(total).toBe(living.size);
          expect(entries.map(({ anchor }) => anchor)).toEqual([...living].sort().slice(start - 1, start + 2));
        }
      }),
      { numRuns: 25 },
    );
  });

  it('count from the start for whoever does not go on with a walk', async () => {
    fill(['a', 'b']);
    await space.page('User', 1, 10);
    for (const anchor of ['a', 'b']) space.remove({ anchor });
    fill(['c', 'd', 'e']);
    // The last page of the list before has ended at the same index.
    expect((await space.page('User', 3, 10)).entries.map(({ anchor }) => anchor)).toEqual(['e']);
    await space.page('User', 1, 2);
    space.remove({ anchor: 'c' });
    fill(['f', 'g']);
    expect((await space.page('User', 3, 2)).entries.map(({ anchor }) => anchor)).toEqual(['e', 'f']);
    expect((await space.page('User', 3, 10)).entries.map(({ anchor }) => anchor)).toEqual(['f', 'g']);
  });

  it('go on to the end where entries were deleted before, and say nothing twice where some were inserted', async () => {
    const walk = async (between: (page: number) => void): Promise<string[]> => {
      const seen: string[] = [];
      for (let page = 1, startIndex = 1; ; page += 1) {
        const { total, entries } = await space.page('User', startIndex, 3);
        seen.push(...entries.map(({ anchor }) => anchor));
        startIndex += entries.length;
        if (entries.length === 0 || (entries.length < 3 && startIndex > total)) return seen;
        between(page);
      }
    };
    fill(uids(11));
    expect(
      await walk((page) => {
        if (page === 2) for (const anchor of uids(4)) space.remove({ anchor });
      }),
    ).toEqual(uids(11));
    now += 3_600_000;
    const rest = uids(11).slice(4);
    expect(
      await walk((page) => {
        if (page === 1) fill(uids(4));
      }),
    ).toEqual(rest);
  });

  it('neither skip nor repeat for a client that walks while entries come and go', async () => {
    fill(uids(50));
    const seen: string[] = [];
    for (let startIndex = 1; ; ) {
      const { entries } = await space.page('User', startIndex, 10);
      if (entries.length === 0) break;
      seen.push(...entries.map(({ anchor }) => anchor));
      startIndex += entries.length;
      space.remove({ anchor: seen[seen.length - 5]! });
      space.remove({ anchor: seen[seen.length - 6]! });
      space.upsert(row(`a${startIndex}`));
    }
    expect(seen).toEqual(uids(50));
  });

  it('go on across a new generation', async () => {
    fill(uids(30));
    const first = await space.page('User', 1, 10);
    const next = space.beginGeneration();
    const builder = new SpaceBuilder(next.file, next.sequence);
    builder.add(
      uids(30)
        .slice(5)
        .map((uid) => row(uid)),
    );
    builder.finish({ importedAt: 1 }, next.previous);
    await next.switch();
    const second = await space.page('User', 11, 10);
    expect([...first.entries, ...second.entries].map(({ anchor }) => anchor)).toEqual(uids(20));
  });
});
