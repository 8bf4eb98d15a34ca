/** Name → connector. Each opens by itself as soon as its directory can be reached; one that cannot never keeps the others from serving. */
import { createHash } from 'node:crypto';
import { LdapError } from '../directory/error';
import { ScimError } from '../scim/error';
import type { ServiceProvider } from '../scim/serviceProvider';
import type { Log } from '../telemetry/log';
import { Secret } from '../telemetry/secret';
import type { ConnectorState, ConnectorStatus } from './handle';
import { ConnectorFaults } from './objectTypes';
import { type OpenedConnector, openConnector, type Surroundings, telling } from './open';
import { type ConnectorOperations, type OperatedConnector, type OperatedRegistry, Operations } from './operations';
import type { ConnectorOptions } from './options';
import { openStores, type Stores } from './stores';
import { Switches } from './switches';

/**
 * A connector as its file has it: options, or what is wrong with them. `revision` changes with what stands in files that
 * the options only name, so that a renewed one counts as a change.
 */
export type ConnectorDefinition =
  | { readonly name: string; readonly options: ConnectorOptions; readonly revision?: string }
  | { readonly name: string; readonly fault: string };

/** The connectors of a host, which can be given other definitions while they serve. */
export interface ConnectorDefinitions extends OperatedRegistry {
  /**
   * Takes over definitions: new connectors open, missing ones close, changed ones are opened aside and replace the running
   * one when they are whole. A changed one that is not leaves the running one as it is. Answers what could not be taken over.
   */
  apply(
    definitions: readonly ConnectorDefinition[],
  ): Promise<readonly { readonly name: string; readonly reason: string }[]>;
}

/** Opens all connectors side by side; resolves when each has been tried once. */
export async function openRegistry(
  definitions: readonly ConnectorDefinition[],
  surroundings: Surroundings,
): Promise<ConnectorDefinitions> {
  const connectors = new Map<string, ManagedConnector>();
  const switches = new Switches(surroundings.stateDirectory);
  const add = async (definition: ConnectorDefinition) => {
    const connector = new ManagedConnector(definition, surroundings, switches);
    connectors.set(definition.name, connector);
    await connector.start();
  };
  await Promise.all(definitions.map(add));
  return {
    get: (name) => connectors.get(name),
    all: () => [...connectors.values()],
    apply: async (next) => {
      const names = new Set(next.map(({ name }) => name));
      const gone = [...connectors.values()].filter(({ name }) => !names.has(name));
      for (const { name } of gone) connectors.delete(name);
      const replaced = next.map(async (definition) => {
        const running = connectors.get(definition.name);
        if (running === undefined) await add(definition);
        const reason = await running?.replace(definition);
        return reason === undefined ? [] : [{ name: definition.name, reason }];
      });
      await Promise.all(gone.map((connector) => connector.close()));
      return (await Promise.all(replaced)).flat();
    },
    close: async () => {
      await Promise.all([...connectors.values()].map((connector) => connector.close()));
    },
  };
}

const firstRetryMs = 500;
const longestRetryMs = 15_000;

class ManagedConnector implements OperatedConnector {
  readonly name: string;
  readonly operations: ConnectorOperations;
  readonly #switches: Switches;
  readonly #surroundings: Surroundings;
  readonly #log: Log;
  #definition: ConnectorDefinition;
  #tokenDigests: readonly Buffer[] = [];
  #state: ConnectorStatus['state'] = 'opening';
  #detail: string | undefined;
  #stores: Stores | undefined;
  #opened: OpenedConnector | undefined;
  #retry: NodeJS.Timeout | undefined;
  #attempts = 0;
  /** Grows with each release: what was begun before it and ends after it must not be kept. */
  #releases = 0;
  #closed = false;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(definition: ConnectorDefinition, surroundings: Surroundings, switches: Switches) {
    this.name = definition.name;
    this.#switches = switches;
    this.operations = new Operations({
      handle: this,
      options: () => ('options' in this.#definition ? this.#definition.options : undefined),
      opened: () => this.#opened,
      stores: () => this.#stores,
      activate: () => this.#inTurn(() => this.#activate()),
      deactivate: () => this.#inTurn(() => this.#deactivate()),
    });
    this.#definition = definition;
    this.#log = surroundings.log.child({ connector: definition.name });
    this.#surroundings = { ...surroundings, log: this.#log };
    this.#take(definition);
  }

  get tokenDigests(): readonly Buffer[] {
    return this.#tokenDigests;
  }

  get provider(): ServiceProvider | undefined {
    return this.#opened?.provider;
  }

  get state(): ConnectorState {
    return this.#state;
  }

  status(): ConnectorStatus {
    return {
      state: this.#state,
      ...(this.#detail === undefined ? {} : { detail: this.#detail }),
      ...this.#opened?.status(),
    };
  }

  async *cache(resourceType?: string): AsyncIterable<string> {
    if (this.#opened === undefined) throw ScimError.unavailable(this.#detail ?? 'The connector is not open.', 5);
    yield* this.#opened.cache(resourceType);
  }

  async start(): Promise<void> {
    const definition = this.#definition;
    const since = this.#switches.offSince(this.name);
    if (this.#switches.fault !== undefined) this.#become('faulty', this.#switches.fault);
    else if ('fault' in definition) this.#become('faulty', `Its connector file has faults: ${definition.fault}`);
    else if (!definition.options.active)
      this.#become('inactive', 'It is switched off by its connector file ("active": false).');
    else if (since !== undefined) this.#become('inactive', `An operator has switched it off (${since}).`);
    else await this.#open(definition.options);
  }

  async #activate(): Promise<void> {
    if (this.#switches.offSince(this.name) === undefined || this.#closed) return;
    await this.#switches.switchOn(this.name);
    this.#log.info('an operator has switched the connector on');
    this.#become('opening', undefined);
    // Its directory may take a while; whoever wants to know asks for the state.
    void this.start();
  }

  async #deactivate(): Promise<void> {
    if (this.#switches.offSince(this.name) !== undefined) return;
    const { clock = () => new Date() } = this.#surroundings;
    const saved = this.#switches.switchOff(this.name, clock());
    this.#log.info('an operator has switched the connector off');
    await Promise.all([saved, this.#release(), this.start()]);
  }

  /** Takes over another definition; answers why it could not, and then the running one goes on. */
  replace(definition: ConnectorDefinition): Promise<string | undefined> {
    return this.#inTurn(() => this.#replace(definition));
  }

  /** One change of what this connector is at a time. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => undefined);
    return done;
  }

  async #replace(definition: ConnectorDefinition): Promise<string | undefined> {
    if (fingerprint(definition) === fingerprint(this.#definition)) return undefined;
    if ('fault' in definition && this.#opened !== undefined) return definition.fault;
    const running = this.#opened;
    if ('options' in definition && definition.options.active && running !== undefined && this.#stores !== undefined) {
      try {
        this.#opened = await openConnector(definition.options, this.#stores, this.#surroundings, true);
      } catch (error) {
        return error instanceof LdapError ? reasonOf(error) : error instanceof Error ? error.message : String(error);
      }
      this.#take(definition);
      // What was imported for the old options may be out of the new ones' scope, or lack their keys.
      void running.close();
      this.#opened.importing.start();
      this.#log.info('the connector was opened again with its changed file');
      return undefined;
    }
    await this.#release();
    this.#take(definition);
    await this.start();
    return undefined;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#release();
  }

  #take(definition: ConnectorDefinition): void {
    this.#definition = definition;
    const tokens = 'options' in definition ? definition.options.properties.secretTokens : [];
    this.#tokenDigests = tokens.map((token) => token.digest());
  }

  async #release(): Promise<void> {
    clearTimeout(this.#retry);
    const [opened, stores] = [this.#opened, this.#stores];
    this.#opened = undefined;
    this.#stores = undefined;
    this.#releases += 1;
    await opened?.close();
    await stores?.close();
  }

  async #open(options: ConnectorOptions): Promise<void> {
    const releases = this.#releases;
    try {
      const stores = this.#stores ?? (await openStores(options, this.#surroundings));
      if (this.#closed || releases !== this.#releases) {
        await stores.close();
        return;
      }
      this.#stores = stores;
      const opened = await openConnector(options, stores, this.#surroundings);
      if (this.#closed || releases !== this.#releases) {
        await opened.close();
        return;
      }
      this.#opened = opened;
      opened.importing.start();
      telling(options, this.#surroundings.events)({ kind: 'directoryReached' });
      this.#become('serving', undefined);
    } catch (error) {
      if (!this.#closed && releases === this.#releases) this.#failed(error, options);
    }
  }

  #failed(error: unknown, options: ConnectorOptions): void {
    if (error instanceof ConnectorFaults) {
      for (const { path, message } of error.faults) this.#log.error(message, { path });
      this.#become('faulty', `Its connector file does not fit the directory: ${error.message}`);
    } else if (error instanceof LdapError) {
      const hosts = options.connectivity.hosts.map(({ host, port }) => `${host}:${port}`).join(', ');
      const reason = reasonOf(error);
      const detail = `The directory (${hosts}) cannot be used yet: ${reason}. The connector opens by itself when it can.`;
      telling(options, this.#surroundings.events)({ kind: 'directoryLost', reason });
      if (detail !== this.#detail) this.#log.warn(detail, { diagnostic: error.diagnostic });
      this.#become('opening', detail);
      this.#retryLater(options);
    } else {
      this.#log.error('the connector cannot be opened', { error });
      this.#become('faulty', error instanceof Error ? error.message : String(error));
    }
  }

  #retryLater(options: ConnectorOptions): void {
    if (this.#closed) return;
    const pause = Math.min(firstRetryMs * 2 ** this.#attempts, longestRetryMs);
    this.#attempts += 1;
    this.#retry = setTimeout(() => void this.#open(options), pause);
    this.#retry.unref();
  }

  #become(state: ConnectorStatus['state'], detail: string | undefined): void {
    if (state === 'serving' && this.#state !== 'serving') this.#log.info('the connector is open');
    this.#state = state;
    this.#detail = detail;
  }
}

/** A digest of a definition, its secrets included: equal when nothing has changed. */
function fingerprint(definition: ConnectorDefinition): string {
  const text = JSON.stringify(definition, function (this: Record<string, unknown>, key: string, value: unknown) {
    const original = this[key];
    return original instanceof Secret ? original.reveal() : value;
  });
  return createHash('sha256').update(text).digest('hex');
}

/** Why a directory cannot be used, in words; the server's own diagnostic stays in the log. */
function reasonOf(error: LdapError): string {
  switch (error.result) {
    case 'connectionLost':
      return 'no connection could be made, or it was closed; check host, port, TLS settings and whether the server runs';
    case 'timeout':
      return 'it does not answer in time';
    case 49:
      return 'it refuses the user name or the password of the connector (49)';
    default:
      return `it answers ${error.operation} with result ${error.result}`;
  }
}
