import { cronFault, Recurring, type Schedule, type Time, tickAfter } from '../../src/connector/schedule';

const minute = 60_000;
const hour = 60 * minute;

/** Time that passes when the test says so. */
class FakeTime implements Time {
  moment = new Date(2026, 2, 2, 12, 0).getTime();
  chance = 0;
  readonly #timers = new Set<{ readonly at: number; readonly work: () => void }>();

  now = () => this.moment;
  random = () => this.chance;

  after(ms: number, work: () => void): () => void {
    const timer = { at: this.moment + ms, work };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** Lets time pass, timer by timer, and what they began come to rest. */
  async pass(ms: number): Promise<void> {
    const end = this.moment + ms;
    await atRest();
    for (;;) {
      const [next] = [...this.#timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at);
      if (next === undefined) break;
      this.moment = Math.max(this.moment, next.at);
      await this.#fire(next);
    }
    this.moment = end;
  }

  /** A machine that slept: the clock has gone on, and no timer fired meanwhile. */
  async sleep(ms: number): Promise<void> {
    this.moment += ms;
    await this.pass(0);
  }

  async #fire(timer: { readonly work: () => void }): Promise<void> {
    this.#timers.delete(timer as never);
    timer.work();
    await atRest();
  }
}

async function atRest(): Promise<void> {
  for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
}

/** Runs of what is scheduled, by the hour and minute at which they began. */
function recurring(schedule: Schedule, { jitterMs = 0, lasting = () => Promise.resolve() as Promise<unknown> } = {}) {
  const time = new FakeTime();
  const began: string[] = [];
  const work = () => {
    const date = new Date(time.moment);
    began.push(`${date.getDate()} ${date.getHours()}:${String(date.getMinutes()).padStart(2, '0')}`);
    return lasting();
  };
  return { time, began, timer: new Recurring(schedule, jitterMs, work, time) };
}

test('every so many minutes, from the end of one time to the beginning of the next', async () => {
  let end: (() => void) | undefined;
  const lasting = () =>
    new Promise<void>((resolve) => {
      end = resolve;
    });
  const { time, began, timer } = recurring({ everyMs: 30 * minute }, { lasting });
  timer.start();
  await time.pass(29 * minute);
  expect(began).toEqual([]);
  await time.pass(minute);
  expect(began).toEqual(['2 12:30']);
  await time.pass(2 * hour);
  expect(began).toHaveLength(1);
  end?.();
  await time.pass(0);
  await time.pass(29 * minute);
  expect(began).toHaveLength(1);
  await time.pass(minute);
  expect(began).toEqual(['2 12:30', '2 15:00']);
});

test.each([
  ['@hourly', ['2 13:00', '2 14:00']],
  ['30 2 * * *', ['3 2:30', '4 2:30']],
  ['0 3 * * SUN', ['8 3:00', '15 3:00']],
])('%s', async (cron, expected) => {
  const { time, began, timer } = recurring({ cron });
  timer.start();
  while (began.length < 2) await time.pass(minute);
  expect(began).toEqual(expected);
});

test('ticks that came while one was at work, or while the machine slept, are made up for by one', async () => {
  let end: (() => void) | undefined;
  const lasting = () =>
    new Promise<void>((resolve) => {
      end = resolve;
    });
  const { time, began, timer } = recurring({ cron: '@hourly' }, { lasting });
  timer.start();
  await time.pass(hour);
  await time.pass(2.5 * hour);
  expect(began).toEqual(['2 13:00']);
  end?.();
  await time.pass(0);
  expect(began).toEqual(['2 13:00', '2 15:30']);
  end?.();
  await time.pass(0);
  await time.sleep(5 * hour);
  expect(began).toEqual(['2 13:00', '2 15:30', '2 20:30']);
});

test('what was due while nobody was there is due at once, and once', async () => {
  const { time, began, timer } = recurring({ cron: '@hourly' });
  timer.start(time.moment - 10 * hour);
  await time.pass(0);
  expect(began).toEqual(['2 12:00']);
  await time.pass(59 * minute);
  expect(began).toHaveLength(1);
});

test('chance makes a tick late, never early, and a clock that was set back makes none come twice', async () => {
  const { time, began, timer } = recurring({ cron: '@daily' }, { jitterMs: 10 * minute });
  time.chance = 0.5;
  timer.start();
  await time.pass(12 * hour);
  expect(began).toEqual([]);
  await time.pass(5 * minute);
  expect(began).toEqual(['3 0:05']);
  time.moment -= 4 * minute;
  await time.pass(12 * hour);
  expect(began).toHaveLength(1);
});

test('nothing comes after the end', async () => {
  const { time, began, timer } = recurring({ everyMs: minute });
  timer.start();
  timer.stop();
  await time.pass(hour);
  expect(began).toEqual([]);
});

test('a cron expression that is none, or never comes, is refused', () => {
  expect(cronFault('0 3 * * SUN')).toBeUndefined();
  expect(cronFault('@daily')).toBeUndefined();
  expect(cronFault('every day')).toMatch(/invalid/i);
  expect(cronFault('61 * * * *')).toMatch(/minute: 61/);
  expect(cronFault('0 0 30 2 *')).toBe('there is no such moment any more');
  expect(tickAfter({ cron: '0 0 30 2 *' }, 0)).toBeUndefined();
});
