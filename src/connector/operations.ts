/** What an operator may ask of a connector and do with it, besides what its clients may. */

import type { CurrentRun, RunProfile, RunRecord } from '../space/run';
import type { ChangeSelection, NumberedChange, State } from '../space/state';
import type { ConnectorSample } from '../telemetry/metrics';
import type { GuardedOperation, GuardRailStatus } from './guardRails';
import type { ConnectorHandle, ConnectorRegistry } from './handle';
import type { OpenedConnector } from './open';
import {
  guardRailsOf,
  type Operator,
  type ResendResult,
  type ResendSelection,
  releaseGuardRails,
  resendFailures,
} from './operating';
import { type ImportProfile, OperationRefused } from './operationRefused';
import type { ConnectorOptions } from './options';
import type { RunProgress } from './runProgress';
import { shownOptions } from './shownOptions';
import type { Stores } from './stores';

export { type GuardedOperation, type GuardRailStatus, guardedOperations } from './guardRails';
export { type ImportProfile, OperationRefused } from './operationRefused';

/** A run that is under way. */
export interface RunUnderWay extends CurrentRun, RunProgress {}

/** Which runs of the history are wanted. */
export interface RunSelection {
  readonly profile?: RunProfile;
  readonly failedOnly?: boolean;
  readonly limit?: number;
}

/** The operations of one connector. */
export interface ConnectorOperations {
  /** The options as plain JSON with every secret hidden; undefined when the connector file has faults. */
  options(): unknown;
  currentRun(): RunUnderWay | undefined;
  /** Newest first. @throws OperationRefused when the record is not open */
  runs(selection: RunSelection): Promise<readonly RunRecord[]>;
  /** The change log, newest first. @throws OperationRefused when the record is not open */
  changes(selection: ChangeSelection): AsyncIterable<NumberedChange>;
  /** One change. @throws OperationRefused when the record is not open */
  change(number: number): Promise<NumberedChange | undefined>;
  /** The guard rails. @throws OperationRefused when the connector is not open */
  guardRails(): readonly GuardRailStatus[];
  /** Lets operations go on, and so many more than the limit of each. Answers those that were stopped. @throws OperationRefused when the connector is not open */
  release(operations: readonly GuardedOperation[], more: number): Promise<readonly GuardedOperation[]>;
  /** Sends failed exports again. @throws OperationRefused when the connector is not open */
  resend(selection: ResendSelection, operator: Operator): Promise<ResendResult>;
  /** Gives up failed exports: they are not sent again. Answers those that were open. @throws OperationRefused when the record is not open */
  drop(numbers: readonly number[]): Promise<readonly number[]>;
  /** Begins a run and does not wait for its end. @throws RunInProgress, OperationRefused */
  startRun(profile: ImportProfile): RunUnderWay;
  /** Ends the run that is under way as cancelled; false when there is none. */
  cancelRun(): Promise<boolean>;
  /** Takes back what {@link deactivate} did. @throws OperationRefused when it is the connector file that says `"active": false` */
  activate(): Promise<void>;
  /** Lets the requests in flight finish, closes the connector, and keeps it so over restarts. */
  deactivate(): Promise<void>;
  /** For metrics. */
  sample(): ConnectorSample;
}

/** A connector with its operations. */
export interface OperatedConnector extends ConnectorHandle {
  readonly operations: ConnectorOperations;
}

/** A registry whose connectors can be operated. */
export interface OperatedRegistry extends ConnectorRegistry {
  get(name: string): OperatedConnector | undefined;
  all(): readonly OperatedConnector[];
}

/** What {@link Operations} need to know of a connector. */
export interface OperatedParts {
  readonly handle: ConnectorHandle;
  readonly options: () => ConnectorOptions | undefined;
  readonly opened: () => OpenedConnector | undefined;
  readonly stores: () => Stores | undefined;
  readonly activate: () => Promise<void>;
  readonly deactivate: () => Promise<void>;
}

/** The operations of a connector of the registry. */
export class Operations implements ConnectorOperations {
  readonly #parts: OperatedParts;

  constructor(parts: OperatedParts) {
    this.#parts = parts;
  }

  options(): unknown {
    const options = this.#parts.options();
    return options === undefined ? undefined : shownOptions(options);
  }

  currentRun(): RunUnderWay | undefined {
    const importing = this.#parts.opened()?.importing;
    return importing?.current && { ...importing.current, ...importing.progress };
  }

  async runs(selection: RunSelection): Promise<readonly RunRecord[]> {
    return this.#state().runs.list(selection);
  }

  changes(selection: ChangeSelection): AsyncIterable<NumberedChange> {
    return this.#state().changes.list(selection);
  }

  async change(number: number): Promise<NumberedChange | undefined> {
    return this.#state().changes.get(number);
  }

  guardRails(): readonly GuardRailStatus[] {
    return guardRailsOf(this.#opened().context);
  }

  release(operations: readonly GuardedOperation[], more: number): Promise<readonly GuardedOperation[]> {
    return releaseGuardRails(this.#opened().context, operations, more);
  }

  resend(selection: ResendSelection, operator: Operator): Promise<ResendResult> {
    const { context, handlers } = this.#opened();
    return resendFailures(context, handlers, selection, operator);
  }

  async drop(numbers: readonly number[]): Promise<readonly number[]> {
    const { changes } = this.#state();
    const were = await Promise.all(numbers.map((number) => changes.settle(number)));
    return numbers.filter((_, index) => were[index]);
  }

  startRun(profile: ImportProfile): RunUnderWay {
    const importing = this.#parts.opened()?.importing;
    if (importing === undefined) throw this.#notOpen();
    return { ...importing.begin(profile), ...importing.progress };
  }

  async cancelRun(): Promise<boolean> {
    return (await this.#parts.opened()?.importing.cancel()) ?? false;
  }

  async activate(): Promise<void> {
    if (this.#parts.options()?.active === false) {
      throw new OperationRefused(
        'The connector file itself says "active": false: change it there, this switch can only take away.',
      );
    }
    await this.#parts.activate();
  }

  deactivate(): Promise<void> {
    return this.#parts.deactivate();
  }

  sample(): ConnectorSample {
    const { name } = this.#parts.handle;
    const { state, directoryReachable, import: imports } = this.#parts.handle.status();
    const opened = this.#parts.opened();
    const stores = opened && this.#parts.stores();
    if (opened === undefined || stores === undefined) return { name, state };
    const { entries, importedAt } = stores.space.statistics;
    return {
      name,
      state,
      entries,
      turnsWaiting: stores.exclusive.waiting,
      guardRails: Object.fromEntries(
        guardRailsOf(opened.context).map(({ operation, trippedAt }) => [operation, trippedAt !== undefined]),
      ),
      ...(importedAt !== undefined && { importedAt }),
      ...(directoryReachable !== undefined && { directoryReachable }),
      ...(imports !== undefined && { importRunning: imports.running }),
    };
  }

  /** @throws OperationRefused */
  #opened(): OpenedConnector {
    const opened = this.#parts.opened();
    if (opened === undefined) throw this.#notOpen();
    return opened;
  }

  /** @throws OperationRefused */
  #state(): State {
    const stores = this.#parts.stores();
    if (stores === undefined) throw this.#notOpen();
    return stores.state;
  }

  #notOpen(): OperationRefused {
    const { state, detail } = this.#parts.handle.status();
    return new OperationRefused(`The connector is ${state}${detail === undefined ? '.' : `: ${detail}`}`);
  }
}
