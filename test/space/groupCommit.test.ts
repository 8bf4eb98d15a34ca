import type * as fs from 'node:fs';
import { setImmediate as turn } from 'node:timers/promises';
import { openState, type State } from '../../src/space/state';
import { removeTemporaryFolders, temporaryFolder } from './support';

/** What the disk has been asked to bring home and has not yet. */
const asked: ((error?: Error) => void)[] = [];

jest.mock('node:fs', () => ({
  ...jest.requireActual<typeof fs>('node:fs'),
  fdatasync: (_descriptor: number, done: (error?: Error) => void) => void asked.push(done),
}));

let state: State;

beforeEach(async () => {
  state = await openState(temporaryFolder(), 'hr');
});
afterEach(async () => {
  for (const done of asked.splice(0)) done();
  await state.close();
});
afterAll(removeTemporaryFolders);

async function settled(promise: Promise<unknown>): Promise<string> {
  let outcome = 'waits';
  promise.then(
    () => {
      outcome = 'done';
    },
    (error) => {
      outcome = String(error);
    },
  );
  for (let i = 0; i < 5; i++) await turn();
  return outcome;
}

it('an intent is committed at once, and on the disk when that has said so', async () => {
  const { committed, onDisk } = state.intents.begin('k', 'uid=a');
  expect([await settled(committed), await settled(onDisk)]).toEqual(['done', 'waits']);
  expect((await state.intents.find('k'))?.normalizedDN).toBe('uid=a');
  expect(asked).toHaveLength(1);
  asked.shift()?.();
  expect(await settled(onDisk)).toBe('done');
});

it('an intent that cannot be committed is neither', async () => {
  await state.close();
  const broken = await openState(temporaryFolder(), 'hr');
  const { committed, onDisk } = broken.intents.begin('k', null as unknown as string);
  expect([await settled(committed), await settled(onDisk)]).toEqual([
    expect.stringContaining('NOT NULL'),
    expect.stringContaining('NOT NULL'),
  ]);
  await broken.close();
});

it('writes that come while the disk is busy share the next sync', async () => {
  const { commits } = state.statistics;
  const first = state.intents.begin('a', 'uid=a').onDisk;
  expect(await settled(first)).toBe('waits');
  const later = [
    state.intents.begin('b', 'uid=b').onDisk,
    state.stored.set('1', { attributes: { externalId: 'A' }, keys: [] }),
  ];
  expect(await settled(Promise.all(later))).toBe('waits');
  asked.shift()?.();
  expect(await settled(first)).toBe('done');
  expect(asked).toHaveLength(1);
  asked.shift()?.();
  expect(await settled(Promise.all(later))).toBe('done');
  expect(state.statistics.commits - commits).toBe(2);
});

it('a write that nobody waits for goes with the next one', async () => {
  const { commits } = state.statistics;
  const forgotten = state.intents.forgetLater('a');
  const begun = state.intents.begin('b', 'uid=b').onDisk;
  expect(await settled(begun)).toBe('waits');
  asked.shift()?.();
  expect(await settled(Promise.all([forgotten, begun]))).toBe('done');
  expect(state.statistics.commits - commits).toBe(1);
});

it('a disk that fails fails the writes that it was asked for', async () => {
  const begun = state.intents.begin('k', 'uid=a').onDisk;
  expect(await settled(begun)).toBe('waits');
  asked.shift()?.(new Error('EIO'));
  expect(await settled(begun)).toBe('Error: EIO');
});

it('a write that waits for the commit alone is there at once, and the disk is asked for it soon', async () => {
  jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick'] });
  try {
    expect(await settled(state.stored.setBegun('1', { attributes: { externalId: 'A' }, keys: [] }))).toBe('done');
    expect(await state.stored.get('1')).toEqual({ externalId: 'A' });
    expect(asked).toHaveLength(0);
    jest.advanceTimersByTime(100);
    expect(asked).toHaveLength(1);
    // What comes while the disk is busy is not kept from the file, and is brought home afterwards.
    expect(await settled(state.stored.setBegun('2', { attributes: { externalId: 'B' }, keys: [] }))).toBe('done');
    asked.shift()?.();
    for (let i = 0; i < 5; i++) await turn();
    jest.advanceTimersByTime(100);
    expect(asked).toHaveLength(1);
  } finally {
    jest.useRealTimers();
  }
});

it('it takes along what waits for the disk, and the disk is asked once more for that', async () => {
  const first = state.intents.begin('a', 'uid=a').onDisk;
  expect(await settled(first)).toBe('waits');
  const second = state.intents.begin('b', 'uid=b').onDisk;
  expect(await settled(state.stored.setBegun('1', { attributes: { externalId: 'A' }, keys: [] }))).toBe('done');
  asked.shift()?.();
  expect([await settled(first), await settled(second)]).toEqual(['done', 'waits']);
  expect(asked).toHaveLength(1);
  asked.shift()?.();
  expect(await settled(second)).toBe('done');
});
