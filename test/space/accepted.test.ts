/** Changes that somebody is told of before they are committed: for every reader they are there. */
import { join } from 'node:path';
import { type ConnectorSpace, openSpace, type SpaceEntry } from '../../src/space/connectorSpace';
import { Database } from '../../src/space/database';
import { SpaceBuilder } from '../../src/space/spaceBuilder';
import { versions } from '../../src/space/spaceSchema';
import { openState, type State } from '../../src/space/state';
import { removeTemporaryFolders, row, temporaryFolder } from './support';

let folder: string;
let state: State;
let space: ConnectorSpace;

beforeEach(async () => {
  folder = temporaryFolder();
  state = await openState(folder, 'hr');
  space = await openSpace({ folder, name: 'hr', state });
});
afterEach(async () => {
  await space.close();
  await state.close();
});
afterAll(removeTemporaryFolders);

const ids = (entries: readonly SpaceEntry[]) => entries.map(({ id }) => id);
const uids = (count: number) => Array.from({ length: count }, (_, i) => `u${String(i).padStart(5, '0')}`);
const fill = (names: readonly string[]) => space.apply(names.map((uid) => ({ kind: 'upsert', row: row(uid) })));

async function anchorsOf(rows: AsyncIterable<{ readonly anchor: string }>): Promise<string[]> {
  const found: string[] = [];
  for await (const { anchor } of rows) found.push(anchor);
  return found;
}
const all = () => anchorsOf(space.iterate('User'));

describe('what is accepted', () => {
  const accept = (name: string) => space.accept([{ kind: 'upsert', row: row(name) }]);
  /** Ids in the file, whatever the space has in mind. */
  const committed = () => {
    const database = Database.open(join(folder, 'hr.space-1.sqlite'), { durability: 'normal', ...versions });
    try {
      return database.all<{ id: string }>('SELECT id FROM entry ORDER BY id').map(({ id }) => id);
    } finally {
      database.close();
    }
  };

  it.each<readonly [string, () => unknown, unknown]>([
    ['its id', () => space.get('id-b')?.anchor, 'b'],
    ['its anchor', () => space.byAnchor('b')?.id, 'id-b'],
    ['its name', () => space.byDN(row('b').normalizedDN)?.id, 'id-b'],
    ['a matching value', () => ids(space.byMatch('User', 'uid', 'b')), ['id-b']],
    ['many ids', async () => ids(await space.byIds(['id-b', 'id-x'], 'short')), ['id-b']],
    [
      'many names',
      async () => [...(await space.atDNs([row('b').normalizedDN])).values()].map(({ id }) => id),
      ['id-b'],
    ],
    ['many values', async () => [...(await space.atMatches('User', 'uid', ['b'])).keys()], ['b']],
    ['the names of many ids', async () => [...(await space.dnsOfIds(['id-b'])).keys()], ['id-b']],
    ['a number of entries', () => space.count('User'), 3],
    ['statistics', () => space.statistics.entries, { User: 3 }],
    ['a page', async () => ids((await space.page('User', 2, 1)).entries), ['id-b']],
    ['a page after another', async () => ids((await space.page('User', 1, 1, 'short', 'a')).entries), ['id-b']],
    ['a list', all, ['a', 'b', 'c']],
    ['names', () => anchorsOf(space.names()), ['a', 'c', 'b']],
  ])('is found by whoever asks for %s, and not committed before', async (_, ask, expected) => {
    fill(['a', 'c']);
    const saved = accept('b');
    expect(committed()).toEqual(['id-a', 'id-c']);
    expect(await ask()).toEqual(expected);
    await saved;
    expect(committed()).toEqual(['id-a', 'id-b', 'id-c']);
  });

  it('is not committed for whoever asks for another one by a key', async () => {
    fill(['a', 'c']);
    const saved = accept('b');
    expect(space.get('id-a')?.anchor).toBe('a');
    expect(space.byAnchor('c')?.id).toBe('id-c');
    expect(space.byDN(row('x').normalizedDN)).toBeUndefined();
    expect(ids(space.byMatch('User', 'uid', 'a'))).toEqual(['id-a']);
    expect(space.byMatch('User', 'mail', 'b')).toEqual([]);
    expect(committed()).toEqual(['id-a', 'id-c']);
    await saved;
  });

  it.each<readonly [string, () => unknown, unknown]>([
    ['id', () => space.get('id-a'), undefined],
    ['anchor', () => space.byAnchor('a'), undefined],
    ['matching value', () => space.byMatch('User', 'uid', 'a'), []],
  ])(
    'has taken the place of who had its name, also for whoever asks for that one by its %s',
    async (_, ask, expected) => {
      fill(['a', 'c']);
      const { normalizedDN, entry } = row('a');
      const saved = space.accept([{ kind: 'upsert', row: row('b', {}, { normalizedDN, entry }) }]);
      expect(ask()).toEqual(expected);
      expect(space.byDN(normalizedDN)?.id).toBe('id-b');
      await saved;
    },
  );

  it('is committed for whoever asks for anybody where it is a delete', async () => {
    fill(['a', 'b']);
    const saved = space.accept([{ kind: 'remove', key: { anchor: 'a' } }]);
    expect(space.get('id-a')).toBeUndefined();
    await saved;
  });

  it('is committed together, a moment later, though nobody asks', async () => {
    const saved = ['a', 'b'].map(accept);
    await new Promise((resolve) => setImmediate(resolve));
    expect(committed()).toEqual([]);
    await saved[0];
    expect(committed()).toEqual(['id-a', 'id-b']);
    await saved[1];
  });

  it('is committed at once where it is much, and with whatever is saved', async () => {
    const saved = Promise.all(uids(64).map(accept));
    await new Promise((resolve) => setImmediate(resolve));
    expect(committed()).toHaveLength(64);
    await saved;
    void accept('x');
    await space.save([{ kind: 'upsert', row: row('y') }]);
    expect(committed()).toHaveLength(66);
  });

  it('stands in its order among other changes', async () => {
    const reading = space.beginReading();
    void accept('a');
    expect(space.upsert(row('a', { cn: 'older' }), reading.sequence)).toBe('outdated');
    void accept('b');
    space.remove({ id: 'id-b' });
    expect(await all()).toEqual(['a']);
  });

  it('ends what was concluded before, and its entry is at hand', () => {
    const { revision } = space;
    const accepted = row('a');
    void space.accept([{ kind: 'upsert', row: accepted }]);
    expect(space.revision).not.toBe(revision);
    expect(space.isAtHand(accepted)).toBe(true);
    expect(space.isAtHand(row('a'))).toBe(false);
    expect(space.get('id-a')?.entry).toBe(accepted.entry);
    expect(space.isAtHand(accepted)).toBe(true);
  });

  it('is committed when the space is closed, and taken over by a new generation', async () => {
    void accept('a');
    await space.close();
    expect(committed()).toEqual(['id-a']);
    space = await openSpace({ folder, name: 'hr', state });
    const next = space.beginGeneration();
    new SpaceBuilder(next.file, next.sequence).finish({ importedAt: 5 }, next.previous);
    void accept('b');
    await next.switch();
    expect(await all()).toEqual(['b']);
  });

  it('tells whoever asks that it could not be committed', async () => {
    const saved = space.accept([{ kind: 'upsert', row: { ...row('a'), anchor: null as unknown as string } }]);
    expect(space.count()).toBe(0);
    await expect(saved).rejects.toThrow();
    void space.accept([{ kind: 'upsert', row: { ...row('b'), anchor: null as unknown as string } }]);
    expect(space.count()).toBe(0);
  });
});
