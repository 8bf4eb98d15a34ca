/** The run profile Full Import: a new generation of the connector space, checked against the one before and switched to. */

import type { Comparison } from './comparison';
import type { ConnectorSpace } from './connectorSpace';
import type { LoadResult } from './loadGeneration';
import { failedRun, NO_COUNTS, type RunCounts, type RunError, type RunResult } from './runRecord';

/** How a full import goes. */
export interface FullImportOptions {
  readonly space: ConnectorSpace;
  /** Reads the directory into the file: `loadGeneration` itself, or a process that runs it. Rejects unless all was read. */
  readonly load: (target: LoadTarget) => Promise<LoadResult>;
  /** The share of the entries of an object type (0 to 1) that one import may take away; 1 allows every loss. */
  readonly accidentLimit: number;
  readonly signal?: AbortSignal;
}

/** Where a load has to leave its result. */
export interface LoadTarget {
  readonly file: string;
  readonly sequence: number;
  /** The file of the generation in use, with which it has to be compared. */
  readonly previous: string;
  readonly signal?: AbortSignal;
}

/** Losses up to this number are no accident, whatever their share. */
const HANDFUL = 19;

/**
 * Runs a full import. Answers a failed or cancelled result, and leaves the space as it was, when the directory was not
 * read to its end or the accident limit was passed. Rejects only while another new generation is being built.
 */
export async function runFullImport(options: FullImportOptions): Promise<RunResult> {
  const { space, signal } = options;
  const next = space.beginGeneration();
  let counts: RunCounts = NO_COUNTS;
  try {
    const { file, sequence, previous } = next;
    const loaded = await options.load({ file, sequence, previous, ...(signal && { signal }) });
    const { comparison } = loaded;
    counts = countsOf(loaded, comparison);
    const accidents = accidentsIn(comparison, options.accidentLimit);
    if (accidents.length > 0) return { outcome: 'failed', counts, errors: [...accidents, ...loaded.errors] };
    signal?.throwIfAborted();
    await next.switch();
    const outcome = loaded.errors.length > 0 ? 'completedWithErrors' : 'success';
    return { outcome, counts, errors: loaded.errors, ...(loaded.notes.length > 0 && { notes: loaded.notes }) };
  } catch (error) {
    return failedRun(error, signal?.aborted ?? false, counts);
  } finally {
    next.discard();
  }
}

function countsOf(loaded: LoadResult, comparison: readonly Comparison[]): RunCounts {
  const sum = (of: (one: Comparison) => number) => comparison.reduce((total, one) => total + of(one), 0);
  return {
    seen: loaded.seen,
    added: sum(({ added }) => added),
    updated: sum(({ updated }) => updated),
    unchanged: sum(({ unchanged }) => unchanged),
    deleted: sum(({ lost }) => lost),
    failed: loaded.failed,
  };
}

/** Whether a loss is more than may be believed without a look at the whole. */
export function isAccident(lost: number, of: number, limit: number): boolean {
  return lost > HANDFUL && lost / of > limit;
}

function accidentsIn(comparison: readonly Comparison[], limit: number): RunError[] {
  const errors: RunError[] = [];
  for (const { objectType, previous, lost } of comparison) {
    if (!isAccident(lost, previous, limit)) continue;
    const share = (ratio: number) => `${Math.round(ratio * 1000) / 10} %`;
    errors.push({
      message:
        `Accident limit: ${lost} of ${previous} entries of ${objectType} (${share(lost / previous)}) would leave the connector space, ` +
        `${share(limit)} may. The space is unchanged. Check the base DN, the filter and the rights of the account that reads; ` +
        'if the entries are really gone, raise the accident limit for one run',
    });
  }
  return errors;
}
