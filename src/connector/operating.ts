/** What an operator does to exports of an opened connector: releasing guard rails, sending failures again. */
import { ScimError } from '../scim/error';
import type { Context } from '../scim/handler';
import type { NumberedChange } from '../space/state';
import type { ObjectTypeHandler } from './connector';
import type { ConnectorContext } from './context';
import type { GuardedOperation, GuardRailStatus } from './guardRails';
import { readOnlyBecause } from './readOnly';
import type { Resent } from './resending';

/** Failures that are sent again before whoever asked hears of it. */
const perRequest = 200;
const atOnce = 4;

/** Which failures are to be sent again. */
export interface ResendSelection {
  /** Absent: all of them, the oldest first. */
  readonly numbers?: readonly number[];
  /** Only those after this one. */
  readonly after?: number;
  /** Only those up to this one: what fails again is a failure of its own, with a higher number. */
  readonly until?: number;
}

/** What became of them; `next`: there are more, after this number and up to `until`. */
export interface ResendResult {
  readonly results: readonly Resent[];
  readonly next?: number;
  readonly until?: number;
}

/** Who asks, and until when. */
export type Operator = Pick<Context, 'requestId' | 'actor' | 'signal'>;

/** The guard rails as they are at this moment. */
export function guardRailsOf({ guardRails, options, space }: ConnectorContext): readonly GuardRailStatus[] {
  return guardRails.status(options.guardRails, space.count());
}

/** Lets operations that a guard rail has stopped go on, and `more` entries than its limit. Answers those that were stopped. */
export async function releaseGuardRails(
  { guardRails, changeLog, tell }: ConnectorContext,
  operations: readonly GuardedOperation[],
  more: number,
): Promise<readonly GuardedOperation[]> {
  const released: GuardedOperation[] = [];
  for (const operation of operations) {
    if (!(await guardRails.release(operation, more))) continue;
    released.push(operation);
    tell({ kind: 'limitReleased', operation });
  }
  changeLog.note('an operator has released guard rails', { operations, released, more });
  return released;
}

/** Sends failures again, some at once. */
export async function resendFailures(
  context: ConnectorContext,
  handlers: readonly ObjectTypeHandler[],
  { numbers, after = 0, until = Number.MAX_SAFE_INTEGER }: ResendSelection,
  operator: Operator,
): Promise<ResendResult> {
  const readOnly = readOnlyBecause(context);
  if (readOnly !== undefined) throw ScimError.forbidden(readOnly);
  const chosen = numbers ?? (await openNumbers(context, after, until));
  const now = chosen.slice(0, perRequest);
  const results = new Map<number, Resent>();
  const waiting = [...now];
  const work = async () => {
    for (let number = waiting.shift(); number !== undefined; number = waiting.shift())
      results.set(number, await resendOne(context, handlers, number, operator));
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  const last = now.at(-1);
  context.changeLog.note('an operator has sent failed exports again', { exports: now.length });
  return {
    results: now.flatMap((number) => results.get(number) ?? []),
    ...(chosen.length > now.length && last !== undefined && { next: last, until: chosen.at(-1) }),
  };
}

async function openNumbers({ state }: ConnectorContext, after: number, until: number): Promise<number[]> {
  const found: number[] = [];
  for await (const { number } of state.changes.list({ open: true }))
    if (number > after && number <= until) found.push(number);
  return found.reverse();
}

async function resendOne(
  { state }: ConnectorContext,
  handlers: readonly ObjectTypeHandler[],
  number: number,
  operator: Operator,
): Promise<Resent> {
  const change: NumberedChange | undefined = await state.changes.get(number);
  const failed = await state.changes.failed(number);
  const handler = handlers.find(({ objectType }) => objectType.name === change?.objectType);
  if (change === undefined || failed === undefined || handler === undefined)
    return { number, outcome: 'refused', detail: 'it is no failed export that is open' };
  return handler.resending.resend(change, failed, { ...operator, note: () => undefined });
}
