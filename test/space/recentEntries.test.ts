/** Entries that are at hand in memory are those that the file has, whatever has changed them. */
import * as fc from 'fast-check';
import { DN } from '../../src/directory/dn';
import { Entry } from '../../src/directory/entry';
import { type ConnectorSpace, openSpace, type SpaceChange, type SpaceEntry } from '../../src/space/connectorSpace';
import { Recent } from '../../src/space/recent';
import { RecentEntries } from '../../src/space/recentEntries';
import type { SpaceRow } from '../../src/space/row';
import { openState, type State } from '../../src/space/state';
import { removeTemporaryFolders, row, temporaryFolder } from './support';

afterAll(removeTemporaryFolders);

const IDS = ['a', 'b', 'c'];
const PLACES = ['one', 'two', 'three'];

interface Step {
  readonly kind: 'upsert' | 'remove' | 'values' | 'progress' | 'broken' | 'look';
  readonly uid: string;
  /** Where the entry is to be: two of the same name push each other out. */
  readonly place: string;
  readonly version: number;
  /** How many changes ago this was read. */
  readonly age: number;
}

const step: fc.Arbitrary<Step> = fc.record({
  kind: fc.constantFrom('upsert', 'upsert', 'upsert', 'remove', 'values', 'progress', 'broken', 'look', 'look'),
  uid: fc.constantFrom(...IDS),
  place: fc.constantFrom(...PLACES),
  version: fc.nat(3),
  age: fc.nat(4),
});

function matchOf(version: number): string {
  return version === 3 ? 'odd' : 'shared';
}

function rowOf({ uid, place, version }: Step): SpaceRow {
  const dn = DN.parse(`cn=${place},dc=example,dc=com`);
  const entry = new Entry(dn, {
    zip: 'last',
    description: `${uid} ${version}`,
    member: version === 3 ? Array.from({ length: 1_001 }, (_, index) => `uid=m${index},dc=example`) : [],
    userPassword: version === 2 ? 'secret' : [],
  });
  const matches = [{ attribute: 'uid', value: matchOf(version) }];
  // Another version may stand elsewhere in the order.
  const anchor = `${version % 2}${uid}`;
  return row(uid, {}, { anchor, entry, matches, normalizedDN: dn.normalized(), readAt: version });
}

function changeOf(given: Step, sequence: number): SpaceChange {
  const { kind, uid, version } = given;
  if (kind === 'remove') return { kind, key: { id: `id-${uid}` }, sequence };
  if (kind === 'values')
    return {
      kind,
      id: `id-${uid}`,
      changes: [{ operation: 'set', attribute: 'title', value: `${version}` }],
      sequence,
    };
  return { kind: 'upsert', row: rowOf(given), sequence };
}

function shown(entry: SpaceEntry | undefined) {
  if (entry === undefined) return undefined;
  const attributes = [...entry.entry.attributes()].map(({ name, values }) => [name, values.map(String)] as const);
  return {
    ...entry,
    entry: entry.entry.dn.toString(),
    attributes: attributes.sort(([a], [b]) => (a < b ? -1 : 1)),
  };
}

async function fromFile(space: ConnectorSpace): Promise<SpaceEntry[]> {
  const found: SpaceEntry[] = [];
  // A walk reads the file, in the order of anchors.
  for await (const entry of space.iterate()) found.push(entry);
  return found;
}

function matchingIn(entries: readonly SpaceEntry[], value: string): SpaceEntry[] {
  return entries.filter(({ entry }) => matchOf(Number(entry.first('description')?.slice(-1))) === value);
}

test('what is at hand is what the file has', async () => {
  const folder = temporaryFolder();
  const state: State = await openState(folder, 'hr');
  let runs = 0;
  const property = fc.asyncProperty(fc.array(fc.array(step, { maxLength: 4 }), { maxLength: 12 }), async (batches) => {
    runs += 1;
    const space = await openSpace({ folder, name: `hr${runs}`, state });
    try {
      let sequence = 10;
      for (const batch of batches) {
        const changes = batch
          .filter(({ kind }) => kind === 'upsert' || kind === 'remove' || kind === 'values')
          .map((each) => {
            sequence += 1;
            return changeOf(each, sequence - each.age);
          });
        const progress = batch.some(({ kind }) => kind === 'progress') ? { freshAt: sequence % 5 } : {};
        const broken = batch.find(({ kind }) => kind === 'broken');
        if (broken === undefined) space.apply(changes, progress);
        else {
          const first = { kind: 'upsert', row: rowOf(broken), sequence: 1e9 };
          const second = {
            kind: 'values',
            id: first.row.id,
            changes: [{ attribute: 'x', value: {} }],
            sequence: 1e9 + 1,
          };
          expect(() => space.apply([...changes, first, second] as SpaceChange[], progress)).toThrow();
        }
        for (const { kind, uid, place } of batch)
          if (kind === 'look') {
            space.get(`id-${uid}`);
            space.byDN(`cn=${place},dc=example,dc=com`);
          }
        const file = await fromFile(space);
        for (const value of ['shared', 'odd']) {
          const found = space.byMatch('User', 'uid', value);
          expect(found.map(shown)).toEqual(matchingIn(file, value).map(shown));
        }
        for (const id of IDS.map((uid) => `id-${uid}`))
          expect(shown(space.get(id))).toEqual(shown(file.find((one) => one.id === id)));
      }
    } finally {
      await space.close();
    }
  });
  try {
    await fc.assert(property, { numRuns: 60 });
  } finally {
    await state.close();
  }
}, 60_000);

test('who does not come back is not kept, until somebody does', () => {
  const recent = new RecentEntries();
  const entryOf = (id: string) => ({ ...row(id), id, leftOut: new Map<string, number>(), sequence: 1 });
  for (let index = 0; index < 3_000; index += 1) recent.add(entryOf(`once${index}`));
  expect(recent.get('once2999')).toBeUndefined();
  recent.match('key', ['once2999']);
  expect(recent.idsMatching('key')).toBeUndefined();
  for (let times = 0; times < 30; times += 1)
    for (let index = 0; index < 100; index += 1) recent.add(entryOf(`again${index}`));
  const last = entryOf('again0');
  recent.add(last);
  expect(recent.get('again0')).toBe(last);
  expect([recent.has(last), recent.has(entryOf('again0'))]).toEqual([true, false]);
});

test('those of one value stay in the order of their anchors', async () => {
  const folder = temporaryFolder();
  const state = await openState(folder, 'hr');
  const space = await openSpace({ folder, name: 'hr', state });
  const matches = [{ attribute: 'uid', value: 'same' }];
  const found = () => space.byMatch('User', 'uid', 'same').map(({ id }) => id);
  space.upsert(row('a', {}, { anchor: '1', matches }));
  space.upsert(row('b', {}, { anchor: '2', matches }));
  expect(found()).toEqual(['id-a', 'id-b']);
  space.upsert(row('a', {}, { anchor: '3', matches }));
  expect(found()).toEqual(['id-b', 'id-a']);
  await space.close();
  await state.close();
});

test('what was used last is at hand, and no more than twice as much', () => {
  const recent = new Recent<number>(3);
  for (let key = 0; key < 6; key += 1) recent.set(String(key), key);
  expect(recent.get('0')).toBe(0);
  recent.set('6', 6);
  recent.set('7', 7);
  expect(['1', '2', '0', '6', '7'].map((key) => recent.get(key))).toEqual([undefined, undefined, 0, 6, 7]);
  recent.delete('0');
  recent.delete('6');
  expect([recent.get('0'), recent.get('6'), recent.get('7')]).toEqual([undefined, undefined, 7]);
  recent.clear();
  expect(recent.get('7')).toBeUndefined();
});
