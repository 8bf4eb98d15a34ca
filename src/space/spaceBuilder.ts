/**
 * Builds a new generation of the connector space in a file that nobody else has open: first the rows, then the indexes.
 * It needs nothing of the host, so it can run in a process of its own.
 */
import { type Comparison, compareGenerations } from './comparison';
import { Database } from './database';
import { handOver, removeDatabaseFile } from './databaseFile';
import { type GenerationProperties, writeProperties } from './properties';
import { ReferenceLoader } from './references';
import { encodeRow, NeverStored, type SpaceRow } from './row';
import { insertEntry, matchColumn } from './rowInsert';
import { createIndexes, Dictionary, dropIdIndex, indexLaterRows, versions } from './spaceSchema';

/** A generation under construction. Rows become visible to the host only after a switch. */
export class SpaceBuilder {
  readonly #database: Database;
  readonly #dictionary: Dictionary;
  readonly #references: ReferenceLoader;
  readonly #never: NeverStored;
  readonly #sequence: number;
  #idsAreAnchors = true;

  /**
   * @param sequence the host's sequence number of this import: writes of the host with a higher one win over its rows
   * @param never attributes that are not stored, besides those that hold passwords
   * @param references attributes whose values name other entries
   */
  constructor(
    readonly file: string,
    sequence: number,
    never: readonly string[] = [],
    references: readonly string[] = [],
  ) {
    removeDatabaseFile(file);
    this.#database = Database.open(file, { durability: 'load', ...versions });
    this.#dictionary = new Dictionary(this.#database);
    this.#references = new ReferenceLoader(this.#database, references);
    this.#never = new NeverStored(never);
    this.#sequence = sequence;
    // One transaction for all of it: each one would write the last pages of the tables again.
    this.#database.begin();
    indexLaterRows(this.#database, sequence);
  }

  /** Takes a batch. An entry that comes twice is kept as it came last. Takes about 15 µs a row, and yields to nobody. */
  add(rows: readonly SpaceRow[]): void {
    for (const row of rows) {
      if (this.#idsAreAnchors && row.id !== row.anchor) {
        dropIdIndex(this.#database);
        this.#idsAreAnchors = false;
      }
      const encoded = encodeRow(row, this.#never);
      const objectType = this.#dictionary.giveObjectType(row.objectType);
      const matches = matchColumn(this.#dictionary, objectType, encoded);
      const number = insertEntry(this.#database, objectType, encoded, matches, this.#sequence);
      this.#references.add(number, row.entry);
    }
  }

  /**
   * Builds the indexes, compares with the file of the generation in use, and brings all of it to the disk. Blocks for
   * seconds where there are a million rows.
   */
  finish(properties: Omit<GenerationProperties, 'references' | 'sequence'>, previous: string): readonly Comparison[] {
    this.#database.commit();
    createIndexes(this.#database);
    const references = this.#references.finish();
    writeProperties(this.#database, { ...properties, sequence: this.#sequence, references });
    const comparison = compareGenerations(this.#database, previous, this.#sequence);
    this.#database.close();
    handOver(this.file);
    return comparison;
  }

  /** Gives up and deletes the file. */
  discard(): void {
    this.#database.abandon();
    removeDatabaseFile(this.file);
  }
}
