/**
 * Changes of the space, saved together: one transaction for many of them costs little more than for one. Those that arrive
 * in one turn of the event loop are gathered, and for a moment longer those that are accepted, which nobody waits for.
 */
import { type Deferred, deferred } from './deferred';
import type { NumberedChange, SpaceChange } from './generation';
import type { MatchKey, SpaceEntry } from './row';
import type { Sequence } from './sequence';

/** So long, in milliseconds, does what is accepted look for company. */
export const LONGEST_ACCEPTED_MS = 25;

/** More are not saved at once: the event loop stands still meanwhile. */
const MOST_ACCEPTED = 64;

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

interface Batch {
  readonly changes: NumberedChange[];
  /** No read that was under way when a change came has a lower number: deletes from here on are remembered. */
  oldestReading: number;
  readonly saved: Deferred;
  /** Some of it is accepted. */
  isAccepted: boolean;
}

/** Gathers changes until the turn ends or their time has come, or until somebody saves or reads something at once. */
export class Saving {
  readonly #sequence: Sequence;
  readonly #save: (changes: readonly NumberedChange[], oldestReading: number) => void;
  #batch: Batch | undefined;
  #atEndOfTurn: NodeJS.Immediate | undefined;
  #whenDue: NodeJS.Timeout | undefined;

  constructor(sequence: Sequence, save: (changes: readonly NumberedChange[], oldestReading: number) => void) {
    this.#sequence = sequence;
    this.#save = save;
  }

  /** Resolves when the changes are committed; rejects for everybody whose changes are saved together when they cannot be. */
  add(changes: readonly SpaceChange[]): Promise<void> {
    const { saved } = this.#gather(changes);
    this.#saveAtEndOfTurn();
    return saved.promise;
  }

  /** The same for changes that count from now on, committed or not: {@link flushAccepted} comes before each read. */
  accept(changes: readonly SpaceChange[]): Promise<void> {
    const batch = this.#gather(changes);
    batch.isAccepted = true;
    // Not everybody who goes on without waiting asks later.
    batch.saved.promise.catch(() => undefined);
    if (batch.changes.length >= MOST_ACCEPTED) this.#saveAtEndOfTurn();
    else this.#whenDue ??= setTimeout(() => this.flush(), LONGEST_ACCEPTED_MS);
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
    this.#batch ??= { changes: [], oldestReading: oldest, saved: deferred(), isAccepted: false };
    this.#batch.oldestReading = Math.min(this.#batch.oldestReading, oldest);
    this.#batch.changes.push(...numbered(changes, this.#sequence));
    return this.#batch;
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
