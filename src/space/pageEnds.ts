/**
 * Where pages of lists have ended lately. A client that walks a list by `startIndex` goes on after the last entry that
 * it was given, so that inserts and deletes before that place make it neither miss an entry nor see one twice. Whoever
 * asks for another number of entries does not go on with that walk, and after the last page there is nothing to go on with.
 */

const REMEMBERED = 2_000;
const MAX_AGE_MS = 600_000;

interface Page {
  readonly total: number;
  readonly entries: readonly { readonly anchor: string }[];
}

/** The last key of a page, by the index at which the next page begins. */
export class PageEnds {
  readonly #ends = new Map<string, { readonly key: string; readonly at: number }>();

  constructor(readonly now: () => number) {}

  /** Of pages with so many entries. */
  find(objectType: string, startIndex: number, count: number): string | undefined {
    const end = this.#ends.get(placeOf(objectType, startIndex, count));
    return end && this.now() - end.at <= MAX_AGE_MS ? end.key : undefined;
  }

  /** A page of `count` entries at the most. */
  remember(objectType: string, startIndex: number, count: number, { total, entries }: Page): void {
    const next = startIndex + entries.length;
    const last = entries.at(-1);
    // Deletes before a place leave more behind it than the total says, and inserts fewer: what the last page is, is certain
    // only where it is not full, and where whoever walks on by the total would not ask for another one.
    if (last === undefined || (entries.length < count && next > total)) return;
    const place = placeOf(objectType, next, count);
    this.#ends.delete(place);
    this.#ends.set(place, { key: last.anchor, at: this.now() });
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
