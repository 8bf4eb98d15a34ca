/** What a delta import has to look at besides what it was told of, and what becomes of it when the run does not come to its end. */
import type { ChangeSource, DirectoryChange } from '../../src/directory/changes/changeSource';
import type { Unmarked } from '../../src/directory/changes/watermark';
import { DN } from '../../src/directory/dn';
import { Entry } from '../../src/directory/entry';
import { LdapError } from '../../src/directory/error';
import { equality } from '../../src/directory/filter';
import { type MemoryDirectory, openMemoryDirectory } from '../../src/directory/memoryDirectory';
import { type ConnectorSpace, openSpace } from '../../src/space/connectorSpace';
import { type DeltaImportOptions, runDeltaImport } from '../../src/space/deltaImport';
import { runFullImport } from '../../src/space/fullImport';
import type { ImportScope } from '../../src/space/importScope';
import { loadGeneration } from '../../src/space/loadGeneration';
import { SpaceBuilder } from '../../src/space/spaceBuilder';
import { openState, type State } from '../../src/space/state';
import { draft, PEOPLE, removeTemporaryFolders, temporaryFolder } from './support';

const personAt = (uid: string) => DN.parse(`uid=${uid},${PEOPLE}`);
const groupAt = (name: string) => DN.parse(`cn=${name},${PEOPLE}`);
const texts = (...names: DN[]) => names.map(String);

const scope = { base: PEOPLE, scope: 'sub', attributes: ['*', 'entryUUID'], anchor: 'entryUUID' } as const;
const scopes: readonly ImportScope[] = [
  { ...scope, objectType: 'Group', filter: equality('objectClass', 'groupOfNames') },
  { ...scope, objectType: 'User', filter: equality('objectClass', 'inetOrgPerson') },
];

let folder: string;
let state: State;
let space: ConnectorSpace;
let directory: MemoryDirectory;

beforeEach(async () => {
  folder = temporaryFolder();
  state = await openState(folder, 'hr');
  space = await openSpace({ folder, name: 'hr', state });
  directory = openMemoryDirectory();
  await directory.add(new Entry(PEOPLE, { objectClass: ['organizationalUnit'], ou: 'people' }));
  for (const uid of ['a', 'b', 'c']) await addPerson(uid);
  for (const [name, uid] of [
    ['team', 'a'],
    ['others', 'b'],
  ] as const) {
    const member = texts(personAt(uid), personAt('c'));
    await directory.add(new Entry(groupAt(name), { objectClass: ['groupOfNames'], cn: name, member }));
  }
  const load = { directory, scopes, toRow, references: ['member'] };
  await runFullImport({ space, accidentLimit: 1, load: (target) => loadGeneration({ ...load, ...target }) });
});
afterEach(async () => {
  await directory.close();
  await space.close();
  await state.close();
});
afterAll(removeTemporaryFolders);

const toRow = (entry: Entry) => ({ ...draft(entry), normalizedDN: entry.dn.normalized(directory.schema) });
const addPerson = (uid: string) =>
  directory.add(new Entry(personAt(uid), { objectClass: ['inetOrgPerson'], uid, cn: uid, sn: uid }));
const rowAt = (dn: DN) => space.byDN(dn.normalized(directory.schema));
const membersOf = (name: string) => rowAt(groupAt(name))?.entry.values('member').map(String);

/** A source that tells no more than these: what a plug-in does to others it does not tell. */
async function telling(...changes: Unmarked[]): Promise<ChangeSource> {
  const watermark = await directory.changes.latest();
  return {
    methods: ['memory'],
    anchorAttribute: 'entryUUID',
    latest: () => directory.changes.latest(),
    since: async function* () {
      yield* changes.map(
        (change, index): DirectoryChange => ({ ...change, watermark: { ...watermark, value: `t${index}` } }),
      );
    },
  };
}

/** @param cutOffAt the directory is cut off when an entry whose name has this is read */
function delta(changes: ChangeSource, cutOffAt?: string, options: Partial<DeltaImportOptions> = {}) {
  const search: MemoryDirectory['search'] = (request, more) => {
    if (cutOffAt !== undefined && request.scope === 'base' && request.base.toString().includes(cutOffAt))
      throw new LdapError('connectionLost', 'search', cutOffAt, '');
    return directory.search(request, more);
  };
  const links = { references: ['member'], hasBackLinks: true, pausesMs: [0] };
  const source = { schema: directory.schema, changes, search };
  return runDeltaImport({ space, directory: source, scopes, toRow, batchSize: 2, ...links, ...options });
}

async function reopen(): Promise<void> {
  await space.close();
  space = await openSpace({ folder, name: 'hr', state });
}

describe.each([
  ['names', ({ dn }: { dn: DN; anchor: string }) => ({ kind: 'deleted' as const, dn })],
  ['anchors', ({ anchor }: { dn: DN; anchor: string }) => ({ kind: 'deleted' as const, anchor })],
])('who named an entry whose delete is told by %s', (_, deleted) => {
  let changes: Unmarked[];
  beforeEach(async () => {
    const dn = personAt('a');
    changes = [deleted({ dn, anchor: rowAt(dn)?.anchor ?? '' })];
    await directory.delete(dn);
    for (const uid of ['d', 'e', 'f']) {
      await addPerson(uid);
      changes.push({ kind: 'changed', dn: personAt(uid) });
    }
  });

  it('is read again, and nobody else is', async () => {
    expect(membersOf('team')).toEqual(texts(personAt('a'), personAt('c')));
    expect(await delta(await telling(...changes), 'cn=others')).toMatchObject({
      outcome: 'success',
      counts: { seen: 4, added: 3, updated: 1, deleted: 1 },
    });
    expect([membersOf('team'), space.followUps]).toEqual([texts(personAt('c')), []]);
  });

  it('is read again by the next run when this one is cut off or killed', async () => {
    expect(await delta(await telling(...changes), 'cn=team')).toMatchObject({ outcome: 'failed' });
    // What was told is done, and is not told again.
    expect(space.watermark).toMatchObject({ value: 't3' });
    expect([rowAt(personAt('a')), rowAt(personAt('f'))]).toEqual([undefined, expect.anything()]);
    expect(membersOf('team')).toHaveLength(2);
    expect(space.statistics.freshAt).toBeUndefined();
    await reopen();
    expect(await delta(await telling())).toMatchObject({ outcome: 'success', counts: { seen: 1, updated: 1 } });
    expect([membersOf('team'), space.followUps]).toEqual([texts(personAt('c')), []]);
    expect(space.statistics.freshAt).toEqual(expect.any(Number));
  });
});

it('members whose group has changed are read again, by the next run when this one is killed', async () => {
  const values = texts(personAt('c'));
  await directory.modify(groupAt('team'), [{ operation: 'delete', attribute: 'member', values }]);
  const told = await telling({ kind: 'changed', dn: groupAt('team') });
  expect(await delta(told, 'uid=c,')).toMatchObject({ outcome: 'failed' });
  expect(space.followUps).toMatchObject([{ kind: 'touched', dn: personAt('c').toString() }]);
  await reopen();
  expect(await delta(await telling(), 'uid=b,')).toMatchObject({ outcome: 'success', counts: { seen: 1 } });
  expect(space.followUps).toEqual([]);
});

it('what was told before the source could not be asked any more is saved and followed, and nothing is called fresh', async () => {
  await directory.delete(personAt('a'));
  const told = await telling({ kind: 'deleted', dn: personAt('a') });
  const breaking: ChangeSource = {
    ...told,
    since: async function* (watermark) {
      yield* told.since(watermark);
      throw new LdapError('connectionLost', 'search', 'cn=log', '');
    },
  };
  expect(await delta(breaking)).toMatchObject({
    outcome: 'failed',
    errors: [{ message: 'search cn=log: connectionLost' }],
  });
  expect([membersOf('team'), space.watermark?.value]).toEqual([texts(personAt('c')), 't0']);
  expect(space.statistics.freshAt).toBeUndefined();
});

it('what is below a renamed entry is read before the watermark says so', async () => {
  const [unit, moved] = ['x', 'y'].map((ou) => DN.parse(`ou=${ou},${PEOPLE}`)) as [DN, DN];
  await directory.add(new Entry(moved, { objectClass: ['organizationalUnit'], ou: 'y' }));
  const below = DN.parse(`uid=a,${moved}`);
  await directory.modifyDN(personAt('a'), below, { deleteOldRdn: true });
  const before = space.watermark;
  const told = await telling({ kind: 'renamed', oldDN: unit, dn: moved });
  const reading = new AbortController();
  const stop = { signal: reading.signal, toRow: () => reading.signal.throwIfAborted() as never };
  expect(await delta(told, undefined, { ...stop, onRenamed: async () => reading.abort() })).toMatchObject({
    outcome: 'cancelled',
  });
  expect(space.watermark).toEqual(before);
  expect(await delta(told)).toMatchObject({ outcome: 'success' });
  expect([rowAt(below)?.entry.first('uid'), space.watermark]).toEqual(['a', expect.objectContaining({ value: 't0' })]);
});

it('deletes that are told by what is left are believed when all of them were looked at', async () => {
  for (const uid of ['a', 'b']) await directory.delete(personAt(uid));
  const anchors = new Set(['c'].map((uid) => rowAt(personAt(uid))?.anchor ?? ''));
  const before = space.watermark;
  const told = await telling({ kind: 'present', anchors });
  expect(await delta(told, 'cn=others', { batchSize: 1 })).toMatchObject({ outcome: 'failed' });
  expect(space.watermark).toEqual(before);
  expect(await delta(told)).toMatchObject({ outcome: 'success' });
  expect([space.count('User'), membersOf('team')]).toEqual([1, texts(personAt('c'))]);
});

it('what is left to be looked at outlives a full import', async () => {
  await directory.delete(personAt('a'));
  const told = await telling({ kind: 'deleted', dn: personAt('a') });
  expect(await delta(told, 'cn=team')).toMatchObject({ outcome: 'failed' });
  const left = space.followUps;
  const next = space.beginGeneration();
  new SpaceBuilder(next.file, next.sequence).finish({ importedAt: 1 }, next.previous);
  await next.switch();
  expect(left).toMatchObject([{ kind: 'gone', dn: personAt('a').toString() }]);
  expect(space.followUps).toEqual(left);
});

describe('who names an entry that is gone for as long as the directory has not seen to it', () => {
  const gone = personAt('gone');
  let now: number;
  const run = async (changes?: ChangeSource) => delta(changes ?? (await telling()), undefined, { now: () => now });

  beforeEach(async () => {
    now = 1_000_000;
    const values = texts(gone);
    await directory.modify(groupAt('team'), [{ operation: 'add', attribute: 'member', values }]);
    await run(await telling({ kind: 'changed', dn: groupAt('team') }));
    await run(await telling({ kind: 'deleted', dn: gone }));
    expect(space.followUps).toEqual([{ kind: 'gone', dn: gone.toString(), looks: 1, due: now + 15_000 }]);
  });

  it('is looked at by later runs, until it has', async () => {
    now += 14_999;
    expect(await run()).toMatchObject({ outcome: 'success', counts: { seen: 0 } });
    now += 1;
    await reopen();
    const values = texts(gone);
    await directory.modify(groupAt('team'), [{ operation: 'delete', attribute: 'member', values }]);
    expect(await run()).toMatchObject({ outcome: 'success', counts: { seen: 1, updated: 1 } });
    expect([membersOf('team'), space.followUps]).toEqual([texts(personAt('a'), personAt('c')), []]);
  });

  it('is looked at ever less often, and then no more', async () => {
    const waits: number[] = [];
    for (let next = space.followUps[0]; next !== undefined; next = space.followUps[0]) {
      waits.push(next.due - now);
      now = next.due;
      expect((await run()).counts).toMatchObject({ unchanged: 2 });
    }
    expect(waits).toEqual([15_000, 30_000, 60_000, 120_000, 240_000, 480_000]);
  });

  it('is looked at at once where the name has gone again', async () => {
    now += 1;
    expect(await run(await telling({ kind: 'deleted', dn: gone }))).toMatchObject({ counts: { unchanged: 2 } });
    expect(space.followUps).toEqual([{ kind: 'gone', dn: gone.toString(), looks: 1, due: now + 15_000 }]);
  });
});

it('what leads from one to the next is followed for a while, and from there by the next run', async () => {
  const chain = Array.from({ length: 6 }, (_, index) => groupAt(`chain${index}`));
  for (const [index, dn] of chain.entries())
    await directory.add(
      new Entry(dn, {
        objectClass: ['groupOfNames'],
        cn: `chain${index}`,
        member: texts(PEOPLE, chain[index + 1] ?? groupAt('end')),
      }),
    );
  await delta(await telling(...chain.map((dn): Unmarked => ({ kind: 'changed', dn }))));
  for (const dn of chain)
    await directory.modify(dn, [{ operation: 'replace', attribute: 'member', values: texts(PEOPLE) }]);
  const changedOf = () => chain.filter((_, index) => membersOf(`chain${index}`)?.length === 1).length;
  const before = changedOf();
  await delta(await telling({ kind: 'changed', dn: chain[0] as DN }));
  expect([changedOf() - before, space.followUps]).toEqual([4, [expect.objectContaining({ dn: String(chain[4]) })]]);
  await delta(await telling());
  expect([changedOf(), space.followUps]).toEqual([6, []]);
});

it('nobody waits for a directory that has much to see to', async () => {
  const gone = personAt('gone');
  const names = Array.from({ length: 40 }, (_, index) => groupAt(`many ${index}`));
  for (const dn of names)
    await directory.add(
      new Entry(dn, { objectClass: ['groupOfNames'], cn: dn.rdn?.value('cn') ?? '', member: texts(gone) }),
    );
  await delta(await telling(...names.map((dn): Unmarked => ({ kind: 'changed', dn }))));
  const told = await telling({ kind: 'deleted', dn: gone });
  expect(await delta(told, undefined, { pausesMs: [3_600_000] })).toMatchObject({ counts: { seen: 40 } });
  expect(space.followUps).toMatchObject([{ kind: 'gone', dn: gone.toString(), looks: 1 }]);
});

it('attributes that the last full import was not told of need another one', async () => {
  const result = await delta(await telling(), undefined, { references: ['member', 'owner'] });
  expect(result).toMatchObject({ outcome: 'failed', needsFullImport: true });
});
