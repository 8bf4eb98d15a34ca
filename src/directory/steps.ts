/** Work on very many values, in steps: whoever drives it may let others go first between two of them. */

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

/** Does all of it, with a turn of the event loop after each step. */
export async function inTurns<T>(steps: Steps<T>): Promise<T> {
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
    await new Promise((resolve) => setImmediate(resolve));
  }
}
