/**
 * Who names whom: for each value of the attributes that refer to entries (`member`, `manager` …) a number that stands for
 * the named one, so that whoever named an entry that is gone is found without reading all rows. It tells who has named an
 * entry at any time since the generation was made: to read an entry too many does no harm, and to take a number out for
 * each value that goes would cost more than that.
 */
import type { Entry } from '../directory/entry';
import { type Steps, VALUES_PER_STEP } from '../directory/steps';
import type { Database } from './database';
import { hashOf, nameKey } from './nameKey';
import { namesIn } from './row';
import type { SpaceValueChange } from './valueChange';

/** The attributes of a row as its columns have them. */
export interface RowTexts {
  readonly payload: Uint8Array | null;
  /** The attributes of many values. */
  readonly long: Uint8Array | null | undefined;
}

/** What stands for a name (48 bits), the same for each of its spellings by the usual matching rules; undefined for what is no name. */
export function numberOfName(name: string): number | undefined {
  const key = nameKey(name);
  return key === undefined ? undefined : hashOf(key);
}

/** Numbers that one statement inserts. */
const TOGETHER = 64;
const INSERT = 'INSERT INTO temp.named (target, entry) VALUES (?, ?)';
const INSERT_TOGETHER = `${INSERT}${', (?, ?)'.repeat(TOGETHER - 1)}`;
const KEEP = 'INSERT OR IGNORE INTO reference (target, entry) VALUES (?, ?)';
const KEEP_TOGETHER = `${KEEP}${', (?, ?)'.repeat(TOGETHER - 1)}`;

/** Fills the table of a generation under construction: in the order in which rows come, and sorted once at the end. */
export class ReferenceLoader {
  readonly #attributes: readonly string[];
  #columns: number[] = [];

  /** @param attributes names of the attributes that refer to entries */
  constructor(
    readonly database: Database,
    attributes: readonly string[],
  ) {
    this.#attributes = [...new Set(attributes.map((name) => name.toLowerCase()))];
    database.execute('CREATE TEMP TABLE named (target INTEGER NOT NULL, entry INTEGER NOT NULL) STRICT');
  }

  /** Takes what an entry names; `number` is that of its row. */
  add(number: number, entry: Entry): void {
    for (const attribute of this.#attributes) {
      for (const value of entry.values(attribute)) {
        const target = numberOfName(value.toString());
        if (target === undefined) continue;
        this.#columns.push(target, number);
        if (this.#columns.length === 2 * TOGETHER) this.database.run(INSERT_TOGETHER, ...this.#columns.splice(0));
      }
    }
  }

  /** Answers the attributes that the table is about. */
  finish(): readonly string[] {
    for (let i = 0; i < this.#columns.length; i += 2) this.database.run(INSERT, ...this.#columns.slice(i, i + 2));
    this.database.execute(`
      INSERT OR IGNORE INTO reference (target, entry) SELECT target, entry FROM temp.named ORDER BY target, entry;
      DROP TABLE temp.named;
    `);
    return this.#attributes;
  }
}

/** The table of a generation in use. Writing methods belong inside a transaction. */
export class ReferenceTable {
  readonly #attributes: ReadonlySet<string>;

  /** @param attributes those that the table was made with */
  constructor(
    readonly database: Database,
    attributes: readonly string[],
  ) {
    this.#attributes = new Set(attributes);
  }

  /** Whether the table is about all of these attributes. */
  covers(attributes: readonly string[]): boolean {
    return attributes.every((name) => this.#attributes.has(name.toLowerCase()));
  }

  /** Adds what a row names. `before` is asked for the row as it was, when this one names anybody. */
  add(entry: number, row: RowTexts, before?: () => RowTexts | undefined): void {
    const names = this.#namesIn(row);
    if (names.length === 0) return;
    const known = before?.();
    const present = new Set(known && this.#namesIn(known));
    for (const name of names) if (!present.has(name)) this.#insert(entry, name);
  }

  /**
   * The same in steps, each of them a transaction, ahead of the one that writes the row: that a row is said to name somebody
   * whom it does not name yet, or never will, does no harm.
   */
  *addAhead(entry: number, row: RowTexts, before: RowTexts | undefined): Steps<void> {
    const known = before === undefined ? new Set<number>() : yield* this.#numbersIn(before);
    const numbers = yield* this.#numbersIn(row);
    // In their order neighbours are written together; in any other each step would write most pages of the table.
    const missing = Float64Array.from([...numbers].filter((number) => !known.has(number))).sort();
    for (let start = 0; start < missing.length; start += VALUES_PER_STEP) {
      yield;
      const columns = [...missing.subarray(start, start + VALUES_PER_STEP)].flatMap((target) => [target, entry]);
      this.database.transaction(() => this.#insertAll(columns));
    }
  }

  /** The same for single values. */
  addValue(entry: number, { attribute, operation, value }: SpaceValueChange): void {
    if (operation !== 'remove' && this.#attributes.has(attribute.toLowerCase())) this.#insert(entry, value);
  }

  /** The DNs of the rows that name one of these, as they are written. Stays short with a few hundred names. */
  referrers(names: readonly string[]): string[] {
    const numbers = names.map(numberOfName).filter((number) => number !== undefined);
    return this.database
      .all<{ dn: string }>(
        `SELECT dn FROM entry WHERE number IN
           (SELECT entry FROM reference WHERE target IN (SELECT value FROM json_each(?)))`,
        JSON.stringify(numbers),
      )
      .map(({ dn }) => dn);
  }

  #insert(entry: number, name: string): void {
    const target = numberOfName(name);
    if (target !== undefined) this.database.run(KEEP, target, entry);
  }

  #insertAll(columns: readonly number[]): void {
    let start = 0;
    for (; start + 2 * TOGETHER <= columns.length; start += 2 * TOGETHER)
      this.database.run(KEEP_TOGETHER, ...columns.slice(start, start + 2 * TOGETHER));
    for (; start < columns.length; start += 2) this.database.run(KEEP, ...columns.slice(start, start + 2));
  }

  #namesIn({ payload, long }: RowTexts): string[] {
    return [payload, long ?? null].flatMap((octets) => [...namesIn(octets, this.#attributes)]);
  }

  *#numbersIn({ payload, long }: RowTexts): Steps<Set<number>> {
    const numbers = new Set<number>();
    let seen = 0;
    for (const octets of [payload, long ?? null])
      for (const name of namesIn(octets, this.#attributes)) {
        const number = numberOfName(name);
        if (number !== undefined) numbers.add(number);
        seen += 1;
        if (seen % VALUES_PER_STEP === 0) yield;
      }
    return numbers;
  }
}
