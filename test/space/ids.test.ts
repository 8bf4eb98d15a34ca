/** Ids that are the anchors of their rows, and ids that are not: one is kept in another way than the other. */
import { type ConnectorSpace, openSpace } from '../../src/space/connectorSpace';
import { SpaceBuilder } from '../../src/space/spaceBuilder';
import { derivedId, openState, type State } from '../../src/space/state';
import { removeTemporaryFolders, row, temporaryFolder } from './support';

let state: State;
let space: ConnectorSpace;

beforeEach(async () => {
  const folder = temporaryFolder();
  state = await openState(folder, 'hr');
  space = await openSpace({ folder, name: 'hr', state });
});
afterEach(async () => {
  await space.close();
  await state.close();
});
afterAll(removeTemporaryFolders);

it('are found side by side', async () => {
  const rows = Array.from({ length: 1_200 }, (_, i) => row(`u${i}`, {}, i % 3 === 0 ? { id: `u${i}` } : {}));
  space.apply(rows.map((one) => ({ kind: 'upsert', row: one })));
  const known = rows.map(({ id }) => id);
  expect((await space.byIds([...known, 'nobody'], 'whole')).map(({ id }) => id).sort()).toEqual(known.toSorted());
  const names = await space.dnsOfIds([...known, 'nobody']);
  expect(names.size).toBe(1_200);
  const at = await space.atDNs(rows.map(({ normalizedDN }) => normalizedDN));
  for (const i of [0, 1, 777, 778]) {
    const { id, normalizedDN } = rows[i]!;
    expect(space.get(id)?.anchor).toBe(`u${i}`);
    expect(names.get(id)).toBe(rows[i]!.entry.dn.toString());
    expect(at.get(normalizedDN)?.id).toBe(id);
    expect((await space.atMatches('User', 'uid', [`u${i}`])).get(`u${i}`)?.id).toBe(id);
  }
  expect(space.get('u1')).toBeUndefined();
  expect(space.get('id-u0')).toBeUndefined();
});

it('stay when the anchor changes', () => {
  space.upsert(row('a', {}, { id: 'a' }));
  space.upsert(row('a', {}, { id: 'a', anchor: 'b' }));
  expect(space.get('a')?.anchor).toBe('b');
  expect(space.get('b')).toBeUndefined();
  expect(space.upsert(row('a', {}, { id: 'a' }))).toBe('updated');
  expect(space.upsert(row('a', {}, { id: 'a' }))).toBe('unchanged');
  expect(space.remove({ id: 'a' })).toBe('deleted');
  expect(space.count()).toBe(0);
});

it('are of the later row where an import has met an anchor in two object types', async () => {
  const next = space.beginGeneration();
  const builder = new SpaceBuilder(next.file, next.sequence);
  builder.add([row('a', {}, { id: 'a' }), row('c', {}, { objectType: 'Device', anchor: 'd' })]);
  builder.add([row('b', {}, { id: 'a', anchor: 'a', objectType: 'Group' }), row('d', {}, { id: 'd' }), row('e')]);
  builder.finish({ importedAt: 1 }, next.previous);
  await next.switch();
  expect(space.get('a')).toMatchObject({ objectType: 'Group', normalizedDN: row('b').normalizedDN });
  expect(space.get('d')?.objectType).toBe('User');
  expect(space.get('id-c')).toBeUndefined();
  expect(['User', 'Group', 'Device'].map((type) => space.count(type))).toEqual([2, 1, 0]);
  expect(space.byMatch('User', 'uid', 'a')).toEqual([]);
  expect(space.byMatch('Device', 'uid', 'c')).toEqual([]);
  expect(space.byMatch('Group', 'uid', 'b').map(({ id }) => id)).toEqual(['a']);
});

describe('of entries that are known by their names', () => {
  const a = 'uid=a,dc=x';
  const b = 'uid=b,dc=x';

  it('stay what they are when a log tells of moves that are known', async () => {
    const c = 'uid=c,dc=x';
    const id = await state.ids.renamed(a, b);
    await state.ids.followed(a, b);
    expect([await state.ids.idOf(b), await state.ids.dnOf(id)]).toEqual([id, b]);
    await state.ids.renamed(b, c);
    for (const [from, to] of [
      [a, b],
      [b, c],
    ] as const)
      await state.ids.followed(from, to);
    expect([await state.ids.idOf(c), await state.ids.dnOf(id)]).toEqual([id, c]);
    // Somebody else has moved it on, and somebody else has the first name.
    const other = await state.ids.idOf(a);
    await state.ids.followed(c, b);
    expect([await state.ids.idOf(b), await state.ids.idOf(a)]).toEqual([id, other]);
  });

  it('are not taken from whoever got the name of somebody that the host has renamed twice', async () => {
    const c = 'uid=c,dc=x';
    const id = await state.ids.renamed(a, b);
    await state.ids.renamed(b, c);
    const newcomer = await state.ids.idOf(a);
    await state.ids.followed(a, b);
    await state.ids.followed(b, c);
    expect([await state.ids.idOf(c), await state.ids.idOf(a)]).toEqual([id, newcomer]);
    // The same once more, and this time it was somebody else who did it.
    await state.ids.followed(a, b);
    expect(await state.ids.idOf(b)).toBe(newcomer);
  });

  it('are followed where nobody knew of the move, and not where there is none any more', async () => {
    await state.ids.followed(a, b);
    expect(await state.ids.idOf(b)).toBe(derivedId(a));
    await state.ids.deleted(b);
    await state.ids.followed(b, a);
    expect(await state.ids.idOf(a)).not.toBe(derivedId(a));
  });
});
