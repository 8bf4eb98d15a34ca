/**
 * Look-outs for what is hardly ever there, shared: while one search is under way those who come next gather, and one
 * search asks for all of them. Where it finds anything, or fails, each of them asks for itself, as if it had been alone.
 */
import type { Options } from '../directory/directory';
import { type Filter, or } from '../directory/filter';

/** As long as anybody waits for company at the most: a directory that is far away answers later than that. */
const LONGEST_WAIT_MS = 5;

/** More are not asked for at once: servers have a limit on the length of a filter. */
const MOST_TOGETHER = 16;

/** Searches for entries that match; at most so many. */
export type Search<Found> = (filter: Filter, options: Options, limit: number) => Promise<readonly Found[]>;

interface Waiting {
  readonly filter: Filter;
  readonly options: Options;
  /** Called when a search is begun: with what it finds for all, or with nothing where this one goes alone. */
  readonly go: (shared: Promise<boolean> | undefined) => void;
}

/** The look-outs of one kind. */
export class SharedLookouts<Found> {
  readonly #search: Search<Found>;
  #waiting: Waiting[] = [];
  #underWay = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(search: Search<Found>) {
    this.#search = search;
  }

  /** What matches the filter, at most `limit` of it, found by a search that begins after the call. */
  async find(filter: Filter, options: Options, limit: number): Promise<readonly Found[]> {
    const shared = this.#underWay === 0 ? undefined : await this.#gathered(filter, options);
    if (shared !== undefined) {
      const isNothingThere = await shared.answer;
      options.signal?.throwIfAborted();
      if (isNothingThere) return [];
    }
    return this.#counted(this.#search(filter, options, limit));
  }

  /** Resolves when the search that this one shares has begun; undefined when it goes alone. */
  #gathered(filter: Filter, options: Options): Promise<{ readonly answer: Promise<boolean> } | undefined> {
    return new Promise((resolve) => {
      // An object, so that the promise in it is not waited for here.
      this.#waiting.push({ filter, options, go: (answer) => resolve(answer && { answer }) });
      if (this.#waiting.length >= MOST_TOGETHER) this.#begin();
      else this.#timer ??= setTimeout(() => this.#begin(), LONGEST_WAIT_MS);
    });
  }

  #begin(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const together = this.#waiting.splice(0);
    const [first] = together;
    if (first === undefined) return;
    if (together.length === 1) first.go(undefined);
    else {
      const answer = this.#counted(this.#isNothingThere(together));
      for (const { go } of together) go(answer);
    }
  }

  /** False where somebody's is there, and where nobody can say. */
  async #isNothingThere(together: readonly Waiting[]): Promise<boolean> {
    const filter = or(...together.map((one) => one.filter));
    // Whoever gives up takes nothing from the others, and each has a share in what the search costs.
    const observer: Options['observer'] = (operation) => {
      for (const { options } of together) options.observer?.(operation);
    };
    try {
      return (await this.#search(filter, { observer }, 1)).length === 0;
    } catch {
      return false;
    }
  }

  /** The next ones begin when nothing is under way any more. */
  async #counted<T>(search: Promise<T>): Promise<T> {
    this.#underWay += 1;
    try {
      return await search;
    } finally {
      this.#underWay -= 1;
      if (this.#underWay === 0) this.#begin();
    }
  }
}
