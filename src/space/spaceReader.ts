/** Reading a connector space beside the host that works on it: nothing is deleted, set aside or made. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { yieldToEventLoop } from './eventLoop';
import { Generation } from './generation';
import { NeverStored, type SpaceEntry } from './row';
import { openState } from './state';

/** A connector space as it is at this moment. */
export interface SpaceReader {
  readonly objectTypes: readonly string[];
  /** When the import that filled the space began to read, in milliseconds since the epoch; undefined while there was none. */
  readonly importedAt?: number;
  count(objectType: string): number;
  /** Entries in anchor order, in short reads that yield. */
  iterate(objectType: string): AsyncIterable<SpaceEntry>;
  close(): void;
}

const entriesPerRead = 100;

/** Opens the current generation; undefined where the host has never opened this connector. */
export async function readSpace(folder: string, name: string): Promise<SpaceReader | undefined> {
  if (!existsSync(join(folder, `${name}.state.sqlite`))) return undefined;
  const state = await openState(folder, name);
  const number = await state.generations.current().finally(() => state.close());
  const file = join(folder, `${name}.space-${number ?? 1}.sqlite`);
  return existsSync(file) ? readGeneration(file) : undefined;
}

/** Opens the file of a generation that somebody else may be writing. */
export function readGeneration(file: string): SpaceReader {
  const generation = Generation.open(file, new NeverStored());
  const { importedAt } = generation.properties;
  return {
    objectTypes: generation.objectTypes,
    ...(importedAt === undefined ? {} : { importedAt }),
    count: (objectType) => generation.count(objectType),
    iterate: (objectType) => entriesOf(generation, objectType),
    close: () => generation.close(),
  };
}

async function* entriesOf(generation: Generation, objectType: string): AsyncIterable<SpaceEntry> {
  let after = '';
  for (;;) {
    const entries = generation.rows.after(generation.number(objectType), after, entriesPerRead, 'whole');
    yield* entries;
    const last = entries.at(-1);
    if (last === undefined) return;
    after = last.anchor;
    await yieldToEventLoop();
  }
}
