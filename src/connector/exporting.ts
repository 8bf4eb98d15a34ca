/**
 * One export from its request to its line in the change log. A request becomes an export when it is known what is to be
 * written: what fails before that has changed nothing and was not going to, and stands in the request log only.
 */
import { LdapError } from '../directory/error';
import { toScimError } from '../mapping/error';
import type { ObjectType } from '../mapping/objectType';
import { ScimError } from '../scim/error';
import type { Context } from '../scim/handler';
import type { Change, ChangedAttribute, ChangeOperation, ChangeOutcome, FailedExport } from '../space/state';
import type { ConnectorContext } from './context';
import { rehearsed } from './dryRun';
import type { ExportPlan } from './exportPlan';
import { failedChange, failedCreate, failedDelete } from './failedExport';
import { type GuardedOperation, guardedOperations, type RailSurroundings, type Reservation } from './guardRails';
import { resultName } from './observedDirectory';
import { isAmbiguous } from './outcome';

/** Which failure is sent again, and by whom. */
export interface ResendMark {
  readonly number: number;
  readonly by: string;
}

/** A request whose export is recorded. */
export interface ExportRequest extends Context {
  readonly exporting: Exporting;
}

/** Runs a request of a connector; what it exports is in the change log when it is answered, or a moment later. */
export async function exported<T>(
  context: ConnectorContext,
  objectType: ObjectType,
  request: Context,
  work: (request: ExportRequest) => Promise<T>,
  resending?: ResendMark,
): Promise<T> {
  const exporting = new Exporting(context, objectType, request, resending);
  try {
    const result = await work({ ...request, exporting });
    // Nobody waits: the line goes with the next commit.
    void exporting.ended();
    return result;
  } catch (error) {
    await exporting.failed(error);
    throw error;
  }
}

const gateRetrySeconds = 300;

/** One export. */
export class Exporting {
  readonly #context: ConnectorContext;
  readonly #objectType: ObjectType;
  readonly #request: Context;
  readonly #resending: ResendMark | undefined;
  readonly #begun = performance.now();
  #plan: ExportPlan | undefined;
  #id: string | undefined;
  #reservation: Reservation | undefined;
  /** Entries below the one that is deleted, and whether they go one by one. */
  #below = { count: 0, oneByOne: false };
  /** What became of it, where that was not the directory's doing. */
  #outcome: 'refused' | 'dryRun' | undefined;

  constructor(context: ConnectorContext, objectType: ObjectType, request: Context, resending?: ResendMark) {
    this.#resending = resending;
    this.#context = context;
    this.#objectType = objectType;
    this.#request = request;
  }

  /**
   * What is going to be written now. To be called before anything is, in the turn of the entry.
   * @throws ScimError 403 where a guard rail forbids it
   */
  async plan(plan: ExportPlan): Promise<void> {
    this.#plan = plan;
    this.#id = plan.id;
    const { operation } = plan;
    if (this.isDry(operation)) {
      // What it comes to is an answer and no failure.
      this.#outcome = 'dryRun';
      if (isGuarded(operation)) this.#context.guardRails.check(operation, this.#surroundings());
      throw await rehearsed(this.#context, this.#objectType, this.#request, plan);
    }
    // Whatever is thrown from here on was not the directory's doing.
    this.#outcome = 'refused';
    await this.#passGate();
    if (isGuarded(operation)) await this.#reserve(operation, 1);
    this.#outcome = undefined;
  }

  /**
   * A delete is going to take so many entries below it along: all at once or `oneByOne`. To be called before they are deleted.
   * @throws ScimError 403 where a guard rail forbids it
   */
  async takesAlong(count: number, oneByOne: boolean): Promise<void> {
    this.#below = { count, oneByOne };
    if (count === 0) return;
    this.#outcome = 'refused';
    await this.#reserve('delete', count + 1);
    this.#outcome = undefined;
  }

  /** Places that were taken before for less of the same are given back. */
  async #reserve(operation: GuardedOperation, places: number): Promise<void> {
    this.#reservation?.giveBack();
    this.#reservation = await this.#context.guardRails.reserve(operation, this.#surroundings(), places);
  }

  /** Whether an operation is only tried: by this request, or by the connector file. */
  isDry(operation: ChangeOperation): boolean {
    const { dryRun } = this.#context.options.runProfiles.export;
    return this.#request.dryRun === true || dryRun.includes(operation);
  }

  /** @throws ScimError 503 while failures are to be seen to first */
  async #passGate(): Promise<void> {
    const { options, state } = this.#context;
    if (!options.changeLog.gate || this.#resending !== undefined) return;
    const open = await state.changes.openFailures();
    if (open === 0) return;
    throw ScimError.unavailable(
      `${open} exports of this connector have failed, and nothing more is written until they are seen to (changeLog.gate): connector-host changes resend ${options.name}.`,
      gateRetrySeconds,
    );
  }

  #surroundings(): RailSurroundings {
    const { options, space, changeLog, tell } = this.#context;
    return {
      connector: options.name,
      limits: options.guardRails,
      entries: space.count(),
      tripped: (stopped, detail) => {
        changeLog.tell(stopped, detail);
        tell({ kind: 'limitReached', operation: stopped, detail });
      },
    };
  }

  /** Whether something is to be written. */
  get isPlanned(): boolean {
    return this.#plan !== undefined;
  }

  /** What was planned is not going to be written like that. */
  drop(): void {
    this.#reservation?.giveBack();
    this.#plan = undefined;
  }

  /** The id that a new entry got. */
  made(id: string): void {
    this.#id = id;
  }

  /** It has taken place. */
  async ended(): Promise<void> {
    this.#reservation?.keep();
    if (this.#plan !== undefined) await this.#record(this.#plan, 'success', { result: resultName(0) });
  }

  /** It has not, or nobody knows. */
  async failed(error: unknown): Promise<void> {
    if (this.#plan === undefined) return;
    const ambiguous = isAmbiguous(error);
    // Some of a tree that goes one by one are gone already.
    const partly = this.#outcome === undefined && this.#below.oneByOne;
    if (ambiguous || partly) this.#reservation?.keep();
    else this.#reservation?.giveBack();
    const ldap = ldapErrorOf(error);
    const told = toScimError(error);
    const outcome = this.#outcome ?? (ambiguous ? 'unknown' : 'failed');
    await this.#record(this.#plan, outcome, {
      ...(ldap && { result: resultName(ldap.result) }),
      detail: told instanceof ScimError ? told.detail : 'an unexpected error; the log of the host has it',
    });
  }

  async #record(plan: ExportPlan, outcome: ChangeOutcome, how: Pick<Change, 'result' | 'detail'>): Promise<void> {
    const { changeLog, clock } = this.#context;
    const { requestId, actor } = this.#request;
    const failed = outcome === 'failed' || outcome === 'unknown' ? this.#failed(plan) : undefined;
    const { count, oneByOne } = this.#below;
    const newDN = plan.newDN?.toString();
    const dn = plan.dn.toString();
    const change: Change = {
      at: clock().getTime(),
      actor: this.#resending?.by ?? actor,
      requestId,
      ...(this.#resending !== undefined && { resendOf: this.#resending.number }),
      operation: plan.operation,
      outcome,
      objectType: this.#objectType.name,
      ...(this.#id !== undefined && { id: this.#id }),
      dn,
      ...(newDN !== undefined && newDN !== dn && { newDN }),
      ...(count > 0 && (outcome !== 'failed' || oneByOne) && { below: count }),
      attributes: this.#attributes(plan),
      ...how,
      durationMs: Math.round((performance.now() - this.#begun) * 10) / 10,
    };
    await changeLog.add(change, failed);
  }

  /** What is needed to send it again. */
  #failed(plan: ExportPlan): FailedExport {
    const { changeLog } = this.#context;
    const { operation, before } = plan;
    if (operation === 'create') return failedCreate(changeLog, this.#objectType, plan);
    if (operation === 'delete' && before !== undefined) return failedDelete(this.#objectType, before);
    return failedChange(changeLog, this.#objectType, plan);
  }

  #attributes({ entry, modifications = [] }: ExportPlan): ChangedAttribute[] {
    const { changeLog } = this.#context;
    return entry === undefined
      ? changeLog.ofModifications(this.#objectType, modifications)
      : changeLog.ofEntry(this.#objectType, entry);
  }
}

function isGuarded(operation: ChangeOperation): operation is GuardedOperation {
  return guardedOperations.some((one) => one === operation);
}

function ldapErrorOf(error: unknown): LdapError | undefined {
  if (error instanceof LdapError) return error;
  return error instanceof Error && error.cause instanceof LdapError ? error.cause : undefined;
}
