/** Outcomes of writes that come one after the other are saved together, and nobody waits long for company. */
import { setImmediate as turn } from 'node:timers/promises';
import { Saving, Writes } from '../../src/space/saving';
import { Sequence } from '../../src/space/sequence';
import { row } from './support';

/** A write of the directory that ends when it is told to. */
interface Write {
  readonly answered: () => void;
  readonly saved: Promise<unknown>;
}

function begin(count: number) {
  const batches: number[] = [];
  const writes = new Writes();
  const saving = new Saving(new Sequence(0), writes, (changes) => batches.push(changes.length));
  const underWay = Array.from({ length: count }, (_, index): Write => {
    let answered = (): void => undefined;
    const answer = new Promise<void>((resolve) => {
      answered = resolve;
    });
    const saved = writes
      .during(() => answer)
      .then(() => saving.add([{ kind: 'upsert', row: row(`u${index}`) }], 'company'));
    return { answered, saved };
  });
  /** So many of them are answered, each in a turn of its own. */
  const answer = async (many: number) => {
    const now = underWay.splice(0, many);
    for (const { answered } of now) {
      answered();
      await turn();
      await turn();
    }
    return Promise.all(now.map(({ saved }) => saved));
  };
  return { batches, writes, saving, answer };
}

test('one that is alone does not wait', async () => {
  const { batches, answer } = begin(1);
  await answer(1);
  expect(batches).toEqual([1]);
});

test('a few of many that are under way are saved together, and the others keep the directory busy meanwhile', async () => {
  jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick'] });
  try {
    const { batches, writes, answer } = begin(32);
    await answer(8);
    expect([batches, writes.underWay]).toEqual([[8], 24]);
  } finally {
    jest.useRealTimers();
  }
});

test('those that are expected and do not come are not waited for', async () => {
  const { batches, writes, answer } = begin(32);
  await answer(2);
  expect([batches.reduce((sum, one) => sum + one, 0), writes.underWay]).toEqual([2, 30]);
});

test('what a read has found takes along what waits', async () => {
  jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick'] });
  try {
    const { batches, saving, answer } = begin(32);
    const waits = answer(2);
    for (let i = 0; i < 6; i += 1) await turn();
    expect(batches).toEqual([]);
    await saving.add([{ kind: 'upsert', row: row('x') }]);
    await waits;
    expect(batches).toEqual([3]);
  } finally {
    jest.useRealTimers();
  }
});

test('a write that fails is not expected any longer', async () => {
  const writes = new Writes();
  await expect(writes.during(() => Promise.reject(new Error('refused')))).rejects.toThrow('refused');
  expect(writes.underWay).toBe(0);
});
