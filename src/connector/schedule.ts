/** When something is due again and again: every so many minutes, or by the calendar. */
import { setTimeout as startTimer } from 'node:timers';
import { Cron } from 'croner';

/** Milliseconds from the end of one time to the beginning of the next, or a cron expression in the time zone of the host. */
export type Schedule = { readonly everyMs: number } | { readonly cron: string };

/** Time, as whoever is timed sees it. */
export interface Time {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Calls `work` once, no earlier than in `ms`; the answer calls it off. */
  after(ms: number, work: () => void): () => void;
  /** 0 to 1. */
  random(): number;
}

/** The time of this machine. Its timers keep no process alive. */
export function machineTime(now: () => number = Date.now): Time {
  return {
    now,
    after: (ms, work) => {
      const timer = startTimer(work, ms).unref();
      return () => clearTimeout(timer);
    },
    random: Math.random,
  };
}

/** What is wrong with a cron expression; undefined when nothing is. */
export function cronFault(text: string): string | undefined {
  try {
    if (new Cron(text, { paused: true }).nextRun() === null) return 'there is no such moment any more';
    return undefined;
  } catch (error) {
    return (error instanceof Error ? error.message : String(error)).replace(/^CronPattern: /, '');
  }
}

/** The first tick after a moment (milliseconds since the epoch); undefined when there is none. */
export function tickAfter(schedule: Schedule, moment: number): number | undefined {
  if ('everyMs' in schedule) return moment + schedule.everyMs;
  return new Cron(schedule.cron, { paused: true }).nextRun(new Date(moment))?.getTime();
}

/** Beyond it a timer of Node fires at once; and a clock that was set is noticed within the hour. */
const LONGEST_WAIT_MS = 3_600_000;

/**
 * Does something at the ticks of a schedule. One time has to end before the next can begin; ticks that were missed,
 * because it took so long or because the machine slept, are made up for by one.
 */
export class Recurring {
  readonly #schedule: Schedule;
  readonly #jitterMs: number;
  readonly #work: () => Promise<unknown>;
  readonly #time: Time;
  #callOff: (() => void) | undefined;
  #stopped = false;

  /** @param jitterMs each tick is late by chance, up to this, so that not all begin at the same moment */
  constructor(schedule: Schedule, jitterMs: number, work: () => Promise<unknown>, time: Time) {
    this.#schedule = schedule;
    this.#jitterMs = jitterMs;
    this.#work = work;
    this.#time = time;
  }

  /** Waits for the first tick after a moment, which may have passed: then it is due at once. */
  start(since: number = this.#time.now()): void {
    const tick = tickAfter(this.#schedule, since);
    if (tick !== undefined) this.#wait(tick + this.#jitterMs * this.#time.random());
  }

  stop(): void {
    this.#stopped = true;
    this.#callOff?.();
  }

  #wait(due: number): void {
    if (this.#stopped) return;
    const left = due - this.#time.now();
    this.#callOff = this.#time.after(Math.min(Math.max(left, 0), LONGEST_WAIT_MS), () => {
      if (this.#time.now() < due) this.#wait(due);
      else void this.#do();
    });
  }

  async #do(): Promise<void> {
    const began = this.#time.now();
    await this.#work();
    const now = this.#time.now();
    const tick = tickAfter(this.#schedule, 'everyMs' in this.#schedule ? now : began);
    if (tick === undefined) return;
    // What was missed meanwhile is due now, once.
    this.#wait(tick <= now ? now : tick + this.#jitterMs * this.#time.random());
  }
}
