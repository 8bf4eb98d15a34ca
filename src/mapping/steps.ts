/**
 * Work on very many values, in steps: pure as the rest of the room, and whoever drives it may let others go first between
 * two steps. A group of 100,000 members is made into a resource this way.
 */

/** Work that pauses after each step. */
export type Steps<T> = Generator<undefined, T, undefined>;

/** Values that are looked at in one step. */
export const VALUES_PER_STEP = 1_000;

/** Does all of it at once. */
export function atOnce<T>(steps: Steps<T>): T {
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
  }
}

/** The values that are none of the undefined ones, made one by one. */
export function* eachInSteps<T, R>(values: readonly T[], make: (value: T, index: number) => R | undefined): Steps<R[]> {
  const made: R[] = [];
  for (const [index, value] of values.entries()) {
    if (index > 0 && index % VALUES_PER_STEP === 0) yield;
    const one = make(value, index);
    if (one !== undefined) made.push(one);
  }
  return made;
}
