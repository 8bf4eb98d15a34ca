/** Changes of the space that arrive in one turn of the event loop, saved together: one transaction for all of them costs little more than for one. */
import { type Deferred, deferred } from './deferred';
import type { NumberedChange, SpaceChange } from './generation';
import type { Sequence } from './sequence';

/** Changes with the sequence numbers that they are saved under. */
export function numbered(changes: readonly SpaceChange[], sequence: Sequence): NumberedChange[] {
  return changes.map((change) => ({ ...change, sequence: change.sequence ?? sequence.next() }));
}

interface Turn {
  readonly changes: NumberedChange[];
  /** No read that was under way when a change came has a lower number: deletes from here on are remembered. */
  oldestReading: number;
  readonly saved: Deferred;
}

/** Gathers changes until the turn ends, or until somebody saves something at once. */
export class Saving {
  readonly #sequence: Sequence;
  readonly #save: (changes: readonly NumberedChange[], oldestReading: number) => void;
  #turn: Turn | undefined;
  #scheduled: NodeJS.Immediate | undefined;

  constructor(sequence: Sequence, save: (changes: readonly NumberedChange[], oldestReading: number) => void) {
    this.#sequence = sequence;
    this.#save = save;
  }

  /** Resolves when the changes are committed; rejects for everybody of the turn when they cannot be. */
  add(changes: readonly SpaceChange[]): Promise<void> {
    const oldest = this.#sequence.oldest();
    this.#turn ??= this.#begin();
    this.#turn.oldestReading = Math.min(this.#turn.oldestReading, oldest);
    this.#turn.changes.push(...numbered(changes, this.#sequence));
    return this.#turn.saved.promise;
  }

  /** Saves now what has been gathered. Does not throw: whoever has added it hears of a failure. */
  flush(): void {
    const turn = this.#turn;
    if (turn === undefined) return;
    clearImmediate(this.#scheduled);
    this.#turn = undefined;
    try {
      this.#save(turn.changes, Math.min(turn.oldestReading, this.#sequence.oldest()));
      turn.saved.resolve();
    } catch (error) {
      turn.saved.reject(error);
    }
  }

  #begin(): Turn {
    this.#scheduled = setImmediate(() => this.flush());
    return { changes: [], oldestReading: Number.POSITIVE_INFINITY, saved: deferred() };
  }
}
