/** One generation of the connector space: one file, the directory as one import read it and the host has changed it since. Calls are short and synchronous; what may take long goes in steps. */
import { BoundaryKeys } from './boundaryKeys';
import { Database } from './database';
import { removeDatabaseFileLater } from './databaseFile';
import { EntryCounts } from './entryCounts';
import { yieldToEventLoop } from './eventLoop';
import { type FollowUp, FollowUpTable } from './followUps';
import { Preparation } from './preparation';
import { type GenerationProperties, type Progress, readProperties, writeProperties } from './properties';
import { isWorthRemembering, RecentEntries } from './recentEntries';
import { ReferenceTable } from './references';
import {
  type EncodedRow,
  type Extent,
  entryOfRow,
  type NeverStored,
  type RowKey,
  type SpaceEntry,
  type SpaceRow,
} from './row';
import { type RowName, RowReader } from './rowReader';
import { RowWriter, type UpsertOutcome } from './rowWriter';
import type { SpaceStatistics } from './spaceOptions';
import { createIndexes, Dictionary, indexLaterRows, isIndexed, versions } from './spaceSchema';
import type { SpaceValueChange } from './valueChange';
import { type JournalledValueChange, ValueChangeTable } from './valueChangeTable';

export type { Progress } from './properties';

/** One change. `sequence` is that of the reading it comes from; absent: a write has just answered it. */
export type SpaceChange = (
  | { readonly kind: 'upsert'; readonly row: SpaceRow }
  | { readonly kind: 'remove'; readonly key: RowKey }
  /** Single values of an entry of which nobody has read the others. */
  | { readonly kind: 'values'; readonly id: string; readonly changes: readonly SpaceValueChange[] }
) & { readonly sequence?: number };

/** A change with the sequence number of the read or write that it comes from. */
export type NumberedChange = SpaceChange & { readonly sequence: number };

/** What became of a change. `absent`: nothing was there to remove, or something newer is. */
export type ChangeOutcome = UpsertOutcome | 'deleted' | 'absent';

const ROWS_PER_READ = 200;

/** What a generation was at some time: another object after each change. */
export type Revision = object;

/** One file of the connector space. */
export class Generation {
  readonly rows: RowReader;
  readonly references: ReferenceTable;
  readonly #followUps: FollowUpTable;
  readonly #database: Database;
  readonly #dictionary: Dictionary;
  readonly #recent = new RecentEntries();
  readonly #writer: RowWriter;
  readonly preparation: Preparation;
  readonly #valueChanges: ValueChangeTable;
  readonly #counts: EntryCounts;
  readonly #boundaries = new Map<number, BoundaryKeys>();
  #properties: GenerationProperties;
  #revision: Revision = {};
  #holders = 0;
  #retired = false;

  private constructor(
    database: Database,
    readonly never: NeverStored,
  ) {
    this.#database = database;
    this.#dictionary = new Dictionary(database);
    this.#valueChanges = new ValueChangeTable(database);
    this.#properties = readProperties(database);
    this.rows = new RowReader(database, this.#dictionary, this.#valueChanges, this.#recent, {
      loaded: this.#properties.sequence ?? 0,
      freshAt: () => this.#properties.freshAt ?? 0,
    });
    this.references = new ReferenceTable(database, this.#properties.references ?? []);
    this.#followUps = new FollowUpTable(database);
    const tables = {
      dictionary: this.#dictionary,
      changes: this.#valueChanges,
      references: this.references,
      recent: this.#recent,
    };
    this.#writer = new RowWriter(database, tables, (objectType, anchor, by) => {
      this.#counts.shift(objectType, by);
      this.#boundaries.get(objectType)?.shift(anchor, by);
    });
    this.preparation = new Preparation(this.#writer, never);
    this.#counts = new EntryCounts(database);
  }

  /** Opens a generation, or an empty one. Throws DatabaseDamaged, DatabaseTooNew, DatabaseTooOld or an error of the file system. */
  static open(file: string, never: NeverStored): Generation {
    const database = Database.open(file, { durability: 'normal', ...versions });
    try {
      if (!isIndexed(database)) {
        database.transaction(() => {
          indexLaterRows(database, 0);
          createIndexes(database);
        });
      }
      return new Generation(database, never);
    } catch (error) {
      database.close();
      throw error;
    }
  }

  get file(): string {
    return this.#database.file;
  }

  get revision(): Revision {
    return this.#revision;
  }

  /** Something has been accepted that is going to be saved: nothing that was concluded before is right for sure. */
  changing(): void {
    this.#revision = {};
  }

  get properties(): GenerationProperties {
    return this.#properties;
  }

  get statistics(): Omit<SpaceStatistics, 'generation'> {
    const { importedAt, freshAt } = this.#properties;
    const entries = Object.fromEntries(this.objectTypes.map((type) => [type, this.count(type)]));
    const times = { ...(importedAt !== undefined && { importedAt }), ...(freshAt !== undefined && { freshAt }) };
    return { file: this.file, entries, ...times };
  }

  /** The object types that have or had entries. */
  get objectTypes(): string[] {
    return this.#dictionary.objectTypes();
  }

  /** Entries of an object type, or of all. */
  count(objectType?: string): number {
    return objectType === undefined ? this.#counts.sum : this.#counts.of(this.number(objectType));
  }

  /** The number that stands for an object type in rows; -1 when there is none. */
  number(objectType: string): number {
    return this.#dictionary.objectType(objectType) ?? -1;
  }

  /** Entries of an object type in anchor order from a position (from 0). */
  async at(objectType: string, position: number, limit: number, extent: Extent): Promise<SpaceEntry[]> {
    const type = this.number(objectType);
    if (position >= this.count(objectType)) return [];
    const boundaries = this.#boundaries.get(type) ?? new BoundaryKeys();
    this.#boundaries.set(type, boundaries);
    const release = this.acquire();
    try {
      const found = await boundaries.locate(position, (from, offset) => this.rows.keyAt(type, from, offset));
      return found ? this.rows.from(type, found.key, found.offset, limit, extent) : [];
    } finally {
      release();
    }
  }

  /** Saves changes, progress and what there is to follow in one transaction, and forgets deletes that no read can be older than. */
  apply(
    changes: readonly NumberedChange[],
    progress: Progress,
    oldestReading: number,
    followUps: readonly FollowUp[] = [],
  ): ChangeOutcome[] {
    const encoded = changes.map((change) =>
      change.kind === 'upsert' ? { ...change, encoded: this.preparation.encoded(change.row) } : change,
    );
    const outcomes = this.#transaction(() => {
      writeProperties(this.#database, progress);
      this.#followUps.add(followUps);
      this.#writer.purgeTombstones(oldestReading);
      return encoded.map((change) => {
        if (change.kind === 'upsert') return this.#upsert(change.encoded, change.row, change.sequence);
        if (change.kind === 'values') return this.#writer.changeValues(change.id, change.changes, change.sequence);
        return this.#writer.remove(change.key, change.sequence) ? 'deleted' : 'absent';
      });
    });
    this.#reached(progress);
    return outcomes;
  }

  /** A row that a client's request has brought is at hand for the next one. */
  #upsert(encoded: EncodedRow & { readonly isWhole: boolean }, row: SpaceRow, sequence: number): UpsertOutcome {
    const isAsRead = encoded.isWhole && isWorthRemembering(encoded);
    const entry = isAsRead ? entryOfRow(row, sequence, this.#properties.freshAt ?? 0) : undefined;
    return this.#writer.upsert(encoded, sequence, entry);
  }

  #reached(progress: Progress): void {
    this.#properties = { ...this.#properties, ...progress };
    // How old an entry is said to be has changed for all of them.
    if (progress.freshAt !== undefined) this.#recent.clear();
  }

  /** What has not been followed yet. */
  get followUps(): readonly FollowUp[] {
    return this.#followUps.all();
  }

  /** What there was to follow has been followed but for this, and with that the progress is reached. */
  settle(progress: Progress, left: readonly FollowUp[]): void {
    this.#transaction(() => {
      writeProperties(this.#database, progress);
      this.#followUps.replace(left);
    });
    this.#reached(progress);
  }

  /** What {@link replay} takes over of single values. */
  valueChangesSince(sequence: number): readonly JournalledValueChange[] {
    return this.#valueChanges.since(sequence);
  }

  /** Takes over rows, deletes and changes of single values of another generation as they are. */
  replay(
    rows: readonly (EncodedRow & { readonly sequence: number })[],
    removed: readonly { readonly key: RowKey; readonly sequence: number }[] = [],
    valueChanges: readonly JournalledValueChange[] = [],
    followUps: readonly FollowUp[] = [],
  ): void {
    this.#transaction(() => {
      this.#followUps.add(followUps);
      for (const row of rows) this.#writer.upsert(row, row.sequence);
      for (const { key, sequence } of removed) this.#writer.remove(key, sequence);
      for (const change of valueChanges) this.#writer.changeValues(change.id, [change], change.sequence);
    });
  }

  /** The names of all rows, in short reads that yield. */
  async *names(): AsyncIterable<RowName> {
    const release = this.acquire();
    try {
      for (let last: RowName | undefined; ; await yieldToEventLoop()) {
        const rows = this.rows.names(last?.number ?? 0, ROWS_PER_READ);
        yield* rows;
        last = rows.at(-1);
        if (!last) return;
      }
    } finally {
      release();
    }
  }

  /** Keeps the file open until the answer is called. */
  acquire(): () => void {
    this.#holders += 1;
    return () => {
      this.#holders -= 1;
      this.#closeIfUnused();
    };
  }

  /** Closes the file and deletes it as soon as nobody holds it. */
  retire(): void {
    this.#retired = true;
    this.#closeIfUnused();
  }

  /** Closes the file at once. */
  close(): void {
    this.#database.close();
  }

  #closeIfUnused(): void {
    if (!this.#retired || this.#holders > 0 || !this.#database.isOpen) return;
    this.#database.abandon();
    // On Windows a process that reads it, such as an export, keeps it; the next opening of the space deletes it.
    removeDatabaseFileLater(this.#database.file).catch(() => undefined);
  }

  /** What is kept in memory follows each row at once, so it is read again when the transaction is undone. */
  #transaction<T>(work: () => T): T {
    this.#revision = {};
    try {
      return this.#database.transaction(() => {
        const result = work();
        this.#counts.save();
        return result;
      });
    } catch (error) {
      this.#boundaries.clear();
      this.#recent.clear();
      this.#dictionary.reload();
      this.#valueChanges.reload();
      this.#writer.reload();
      this.#counts.reload();
      throw error;
    }
  }
}
