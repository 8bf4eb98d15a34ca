import fc from 'fast-check';
import { type GuardRailOptions, GuardRails, type Reservation } from '../../src/connector/guardRails';
import type { Changes, NumberedChange, RailState } from '../../src/space/state';

const windowMs = 60_000;
let now = 0;
let kept: Readonly<Record<string, RailState>> | undefined;
let logged: Pick<NumberedChange, 'at' | 'operation' | 'outcome' | 'below'>[];
let told: string[];

beforeEach(() => {
  now = 1_000_000;
  kept = undefined;
  logged = [];
  told = [];
});

const open = () =>
  GuardRails.open(
    {
      get: async () => kept,
      set: async (states) => {
        kept = states;
      },
    },
    {
      async *list({ operation, since = 0 } = {}) {
        for (const change of logged.toReversed())
          if (change.operation === operation && change.at >= since) yield change as NumberedChange;
      },
    } as Partial<Changes> as Changes,
    windowMs,
    () => now,
  );

const ask = (rails: GuardRails, limits: Partial<GuardRailOptions>, entries = 100, places = 1) =>
  rails.reserve(
    'delete',
    {
      connector: 'hr',
      limits: { windowMs, ...limits },
      entries,
      tripped: (operation, detail) => told.push(`${operation} ${detail}`),
    },
    places,
  );

test('without a limit nothing is counted and nothing is stopped', async () => {
  const rails = await open();
  expect(await ask(rails, {})).toBeUndefined();
  expect(rails.status({ windowMs }, 100)[0]).toEqual({ operation: 'delete', windowMs, counted: 0 });
});

test('the one beyond the limit is refused in words, says so once, and stays refused when the window has passed', async () => {
  const rails = await open();
  const limits = { delete: { count: 2 } };
  for (let i = 0; i < 2; i += 1) (await ask(rails, limits))?.keep();
  await expect(ask(rails, limits)).rejects.toMatchObject({
    status: 403,
    detail:
      'The connector has deleted 2 entries within 1 minutes, which is its limit (guardRails.delete), and deletes no more until an operator has looked at it and released it: connector-host changes release hr --operation delete.',
  });
  now += 10 * windowMs;
  await expect(ask(rails, limits)).rejects.toMatchObject({ status: 403 });
  expect(told).toHaveLength(1);
  expect(rails.status({ windowMs, ...limits }, 100)[0]).toMatchObject({ trippedAt: 1_000_000 });
  await expect(ask(await open(), limits)).rejects.toMatchObject({ status: 403 });
});

test('what has left the window does not count, and neither does what did not take place', async () => {
  const rails = await open();
  const limits = { delete: { count: 1 } };
  for (let i = 0; i < 5; i += 1) (await ask(rails, limits))?.giveBack();
  (await ask(rails, limits))?.keep();
  now += windowMs + 1;
  (await ask(rails, limits))?.keep();
  await expect(ask(rails, limits)).rejects.toMatchObject({ status: 403 });
});

test('a tree takes as many places as it has entries, all or none, also after a restart', async () => {
  const rails = await open();
  const limits = { delete: { count: 5 } };
  (await ask(rails, limits, 100, 3))?.giveBack();
  (await ask(rails, limits, 100, 3))?.keep();
  await expect(ask(rails, limits, 100, 3)).rejects.toMatchObject({
    status: 403,
    detail: expect.stringContaining('3 entries would be deleted, which is more than the limit of 5'),
  });
  expect(rails.status({ windowMs, ...limits }, 100)[0]).toMatchObject({ counted: 3, trippedAt: now });
  kept = undefined;
  logged = [
    { at: now - 2, operation: 'delete', outcome: 'success', below: 2 },
    { at: now - 1, operation: 'delete', outcome: 'failed', below: 1 },
    { at: now - 1, operation: 'delete', outcome: 'failed' },
  ];
  expect((await open()).status({ windowMs, ...limits }, 100)[0]).toMatchObject({ counted: 5 });
});

test('after a restart the change log tells what was written within the window, but not what an operator has released', async () => {
  logged = [1, 2, 3].map((at) => ({ at: now - at * 1_000, operation: 'delete' as const, outcome: 'success' as const }));
  logged.push(
    { at: now - 5, operation: 'delete', outcome: 'failed' },
    { at: now - 5, operation: 'modify', outcome: 'success' },
  );
  const limits = { delete: { count: 3 } };
  const rails = await open();
  await expect(ask(rails, limits)).rejects.toMatchObject({ status: 403 });
  expect(await rails.release('delete', 2)).toBe(true);
  now += 1;
  const again = await open();
  for (let i = 0; i < 5; i += 1) (await ask(again, limits))?.keep();
  await expect(ask(again, limits)).rejects.toMatchObject({ status: 403 });
  expect(await again.release('disable')).toBe(false);
});

test('a share is of what was there before the deletes under way, whose entries may be counted still', async () => {
  const rails = await open();
  const limits = { delete: { share: 0.1 } };
  const underWay: (Reservation | undefined)[] = [];
  for (let i = 0; i < 10; i += 1) underWay.push(await ask(rails, limits, 100));
  await expect(ask(rails, limits, 100)).rejects.toMatchObject({ status: 403 });
  expect(underWay.every((reservation) => reservation !== undefined)).toBe(true);
});

test('a share counts what was there before: 10 % of 100 are 10, however many are left; of one entry one may go', async () => {
  const rails = await open();
  const limits = { delete: { share: 0.1 } };
  for (let left = 100; left > 90; left -= 1) (await ask(rails, limits, left))?.keep();
  await expect(ask(rails, limits, 90)).rejects.toMatchObject({ status: 403 });
  const small = await open();
  await small.release('delete');
  (await ask(small, limits, 1))?.keep();
  await expect(ask(small, limits, 0)).rejects.toMatchObject({ status: 403 });
});

test('however many ask at once and in whatever order they end, never more are kept than the limit', async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(6), fc.array(fc.boolean(), { maxLength: 30 }), async (count, ends) => {
      kept = undefined;
      const rails = await open();
      const held: Reservation[] = [];
      let taken = 0;
      await Promise.all(
        ends.map(async (keeps) => {
          const place = await ask(rails, { delete: { count } }).catch(() => undefined);
          if (place === undefined) return;
          held.push(place);
          await Promise.resolve();
          if (keeps) place.keep();
          else place.giveBack();
          place.keep();
          if (keeps) taken += 1;
        }),
      );
      expect(taken).toBeLessThanOrEqual(count);
      expect(rails.status({ windowMs, delete: { count } }, 100)[0]?.counted).toBe(taken);
    }),
  );
});
