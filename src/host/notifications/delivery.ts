/** The way of a notification out of the house: in order, tried again while it fails, never in anybody's way. */

const pausesMs = [5_000, 30_000, 120_000, 600_000, 1_800_000, 3_600_000];
/** Beyond it the oldest are given up: a mail server that is away for days must not fill the memory. */
const longest = 1_000;

/** A failure that will not be another one later: nobody has this mailbox, nobody listens at this URL. */
export class PermanentFailure extends Error {
  override readonly name = 'PermanentFailure';
}

/** One notification that waits for its turn. */
export interface Parcel {
  send(): Promise<void>;
  sent(): void;
  /** Given up. */
  failed(reason: string): void;
}

/** Told of a failure that will be tried again. */
export type OnRetry = (reason: string, nextMs: number) => void;

/** One channel: a mail server or a web hook. */
export class Delivery {
  readonly #waiting: Parcel[] = [];
  readonly #onRetry: OnRetry;
  #sending: Promise<void> | undefined;
  #pause: { readonly timer: NodeJS.Timeout; end(): void } | undefined;
  #closed = false;

  constructor(onRetry: OnRetry) {
    this.#onRetry = onRetry;
  }

  push(parcel: Parcel): void {
    if (this.#closed) {
      parcel.failed('the host was stopped');
      return;
    }
    if (this.#waiting.length >= longest) this.#waiting.shift()?.failed('too many notifications wait');
    this.#waiting.push(parcel);
    this.#sending ??= this.#work().finally(() => {
      this.#sending = undefined;
    });
  }

  /** Tries once more what waits, and gives up the rest. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#pause?.end();
    await this.#sending;
  }

  async #work(): Promise<void> {
    for (;;) {
      const [parcel] = this.#waiting;
      if (parcel === undefined) return;
      await this.#deliver(parcel);
      const index = this.#waiting.indexOf(parcel);
      if (index >= 0) this.#waiting.splice(index, 1);
    }
  }

  async #deliver(parcel: Parcel): Promise<void> {
    for (let attempt = 0; ; attempt += 1) {
      try {
        await parcel.send();
        parcel.sent();
        return;
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        const pause = error instanceof PermanentFailure ? undefined : pausesMs[attempt];
        if (pause === undefined || this.#closed) {
          parcel.failed(reason);
          return;
        }
        this.#onRetry(reason, pause);
        await this.#wait(pause);
      }
    }
  }

  #wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const end = () => {
        clearTimeout(timer);
        this.#pause = undefined;
        resolve();
      };
      const timer = setTimeout(end, ms);
      timer.unref();
      this.#pause = { timer, end };
    });
  }
}
