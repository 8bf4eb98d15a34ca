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
  follow(directory: Directory): void {
    const request = { base: DN.root, scope: 'base', filter: present('objectClass'), attributes: [] } as const;
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
