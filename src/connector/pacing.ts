/** Steps of pure work, with a turn of the event loop between them: nobody waits for a group of 100,000 members. */
import type { Entry } from '../directory/entry';
import { type Steps, VALUES_PER_STEP } from '../mapping/steps';
import { yieldToEventLoop } from '../space/eventLoop';

/** Does all steps, letting everything else that waits go first after each. */
export async function paced<T>(steps: Steps<T>): Promise<T> {
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
    await yieldToEventLoop();
  }
}

/** Whether an entry has so many values of some attribute that work on it is done in turns. */
export function hasMany(entry: Entry): boolean {
  return entry.mostValues > VALUES_PER_STEP;
}

/** An entry whose values can be asked for at once: very many of them are made in turns with whatever else waits. */
export async function unfolded(entry: Entry): Promise<Entry> {
  if (hasMany(entry)) await paced(entry.unfoldSteps());
  return entry;
}

/** A turn of the event loop between two pieces of work on one of these entries, if it is one of very many values. */
export async function turnBetween(...entries: readonly Entry[]): Promise<void> {
  if (entries.some(hasMany)) await yieldToEventLoop();
}
