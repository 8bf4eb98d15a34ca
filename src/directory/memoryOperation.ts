/** What every operation of the memory directory has in common: a turn of the event loop, abort, observer, `LdapError`. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { ObservedOperation, Options } from './directory';
import type { DN } from './dn';
import { LdapError, ResultCode } from './error';
import { Refusal } from './memoryRefusal';

export type Operation = ObservedOperation['operation'];

/** One call of the port. */
export interface Call {
  readonly operation: Operation;
  readonly dn: DN;
  readonly options: Options;
  readonly isClosed: () => boolean;
}

/** Does the work in one piece after a turn of the event loop, as an answer over a network would come. */
export async function perform<T>(call: Call, work: () => T): Promise<T> {
  const observed = observe(call);
  let result: ObservedOperation['result'] = ResultCode.success;
  try {
    await turn(call);
    return work();
  } catch (error) {
    const failure = toLdapError(error, call);
    result = failure.result;
    throw failure;
  } finally {
    observed(result);
  }
}

/** Lets others run; afterwards refuses to go on for a caller that has gone, or in a directory that was closed. */
export async function turn({ operation, dn, options, isClosed }: Call): Promise<void> {
  await nextTurn();
  if (options.signal?.aborted) {
    throw new LdapError('cancelled', operation, dn.toString(), 'the caller has cancelled the operation', false);
  }
  if (isClosed()) {
    throw new LdapError('connectionLost', operation, dn.toString(), 'the directory has been closed', false);
  }
}

/** Starts the clock; the answer tells the observer how it ended. */
export function observe({ operation, dn, options }: Call) {
  const started = performance.now();
  return (result: ObservedOperation['result'], entries?: number): void =>
    options.observer?.({
      operation,
      dn: dn.toString(),
      result,
      ...(entries === undefined ? {} : { entries }),
      durationMs: performance.now() - started,
    });
}

/** The one kind of error that leaves a directory. */
export function toLdapError(error: unknown, { operation, dn }: Call): LdapError {
  if (error instanceof LdapError) return error;
  const [result, diagnostic] =
    error instanceof Refusal ? [error.result, error.message] : [ResultCode.other, 'the memory directory failed'];
  return new LdapError(result, operation, dn.toString(), diagnostic, true, { cause: error });
}
