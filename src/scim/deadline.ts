/** When requests have to have ended: one timer for all of them. */
import { ScimError } from './error';

/** After a missed deadline the same request may well succeed; so soon, and not sooner. */
const retryAfterSeconds = 30;

/** The end of a request's time: its deadline, or the moment at which the client has gone. */
export class Deadline {
  /** Where {@link Deadlines} keeps it. */
  readonly place: number;
  /** On the clock of `performance.now()`. */
  readonly at: number;
  readonly #milliseconds: number;
  readonly #controller = new AbortController();
  #reject: ((reason: ScimError) => void) | undefined;

  constructor(milliseconds: number, place: number) {
    this.place = place;
    this.at = performance.now() + milliseconds;
    this.#milliseconds = milliseconds;
  }

  /** Aborts when the time is over. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Work that does not heed the signal keeps nobody waiting. To be called once. */
  race<T>(work: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#reject = reject;
      work.then(resolve, reject);
    });
  }

  pass(): void {
    const late = `The request took longer than ${this.#milliseconds} ms; whether it took effect is not known.`;
    this.#end(ScimError.unavailable(late, retryAfterSeconds));
  }

  clientGone(): void {
    this.#end(ScimError.unavailable('The client has gone.', 0));
  }

  #end(reason: ScimError): void {
    this.#controller.abort(reason);
    this.#reject?.(reason);
  }
}

/** The deadlines of the requests that are being answered. */
export class Deadlines {
  /**
   * Not a Set: the tables that it leaves behind when it grows and shrinks make the garbage collector take what was in
   * them for alive, and all that hangs on it.
   */
  readonly #places: (Deadline | undefined)[] = [];
  readonly #free: number[] = [];
  #timer: NodeJS.Timeout | undefined;
  #next = Number.POSITIVE_INFINITY;

  begin(milliseconds: number): Deadline {
    const deadline = new Deadline(milliseconds, this.#free.pop() ?? this.#places.length);
    this.#places[deadline.place] = deadline;
    if (deadline.at < this.#next) this.#wakeAt(deadline.at);
    return deadline;
  }

  /** The request has been answered. */
  clear(deadline: Deadline): void {
    if (this.#places[deadline.place] !== deadline) return;
    this.#places[deadline.place] = undefined;
    this.#free.push(deadline.place);
  }

  /** Mostly the deadline that the timer was set for is none any more; it is moved to the first that still is one. */
  #wakeAt(at: number): void {
    clearTimeout(this.#timer);
    this.#next = at;
    // What keeps the process alive is the connection of whoever waits.
    this.#timer = setTimeout(() => this.#wake(), Math.max(0, at - performance.now())).unref();
  }

  #wake(): void {
    this.#next = Number.POSITIVE_INFINITY;
    const now = performance.now();
    let next = Number.POSITIVE_INFINITY;
    for (const deadline of this.#places) {
      if (deadline === undefined) continue;
      if (deadline.at > now) next = Math.min(next, deadline.at);
      else {
        this.clear(deadline);
        deadline.pass();
      }
    }
    if (next < this.#next) this.#wakeAt(next);
  }
}
