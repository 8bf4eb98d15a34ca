/**
 * Changes of the space, saved together: one transaction for many of them costs little more than for one. Those that arrive
 * in one turn of the event loop are gathered; for a moment longer the outcomes of writes while more of them are expected;
 * and longest those that are accepted, which nobody waits for.
 */
import { type Deferred, deferred } from './deferred';
import type { NumberedChange, SpaceChange } from './generation';
import type { MatchKey, SpaceEntry } from './row';
import type { Sequence } from './sequence';

/** So long, in milliseconds, does what is accepted look for company. */
export const LONGEST_ACCEPTED_MS = 25;

/** More are not saved at once: the event loop stands still meanwhile. */
const MOST_ACCEPTED = 64;

/** So long, in milliseconds, does the outcome of a write look for company, while there is some to be expected. */
const LONGEST_AWAITED_MS = 8;

/** Of the writes that are under way, one in so many waits to be saved at the most: the others keep the directory busy. */
const SHARE = 4;

/** Changes with the sequence numbers that they are saved under. */
export function numbered(changes: readonly SpaceChange[], sequence: Sequence): NumberedChange[] {
  return changes.map((change) => ({ ...change, sequence: change.sequence ?? sequence.next() }));
}

/** What entries are looked for by, or what is known of one that was found. */
interface About {
  readonly id?: string;
  readonly anchor?: string;
  readonly normalizedDN?: string;
  readonly match?: MatchKey;
}

/** How long a change may wait: to the end of the turn, or a moment for those that are expected. */
export type Wait = 'turn' | 'company';

/** Writes of the directory that are under way, and whose outcomes are going to be saved when they have come. */
export class Writes {
  #underWay = 0;

  get underWay(): number {
    return this.#underWay;
  }

  /** Does one. */
  async during<T>(write: () => Promise<T>): Promise<T> {
    this.#underWay += 1;
    try {
      return await write();
    } finally {
      this.#underWay -= 1;
    }
  }
}

interface Batch {
  readonly changes: NumberedChange[];
  /** No read that was under way when a change came has a lower number: deletes from here on are remembered. */
  oldestReading: number;
  readonly saved: Deferred;
  /** Some of it is accepted. */
  isAccepted: boolean;
  /** How many wait for it. */
  awaited: number;
}

/** Gathers changes until the turn ends or their time has come, or until somebody saves or reads something at once. */
export class Saving {
  readonly #sequence: Sequence;
  readonly #save: (changes: readonly NumberedChange[], oldestReading: number) => void;
  #batch: Batch | undefined;
  #atEndOfTurn: NodeJS.Immediate | undefined;
  #whenDue: NodeJS.Timeout | undefined;
  /** When {@link #whenDue} goes off, on the clock of `performance.now()`. */
  #dueAt = 0;

  constructor(
    sequence: Sequence,
    readonly writes: Writes,
    save: (changes: readonly NumberedChange[], oldestReading: number) => void,
  ) {
    this.#sequence = sequence;
    this.#save = save;
  }

  /** Resolves when the changes are committed; rejects for everybody whose changes are saved together when they cannot be. */
  add(changes: readonly SpaceChange[], wait: Wait = 'turn'): Promise<void> {
    const batch = this.#gather(changes);
    batch.awaited += 1;
    const areFew = batch.awaited * SHARE < batch.awaited + this.writes.underWay;
    if (wait === 'company' && areFew) this.#saveWithin(LONGEST_AWAITED_MS);
    else this.#saveAtEndOfTurn();
    return batch.saved.promise;
  }

  /** The same for changes that count from now on, committed or not: {@link flushAccepted} comes before each read. */
  accept(changes: readonly SpaceChange[]): Promise<void> {
    const batch = this.#gather(changes);
    batch.isAccepted = true;
    // Not everybody who goes on without waiting asks later.
    batch.saved.promise.catch(() => undefined);
    if (batch.changes.length >= MOST_ACCEPTED) this.#saveAtEndOfTurn();
    else this.#saveWithin(LONGEST_ACCEPTED_MS);
    return batch.saved.promise;
  }

  /** Whether this very entry is among what is accepted and not saved yet. */
  hasAccepted({ entry }: Pick<SpaceEntry, 'entry'>): boolean {
    const { isAccepted = false, changes = [] } = this.#batch ?? {};
    return isAccepted && changes.some((change) => change.kind === 'upsert' && change.row.entry === entry);
  }

  /** Saves now what has been accepted. */
  flushAccepted(): void {
    if (this.#batch?.isAccepted) this.flush();
  }

  /**
   * The same where some of it may be about such entries; answers whether. An entry that was found is asked about too: a
   * new one may have its name, and then it is gone.
   */
  flushAbout(about: About): boolean {
    if (!this.#batch?.isAccepted || !this.#batch.changes.some((change) => mayConcern(change, about))) return false;
    this.flush();
    return true;
  }

  /** Saves now what has been gathered. Does not throw: whoever has added it hears of a failure. */
  flush(): void {
    const batch = this.#batch;
    if (batch === undefined) return;
    clearImmediate(this.#atEndOfTurn);
    clearTimeout(this.#whenDue);
    this.#batch = undefined;
    this.#atEndOfTurn = undefined;
    this.#whenDue = undefined;
    try {
      this.#save(batch.changes, Math.min(batch.oldestReading, this.#sequence.oldest()));
      batch.saved.resolve();
    } catch (error) {
      batch.saved.reject(error);
    }
  }

  #gather(changes: readonly SpaceChange[]): Batch {
    const oldest = this.#sequence.oldest();
    this.#batch ??= { changes: [], oldestReading: oldest, saved: deferred(), isAccepted: false, awaited: 0 };
    this.#batch.oldestReading = Math.min(this.#batch.oldestReading, oldest);
    this.#batch.changes.push(...numbered(changes, this.#sequence));
    return this.#batch;
  }

  #saveWithin(milliseconds: number): void {
    const at = performance.now() + milliseconds;
    if (this.#whenDue !== undefined && this.#dueAt <= at) return;
    clearTimeout(this.#whenDue);
    this.#dueAt = at;
    this.#whenDue = setTimeout(() => this.flush(), milliseconds);
  }

  #saveAtEndOfTurn(): void {
    this.#atEndOfTurn ??= setImmediate(() => this.flush());
  }
}

function mayConcern(change: SpaceChange, { id, anchor, normalizedDN, match }: About): boolean {
  if (change.kind !== 'upsert') return true;
  const { row } = change;
  if (row.id === id || row.anchor === anchor || row.normalizedDN === normalizedDN) return true;
  if (match === undefined) return false;
  const name = match.attribute.toLowerCase();
  return row.matches.some(({ attribute, value }) => value === match.value && attribute.toLowerCase() === name);
}
