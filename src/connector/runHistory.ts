/** The runs of a connector, read beside the host that makes them. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { RunProfile, RunRecord } from '../space/run';
import { openState } from '../space/state';

export type { RunProfile, RunRecord } from '../space/run';

/** Runs that have ended, the newest first; undefined where the host has never opened this connector. */
export async function readRuns(
  stateDirectory: string,
  connector: string,
  selection: { readonly profile?: RunProfile; readonly failedOnly?: boolean; readonly limit: number },
): Promise<readonly RunRecord[] | undefined> {
  if (!existsSync(join(stateDirectory, `${connector}.state.sqlite`))) return undefined;
  const state = await openState(stateDirectory, connector);
  return state.runs.list(selection).finally(() => state.close());
}
