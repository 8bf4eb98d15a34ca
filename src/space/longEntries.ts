/** Entries of very many values, read and written in turns with whatever else waits. */
import { inTurns } from '../directory/steps';
import type { Generation, SpaceChange } from './generation';
import { isLongRow, type SpaceEntry } from './row';
import type { Sequence } from './sequence';

/** Whether a change is of a row that takes long to write. */
export function isLongChange(change: SpaceChange): boolean {
  return change.kind === 'upsert' && isLongRow(change.row);
}

/** Those of the generation in use, whichever that is. */
export class LongEntries {
  constructor(
    readonly sequence: Sequence,
    readonly current: () => Generation,
  ) {}

  /** Prepares changes for the generation that is in use when this resolves. */
  async prepare(changes: readonly SpaceChange[]): Promise<void> {
    const long = changes.filter(isLongChange);
    let prepared: Generation | undefined;
    while (long.length > 0 && prepared !== this.current()) {
      const generation = this.current();
      const release = generation.acquire();
      try {
        for (const change of long)
          if (change.kind === 'upsert') await inTurns(generation.preparation.steps(change.row));
      } finally {
        release();
      }
      prepared = generation;
    }
  }

  /** Saves changes once they are prepared, with the sequence numbers that they have now. */
  async save(changes: readonly SpaceChange[], save: (changes: readonly SpaceChange[]) => Promise<void>): Promise<void> {
    // No tombstone is forgotten meanwhile that one of them must not get past.
    const reading = this.sequence.begin();
    try {
      await this.prepare(changes);
      await save(changes.map((change) => ({ ...change, sequence: change.sequence ?? reading.sequence })));
    } finally {
      reading.end();
    }
  }

  /** An entry with what was left out of it, as it is now; undefined where it is not there any more. */
  async whole(entry: SpaceEntry): Promise<SpaceEntry | undefined> {
    return entry.leftOut.size === 0 ? entry : inTurns(this.current().rows.wholeSteps(entry.id));
  }
}
