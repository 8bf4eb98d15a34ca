/** A directory that is cut off, paused and killed at random. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { FlakyProxy } from './flakyProxy';
import type { Random } from './random';
import type { Slapd } from './slapd';

/** One disturbance after another, until it is over. */
export async function disturb(
  { slapd, proxy }: { readonly slapd: Slapd; readonly proxy: FlakyProxy },
  random: Random,
  isOver: () => boolean,
): Promise<void> {
  while (!isOver()) {
    await sleep(random.between(80, 600));
    const dice = random.next();
    if (dice < 0.4) proxy.cut();
    else if (dice < 0.6) {
      proxy.refuse(true);
      proxy.cut();
      await sleep(random.between(50, 600));
      proxy.refuse(false);
    } else if (dice < 0.85) {
      await slapd.pause();
      await sleep(random.between(50, 2_500));
      slapd.resume();
    } else {
      await slapd.kill();
      await sleep(random.between(0, 600));
      await slapd.restart();
    }
  }
}
