/** Runs of run profiles: one at a time per connector, each recorded. What a run does is in `fullImport` and `deltaImport`. */
import { failedRun, type RunProfile, type RunRecord, type RunResult } from './runRecord';
import type { Runs } from './state/runs';

export {
  failedRun,
  type RunCounts,
  type RunError,
  type RunOutcome,
  type RunProfile,
  type RunRecord,
  type RunResult,
} from './runRecord';

/** A run is under way, so another cannot begin. */
export class RunInProgress extends Error {
  override readonly name = 'RunInProgress';
  constructor(
    readonly profile: RunProfile,
    readonly started: number,
  ) {
    super(
      `A run of ${profile} has been under way since ${new Date(started).toISOString()}: wait for its end or stop it`,
    );
  }
}

/** A run that is under way. Times are milliseconds since the epoch. */
export interface CurrentRun {
  readonly profile: RunProfile;
  readonly started: number;
}

/** Runs of one connector, which never overlap. */
export class Runner {
  #current: (CurrentRun & { readonly abort: AbortController; readonly ended: Promise<unknown> }) | undefined;

  constructor(
    readonly history: Pick<Runs, 'record'>,
    readonly now: () => number = Date.now,
  ) {}

  get current(): CurrentRun | undefined {
    return this.#current && { profile: this.#current.profile, started: this.#current.started };
  }

  /**
   * Runs `work` and records it; an error that it throws is a failed run. Rejects with {@link RunInProgress} while
   * another run is under way, and with the record's error when the run cannot be recorded.
   */
  async run(profile: RunProfile, work: (signal: AbortSignal) => Promise<RunResult>): Promise<RunRecord> {
    if (this.#current) throw new RunInProgress(this.#current.profile, this.#current.started);
    const started = this.now();
    const abort = new AbortController();
    const ended = Promise.resolve(abort.signal)
      .then(work)
      .catch((error: unknown) => failedRun(error, abort.signal.aborted))
      .finally(() => {
        this.#current = undefined;
      });
    this.#current = { profile, started, abort, ended };
    const result = await ended;
    const record: RunRecord = { profile, started, ended: this.now(), ...result };
    await this.history.record(record);
    return record;
  }

  /** Resolves when no run is under way. */
  async idle(): Promise<void> {
    await this.#current?.ended;
  }

  /** Ends the run that is under way, if there is one, as cancelled; resolves when it has ended. */
  async stop(): Promise<void> {
    this.#current?.abort.abort();
    await this.#current?.ended;
  }
}
