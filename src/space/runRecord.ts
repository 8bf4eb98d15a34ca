/** What is kept of a run of a run profile. */

/** Run profiles (ECMA). */
export type RunProfile = 'fullImport' | 'deltaImport' | 'export';

/** How a run ended. `completedWithErrors`: all of it took place, but for single entries that are named in `errors`. */
export type RunOutcome = 'success' | 'completedWithErrors' | 'failed' | 'cancelled';

/** Entries of a run. */
export interface RunCounts {
  /** Read from the directory. */
  readonly seen: number;
  readonly added: number;
  readonly updated: number;
  readonly unchanged: number;
  readonly deleted: number;
  /** Could not be saved. */
  readonly failed: number;
}

/** Something that went wrong; never with values of attributes. */
export interface RunError {
  readonly dn?: string;
  readonly message: string;
}

/** What a run did. */
export interface RunResult {
  readonly outcome: RunOutcome;
  readonly counts: RunCounts;
  /** The first ones. */
  readonly errors: readonly RunError[];
  /** What there is to know of a run that ended well. */
  readonly notes?: readonly string[];
  /** Set when only a full import can bring the connector space up to date. */
  readonly needsFullImport?: boolean;
}

/** A run as it is kept. Times are milliseconds since the epoch. */
export interface RunRecord extends RunResult {
  readonly profile: RunProfile;
  readonly started: number;
  readonly ended: number;
}

/** Errors that a run keeps; the rest are only counted. */
export const KEPT_ERRORS = 20;

/** Counts of a run that has not done anything. */
export const NO_COUNTS: RunCounts = { seen: 0, added: 0, updated: 0, unchanged: 0, deleted: 0, failed: 0 };

/** Counts with those of what became of more changes of rows. */
export function countedOn(counts: RunCounts, outcomes: readonly string[]): RunCounts {
  const of = (outcome: string) => outcomes.filter((one) => one === outcome).length;
  return {
    ...counts,
    added: counts.added + of('added'),
    updated: counts.updated + of('updated'),
    unchanged: counts.unchanged + of('unchanged') + of('outdated'),
    deleted: counts.deleted + of('deleted'),
  };
}

/** The result of a run that an error ended. */
export function failedRun(error: unknown, cancelled: boolean, counts: RunCounts = NO_COUNTS): RunResult {
  const message = error instanceof Error ? error.message : String(error);
  return { outcome: cancelled ? 'cancelled' : 'failed', counts, errors: [{ message }] };
}
