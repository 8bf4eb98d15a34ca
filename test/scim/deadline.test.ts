import { type Deadline, Deadlines } from '../../src/scim/deadline';

describe('deadlines', () => {
  beforeEach(() => {
    jest.useFakeTimers();
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  const passed = (all: readonly Deadline[]) => all.map(({ signal }) => signal.aborted);

  it('pass each at its own time, also those that begin later and are shorter', () => {
    const deadlines = new Deadlines();
    const all = [100, 300, 50, 100].map((milliseconds) => deadlines.begin(milliseconds));
    jest.advanceTimersByTime(51);
    expect(passed(all)).toEqual([false, false, true, false]);
    all.push(deadlines.begin(1000), deadlines.begin(10));
    jest.advanceTimersByTime(10);
    expect(passed(all)).toEqual([false, false, true, false, false, true]);
    jest.advanceTimersByTime(40);
    expect(passed(all)).toEqual([true, false, true, true, false, true]);
    jest.advanceTimersByTime(940);
    expect(passed(all)).toEqual([true, true, true, true, false, true]);
    jest.advanceTimersByTime(20);
    expect(passed(all)).toEqual([true, true, true, true, true, true]);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('do not pass for requests that are answered, and begin anew when there was none for a while', () => {
    const deadlines = new Deadlines();
    const answered = deadlines.begin(100);
    deadlines.clear(answered);
    jest.advanceTimersByTime(1000);
    const late = deadlines.begin(100);
    jest.advanceTimersByTime(101);
    expect(passed([answered, late])).toEqual([false, true]);
  });

  it('keep nobody waiting for work that does not end', async () => {
    const deadlines = new Deadlines();
    const [deadline, gone, quick] = [1, 2, 1000].map((milliseconds) => deadlines.begin(milliseconds)) as [
      Deadline,
      Deadline,
      Deadline,
    ];
    const never = new Promise<never>(() => undefined);
    const ends = Promise.allSettled([deadline.race(never), gone.race(never), quick.race(Promise.resolve('done'))]);
    gone.clientGone();
    jest.advanceTimersByTime(10);
    expect(await ends).toEqual([
      { status: 'rejected', reason: expect.objectContaining({ status: 503, detail: expect.stringContaining('1 ms') }) },
      { status: 'rejected', reason: gone.signal.reason },
      { status: 'fulfilled', value: 'done' },
    ]);
    expect(deadline.signal.reason).toMatchObject({ status: 503, headers: { 'Retry-After': '30' } });
  });
});
