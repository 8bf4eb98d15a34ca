/** How a row enters a generation's tables, whether the generation is in use or under construction. */
import type { Database } from './database';
import type { EncodedRow } from './row';
import type { Dictionary } from './spaceSchema';
import { textList } from './sqlText';

const INSERT_ENTRY = `INSERT INTO entry (number, object_type, anchor, id, dn_key, dn, matches, read_at, sequence, apart, payload)
   VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;

/** The key under which the entries are found that have a matching value. */
export function matchKey(matchType: number, value: string): string {
  return `${matchType} ${value}`;
}

/** The keys of a row as its column has them: a JSON array, null for none. Inside a transaction. */
export function matchColumn(dictionary: Dictionary, objectType: number, { matches }: EncodedRow): string | null {
  if (matches.length === 0) return null;
  return textList(
    matches.map(({ attribute, value }) => matchKey(dictionary.giveMatchType(objectType, attribute), value)),
  );
}

/** What the column of ids has: nothing where the anchor is the id. */
export function idColumn({ id, anchor }: EncodedRow): string | null {
  return id === anchor ? null : id;
}

/** Inserts a row, but for the entries of the index of matching keys; its number, the next one where none is given. Inside a transaction. */
export function insertEntry(
  database: Database,
  objectType: number,
  row: EncodedRow,
  matches: string | null,
  sequence: number,
  given?: number,
): number {
  const number = database.insert(
    INSERT_ENTRY,
    given ?? null,
    objectType,
    row.anchor,
    idColumn(row),
    row.dn_key,
    row.dn,
    matches,
    row.read_at,
    sequence,
    row.apart,
    row.payload,
  );
  if (row.long !== undefined) database.run('INSERT INTO long_value (entry, payload) VALUES (?, ?)', number, row.long);
  return number;
}
