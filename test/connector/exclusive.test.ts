/** Turns: one at a time per key, others side by side, and nobody waits for ever. */
import fc from 'fast-check';
import { Exclusive } from '../../src/connector/exclusive';

const tick = () => new Promise<void>((resolve) => setImmediate(resolve));

test('never two holders of a key, never a holder left behind', async () => {
  const keys = fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 4 });
  const jobs = fc.array(fc.record({ keys, ticks: fc.nat(3), fails: fc.boolean() }), { maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(jobs, async (all) => {
      const exclusive = new Exclusive();
      const held = new Set<string>();
      let ended = 0;
      const results = await Promise.allSettled(
        all.map((job) =>
          exclusive.run(job.keys, async () => {
            const own = new Set(job.keys);
            for (const key of own) {
              if (held.has(key)) throw new Error(`two hold ${key}`);
              held.add(key);
            }
            for (let count = 0; count < job.ticks; count++) await tick();
            for (const key of own) held.delete(key);
            ended += 1;
            if (job.fails) throw new Error('as told');
            return 'done';
          }),
        ),
      );
      expect(results.map((one) => (one.status === 'fulfilled' ? one.value : String(one.reason)))).toEqual(
        all.map(({ fails }) => (fails ? 'Error: as told' : 'done')),
      );
      expect([ended, held.size, exclusive.size, exclusive.waiting]).toEqual([all.length, 0, 0, 0]);
    }),
    { numRuns: 150 },
  );
});

test('first come, first served; strangers pass by', async () => {
  const exclusive = new Exclusive();
  const order: string[] = [];
  let open: () => void = () => undefined;
  const gate = new Promise<void>((resolve) => {
    open = resolve;
  });
  const first = exclusive.run(['a'], () => gate.then(() => order.push('first')));
  const second = exclusive.run(['b', 'a'], async () => order.push('second'));
  const third = exclusive.run(['a'], async () => order.push('third'));
  const stranger = exclusive.run(['c'], async () => order.push('stranger'));
  await stranger;
  expect(order).toEqual(['stranger']);
  expect([exclusive.size, exclusive.waiting]).toEqual([1, 2]);
  open();
  await Promise.all([first, second, third]);
  expect(order).toEqual(['stranger', 'first', 'second', 'third']);
  expect(exclusive.size).toBe(0);
});

test('work that throws before it waits gives its turns back', async () => {
  const exclusive = new Exclusive();
  const failing = exclusive.run(['a', 'a'], () => {
    throw new Error('at once');
  });
  await expect(failing).rejects.toThrow('at once');
  await expect(exclusive.run(['a'], async () => 1)).resolves.toBe(1);
});
