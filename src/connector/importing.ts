/** The import run profiles of one connector: full import at start and on the autosync timer, delta imports in between. */
import type { Directory } from '../directory/directory';
import { isLdapError } from '../directory/error';
import type { ConnectorSpace } from '../space/connectorSpace';
import { runFullImport } from '../space/fullImport';
import type { ImportScope, ToRow } from '../space/importScope';
import type { LoadProgress } from '../space/loadGeneration';
import { type CurrentRun, RunInProgress, Runner, type RunRecord, type RunResult } from '../space/run';
import type { State } from '../space/state';
import type { Log } from '../telemetry/log';
import { Following, isFollowed } from './following';
import type { Links } from './importRows';
import { loadInto } from './loading';
import { type ImportProfile, OperationRefused } from './operationRefused';
import type { ConnectorOptions } from './options';
import { progressOf, type RunProgress } from './runProgress';
import { Recurring, type Time, tickAfter } from './schedule';

/** What imports need of an opened connector. */
export interface ImportDependencies {
  readonly options: ConnectorOptions;
  readonly directory: Directory;
  readonly space: ConnectorSpace;
  readonly state: State;
  readonly log: Log;
  readonly now: () => number;
  readonly time: Time;
  readonly scopes: () => readonly ImportScope[];
  readonly toRow: ToRow;
  /** Which attributes name other entries. */
  readonly links: () => Links;
  /** Reads the directory's description and schema again, before each import. */
  readonly refresh: (profile: ImportProfile) => Promise<void>;
  /** Whether the options read another part of the directory than the last whole import: then a loss is no accident. */
  readonly isRescoped: () => Promise<boolean>;
  /** A full import has ended well. */
  readonly imported: () => Promise<void>;
  /** Told of each run that has ended. */
  readonly ended?: (record: RunRecord) => void;
}

const firstRetryMs = 1_000;
const longestRetryMs = 30_000;
const progressLogMs = 10_000;
const quickestDeltaMs = 1_000;

/** Runs imports, one at a time, and says how they went. */
export class Importing {
  readonly #dependencies: ImportDependencies;
  readonly #runner: Runner;
  readonly #following: Following;
  readonly #recurring: Recurring[] = [];
  #callOffRetry: (() => void) | undefined;
  #failures = 0;
  #seen = 0;
  #expected: number | undefined;
  #loggedAt = 0;
  #last: RunRecord | undefined;
  #lastEnd: string | undefined;
  #closed = false;
  #waiting: (() => void)[] = [];

  constructor(dependencies: ImportDependencies) {
    this.#dependencies = dependencies;
    this.#following = new Following(dependencies);
    this.#runner = new Runner(dependencies.state.runs, dependencies.now);
  }

  /** The last run that ended; undefined before the first one has. */
  get last(): RunRecord | undefined {
    return this.#last;
  }

  /** When it ended, ISO 8601: the same text at each request until the next one ends. */
  get lastEnd(): string | undefined {
    return this.#lastEnd;
  }

  get running(): boolean {
    return this.#runner.current !== undefined;
  }

  /** The run that is under way. */
  get current(): CurrentRun | undefined {
    return this.#runner.current;
  }

  /** How far the running import is. */
  get progress(): RunProgress {
    const { current } = this.#runner;
    const elapsedMs = current === undefined ? 0 : this.#dependencies.now() - current.started;
    return progressOf(this.#seen, elapsedMs, this.#expected);
  }

  /** What is due at start, and the timers. Does not wait for any of it. */
  start(): void {
    const { options, directory, time } = this.#dependencies;
    const { intervalMs } = options.runProfiles.deltaImport;
    const everyMs = Math.max(intervalMs, quickestDeltaMs);
    if (isFollowed(options, directory))
      this.#recurring.push(new Recurring({ everyMs }, 0, async () => this.#following.isDue && this.delta(), time));
    const { autosync, autosyncJitterMs } = options.properties;
    if (autosync !== undefined)
      this.#recurring.push(new Recurring(autosync, autosyncJitterMs, () => this.#scheduledFull(), time));
    void this.#atStart().finally(() => {
      // Nothing begins before what is due at start: it may be the first import, which deltas go on from.
      if (!this.#closed) for (const each of this.#recurring) each.start();
    });
  }

  /**
   * A full import, but where the calendar says when it is due, and it is not: a host that is restarted does not read a
   * million entries for that. What has changed meanwhile is the delta import's, if the directory can tell.
   */
  async #atStart(): Promise<unknown> {
    const { options, space, time, isRescoped } = this.#dependencies;
    const { autosync } = options.properties;
    const due = autosync && space.importedAt !== undefined ? tickAfter(autosync, space.importedAt) : undefined;
    const byCalendar = autosync !== undefined && 'cron' in autosync && options.connectivity.product !== 'memory';
    if (byCalendar && due !== undefined && due > time.now() && !(await isRescoped())) return this.delta();
    return this.full();
  }

  /** A delta import that is under way does not take the place of a full one. */
  async #scheduledFull(): Promise<void> {
    this.#following.beginAnew();
    await this.#runner.idle();
    await this.full();
  }

  /** Resolves when the space is filled (true), or when it is known that it will not be by this import, or at the signal (false). */
  async filled(signal: AbortSignal): Promise<boolean> {
    const { space } = this.#dependencies;
    if (space.importedAt !== undefined) return true;
    if (!this.running || signal.aborted) return false;
    await new Promise<void>((resolve) => {
      this.#waiting.push(resolve);
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
    return space.importedAt !== undefined;
  }

  /** A full import now; while another run goes on, the tick is dropped. */
  async full(): Promise<RunRecord | undefined> {
    if (this.running || this.#closed) return undefined;
    const { space, options, refresh, isRescoped, imported } = this.#dependencies;
    const record = await this.#run('fullImport', async (signal) => {
      await refresh('fullImport');
      // The embedded directory forgets at each start what was written to it: that is no accident either.
      const everyLoss = options.connectivity.product === 'memory' || (await isRescoped());
      const { accidentLimit } = options.runProfiles.fullImport;
      const result = await runFullImport({
        space,
        accidentLimit: everyLoss ? 1 : accidentLimit,
        signal,
        load: (target) => loadInto(target, this.#dependencies, (progress) => this.#took(progress)),
      });
      if (result.outcome !== 'failed' && result.outcome !== 'cancelled') await imported();
      return result;
    });
    this.#retryWhileEmpty(record);
    return record;
  }

  /** A delta import now, and a full one where the source says that only that is right. */
  async delta(): Promise<RunRecord | undefined> {
    if (this.running || this.#closed || this.#dependencies.space.importedAt === undefined) return undefined;
    const record = await this.#run('deltaImport', async (signal) => {
      await this.#dependencies.refresh('deltaImport');
      return this.#following.run(signal);
    });
    return record?.needsFullImport ? this.full() : record;
  }

  /** Begins a run that somebody asks for, and does not wait for its end. @throws RunInProgress, OperationRefused */
  begin(profile: ImportProfile): CurrentRun {
    const { current } = this.#runner;
    if (current !== undefined) throw new RunInProgress(current.profile, current.started);
    if (profile === 'fullImport') void this.full();
    else {
      const { directory, space } = this.#dependencies;
      if (directory.changes === undefined)
        throw new OperationRefused('This directory cannot say what has changed: run a full import instead.');
      if (space.importedAt === undefined)
        throw new OperationRefused('There is no import to go on from yet: a full import has to end well first.');
      void this.delta();
    }
    const begun = this.#runner.current;
    if (begun === undefined) throw new OperationRefused('The connector is being closed.');
    return begun;
  }

  /** Ends the run that is under way as cancelled; false when there is none. The timers go on. */
  async cancel(): Promise<boolean> {
    const wasRunning = this.running;
    await this.#runner.stop();
    return wasRunning;
  }

  /** Ends the running import as cancelled and starts no other. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const each of this.#recurring) each.stop();
    this.#callOffRetry?.();
    await this.#runner.stop();
    this.#release();
  }

  async #run(
    profile: ImportProfile,
    work: (signal: AbortSignal) => Promise<RunResult>,
  ): Promise<RunRecord | undefined> {
    const { log } = this.#dependencies;
    const { space, now } = this.#dependencies;
    this.#seen = 0;
    this.#loggedAt = now();
    this.#expected = profile === 'fullImport' && space.importedAt !== undefined ? space.count() : undefined;
    try {
      const record = await this.#runner.run(profile, work);
      const level = record.outcome === 'failed' ? 'warn' : profile === 'fullImport' ? 'info' : 'debug';
      if (!this.#closed)
        log.write(level, `${profile} ended`, {
          outcome: record.outcome,
          ...record.counts,
          durationMs: record.ended - record.started,
          errors: record.errors.slice(0, 3),
          ...(record.notes && { notes: record.notes }),
        });
      this.#last = record;
      this.#lastEnd = new Date(record.ended).toISOString();
      this.#dependencies.ended?.(record);
      return record;
    } catch (error) {
      log.error(`${profile} could not be recorded`, { error });
      return undefined;
    } finally {
      this.#release();
    }
  }

  /** Whoever waits for a long import finds in the log how long yet. */
  #took({ seen: read }: LoadProgress): void {
    const { log, now } = this.#dependencies;
    this.#seen = read;
    if (now() - this.#loggedAt < progressLogMs) return;
    this.#loggedAt = now();
    const { seen, perSecond, percent, remainingMs } = this.progress;
    log.info('fullImport under way', {
      seen,
      perSecond,
      ...(percent !== undefined && { percent }),
      ...(remainingMs !== undefined && { remainingMs }),
    });
  }

  /** Until the space has been filled once, a failed import is tried again soon: nothing else could answer lists. */
  #retryWhileEmpty(record: RunRecord | undefined): void {
    if (record?.outcome !== 'failed' || this.#closed || this.#dependencies.space.importedAt !== undefined) {
      this.#failures = 0;
      return;
    }
    const pause = Math.min(firstRetryMs * 2 ** this.#failures, longestRetryMs);
    this.#failures += 1;
    this.#callOffRetry = this.#dependencies.time.after(pause, () => void this.full());
  }

  #release(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}

/** Whether an error says that the directory cannot be reached, rather than that it refuses. */
export function isUnreachable(error: unknown): boolean {
  return isLdapError(error, 'connectionLost', 'timeout');
}
