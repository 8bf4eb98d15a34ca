/** Full imports as the tests of this room run them. */
import type { ConnectorSpace } from '../../src/space/connectorSpace';
import { runFullImport } from '../../src/space/fullImport';
import type { ImportSource } from '../../src/space/importScope';
import { type LoadOptions, loadGeneration } from '../../src/space/loadGeneration';
import type { RunResult } from '../../src/space/run';
import { draft, peopleScope } from './support';

export type FullOptions = Partial<LoadOptions> & { accidentLimit?: number };

/** A full import of the people, unless the options say something else. */
export function importAll(
  space: ConnectorSpace,
  directory: ImportSource,
  { accidentLimit = 0.1, ...load }: FullOptions,
): Promise<RunResult> {
  return runFullImport({
    space,
    accidentLimit,
    ...(load.signal && { signal: load.signal }),
    load: (target) =>
      loadGeneration({ directory, scopes: [peopleScope], toRow: draft, now: Date.now, ...load, ...target }),
  });
}

/** The anchors of all rows, in their order. */
export async function anchorsIn(space: ConnectorSpace): Promise<string[]> {
  const found: string[] = [];
  for await (const { anchor } of space.iterate()) found.push(anchor);
  return found;
}
