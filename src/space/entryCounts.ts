/** How many entries each object type has. In memory they follow each row at once, in the file once for all rows of a transaction. */
import type { Database } from './database';

/** Numbers of entries by the numbers of their object types. */
export class EntryCounts {
  readonly #counts = new Map<number, number>();
  /** By how much they differ from the file. */
  readonly #shifted = new Map<number, number>();

  constructor(readonly database: Database) {
    this.reload();
  }

  of(objectType: number): number {
    return this.#counts.get(objectType) ?? 0;
  }

  /** Of all object types together. */
  get sum(): number {
    let sum = 0;
    for (const count of this.#counts.values()) sum += count;
    return sum;
  }

  shift(objectType: number, by: number): void {
    this.#counts.set(objectType, this.of(objectType) + by);
    this.#shifted.set(objectType, (this.#shifted.get(objectType) ?? 0) + by);
  }

  /** Writes what has changed. Inside a transaction, at its end. */
  save(): void {
    for (const [objectType, by] of this.#shifted) {
      if (by !== 0) this.database.run('UPDATE object_type SET entries = entries + ? WHERE number = ?', by, objectType);
    }
    this.#shifted.clear();
  }

  /** Reads them again, after a transaction was undone. */
  reload(): void {
    this.#counts.clear();
    this.#shifted.clear();
    const rows = this.database.all<{ number: number; entries: number }>('SELECT number, entries FROM object_type');
    for (const { number, entries } of rows) this.#counts.set(number, entries);
  }
}
