/** One change at a time per key, others side by side (decision 7). */

/** Turns by key. A holder of several keys waits for all of them; keys are taken in sorted order, so no two can block each other. */
export class Exclusive {
  readonly #tails = new Map<string, Promise<void>>();
  #waiting = 0;

  /** Runs `work` when it is the turn of every key; releases them when it has settled. */
  async run<T>(keys: Iterable<string>, work: () => Promise<T>): Promise<T> {
    const sorted = [...new Set(keys)].sort();
    const releases: (() => void)[] = [];
    try {
      for (const key of sorted) releases.push(await this.#take(key));
      return await work();
    } finally {
      for (const release of releases.reverse()) release();
    }
  }

  /** Keys that somebody holds or waits for. */
  get size(): number {
    return this.#tails.size;
  }

  /** Holders that wait for a turn. */
  get waiting(): number {
    return this.#waiting;
  }

  async #take(key: string): Promise<() => void> {
    const before = this.#tails.get(key);
    let release: () => void = () => undefined;
    const turn = new Promise<void>((resolve) => {
      release = resolve;
    });
    const tail = before === undefined ? turn : before.then(() => turn);
    this.#tails.set(key, tail);
    this.#waiting += 1;
    await before;
    this.#waiting -= 1;
    return () => {
      if (this.#tails.get(key) === tail) this.#tails.delete(key);
      release();
    };
  }
}
