/**
 * Finds entries: in the connector space where a hit is fresh, else in the directory, whose answer is saved with the
 * sequence number that its read took before it began (decisions 4 and 5).
 */
import type { Options } from '../directory/directory';
import type { DN } from '../directory/dn';
import type { Entry } from '../directory/entry';
import { and, type Filter } from '../directory/filter';
import { anchorFilter, anchorOfId, isDNAnchor } from '../mapping/anchor';
import type { ObjectType } from '../mapping/objectType';
import { dnOf } from '../mapping/reference';
import { ScimError } from '../scim/error';
import type { SpaceEntry, SpaceRow } from '../space/connectorSpace';
import type { ConnectorContext } from './context';
import { readEntry } from './export';
import { rowOf } from './importRows';
import { type LeftOut, lean, type ReadOptions } from './leaving';
import { MoveRecovery } from './moveRecovery';
import { typeOf } from './ownership';
import { ReferenceKeeping } from './references';
import { type Added, acceptAdded, saveWritten } from './writtenRows';

/** An entry that was found, with what identifies it. */
export type Found = Pick<SpaceRow, 'id' | 'anchor' | 'normalizedDN' | 'entry' | 'readAt'> & {
  readonly objectType: string;
  /** Attributes were left out of the entry. */
  readonly partial?: true;
};

/** A look-up by keys that finds so many entries goes in pages, on a connection of its own. */
const MANY = 100;

/** Finds and saves entries of a connector. */
export class Entries {
  readonly #context: ConnectorContext;
  /** What any object type reads: before an entry was seen nobody knows whose it is. */
  readonly #readAttributes: readonly string[];
  readonly #notesGroups: boolean;
  readonly moves: MoveRecovery;

  constructor(context: ConnectorContext) {
    this.#context = context;
    this.moves = new MoveRecovery(context, new ReferenceKeeping(context, this));
    this.#notesGroups = context.objectTypes.some(({ links }) => links.some(({ attribute }) => attribute === 'groups'));
    this.#readAttributes = [...new Set(context.objectTypes.flatMap(({ readAttributes }) => readAttributes))];
  }

  /** The object type that an entry belongs to: the first one whose classes and filter it meets. Undefined: out of scope. */
  ownerOf(entry: Entry): ObjectType | undefined {
    return this.#context.scope.contains(entry.dn) ? typeOf(entry, this.#context.objectTypes) : undefined;
  }

  /** The row that an entry makes; undefined when the directory did not give it its anchor. */
  async rowOf(objectType: ObjectType, entry: Entry, readAt: number): Promise<SpaceRow | undefined> {
    const { moves, state } = this.#context;
    if (!moves.isEmpty) await this.moves.at(() => entry.dn.normalized(objectType.schema), {});
    const kept = isDNAnchor(objectType.anchor) ? await state.ids.idOf(entry.dn.normalized(objectType.schema)) : '';
    return rowOf(objectType, entry, readAt, () => kept);
  }

  /** Whether a row counts without a look at the directory. */
  isFresh(row: Found): boolean {
    const { doubts, disconnections, moves, clock, options } = this.#context;
    if (doubts.isSuspect(row.id) || doubts.isRegrouped(row.id) || moves.ofId(row.id) !== undefined) return false;
    if (disconnections.has(row.id, row.normalizedDN)) return false;
    return clock().getTime() - row.readAt < options.global.matchingMaxAgeMs;
  }

  /** Its row is not believed until it was read again: the outcome of a write of this entry is not known, say. */
  suspect(id: string): void {
    this.#context.doubts.suspect(id);
  }

  /** These have come into a group or left one, and the directory notes that in their entries, where it does so. */
  regrouped(ids: Iterable<string>): void {
    if (!this.#notesGroups) return;
    for (const id of ids) this.#context.doubts.regroup(id);
  }

  /** What a write may go by that does not read the entry first, without long attributes; undefined where it is not to be believed. */
  known(objectType: ObjectType, id: string): SpaceEntry | undefined {
    const { space, doubts, disconnections, moves } = this.#context;
    const row = space.get(id, 'short');
    if (row?.objectType !== objectType.name || doubts.isSuspect(id) || moves.ofId(id) !== undefined) return undefined;
    return disconnections.has(row.id, row.normalizedDN) ? undefined : row;
  }

  /** As {@link known} with long attributes and with what the directory notes of the entry's groups. */
  async believed(objectType: ObjectType, id: string): Promise<SpaceEntry | undefined> {
    const row = this.#context.doubts.isRegrouped(id) ? undefined : this.known(objectType, id);
    return row && this.#context.space.long.whole(row);
  }

  /** A resource by its id: a fresh row, else the directory. Undefined only when the directory has said so. */
  async byId(objectType: ObjectType, id: string, options: ReadOptions): Promise<Found | undefined> {
    const { leave } = options;
    const row = this.#context.space.get(id, 'short');
    if (row !== undefined && row.objectType === objectType.name) {
      const fresh = this.isFresh(row) ? row : undefined;
      const found = fresh && (leave === undefined ? await this.#context.space.long.whole(fresh) : lean(fresh, leave));
      if (found !== undefined) return found;
      const read = leave === undefined ? undefined : await this.#leanAt(row.entry.dn, leave, options);
      if (read?.id === id && read.objectType === objectType.name) return read;
    }
    const found = await this.liveById(objectType, id, options);
    return found === undefined || leave === undefined ? found : lean(found, leave);
  }

  /** The entry at a name without what is left out of it. Not saved: nobody knows what that was. */
  async #leanAt(dn: DN, leave: LeftOut, options: Options): Promise<Found | undefined> {
    const readAt = this.#context.clock().getTime();
    const attributes = this.#readAttributes.filter((name) => !leave.has(name));
    const entry = await readEntry(this.#context.directory, dn, attributes, options);
    const owner = entry === undefined ? undefined : this.ownerOf(entry);
    const row = entry === undefined || owner === undefined ? undefined : await this.rowOf(owner, entry, readAt);
    return row === undefined || this.#shown([row]).length === 0 ? undefined : lean(row, leave);
  }

  /** As {@link liveById} for whoever is going to write the entry: not saved, because what the write answers is. */
  liveBeforeWrite(objectType: ObjectType, id: string, options: Options): Promise<Found | undefined> {
    return this.liveById(objectType, id, options, id);
  }

  /** A resource by its id as the directory holds it now: by its last known name, and where that is not it, by its anchor. */
  async liveById(objectType: ObjectType, id: string, options: Options, unsaved?: string): Promise<Found | undefined> {
    await this.moves.ofId(id, options);
    const found = await this.#lookForId(objectType, id, options, unsaved);
    if (found !== undefined || this.#context.moves.ofId(id) === undefined) return found;
    // What was still on its way has taken place between the two looks.
    await this.moves.ofId(id, options);
    return this.#lookForId(objectType, id, options, unsaved);
  }

  async #lookForId(objectType: ObjectType, id: string, options: Options, unsaved?: string): Promise<Found | undefined> {
    const row = this.#context.space.get(id, 'short');
    if (row !== undefined && row.objectType === objectType.name) {
      const found = await this.liveByDN(row.entry.dn, options, unsaved);
      if (found?.id === id) return found;
    }
    const found = isDNAnchor(objectType.anchor)
      ? await this.#liveByKeptDN(id, options)
      : await this.#liveByAnchor(objectType, id, options);
    // A search for entries of one type says nothing of those that are of another.
    if (found === undefined && (row === undefined || row.objectType === objectType.name)) {
      if (row !== undefined) this.#context.space.remove({ id });
      this.#context.doubts.believe(id);
    }
    return found?.objectType === objectType.name ? found : undefined;
  }

  async #liveByAnchor(objectType: ObjectType, id: string, options: Options): Promise<Found | undefined> {
    const anchor = anchorOfId(id, objectType.anchor);
    if (anchor === undefined) return undefined;
    const filter = anchorFilter(anchor, objectType.anchor, objectType.schema.isBinary(objectType.anchor));
    const found = await this.search(objectType, filter, options, 2);
    return found.find((candidate) => candidate.id === id);
  }

  async #liveByKeptDN(id: string, options: Options): Promise<Found | undefined> {
    const normalized = await this.#context.state.ids.dnOf(id);
    const dn = normalized === undefined ? undefined : this.#nameOf(normalized);
    if (dn !== undefined) return this.liveByDN(dn, options);
    if (this.#context.space.importedAt !== undefined) return undefined;
    // An id that is made from a name cannot be turned back into it: only the import can tell.
    throw ScimError.unavailable(
      'The first import is still running, so it is not known yet which entry this id belongs to.',
      5,
    );
  }

  /** A name for a normalised DN: its row's, or itself where it reads as the same name. */
  #nameOf(normalizedDN: string): DN | undefined {
    const { space, directory } = this.#context;
    const dn = space.byDN(normalizedDN, 'short')?.entry.dn ?? dnOf(normalizedDN);
    return dn?.normalized(directory.schema) === normalizedDN ? dn : undefined;
  }

  /** The entry at a name as the directory holds it now, if it is in scope; saved unless it has the id `unsaved`. */
  async liveByDN(dn: DN, options: Options, unsaved?: string): Promise<Found | undefined> {
    const { space, directory, clock, disconnections } = this.#context;
    const reading = space.beginReading();
    try {
      const readAt = clock().getTime();
      const entry = await readEntry(directory, dn, this.#readAttributes, options);
      const owner = entry === undefined ? undefined : this.ownerOf(entry);
      const row = entry === undefined || owner === undefined ? undefined : await this.rowOf(owner, entry, readAt);
      if (row === undefined) {
        const key = { normalizedDN: dn.normalized(directory.schema) };
        await space.save([{ kind: 'remove', key, sequence: reading.sequence }]);
        return undefined;
      }
      if (disconnections.has(row.id, row.normalizedDN)) return undefined;
      if (row.id === unsaved) return row;
      await space.save([{ kind: 'upsert', row, sequence: reading.sequence }]);
      this.#context.doubts.believe(row.id);
      return row;
    } finally {
      reading.end();
    }
  }

  /** Entries of an object type that match, as the directory holds them now; saved, unless something is left out of them. */
  async search(objectType: ObjectType, filter: Filter, options: ReadOptions, limit?: number): Promise<Found[]> {
    return this.#shown((await this.#matching(objectType, filter, options, limit)).rows);
  }

  /** As {@link search} without a limit, for filters that hardly ever find more than a few entries. */
  async searchByKeys(objectType: ObjectType, filter: Filter, options: ReadOptions): Promise<Found[]> {
    const { rows, cut } = await this.#matching(objectType, filter, options, MANY);
    return cut ? this.search(objectType, filter, options) : this.#shown(rows);
  }

  /** As {@link search}, with the disconnected entries: a create has to know of them. */
  async searchAll(objectType: ObjectType, filter: Filter, options: Options, limit?: number): Promise<Found[]> {
    return (await this.#matching(objectType, filter, options, limit)).rows;
  }

  /** At most `limit` entries of each container; `cut` says that one of them may have more. */
  async #matching(
    objectType: ObjectType,
    filter: Filter,
    options: ReadOptions,
    limit = Number.POSITIVE_INFINITY,
  ): Promise<{ rows: Found[]; cut: boolean }> {
    const { space, clock, scope } = this.#context;
    const { leave } = options;
    const reading = space.beginReading();
    try {
      const readAt = clock().getTime();
      const within = (base: DN) => this.#within(base, objectType, filter, options, { limit, readAt });
      // What may be large is not asked for everywhere at once.
      const parts = Number.isFinite(limit) ? await Promise.all(scope.bases.map(within)) : [];
      if (parts.length === 0) for (const base of scope.bases) parts.push(await within(base));
      const rows = parts.flatMap((part) => part.rows);
      const cut = parts.some((part) => part.cut);
      if (leave !== undefined) return { rows: rows.map((row) => lean(row, leave)), cut };
      const shown = this.#shown(rows);
      await space.save(shown.map((row) => ({ kind: 'upsert', row, sequence: reading.sequence })));
      for (const { id } of shown) this.#context.doubts.believe(id);
      return { rows, cut };
    } finally {
      reading.end();
    }
  }

  async #within(
    base: DN,
    objectType: ObjectType,
    filter: Filter,
    options: ReadOptions,
    { limit, readAt }: { readonly limit: number; readonly readAt: number },
  ): Promise<{ rows: SpaceRow[]; cut: boolean }> {
    const { leave } = options;
    const { readAttributes } = objectType;
    const request = {
      base,
      scope: 'sub' as const,
      filter: and(objectType.filter, filter),
      attributes: leave === undefined ? readAttributes : readAttributes.filter((name) => !leave.has(name)),
      ...(Number.isFinite(limit) ? { sizeLimit: limit } : {}),
    };
    const rows: SpaceRow[] = [];
    let seen = 0;
    for await (const entry of this.#context.directory.search(request, options)) {
      seen += 1;
      if (this.ownerOf(entry) !== objectType) continue;
      const row = await this.rowOf(objectType, entry, readAt);
      if (row !== undefined) rows.push(row);
    }
    const cut = seen >= limit;
    // Entries that are not ours may have taken the place of some that are.
    if (cut && rows.length < limit)
      return this.#within(base, objectType, filter, options, { limit: Number.POSITIVE_INFINITY, readAt });
    return { rows, cut };
  }

  #shown<T extends Pick<Found, 'id' | 'normalizedDN'>>(rows: readonly T[]): T[] {
    return rows.filter(({ id, normalizedDN }) => !this.#context.disconnections.has(id, normalizedDN));
  }

  /** A disconnected entry by its name; undefined when the directory no longer has it. */
  async hiddenAt(objectType: ObjectType, dn: DN, options: Options): Promise<Found | undefined> {
    const readAt = this.#context.clock().getTime();
    const entry = await readEntry(this.#context.directory, dn, objectType.readAttributes, options);
    return entry === undefined ? undefined : this.rowOf(objectType, entry, readAt);
  }

  /** Saves what a write has just answered. @throws ScimError when the directory did not tell the entry's anchor */
  written(objectType: ObjectType, entry: Entry): Promise<Found> {
    return saveWritten(this.#context, this, objectType, entry);
  }

  /** The same for what an Add has answered, without waiting for the commit. */
  added(objectType: ObjectType, entry: Entry): Promise<Added> {
    return acceptAdded(this.#context, this, objectType, entry);
  }
}
