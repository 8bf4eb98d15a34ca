import { setTimeout as sleep } from 'node:timers/promises';
import * as fc from 'fast-check';
import { SharedLookouts } from '../../src/connector/sharedLookouts';
import type { Options } from '../../src/directory/directory';
import type { Filter } from '../../src/directory/filter';

const mail = (value: string): Filter => ({ kind: 'equality', attribute: 'mail', value });

/** The values that a filter of equalities asks for. */
function askedIn(filter: Filter): string[] {
  if (filter.kind === 'or') return filter.filters.flatMap(askedIn);
  return filter.kind === 'equality' ? [filter.value.toString()] : [];
}

/** A directory that looks at what it has when it is told to, and answers when it is told to. */
class Searched {
  readonly there = new Set<string>();
  readonly searches: { readonly asked: string[]; readonly limit: number; readonly options: Options }[] = [];
  readonly #open: (() => void)[] = [];
  fails = 0;

  readonly search = async (filter: Filter, options: Options, limit: number): Promise<string[]> => {
    const asked = askedIn(filter);
    this.searches.push({ asked, limit, options });
    const found = asked.filter((value) => this.there.has(value)).slice(0, limit);
    await new Promise<void>((resolve) => this.#open.push(resolve));
    options.observer?.({ operation: 'search', durationMs: 1 } as Parameters<NonNullable<Options['observer']>>[0]);
    if (this.fails > 0) {
      this.fails -= 1;
      throw new Error('busy');
    }
    return found;
  };

  get asked(): string[][] {
    return this.searches.map(({ asked }) => asked);
  }

  answerOne(): void {
    this.#open.shift()?.();
  }

  async answerAll(): Promise<void> {
    for (let idle = 0; idle < 3; ) {
      await sleep(0);
      idle = this.#open.length === 0 ? idle + 1 : 0;
      for (const answer of this.#open.splice(0)) answer();
    }
  }
}

let directory: Searched;
let lookouts: SharedLookouts<string>;

beforeEach(() => {
  directory = new Searched();
  lookouts = new SharedLookouts(directory.search);
});

test('one alone asks at once, and those that come meanwhile share the next search', async () => {
  const found = ['a', 'b', 'c', 'd'].map((value) => lookouts.find(mail(value), {}, 10));
  await directory.answerAll();
  expect(await Promise.all(found)).toEqual([[], [], [], []]);
  expect(directory.asked).toEqual([['a'], ['b', 'c', 'd']]);
  expect(directory.searches.map(({ limit }) => limit)).toEqual([10, 1]);
});

test('where something is there each asks for itself', async () => {
  directory.there.add('c');
  const found = ['a', 'b', 'c'].map((value) => lookouts.find(mail(value), {}, 10));
  await directory.answerAll();
  expect(await Promise.all(found)).toEqual([[], [], ['c']]);
  expect(directory.asked).toEqual([['a'], ['b', 'c'], ['b'], ['c']]);
});

test('where a shared search fails each asks for itself, and hears of its own failure', async () => {
  const alone = lookouts.find(mail('a'), {}, 10);
  const others = ['b', 'c'].map((value) => lookouts.find(mail(value), {}, 10));
  await sleep(0);
  directory.answerOne();
  expect(await alone).toEqual([]);
  directory.fails = 2;
  const results = Promise.allSettled(others);
  await directory.answerAll();
  expect((await results).map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
});

test('nobody waits long for a search that is not answered', async () => {
  const first = lookouts.find(mail('a'), {}, 10);
  const others = ['b', 'c'].map((value) => lookouts.find(mail(value), {}, 10));
  while (directory.searches.length < 2) await sleep(1);
  expect(directory.asked).toEqual([['a'], ['b', 'c']]);
  await directory.answerAll();
  expect(await Promise.all([first, ...others])).toEqual([[], [], []]);
});

test('whoever gives up meanwhile goes no further, and the others do', async () => {
  const gone = new AbortController();
  const first = lookouts.find(mail('a'), {}, 10);
  const second = lookouts.find(mail('b'), { signal: gone.signal }, 10);
  const third = lookouts.find(mail('c'), {}, 10);
  gone.abort(new Error('the client has gone'));
  const ended = Promise.allSettled([first, second, third]);
  await directory.answerAll();
  expect((await ended).map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  expect(directory.asked).toEqual([['a'], ['b', 'c']]);
});

test('each is told of the search that it shares', async () => {
  const heard: string[] = [];
  const found = ['a', 'b', 'c'].map((value) => lookouts.find(mail(value), { observer: () => heard.push(value) }, 10));
  await directory.answerAll();
  await Promise.all(found);
  expect(heard.sort()).toEqual(['a', 'b', 'c']);
});

test('very many are asked for in several searches', async () => {
  const values = Array.from({ length: 40 }, (_, index) => `v${index}`);
  const found = values.map((value) => lookouts.find(mail(value), {}, 10));
  await directory.answerAll();
  expect((await Promise.all(found)).flat()).toEqual([]);
  expect(directory.asked.map(({ length }) => length)).toEqual([1, 16, 16, 7]);
});

test('what was there when it was asked for is found, whatever goes on beside', async () => {
  const step = fc.oneof(
    { weight: 4, arbitrary: fc.record({ do: fc.constant('find' as const), value: fc.constantFrom('a', 'b', 'c') }) },
    {
      weight: 2,
      arbitrary: fc.record({
        do: fc.constantFrom('come' as const, 'go' as const),
        value: fc.constantFrom('a', 'b', 'c'),
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({ do: fc.constantFrom('answer' as const, 'fail' as const), value: fc.constant('') }),
    },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
      const own = new Searched();
      const shared = new SharedLookouts(own.search);
      /** What has been there all the time from the call on, or never. */
      const asked: { value: string; states: Set<boolean>; answer: Promise<readonly string[] | 'failed'> }[] = [];
      for (const { do: kind, value } of steps) {
        if (kind === 'find') {
          const answer = shared.find(mail(value), {}, 10).catch(() => 'failed' as const);
          asked.push({ value, states: new Set([own.there.has(value)]), answer });
        } else if (kind === 'come' || kind === 'go') {
          if (kind === 'come') own.there.add(value);
          else own.there.delete(value);
          for (const one of asked) if (one.value === value) one.states.add(kind === 'come');
        } else if (kind === 'fail') own.fails += 1;
        else own.answerOne();
        await sleep(0);
      }
      await own.answerAll();
      for (const { value, states, answer } of asked) {
        const found = await answer;
        if (found === 'failed' || states.size > 1) continue;
        expect(found).toEqual(states.has(true) ? [value] : []);
      }
    }),
    { numRuns: 100 },
  );
});
