/** Steps of pure work, with a turn of the event loop between them: nobody waits for a group of 100,000 members. */
import type { Steps } from '../mapping/steps';
import { yieldToEventLoop } from '../space/eventLoop';

/** Does all steps, letting everything else that waits go first after each. */
export async function paced<T>(steps: Steps<T>): Promise<T> {
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
    await yieldToEventLoop();
  }
}
