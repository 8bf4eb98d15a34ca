import { type ChangeSource, type DirectoryChange, WatermarkExpired } from '../../src/directory/changes/changeSource';
import { DN } from '../../src/directory/dn';
import { Entry } from '../../src/directory/entry';
import { LdapError } from '../../src/directory/error';
import { and, equality } from '../../src/directory/filter';
import { type MemoryDirectory, openMemoryDirectory } from '../../src/directory/memoryDirectory';
import { type ConnectorSpace, openSpace } from '../../src/space/connectorSpace';
import { type DeltaImportOptions, runDeltaImport } from '../../src/space/deltaImport';
import { runFullImport } from '../../src/space/fullImport';
import type { ImportScope, ImportSource } from '../../src/space/importScope';
import { loadGeneration } from '../../src/space/loadGeneration';
import type { RunResult } from '../../src/space/run';
import { NO_COUNTS } from '../../src/space/runRecord';
import { openState, type State } from '../../src/space/state';
import { draft, PEOPLE, removeTemporaryFolders, temporaryFolder } from './support';

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

describe('a delta import', () => {
  const userScope: ImportScope = {
    objectType: 'User',
    base: PEOPLE,
    scope: 'sub',
    filter: and(equality('objectClass', 'inetOrgPerson'), equality('departmentNumber', '1')),
    attributes: ['*', 'entryUUID'],
    anchor: 'entryUUID',
  };
  let directory: MemoryDirectory;

  beforeEach(async () => {
    directory = openMemoryDirectory();
    await directory.add(new Entry(PEOPLE, { objectClass: ['organizationalUnit'], ou: 'people' }));
    for (const uid of ['a', 'b', 'c', 'd']) await add(uid);
    await runFullImport({
      space,
      accidentLimit: 0.1,
      load: (target) => loadGeneration({ directory, scopes: [userScope], toRow: draft, now: () => now, ...target }),
    });
    expect(uidsInSpace()).toEqual(['a', 'b', 'c', 'd']);
  });
  afterEach(() => directory.close());

  const dnOf = (uid: string) => DN.parse(`uid=${uid},${PEOPLE}`);
  const uidsInSpace = () =>
    ['a', 'b', 'c', 'd', 'e', 'z'].filter((uid) => space.byDN(dnOf(uid).normalized(directory.schema)));

  function add(uid: string, departmentNumber = '1') {
    const attributes = { objectClass: ['inetOrgPerson'], uid, cn: uid, sn: uid, departmentNumber };
    return directory.add(new Entry(dnOf(uid), attributes));
  }

  function delta(options: Partial<DeltaImportOptions> = {}): Promise<RunResult> {
    const toRow = (entry: Entry) => ({ ...draft(entry), normalizedDN: entry.dn.normalized(directory.schema) });
    return runDeltaImport({ space, directory, scopes: [userScope], toRow, now: () => now, ...options });
  }

  it('follows adds, changes, renames and deletes, and what leaves the scope', async () => {
    const idOfC = space.byDN(dnOf('c').normalized(directory.schema))?.id;
    await add('e');
    await directory.modify(dnOf('a'), [{ operation: 'replace', attribute: 'sn', values: ['changed'] }]);
    await directory.modify(dnOf('b'), [{ operation: 'replace', attribute: 'departmentNumber', values: ['2'] }]);
    await directory.modifyDN(dnOf('c'), dnOf('z'), { deleteOldRdn: true });
    await directory.delete(dnOf('d'));
    now = 9_000;
    const result = await delta();
    expect(result).toMatchObject({
      outcome: 'success',
      counts: { seen: 3, added: 1, updated: 2, deleted: 2 },
      errors: [],
    });
    expect(uidsInSpace()).toEqual(['a', 'e', 'z']);
    expect(space.byDN(dnOf('z').normalized(directory.schema))?.id).toBe(idOfC);
    expect(space.byDN(dnOf('a').normalized(directory.schema))).toMatchObject({ readAt: 9_000 });
    expect(space.watermark).toEqual(await directory.changes.latest());
    expect((await delta()).counts).toEqual(NO_COUNTS);
  });

  it('removes what was moved out of the scope', async () => {
    await directory.modifyDN(dnOf('a'), DN.parse('uid=a,dc=example,dc=com'), { deleteOldRdn: true });
    expect((await delta()).counts).toMatchObject({ seen: 0, deleted: 1 });
    expect(space.count()).toBe(3);
  });

  it('does not mistake a name that was given again for the entry that had it', async () => {
    await directory.delete(dnOf('a'));
    await add('a');
    await directory.modifyDN(dnOf('b'), dnOf('z'), { deleteOldRdn: true });
    await add('b');
    await delta();
    expect(uidsInSpace()).toEqual(['a', 'b', 'c', 'd', 'z']);
    expect(space.count()).toBe(5);
  });

  it('saves a batch with its watermark, so that a failed run goes on where it ended', async () => {
    for (let i = 0; i < 6; i++) await add(`n${i}`);
    const failing: ImportSource = {
      schema: directory.schema,
      changes: directory.changes,
      search: (request, options) => {
        if (request.base.toString().includes('n4')) throw new LdapError('timeout', 'search', 'uid=n4', '');
        return directory.search(request, options);
      },
    };
    const first = await delta({ directory: failing, batchSize: 2 });
    expect(first).toMatchObject({
      outcome: 'failed',
      counts: { added: 4 },
      errors: [{ message: 'search uid=n4: timeout' }],
    });
    expect(space.statistics.freshAt).toBeUndefined();
    expect((await delta()).counts).toMatchObject({ seen: 2, added: 2 });
  });

  it('goes on when one entry cannot be made a row, and keeps the row it has', async () => {
    for (const uid of ['a', 'b']) {
      await directory.modify(dnOf(uid), [{ operation: 'replace', attribute: 'sn', values: ['x'] }]);
    }
    const toRow = (entry: Entry) => {
      if (entry.first('uid') === 'a') throw new Error('odd');
      return { ...draft(entry), normalizedDN: entry.dn.normalized(directory.schema) };
    };
    const result = await delta({ toRow });
    expect(result).toMatchObject({ outcome: 'completedWithErrors', counts: { updated: 1, failed: 1 } });
    expect(uidsInSpace()).toEqual(['a', 'b', 'c', 'd']);
  });

  it('does not overwrite what the host has written since the entry was read', async () => {
    await directory.modify(dnOf('a'), [{ operation: 'replace', attribute: 'sn', values: ['read by delta'] }]);
    const normalizedDN = dnOf('a').normalized(directory.schema);
    const present = space.byDN(normalizedDN)!;
    const result = await delta({
      toRow: (entry) => {
        space.upsert({
          ...present,
          entry: present.entry.with([{ name: 'sn', values: ['written by the host'] }]),
          matches: [],
        });
        return { ...draft(entry), normalizedDN };
      },
    });
    expect(result.outcome).toBe('success');
    expect(space.byDN(normalizedDN)?.entry.first('sn')).toBe('written by the host');
  });

  it('asks for a full import when the log does not reach back, and when it has no watermark', async () => {
    const expired = {
      ...source([]),
      since: () => {
        throw new WatermarkExpired('too old');
      },
    };
    expect(await delta({ directory: withChanges(expired) })).toMatchObject({
      outcome: 'failed',
      needsFullImport: true,
    });
    expect(
      await delta({ directory: { schema: directory.schema, search: directory.search.bind(directory) } }),
    ).toMatchObject({
      needsFullImport: true,
    });
    const folder = temporaryFolder();
    const empty = await openSpace({ folder, name: 'x', state: await openState(folder, 'x') });
    expect(await delta({ space: empty })).toMatchObject({ outcome: 'failed', needsFullImport: true });
    // As it is after a damaged file was set aside in the middle of a delta import.
    empty.apply([], { watermark: await directory.changes.latest() });
    expect(await delta({ space: empty })).toMatchObject({ outcome: 'failed', needsFullImport: true });
    await empty.close();
  });

  it('reads a subtree again whose top was renamed, and asks for a full import where only names tell entries apart', async () => {
    const team = DN.parse(`ou=team,${PEOPLE}`);
    const watermark = await directory.changes.latest();
    await directory.add(new Entry(team, { objectClass: ['organizationalUnit'], ou: 'team' }));
    await directory.modifyDN(dnOf('a'), DN.parse(`uid=a,${team}`), { deleteOldRdn: true });
    const renamed: DirectoryChange = { kind: 'renamed', dn: team, oldDN: DN.parse(`ou=old,${PEOPLE}`), watermark };
    const told = { directory: withChanges(source([renamed])) };
    const { anchor: _, ...byName } = userScope;
    const result = await delta({ ...told, scopes: [byName] });
    expect(result).toMatchObject({ needsFullImport: true });
    expect(result.errors[0]?.message).toMatch(/ou=old.* was renamed to ou=team/);
    expect(await delta(told)).toMatchObject({ outcome: 'success', counts: { updated: 1 } });
    expect(uidsInSpace()).toEqual(['b', 'c', 'd']);
    expect(space.count()).toBe(4);
  });

  it('does not take a subtree for read while it could not be', async () => {
    const team = DN.parse(`ou=team,${PEOPLE}`);
    await directory.add(new Entry(team, { objectClass: ['organizationalUnit'], ou: 'team' }));
    await directory.modifyDN(dnOf('a'), DN.parse(`uid=a,${team}`), { deleteOldRdn: true });
    const before = space.watermark;
    const after = await directory.changes.latest();
    const moved: DirectoryChange = { kind: 'changed', dn: team, subtree: true, watermark: after };
    const able = withChanges(source([moved]));
    const search: ImportSource['search'] = (request, options) => {
      if (request.scope === 'sub') throw new LdapError('connectionLost', 'search', String(request.base), '');
      return able.search(request, options);
    };
    expect(await delta({ directory: { ...able, search } })).toMatchObject({ outcome: 'failed' });
    expect([space.watermark, before]).toEqual([before, expect.not.objectContaining({ value: after.value })]);
    expect(await delta({ directory: able })).toMatchObject({ outcome: 'success', counts: { updated: 1 } });
    expect([space.watermark, uidsInSpace()]).toEqual([after, ['b', 'c', 'd']]);
  });

  it('believes that entries are gone when each of them is, and not that nearly all are', async () => {
    await directory.delete(dnOf('a'));
    const watermark = await directory.changes.latest();
    const anchorOf = (uid: string) => space.byDN(dnOf(uid).normalized(directory.schema))!.anchor;
    const left = new Set(['b', 'c'].map(anchorOf));
    const present: DirectoryChange = { kind: 'present', anchors: left, watermark };
    const result = await delta({ directory: withChanges(source([present])) });
    expect(result).toMatchObject({ outcome: 'success', counts: { deleted: 1, unchanged: 1 } });
    expect(uidsInSpace()).toEqual(['b', 'c', 'd']);
    for (let i = 0; i < 30; i++) await add(`n${i}`);
    await delta();
    const nothing: DirectoryChange = { kind: 'present', anchors: new Set(), watermark };
    expect(await delta({ directory: withChanges(source([nothing])) })).toMatchObject({ needsFullImport: true });
    expect(space.count()).toBe(33);
  });

  it('tells of renames in time, and does not vouch for what its source cannot see', async () => {
    await directory.modifyDN(dnOf('a'), dnOf('z'), { deleteOldRdn: true });
    const renames: string[] = [];
    const blind: ChangeSource = {
      ...source([]),
      since: async function* (watermark) {
        for await (const change of directory.changes.since({ ...watermark, method: 'memory' }))
          yield { ...change, watermark: { ...change.watermark, method: 'timeStamp' } };
      },
    };
    await delta({
      directory: withChanges(blind),
      onRenamed: async (from, to) => void renames.push(`${from.rdn} ${to.rdn}`),
    });
    expect(renames).toEqual(['uid=a uid=z']);
    expect(space.statistics.freshAt).toBeUndefined();
  });

  it('can be stopped', async () => {
    const abort = new AbortController();
    abort.abort();
    await add('e');
    expect((await delta({ signal: abort.signal })).outcome).toBe('cancelled');
  });

  function source(changes: DirectoryChange[]): ChangeSource {
    return {
      methods: ['memory'],
      anchorAttribute: 'entryUUID',
      latest: () => directory.changes.latest(),
      since: async function* () {
        yield* changes;
      },
    };
  }

  function withChanges(changes: ChangeSource): ImportSource {
    return { schema: directory.schema, changes, search: directory.search.bind(directory) };
  }
});
