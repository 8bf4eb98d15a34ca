/**
 * Where pages of lists have ended lately. A client that walks a list by `startIndex` goes on after the last entry that
 * it was given, so that inserts and deletes before that place make it neither miss an entry nor see one twice. Whoever
 * asks for another number of entries does not go on with that walk, and after the last page there is nothing to go on with.
 */

const REMEMBERED = 2_000;
const MAX_AGE_MS = 600_000;

/** The last key of a page, by the index at which the next page begins. */
export class PageEnds {
  readonly #ends = new Map<string, { readonly key: string; readonly at: number }>();

  constructor(readonly now: () => number) {}

  /** Of pages with so many entries. */
  find(objectType: string, startIndex: number, count: number): string | undefined {
    const end = this.#ends.get(placeOf(objectType, startIndex, count));
    return end && this.now() - end.at <= MAX_AGE_MS ? end.key : undefined;
  }

  /** A page of so many entries at the most has ended, and others come after it: the next one begins at `startIndex`. */
  remember(objectType: string, startIndex: number, count: number, key: string): void {
    const place = placeOf(objectType, startIndex, count);
    this.#ends.delete(place);
    this.#ends.set(place, { key, at: this.now() });
    if (this.#ends.size <= REMEMBERED) return;
    for (const oldest of this.#ends.keys()) {
      this.#ends.delete(oldest);
      return;
    }
  }
}

function placeOf(objectType: string, startIndex: number, count: number): string {
  return `${startIndex} ${count} ${objectType}`;
}
