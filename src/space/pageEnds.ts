/**
 * Where pages of lists have ended lately. A client that walks a list by `startIndex` goes on after the last entry that
 * it was given, so that inserts and deletes before that place make it neither miss an entry nor see one twice.
 */

const REMEMBERED = 2_000;
const MAX_AGE_MS = 600_000;

/** The last key of a page, by the index at which the next page begins. */
export class PageEnds {
  readonly #ends = new Map<string, { readonly key: string; readonly at: number }>();

  constructor(readonly now: () => number) {}

  find(objectType: string, startIndex: number): string | undefined {
    const end = this.#ends.get(placeOf(objectType, startIndex));
    return end && this.now() - end.at <= MAX_AGE_MS ? end.key : undefined;
  }

  remember(objectType: string, startIndex: number, key: string): void {
    const place = placeOf(objectType, startIndex);
    this.#ends.delete(place);
    this.#ends.set(place, { key, at: this.now() });
    if (this.#ends.size <= REMEMBERED) return;
    for (const oldest of this.#ends.keys()) {
      this.#ends.delete(oldest);
      return;
    }
  }
}

function placeOf(objectType: string, startIndex: number): string {
  return `${startIndex} ${objectType}`;
}
