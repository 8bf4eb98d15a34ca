/** How long refused clients wait for their answer. Bounded memory, and a clock that is handed in. */
import { isIPv4, isIPv6 } from 'node:net';

/** The limits; the defaults let a person mistype a token without noticing. */
export interface FailureDelayOptions {
  readonly clock?: () => Date;
  /** Refusals from one source that are answered at once. */
  readonly free?: number;
  /** Milliseconds that the first slowed answer waits; each further one waits twice as long. */
  readonly firstMs?: number;
  readonly longestMs?: number;
  /** Milliseconds without a refusal after which a source is forgotten. */
  readonly memoryMs?: number;
  /** The most sources remembered; beyond, the one that was refused longest ago is forgotten. */
  readonly sources?: number;
  /** The most answers of one source, and of all, that wait at a time. */
  readonly waitingOfOne?: number;
  readonly waitingOfAll?: number;
}

interface Source {
  failures: number;
  last: number;
  waiting: number;
}

/** Counts refusals per source address. Clients that are not refused are unknown to it, so nothing here can delay them. */
export class FailureDelays {
  readonly #sources = new Map<string, Source>();
  readonly #options: Required<FailureDelayOptions>;
  #waiting = 0;

  constructor(options: FailureDelayOptions = {}) {
    this.#options = {
      clock: () => new Date(),
      free: 3,
      firstMs: 250,
      longestMs: 2_000,
      memoryMs: 600_000,
      sources: 10_000,
      waitingOfOne: 20,
      waitingOfAll: 1_000,
      ...options,
    };
  }

  /** Sources that are remembered. */
  get size(): number {
    return this.#sources.size;
  }

  /** Counts a refusal. Answers the milliseconds that its answer has to wait. */
  failed(address: string): number {
    const { clock, free, firstMs, longestMs, memoryMs, sources } = this.#options;
    const now = clock().getTime();
    const key = sourceOf(address);
    const source = this.#sources.get(key) ?? { failures: 0, last: now, waiting: 0 };
    source.failures = now - source.last < memoryMs ? source.failures + 1 : 1;
    source.last = now;
    // Behind all others: the map's order is the order of last refusals.
    this.#sources.delete(key);
    this.#sources.set(key, source);
    if (this.#sources.size > sources) {
      const oldest = this.#sources.keys().next();
      if (!oldest.done) this.#sources.delete(oldest.value);
    }
    const doublings = Math.min(source.failures - free - 1, 30);
    return doublings < 0 ? 0 : Math.min(firstMs * 2 ** doublings, longestMs);
  }

  /**
   * Takes a place among the waiting answers. Undefined when all are taken: whoever asks side by side instead of one
   * after the other is not worth a timer. Otherwise the function that gives the place back.
   */
  wait(address: string): (() => void) | undefined {
    const source = this.#sources.get(sourceOf(address));
    if (!source || source.waiting >= this.#options.waitingOfOne || this.#waiting >= this.#options.waitingOfAll) {
      return undefined;
    }
    source.waiting += 1;
    this.#waiting += 1;
    return () => {
      source.waiting -= 1;
      this.#waiting -= 1;
    };
  }
}

/** An IPv4 address, also where IPv6 has wrapped it; of an IPv6 address the /64 that one client has all to itself. */
function sourceOf(address: string): string {
  const wrapped = address.replace(/^::ffff:(?=\d+\.)/i, '');
  if (isIPv4(wrapped)) return wrapped;
  const bare = wrapped.replace(/%.*$/s, '');
  if (!isIPv6(bare)) return 'unknown';
  const [head = '', tail] = bare.split('::');
  const groups = head === '' ? [] : head.split(':');
  const following = tail ? tail.split(':') : [];
  const zeros = tail === undefined ? 0 : 8 - groups.length - following.length;
  const all = [...groups, ...Array.from({ length: Math.max(zeros, 0) }, () => '0'), ...following];
  return `${all
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')}::/64`;
}
