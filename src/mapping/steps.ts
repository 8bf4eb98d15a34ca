/**
 * Work on very many values, in steps: pure as the rest of the room, and whoever drives it may let others go first between
 * two steps. A group of 100,000 members is made into a resource this way.
 */

import { type Steps, VALUES_PER_STEP } from '../directory/steps';

export { atOnce, type Steps, VALUES_PER_STEP } from '../directory/steps';

/** Whether values are looked at in more than one step. */
export function isMany(values: readonly unknown[]): boolean {
  return values.length > VALUES_PER_STEP;
}

/** What is made of values, one by one, without what is undefined. For few values: more of them take {@link eachInSteps}. */
export function eachAtOnce<T, R>(values: readonly T[], make: (value: T) => R | undefined): R[] {
  const made: R[] = [];
  for (const value of values) {
    const one = make(value);
    if (one !== undefined) made.push(one);
  }
  return made;
}

/** The same in steps. */
export function* eachInSteps<T, R>(values: readonly T[], make: (value: T) => R | undefined): Steps<R[]> {
  const made: R[] = [];
  for (const [index, value] of values.entries()) {
    if (index > 0 && index % VALUES_PER_STEP === 0) yield;
    const one = make(value);
    if (one !== undefined) made.push(one);
  }
  return made;
}
