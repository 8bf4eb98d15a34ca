/** What every source of changes has to do: a connector space that follows it holds what the directory holds. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type ChangeSource,
  type DirectoryChange,
  seesDeletes,
  WatermarkExpired,
} from '../../src/directory/changes/changeSource';
import type { Directory } from '../../src/directory/directory';
import { type DN, RDN } from '../../src/directory/dn';
import { Entry } from '../../src/directory/entry';
import { equality, present } from '../../src/directory/filter';
import { type ConnectorSpace, openSpace } from '../../src/space/connectorSpace';
import { type DeltaImportOptions, runDeltaImport } from '../../src/space/deltaImport';
import { type LoadTarget, runFullImport } from '../../src/space/fullImport';
import type { ImportScope, RowDraft } from '../../src/space/importScope';
import { loadGeneration } from '../../src/space/loadGeneration';
import type { RunResult } from '../../src/space/run';
import { openState, type State } from '../../src/space/state';
import { all, type OpenedDirectory, Testbed, texts } from './testbed';

/** A directory whose `changes` is the source under test, and what holds of that source. */
export interface OpenedSource extends OpenedDirectory {
  readonly directory: Directory & { readonly changes: ChangeSource };
  readonly anchor: string;
  /** The directory changes members itself when an entry is renamed or deleted. */
  readonly keepsReferences: boolean;
  readonly hasMemberOf: boolean;
  /** The class of groups with `member`, where it is not `groupOfNames`. */
  readonly groupClass?: string;
}

/** Runs the tests; `open` is called once. */
export function runChangeSourceTests(name: string, open: () => Promise<OpenedSource>): void {
  describe(`${name} as a source of changes`, () => {
    let opened: OpenedSource;
    let folder: string;
    let state: State;
    let space: ConnectorSpace;
    let inside: DN;
    let outside: DN;
    let scopes: readonly ImportScope[];
    const bed = new Testbed(() => opened);
    const references = ['member'];

    beforeAll(async () => {
      opened = await open();
      inside = await bed.addUnit('inside');
      outside = await bed.addUnit('outside');
      const derived = opened.hasMemberOf ? ['memberOf'] : [];
      const attributes = ['cn', 'sn', 'description', 'member', opened.anchor, ...derived];
      const scope = { base: inside, scope: 'sub', attributes, anchor: opened.anchor } as const;
      scopes = [
        { ...scope, objectType: 'Group', filter: equality('objectClass', groupClass()) },
        { ...scope, objectType: 'User', filter: equality('objectClass', 'person') },
      ];
    });
    afterAll(() => opened?.close());
    beforeEach(async () => {
      folder = mkdtempSync(join(tmpdir(), 'change-source-'));
      state = await openState(folder, 'hr');
      space = await openSpace({ folder, name: 'hr', state });
    });
    afterEach(async () => {
      await space.close();
      await state.close();
      rmSync(folder, { recursive: true, force: true });
    });

    const groupClass = () => opened.groupClass ?? 'groupOfNames';
    const blind = () => !opened.directory.changes.methods.some(seesDeletes);
    const named = (cn: string, parent: DN = inside) => bed.dn(cn, parent);
    const add = (cn: string, parent: DN = inside) => bed.add(cn, {}, parent);
    const describeAs = (dn: DN, description: string) =>
      opened.directory.modify(dn, [{ operation: 'replace', attribute: 'description', values: [description] }]);
    const move = (from: DN, to: DN) => opened.directory.modifyDN(from, to, { deleteOldRdn: true });
    const addGroup = (cn: string, members: readonly DN[]) =>
      opened.directory.add(
        new Entry(named(cn), { objectClass: ['top', groupClass()], cn, member: members.map(String) }),
      );

    function toRow(entry: Entry): RowDraft {
      const value = entry.values(opened.anchor)[0];
      const anchor = Buffer.isBuffer(value) ? value.toString('hex') : String(value);
      return { id: anchor, anchor, normalizedDN: entry.dn.normalized(opened.directory.schema), entry, matches: [] };
    }

    async function full(): Promise<void> {
      const { directory } = opened;
      const load = (target: LoadTarget) => loadGeneration({ directory, scopes, toRow, references, ...target });
      expect(await runFullImport({ space, accidentLimit: 1, load })).toMatchObject({ outcome: 'success' });
    }

    function delta(options: Partial<DeltaImportOptions> = {}): Promise<RunResult> {
      const { directory, hasMemberOf } = opened;
      // Longer than by default: on a busy machine plug-ins take their time.
      const links = { references, hasBackLinks: hasMemberOf, accidentLimit: 0.5, pausesMs: [200, 600, 1_200, 3_000] };
      return runDeltaImport({ space, directory, scopes, toRow, ...links, ...options });
    }

    const shown = (entries: readonly Entry[]) => texts(entries, opened.directory.schema);

    async function inSpace(): Promise<string[]> {
      const entries: Entry[] = [];
      for await (const { entry } of space.iterate()) entries.push(entry);
      return shown(entries);
    }

    async function inDirectory(): Promise<string[]> {
      const found = await Promise.all(scopes.map((scope) => all(opened.directory, { ...scope, base: inside })));
      return shown(found.flat());
    }

    /** A delta import has to work alone, and leaves nothing to be done. */
    async function expectFollowed(): Promise<RunResult> {
      const result = await delta();
      expect(result).toMatchObject({ outcome: 'success', errors: [] });
      expect(await inSpace()).toEqual(await inDirectory());
      expect((await delta()).counts).toMatchObject({ added: 0, updated: 0, deleted: 0, failed: 0 });
      return result;
    }

    const changesSince = async (watermark: DirectoryChange['watermark']) => {
      const changes: DirectoryChange[] = [];
      for await (const change of opened.directory.changes.since(watermark)) changes.push(change);
      return changes;
    };

    it('follows adds and modifications, and says how fresh the space is', async () => {
      const dn = await add('modified');
      await full();
      await add('added');
      await describeAs(dn, 'first');
      await describeAs(dn, 'second');
      const result = await expectFollowed();
      expect(result.counts).toMatchObject({ added: 1, updated: 1, deleted: 0 });
      expect(space.statistics.freshAt === undefined).toBe(blind());
      expect(result.notes === undefined).toBe(!blind());
    });

    it('follows renames and moves with the id kept', async () => {
      const unit = await bed.addUnit('moves', inside);
      await add('renamed');
      await add('moved');
      await full();
      const ids = [named('renamed'), named('moved')].map(
        (dn) => space.byDN(dn.normalized(opened.directory.schema))?.id,
      );
      await move(named('renamed'), named('renamed anew'));
      await move(named('moved'), named('moved', unit));
      await expectFollowed();
      const now = [named('renamed anew'), named('moved', unit)];
      expect(now.map((dn) => space.byDN(dn.normalized(opened.directory.schema))?.id)).toEqual(ids);
    });

    it('follows deletes, and a name that was given again, where it can', async () => {
      await add('deleted');
      await add('replaced');
      await full();
      await opened.directory.delete(named('deleted'));
      await opened.directory.delete(named('replaced'));
      await add('replaced');
      if (!blind()) {
        await expectFollowed();
        return;
      }
      expect(await delta()).toMatchObject({
        outcome: 'success',
        counts: { added: 1 },
        notes: [expect.stringContaining('deletes')],
      });
      expect((await inSpace()).length).toBe((await inDirectory()).length + 1);
      await full();
      expect(await inSpace()).toEqual(await inDirectory());
    });

    it('follows entries into the scope and out of it', async () => {
      await add('leaves');
      await add('comes', outside);
      await full();
      await move(named('leaves'), named('leaves', outside));
      await move(named('comes', outside), named('comes'));
      await expectFollowed();
    });

    it('follows whole subtrees that are renamed, moved away and moved in', async () => {
      const renamed = await bed.addUnit('old name', inside);
      const away = await bed.addUnit('away', inside);
      const into = await bed.addUnit('into', outside);
      for (const parent of [renamed, away, into]) {
        const below = await bed.addUnit('below', parent);
        for (const cn of ['one', 'two']) await add(`${cn} of ${parent.rdn?.value('ou')}`, below);
      }
      await full();
      const under = (parent: DN, ou: string) => parent.child(new RDN([{ type: 'ou', value: ou }]));
      await move(renamed, under(inside, 'new name'));
      await move(away, under(outside, 'away'));
      await move(into, under(inside, 'into'));
      // Where the name is the id, what is below another name is another entry: only a full import tells them apart.
      if (opened.directory.changes.anchorAttribute === 'dn') {
        expect(await delta()).toMatchObject({ errors: [{ message: expect.stringMatching(/renamed to/) }] });
        await full();
      }
      await expectFollowed();
    });

    it('follows what the directory itself changes in groups and members', async () => {
      await addGroup('group', [await add('stays'), await add('is renamed'), await add('is deleted')]);
      await full();
      await move(named('is renamed'), named('has been renamed'));
      if (!blind()) await opened.directory.delete(named('is deleted'));
      await expectFollowed();
      if (opened.keepsReferences) expect(await bed.values(named('group'), 'member')).toHaveLength(blind() ? 3 : 2);
      await addGroup('second group', [named('stays')]);
      await opened.directory.modify(named('group'), [
        { operation: 'delete', attribute: 'member', values: [named('stays').toString()] },
      ]);
      await expectFollowed();
      if (!blind()) {
        await opened.directory.delete(named('second group'));
        await expectFollowed();
      }
    });

    it('has nothing to do where the space has it all already', async () => {
      const dn = await add('ours');
      await full();
      await describeAs(dn, 'written by the host');
      const [entry] = await all(opened.directory, {
        base: dn,
        scope: 'base',
        filter: present('objectClass'),
        attributes: scopes[0]!.attributes,
      });
      space.upsert({ ...toRow(entry!), objectType: 'User', readAt: Date.now() });
      expect((await delta()).counts).toMatchObject({ added: 0, updated: 0, deleted: 0 });
    });

    it('reads a log that is longer than a page', async () => {
      await full();
      const names = Array.from({ length: 620 }, (_, i) => `many ${i}`);
      await Promise.all(names.map((cn) => add(cn)));
      expect((await expectFollowed()).counts.added).toBe(620);
    });

    it('goes on after a run that failed in the middle', async () => {
      await full();
      for (let i = 0; i < 10; i++) await add(`unlucky ${i}`);
      let rows = 0;
      const abort = new AbortController();
      const failing = (entry: Entry) => {
        if (++rows === 6) abort.abort();
        return toRow(entry);
      };
      await delta({ toRow: failing, batchSize: 2, signal: abort.signal });
      await expectFollowed();
    });

    it('refuses the watermark of another directory, of another method, and one that makes no sense', async () => {
      const watermark = await opened.directory.changes.latest();
      const others = [
        { serverId: 'another' },
        { method: 'another' },
        { value: '' },
        { value: '[' },
        { value: '{"a":1}' },
      ];
      for (const other of others)
        await expect(changesSince({ ...watermark, ...other })).rejects.toBeInstanceOf(WatermarkExpired);
      await expect(changesSince(watermark)).resolves.toBeDefined();
    });

    it('loses nothing of sixteen writers', async () => {
      await full();
      let writing = true;
      const deltas = (async () => {
        while (writing) {
          expect(await delta()).toMatchObject({ errors: [], outcome: 'success' });
          await new Promise(setImmediate);
        }
      })();
      await Promise.all(
        Array.from({ length: 16 }, async (_, writer) => {
          for (let i = 0; i < 12; i++) {
            const dn = await add(`w${writer} ${i}`);
            await describeAs(dn, `${writer} ${i}`);
            if (i % 3 === 0) await move(dn, named(`x${writer} ${i}`));
            if (i % 3 === 1 && !blind()) await opened.directory.delete(dn);
          }
        }),
      ).finally(() => {
        writing = false;
      });
      await deltas;
      await expectFollowed();
    });
  });
}
