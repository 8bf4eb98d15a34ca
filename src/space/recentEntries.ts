/** What clients are working on: entries that were asked for or written a short while ago, as reading them would answer them. */
import { Recent } from './recent';
import type { RowColumns, SpaceEntry } from './row';

/** The last so many are at hand: each of them takes a few kilobytes. */
const RECENT = 2_048;

/** More is not kept in memory for the sake of one entry, or of one look-up. */
const LARGEST = 16 * 1024;
const MOST_MATCHES = 16;

/** Whether an entry of this row, or one that is written as such a row, is to be among the {@link RecentEntries}. */
export function isWorthRemembering({ payload, apart }: Pick<RowColumns, 'payload' | 'apart'>): boolean {
  return apart === null && (payload?.length ?? 0) <= LARGEST;
}

/** Of so many entries that are asked for, one in {@link ENOUGH} has to come back, or keeping them is a waste of memory. */
const JUDGED = 1_024;
const ENOUGH = 16;

/**
 * Entries of one generation, and which of them have been looked up by matching values. Whoever writes a row has to tell.
 * While hardly any comes back (a client that looks up a million people, each once) nothing is kept but who was asked for.
 */
export class RecentEntries {
  readonly #entries = new Recent<SpaceEntry>(RECENT);
  readonly #matches = new Recent<readonly string[]>(RECENT);
  /** The ids of those that were asked for, kept or not. */
  readonly #asked = new Recent<true>(RECENT);
  #isWorthwhile = true;
  #seen = 0;
  #cameBack = 0;

  get(id: string): SpaceEntry | undefined {
    const entry = this.#entries.get(id);
    if (entry !== undefined) this.#judge(true);
    return entry;
  }

  /** Whether this very entry is at hand. */
  has({ id, entry }: Pick<SpaceEntry, 'id' | 'entry'>): boolean {
    return this.#entries.get(id)?.entry === entry;
  }

  /** Whether an entry that is added now is kept. */
  get isKeeping(): boolean {
    return this.#isWorthwhile;
  }

  /** An entry that was read or written just now. */
  add(entry: SpaceEntry): void {
    this.#judge(this.#asked.get(entry.id) !== undefined);
    this.#asked.set(entry.id, true);
    if (this.#isWorthwhile) this.#entries.set(entry.id, entry);
    else this.#entries.delete(entry.id);
  }

  #judge(cameBack: boolean): void {
    this.#seen += 1;
    if (cameBack) this.#cameBack += 1;
    if (this.#seen < JUDGED) return;
    this.#isWorthwhile = this.#cameBack * ENOUGH >= this.#seen;
    this.#seen = 0;
    this.#cameBack = 0;
  }

  delete(id: string): void {
    this.#entries.delete(id);
  }

  /** The ids of those that have a matching value, in their order; undefined where nobody knows. */
  idsMatching(key: string): readonly string[] | undefined {
    return this.#matches.get(key);
  }

  match(key: string, ids: readonly string[]): void {
    if (this.#isWorthwhile && ids.length <= MOST_MATCHES) this.#matches.set(key, ids);
  }

  /** Some matching value has another owner now, or the order of the owners has changed. */
  forgetMatches(): void {
    this.#matches.clear();
  }

  clear(): void {
    this.#entries.clear();
    this.#matches.clear();
  }
}
