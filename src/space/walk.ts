/** A walk over a whole generation that lets others work in between. */
import { yieldToEventLoop } from './eventLoop';
import type { Generation } from './generation';
import type { Extent, SpaceEntry } from './row';

const ENTRIES_PER_READ = 100;

/** All entries of an object type, or of all, in anchor order, in short reads that yield. The caller holds the generation. */
export async function* walk(
  generation: Generation,
  objectType: string | undefined,
  extent: Extent,
): AsyncIterable<SpaceEntry> {
  for (const type of objectType === undefined ? generation.objectTypes : [objectType]) {
    let after = '';
    for (;;) {
      const entries = generation.rows.after(generation.number(type), after, ENTRIES_PER_READ, extent);
      yield* entries;
      const last = entries.at(-1);
      if (!last) break;
      after = last.anchor;
      await yieldToEventLoop();
    }
  }
}
