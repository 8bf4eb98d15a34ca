/** How a row enters a generation's tables, whether the generation is in use or under construction. */
import type { Database, SqlValue } from './database';
import type { EncodedRow } from './row';
import type { Dictionary } from './spaceSchema';

/** Matching values that one statement inserts. */
const TOGETHER = 64;

const INSERT_ENTRY = `INSERT INTO entry (id, anchor, object_type, dn_key, dn, payload, apart, hash, read_at, sequence)
   VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;
const INSERT_MATCH = 'INSERT OR IGNORE INTO match (type, value, entry) VALUES (?, ?, ?)';
const INSERT_MATCHES = `${INSERT_MATCH}${', (?, ?, ?)'.repeat(TOGETHER - 1)}`;

/** Matching values on their way into the table: a statement for each would cost as much as the entries themselves. */
export class MatchInserter {
  #columns: SqlValue[] = [];

  constructor(
    readonly database: Database,
    readonly dictionary: Dictionary,
  ) {}

  /** Takes the matching values of a row; they are in the table after {@link flush}. */
  add(row: EncodedRow, objectType: number, entry: number): void {
    for (const { attribute, value } of row.matches) {
      this.#columns.push(this.dictionary.giveMatchType(objectType, attribute), value, entry);
      if (this.#columns.length === 3 * TOGETHER) this.database.run(INSERT_MATCHES, ...this.#columns.splice(0));
    }
  }

  flush(): void {
    for (let i = 0; i < this.#columns.length; i += 3) this.database.run(INSERT_MATCH, ...this.#columns.slice(i, i + 3));
    this.#columns = [];
  }
}

/** Inserts a row, but for its matching values; its number. Inside a transaction. */
export function insertEntry(database: Database, objectType: number, row: EncodedRow, sequence: number): number {
  const number = database.insert(
    INSERT_ENTRY,
    row.id,
    row.anchor,
    objectType,
    row.dn_key,
    row.dn,
    row.payload,
    row.apart,
    row.hash,
    row.read_at,
    sequence,
  );
  if (row.long !== undefined) database.run('INSERT INTO long_value (entry, payload) VALUES (?, ?)', number, row.long);
  return number;
}
