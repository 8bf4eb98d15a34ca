/**
 * Builds a new generation of the connector space in a file that nobody else has open: first the rows, then the indexes.
 * It needs nothing of the host, so it can run in a process of its own.
 */
import { closeSync, fsyncSync, openSync } from 'node:fs';
import { Database, removeDatabaseFile } from './database';
import { type GenerationProperties, writeProperties } from './generation';
import { type EncodedRow, encodeRow, NeverStored, type SpaceRow } from './row';
import { createIndexes, Dictionary, tables } from './spaceSchema';

/** A generation under construction. Rows become visible to the host only after a switch. */
export class SpaceBuilder {
  readonly #database: Database;
  readonly #dictionary: Dictionary;
  readonly #never: NeverStored;
  readonly #sequence: number;

  /**
   * @param sequence the host's sequence number of this import: writes of the host with a higher one win over its rows
   * @param never attributes that are not stored, besides those that hold passwords
   */
  constructor(
    readonly file: string,
    sequence: number,
    never: readonly string[] = [],
  ) {
    removeDatabaseFile(file);
    this.#database = Database.open(file, { durability: 'load', migrations: tables });
    this.#dictionary = new Dictionary(this.#database);
    this.#never = new NeverStored(never);
    this.#sequence = sequence;
  }

  /** Saves a batch. An entry that comes twice is kept as it came last. Takes about 30 µs a row, and yields to nobody. */
  add(rows: readonly SpaceRow[]): void {
    const encoded = rows.map((row) => encodeRow(row, this.#never));
    this.#database.transaction(() => {
      for (const row of encoded) this.#insert(row);
    });
  }

  /** Builds the indexes and brings all of it to the disk. Blocks for seconds where there are a million rows. */
  finish(properties: GenerationProperties): void {
    createIndexes(this.#database);
    writeProperties(this.#database, properties);
    this.#database.close();
    const descriptor = openSync(this.file, 'r+');
    try {
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
  }

  /** Gives up and deletes the file. */
  discard(): void {
    this.#database.close();
    removeDatabaseFile(this.file);
  }

  #insert(row: EncodedRow): void {
    const objectType = this.#dictionary.giveObjectType(row.objectType);
    const number = this.#database.insert(
      `INSERT INTO entry (id, anchor, object_type, dn_key, dn, payload, hash, read_at, sequence)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      row.id,
      row.anchor,
      objectType,
      row.dn_key,
      row.dn,
      row.payload,
      row.hash,
      row.read_at,
      this.#sequence,
    );
    if (row.long !== undefined)
      this.#database.run('INSERT INTO long_value (entry, payload) VALUES (?, ?)', number, row.long);
    for (const { attribute, value } of row.matches) {
      const type = this.#dictionary.giveMatchType(objectType, attribute);
      this.#database.run('INSERT INTO match (type, value, entry) VALUES (?, ?, ?)', type, value, number);
    }
  }
}
