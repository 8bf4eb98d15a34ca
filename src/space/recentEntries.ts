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

/** Entries of one generation, and which of them have been looked up by matching values. Whoever writes a row has to tell. */
export class RecentEntries {
  readonly #entries = new Recent<SpaceEntry>(RECENT);
  readonly #matches = new Recent<readonly string[]>(RECENT);

  get(id: string): SpaceEntry | undefined {
    return this.#entries.get(id);
  }

  set(entry: SpaceEntry): void {
    this.#entries.set(entry.id, entry);
  }

  delete(id: string): void {
    this.#entries.delete(id);
  }

  /** The ids of those that have a matching value, in their order; undefined where nobody knows. */
  idsMatching(key: string): readonly string[] | undefined {
    return this.#matches.get(key);
  }

  match(key: string, ids: readonly string[]): void {
    if (ids.length <= MOST_MATCHES) this.#matches.set(key, ids);
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
