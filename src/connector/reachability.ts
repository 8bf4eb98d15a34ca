/** Whether a directory can be reached, as its operations show; while it cannot, it is asked now and then. */
import type { Directory, ObservedOperation } from '../directory/directory';
import { DN } from '../directory/dn';
import { present } from '../directory/filter';

const askAgainMs = 15_000;

/** Told when the directory is lost, and when it is back. */
export interface ReachabilityObserver {
  lost(reason: string): void;
  reached(): void;
}

/** Follows one directory. Nobody has to ask for anything: it hears what others ask. */
export class Reachability {
  readonly #observer: ReachabilityObserver;
  #timer: NodeJS.Timeout | undefined;
  #ask: (() => Promise<unknown>) | undefined;

  constructor(observer: ReachabilityObserver) {
    this.#observer = observer;
  }

  /** The directory to ask while it is lost. Its operations have to be {@link heard}. */
  follow(directory: Directory, base: DN = DN.root): void {
    const request = { base, scope: 'base', filter: present('objectClass'), attributes: [] } as const;
    this.#ask = async () => {
      // To its end: a search that is broken off is heard as cancelled.
      for await (const _entry of directory.search(request, { timeoutMs: askAgainMs }));
    };
  }

  /** One operation that has ended. Any result code is an answer, and shows that the directory is there. */
  heard({ result }: Pick<ObservedOperation, 'result'>): void {
    if (typeof result === 'number') this.#answered();
    else if (result !== 'cancelled' && this.#timer === undefined) {
      this.#again();
      this.#observer.lost(result === 'timeout' ? 'it does not answer in time' : 'the connection was lost or refused');
    }
  }

  /** Ends the asking. */
  close(): void {
    clearTimeout(this.#timer);
    this.#ask = undefined;
  }

  #answered(): void {
    if (this.#timer === undefined) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#observer.reached();
  }

  #again(): void {
    this.#timer = setTimeout(() => {
      if (this.#ask === undefined) return;
      const asked = this.#ask();
      // How it went was heard already; here is only left to go on asking.
      const next = () => {
        if (this.#timer !== undefined && this.#ask !== undefined) this.#again();
      };
      asked.then(next, next);
    }, askAgainMs);
    this.#timer.unref();
  }
}

/** Follows the servers of a connector: its own, and those that partitions have for themselves. */
export class Reachabilities {
  readonly #observer: ReachabilityObserver;
  readonly #servers = new Map<string, Reachability>();
  readonly #lost = new Set<string>();

  constructor(observer: ReachabilityObserver) {
    this.#observer = observer;
  }

  /** Of the server of a partition, or of the connector's own. The directory is reached when all of its servers are. */
  of(partition = ''): Reachability {
    const known = this.#servers.get(partition);
    if (known !== undefined) return known;
    const server = new Reachability({
      lost: (reason) => {
        this.#lost.add(partition);
        this.#observer.lost(partition === '' ? reason : `the server of the partition ${partition}: ${reason}`);
      },
      reached: () => {
        this.#lost.delete(partition);
        if (this.#lost.size === 0) this.#observer.reached();
      },
    });
    this.#servers.set(partition, server);
    return server;
  }

  /** The directory to ask while one of these is lost. */
  follow(directory: Directory, partitions: readonly string[]): void {
    this.of().follow(directory);
    for (const partition of partitions) this.of(partition).follow(directory, DN.parse(partition));
  }

  /** Ends the asking. */
  close(): void {
    for (const server of this.#servers.values()) server.close();
  }
}
