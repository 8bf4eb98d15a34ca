/** Name → connector. Each opens by itself as soon as its directory can be reached; one that cannot never keeps the others from serving. */
import { createHash } from 'node:crypto';
import { LdapError } from '../directory/error';
import { ScimError } from '../scim/error';
import type { ServiceProvider } from '../scim/serviceProvider';
import type { Log } from '../telemetry/log';
import type { ConnectorHandle, ConnectorRegistry, ConnectorStatus } from './handle';
import { ConnectorFaults } from './objectTypes';
import { type OpenedConnector, openConnector, type Surroundings } from './open';
import type { ConnectorOptions } from './options';

/** A connector as its file has it: options, or what is wrong with them. */
export type ConnectorDefinition =
  | { readonly name: string; readonly options: ConnectorOptions }
  | { readonly name: string; readonly fault: string };

const firstRetryMs = 500;
const longestRetryMs = 15_000;

/** Opens all connectors side by side; resolves when each has been tried once. */
export async function openRegistry(
  definitions: readonly ConnectorDefinition[],
  surroundings: Surroundings,
): Promise<ConnectorRegistry> {
  const connectors = new Map(
    definitions.map((definition) => [definition.name, new ManagedConnector(definition, surroundings)]),
  );
  await Promise.all([...connectors.values()].map((connector) => connector.start()));
  return {
    get: (name) => connectors.get(name),
    all: () => [...connectors.values()],
    close: async () => {
      await Promise.all([...connectors.values()].map((connector) => connector.close()));
    },
  };
}

class ManagedConnector implements ConnectorHandle {
  readonly name: string;
  readonly tokenDigests: readonly Buffer[];
  readonly #definition: ConnectorDefinition;
  readonly #surroundings: Surroundings;
  readonly #log: Log;
  #state: ConnectorStatus['state'] = 'opening';
  #detail: string | undefined;
  #opened: OpenedConnector | undefined;
  #retry: NodeJS.Timeout | undefined;
  #attempts = 0;
  #closed = false;

  constructor(definition: ConnectorDefinition, surroundings: Surroundings) {
    this.#definition = definition;
    this.#log = surroundings.log.child({ connector: definition.name });
    this.#surroundings = { ...surroundings, log: this.#log };
    this.name = definition.name;
    const tokens = 'options' in definition ? definition.options.properties.secretTokens : [];
    this.tokenDigests = tokens.map((token) => createHash('sha256').update(token.reveal()).digest());
  }

  get provider(): ServiceProvider | undefined {
    return this.#opened?.provider;
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
    if ('fault' in definition) this.#become('faulty', `Its connector file has faults: ${definition.fault}`);
    else if (!definition.options.active)
      this.#become('inactive', 'It is switched off by its connector file ("active": false).');
    else await this.#open(definition.options);
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#retry);
    await this.#opened?.close();
    this.#opened = undefined;
  }

  async #open(options: ConnectorOptions): Promise<void> {
    try {
      const opened = await openConnector(options, this.#surroundings);
      if (this.#closed) {
        await opened.close();
        return;
      }
      this.#opened = opened;
      this.#become('serving', undefined);
    } catch (error) {
      this.#failed(error, options);
    }
  }

  #failed(error: unknown, options: ConnectorOptions): void {
    if (error instanceof ConnectorFaults) {
      for (const { path, message } of error.faults) this.#log.error(message, { path });
      this.#become('faulty', `Its connector file does not fit the directory: ${error.message}`);
    } else if (error instanceof LdapError) {
      const hosts = options.connectivity.hosts.map(({ host, port }) => `${host}:${port}`).join(', ');
      const detail = `The directory (${hosts}) cannot be used yet: ${reasonOf(error)}. The connector opens by itself when it can.`;
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
