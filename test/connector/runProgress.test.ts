import { PassThrough } from 'node:stream';
import { Progress } from '../../src/cli/progress';
import { progressOf } from '../../src/connector/runProgress';

test('a run says how many, how fast, how far and how long yet, as far as it can know', () => {
  expect(progressOf(0, 0, undefined)).toEqual({ seen: 0, perSecond: 0 });
  expect(progressOf(900, 3_000, undefined)).toEqual({ seen: 900, perSecond: 300 });
  expect(progressOf(0, 100, 1_000)).toEqual({ seen: 0, perSecond: 0, expected: 1_000, percent: 0 });
  const half = { seen: 500, perSecond: 250, expected: 1_000, percent: 50, remainingMs: 2_000 };
  expect(progressOf(500, 2_000, 1_000)).toEqual(half);
  expect(progressOf(2_000, 2_000, 1_000)).toMatchObject({ percent: 99, remainingMs: 0 });
});

test('a terminal shows a bar that changes, and nothing of it stays', () => {
  const stream = Object.assign(new PassThrough(), { isTTY: true }) as unknown as NodeJS.WriteStream & PassThrough;
  const progress = new Progress('hr: fullImport', 'entries', stream);
  progress.show(progressOf(500, 2_000, 1_000));
  progress.end();
  const text = String(stream.read());
  expect(text).toContain('[##########..........] hr: fullImport: 500 entries, 250/s, 50 %, about 2 s left');
  expect(text.endsWith('\r\u001b[K')).toBe(true);
});
