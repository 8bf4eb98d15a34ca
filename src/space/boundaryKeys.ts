/**
 * How the number of a list's first entry becomes a key. Keys are sampled every {@link STEP} entries as far as somebody
 * has looked; each knows how many keys of the list are lower than it, and stays right through inserts and deletes.
 */
import { yieldToEventLoop } from './eventLoop';

interface Boundary {
  /** As octets, because SQLite compares text so and JavaScript does not. */
  readonly key: Buffer;
  readonly text: string;
  /** How many keys of the list are lower. */
  position: number;
}

/** Entries between two sampled keys. */
const STEP = 512;
const STEPS_BETWEEN_YIELDS = 64;

/** The key that lies `offset` places after the first key that is not lower than `from`; undefined past the end. */
export type KeyAt = (from: string, offset: number) => string | undefined;

/** The sampled keys of one list. */
export class BoundaryKeys {
  readonly #boundaries: Boundary[] = [{ key: Buffer.alloc(0), text: '', position: 0 }];

  /** A key and how far after it the entry at `position` (from 0) lies, at most {@link STEP}; undefined past the end. */
  async locate(position: number, keyAt: KeyAt): Promise<{ key: string; offset: number } | undefined> {
    for (let step = 1; ; step++) {
      const below = this.#atOrBelow(position);
      if (position - below.position <= STEP) return { key: below.text, offset: position - below.position };
      const text = keyAt(below.text, STEP);
      if (text === undefined) return undefined;
      this.#insert({ key: Buffer.from(text), text, position: below.position + STEP });
      if (step % STEPS_BETWEEN_YIELDS === 0) await yieldToEventLoop();
    }
  }

  /** A key was added to the list (`by` 1) or taken from it (-1). */
  shift(text: string, by: 1 | -1): void {
    const key = Buffer.from(text);
    for (
      let i = this.#firstAbove((boundary) => Buffer.compare(boundary.key, key) > 0);
      i < this.#boundaries.length;
      i++
    ) {
      const boundary = this.#boundaries[i];
      if (boundary) boundary.position += by;
    }
  }

  #atOrBelow(position: number): Boundary {
    const index = this.#firstAbove((boundary) => boundary.position > position) - 1;
    return this.#boundaries[index] ?? { key: Buffer.alloc(0), text: '', position: 0 };
  }

  #insert(boundary: Boundary): void {
    this.#boundaries.splice(
      this.#firstAbove((other) => Buffer.compare(other.key, boundary.key) > 0),
      0,
      boundary,
    );
  }

  /** The index of the first boundary for which `above` holds; it holds for all after it. */
  #firstAbove(above: (boundary: Boundary) => boolean): number {
    let low = 0;
    let high = this.#boundaries.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const boundary = this.#boundaries[middle];
      if (boundary && !above(boundary)) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
