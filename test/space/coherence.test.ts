/**
 * Exports and imports that touch the same entries at the same time, in every order that chance finds: what a client was
 * told stays, whatever an import read before it, and when all is quiet the space is what the directory is (decision 4).
 */
import * as fc from 'fast-check';
import { DN } from '../../src/directory/dn';
import { Entry } from '../../src/directory/entry';
import { type ConnectorSpace, openSpace } from '../../src/space/connectorSpace';
import type { NextGeneration } from '../../src/space/nextGeneration';
import type { SpaceRow } from '../../src/space/row';
import type { Reading } from '../../src/space/sequence';
import { SpaceBuilder } from '../../src/space/spaceBuilder';
import { openState, type State } from '../../src/space/state';
import { removeTemporaryFolders, row, temporaryFolder } from './support';

afterAll(removeTemporaryFolders);

const KEYS = ['a', 'b'] as const;
type Key = (typeof KEYS)[number];

/** Ids are the anchors, or they are not, which is kept in another way. */
function idOf(uid: string): string {
  return uid.endsWith('a') ? uid : `id-${uid}`;
}

/** An entry as it is in one version; each has another name than the one before. */
function rowOf(uid: string, version: number): SpaceRow {
  const dn = DN.parse(`uid=${uid},ou=${version % 2 === 0 ? 'even' : 'odd'},dc=example,dc=com`);
  const entry = new Entry(dn, { uid, description: String(version) });
  return row(uid, {}, { id: idOf(uid), entry, normalizedDN: dn.normalized() });
}

/** What a client was told of an entry last. */
interface Told {
  readonly version: number;
  readonly there: boolean;
  /** It has been changed or deleted since, which nobody was told and the space may know already or not yet. */
  readonly overtaken: boolean;
}

class Model {
  /** What the directory holds: the version of each entry; absent: it is not there. */
  readonly directory = new Map<Key, number>();
  readonly told = new Map<Key, Told>();
  readonly #exports = new Map<Key, { readonly version: number; readonly there: boolean }>();
  readonly #deltas = new Map<Key, { readonly reading: Reading; read?: number | 'nothing' }>();
  #import: { readonly next: NextGeneration; readonly rows: SpaceRow[]; readonly left: Key[] } | undefined;
  #switching: Promise<void> = Promise.resolve();
  #version = 0;

  constructor(
    readonly space: ConnectorSpace,
    /** Keeps the entries of one model from those of others in the same space. */
    readonly name: string,
  ) {}

  #uid = (key: Key): string => `${this.name}${key}`;
  #id = (key: Key): string => idOf(this.#uid(key));
  #found = (key: Key): string | undefined => this.space.get(this.#id(key))?.entry.first('description');

  /** Somebody else changes, makes or deletes an entry. */
  outside(key: Key, there: boolean): void {
    // Changes of one entry come one after another; the host's own has its turn while it is not answered.
    if (this.#exports.has(key)) return;
    this.#set(key, there);
  }

  /** The directory carries out a write of the host. */
  write(key: Key, there: boolean): void {
    if (this.#exports.has(key)) return;
    this.#exports.set(key, { version: this.#set(key, there), there });
  }

  #set(key: Key, there: boolean): number {
    this.#version += 1;
    const told = this.told.get(key);
    if (told) this.told.set(key, { ...told, overtaken: true });
    if (there) this.directory.set(key, this.#version);
    else this.directory.delete(key);
    return this.#version;
  }

  /** The host hears of it, saves it and answers its client. */
  answer(key: Key): void {
    const write = this.#exports.get(key);
    if (write === undefined) return;
    this.#exports.delete(key);
    const written = rowOf(this.#uid(key), write.version);
    if (write.there && write.version % 3 === 0) void this.space.accept([{ kind: 'upsert', row: written }]);
    else if (write.there) this.space.upsert(written);
    else this.space.remove({ id: this.#id(key) });
    this.told.set(key, { ...write, overtaken: false });
  }

  beginDelta(key: Key): void {
    if (!this.#deltas.has(key)) this.#deltas.set(key, { reading: this.space.beginReading() });
  }

  readDelta(key: Key): void {
    const delta = this.#deltas.get(key);
    if (delta) delta.read = this.directory.get(key) ?? 'nothing';
  }

  saveDelta(key: Key): void {
    const delta = this.#deltas.get(key);
    if (delta?.read === undefined) return;
    this.#deltas.delete(key);
    const { sequence } = delta.reading;
    if (delta.read === 'nothing') this.space.remove({ id: this.#id(key) }, sequence);
    else this.space.upsert(rowOf(this.#uid(key), delta.read), sequence);
    delta.reading.end();
  }

  async beginImport(): Promise<void> {
    await this.#switching;
    this.#import ??= { next: this.space.beginGeneration(), rows: [], left: [...KEYS] };
  }

  readImport(): void {
    const key = this.#import?.left.shift();
    const version = key === undefined ? undefined : this.directory.get(key);
    if (key !== undefined && version !== undefined) this.#import?.rows.push(rowOf(this.#uid(key), version));
  }

  /** The switch begins; what comes next comes while it goes on. */
  endImport(): void {
    if (this.#import === undefined) return;
    const { next, rows } = this.#import;
    while (this.#import.left.length > 0) this.readImport();
    this.#import = undefined;
    const builder = new SpaceBuilder(next.file, next.sequence);
    builder.add(rows);
    builder.finish({ importedAt: 1 }, next.previous);
    this.#switching = next.switch();
  }

  /** No row is older than what a client was told of its entry, and no deleted one is back. */
  check(): void {
    for (const [key, { version, there, overtaken }] of this.told) {
      const found = this.#found(key);
      if (overtaken)
        expect([key, found === undefined || Number(found) > version || (there && Number(found) === version)]).toEqual([
          key,
          true,
        ]);
      else expect([key, found]).toEqual([key, there ? String(version) : undefined]);
    }
  }

  /** Everything comes to its end, and one more import reads a directory in which nothing moves. */
  async settle(): Promise<void> {
    for (const key of KEYS) {
      this.answer(key);
      this.readDelta(key);
      this.saveDelta(key);
    }
    this.endImport();
    await this.#switching;
    this.check();
    await this.beginImport();
    this.endImport();
    await this.#switching;
    for (const key of KEYS) {
      const found = this.#found(key);
      expect([key, found]).toEqual([key, this.directory.get(key)?.toString()]);
    }
  }
}

const key = fc.constantFrom(...KEYS);
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constantFrom('outside', 'write', 'write'), key, there: fc.boolean() }) },
  { weight: 7, arbitrary: fc.record({ do: fc.constantFrom('answer', 'beginDelta', 'readDelta', 'saveDelta'), key }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('beginImport', 'readImport', 'endImport') }) },
);

type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** A read goes on through a delete and an import that begins after it. */
const deletedBeforeAnImport: Step[] = [
  { do: 'outside', key: 'b', there: true },
  { do: 'beginDelta', key: 'b' },
  { do: 'readDelta', key: 'b' },
  { do: 'write', key: 'b', there: false },
  { do: 'answer', key: 'b' },
  { do: 'beginImport' },
  { do: 'endImport' },
  // Waits until the switch has come to its end.
  { do: 'beginImport' },
  { do: 'saveDelta', key: 'b' },
];

test('what a client was told outlives every import that began before it was told', async () => {
  const folder = temporaryFolder();
  const state: State = await openState(folder, 'hr');
  const space = await openSpace({ folder, name: 'hr', state });
  let models = 0;
  const property = fc.asyncProperty(fc.array(step, { minLength: 60, maxLength: 80 }), async (steps) => {
    const model = new Model(space, `m${models++}`);
    try {
      for (const each of steps) {
        if (each.do === 'outside' || each.do === 'write') model[each.do](each.key, each.there);
        else if ('key' in each) model[each.do](each.key);
        else await model[each.do]();
        await new Promise((resolve) => setImmediate(resolve));
        model.check();
      }
    } finally {
      await model.settle();
    }
  });
  try {
    await fc.assert(property, { numRuns: 60, examples: [[deletedBeforeAnImport]] });
  } finally {
    await space.close();
    await state.close();
  }
}, 60_000);
