/**
 * The host's sequence numbers. A read takes its number before its request, a write when its answer is saved: then of
 * two rows the one with the higher number is never the older truth.
 */

/** A read that is under way. Deletes that are newer are remembered until it has ended. */
export interface Reading {
  readonly sequence: number;
  /** To be called when the read has been saved or given up; more than once is harmless. */
  end(): void;
}

/** Gives out the numbers and knows which reads are under way. */
export class Sequence {
  #last: number;
  /** In the order in which they began, which is ascending. */
  readonly #open = new Set<number>();

  /** @param last the highest number in use */
  constructor(last: number) {
    this.#last = last;
  }

  next(): number {
    this.#last += 1;
    return this.#last;
  }

  begin(): Reading {
    const sequence = this.next();
    this.#open.add(sequence);
    return { sequence, end: () => void this.#open.delete(sequence) };
  }

  /** No read that is under way (but for one that is left out), nor one to come, has a lower number. */
  oldest(leftOut?: number): number {
    for (const sequence of this.#open) if (sequence !== leftOut) return sequence;
    return this.#last + 1;
  }
}
