/** The value changes of one generation. It knows which entries have some, so that all others cost nothing. */
import type { Database } from './database';
import { ID } from './rowSql';
import { keyOfChange, type SpaceValueChange } from './valueChange';

/** A value change with the entry that it belongs to, for another generation. */
export interface JournalledValueChange extends SpaceValueChange {
  readonly id: string;
  readonly sequence: number;
}

/** Keeps value changes by the number of their entry. Writing methods belong inside a transaction. */
export class ValueChangeTable {
  readonly #entries = new Set<number>();

  constructor(readonly database: Database) {
    this.reload();
  }

  /** Reads which entries have changes again, after a transaction was undone. */
  reload(): void {
    this.#entries.clear();
    for (const { entry } of this.database.all<{ entry: number }>('SELECT DISTINCT entry FROM value_change'))
      this.#entries.add(entry);
  }

  /** Whether an entry has changes. */
  has(entry: number): boolean {
    return this.#entries.has(entry);
  }

  /** The changes of an entry. */
  of(entry: number): readonly SpaceValueChange[] {
    if (!this.#entries.has(entry)) return [];
    return this.database.all<SpaceValueChange>(
      'SELECT attribute, operation, value FROM value_change WHERE entry = ?',
      entry,
    );
  }

  /** Of several changes of one value the newest one counts. */
  add(entry: number, change: SpaceValueChange, sequence: number): void {
    this.#entries.add(entry);
    this.database.run(
      `INSERT INTO value_change (entry, attribute, key, operation, value, sequence) VALUES (?, ?, ?, ?, ?, ?)
       ON CONFLICT (entry, attribute, key)
       DO UPDATE SET operation = excluded.operation, value = excluded.value, sequence = excluded.sequence
       WHERE excluded.sequence >= sequence`,
      entry,
      change.attribute.toLowerCase(),
      keyOfChange(change),
      change.operation,
      change.value,
      sequence,
    );
  }

  /** An entry was read as a whole: what is no newer than that is in it. */
  settle(entry: number, sequence: number): void {
    if (!this.#entries.has(entry)) return;
    this.database.run('DELETE FROM value_change WHERE entry = ? AND sequence <= ?', entry, sequence);
    if (this.database.get('SELECT 1 FROM value_change WHERE entry = ? LIMIT 1', entry) === undefined)
      this.#entries.delete(entry);
  }

  /** Changes with a higher sequence number. */
  since(sequence: number): JournalledValueChange[] {
    return this.database.all<JournalledValueChange>(
      `SELECT ${ID} AS id, v.attribute, v.operation, v.value, v.sequence FROM value_change v JOIN entry e ON e.number = v.entry
       WHERE v.sequence > ? ORDER BY v.sequence`,
      sequence,
    );
  }
}
