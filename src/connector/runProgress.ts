/** How far a run is: what has been read, how fast, and how long it will take if it goes on so. */

/** Progress of a run that is under way. */
export interface RunProgress {
  /** Entries that it has read so far. */
  readonly seen: number;
  readonly perSecond: number;
  /** Entries that there were the last time; absent where nothing is known to compare with. */
  readonly expected?: number;
  /** 0 to 99: nobody knows how many there really are before the end. */
  readonly percent?: number;
  readonly remainingMs?: number;
}

/** Earlier than that a rate says nothing. */
const firstRateMs = 500;

/** @param expected entries that there were the last time, if there was one */
export function progressOf(seen: number, elapsedMs: number, expected: number | undefined): RunProgress {
  const perSecond = elapsedMs < firstRateMs ? 0 : Math.round((seen * 1000) / elapsedMs);
  if (expected === undefined || expected === 0) return { seen, perSecond };
  const percent = Math.min(99, Math.floor((seen * 100) / expected));
  if (perSecond === 0) return { seen, perSecond, expected, percent };
  const remainingMs = Math.round((Math.max(0, expected - seen) * 1000) / perSecond);
  return { seen, perSecond, expected, percent, remainingMs };
}
