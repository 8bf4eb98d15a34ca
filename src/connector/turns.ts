/** So many at once, the others in the order in which they came. */

/** A bounded number of turns. */
export class Turns {
  readonly #waiting: (() => void)[] = [];
  #free: number;

  /** @param most how much may go on at once, at least 1 */
  constructor(most: number) {
    this.#free = most;
  }

  /** Runs `work` when there is a turn for it. Rejects with the signal's reason, without running it, when that comes first. */
  async run<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    signal?.throwIfAborted();
    if (this.#free > 0) this.#free -= 1;
    else await this.#turn(signal);
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#free += 1;
      else next();
    }
  }

  #turn(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const leave = () => {
        this.#waiting.splice(this.#waiting.indexOf(proceed), 1);
        reject(signal?.reason);
      };
      const proceed = () => {
        signal?.removeEventListener('abort', leave);
        resolve();
      };
      this.#waiting.push(proceed);
      signal?.addEventListener('abort', leave, { once: true });
    });
  }
}
