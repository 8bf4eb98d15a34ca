/** Options → an opened connector: stores, directory, schema, mapping, space. What was opened is released when anything fails. */
import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Directory } from '../directory/directory';
import { isSecretAttribute, virtual } from '../mapping/directoryFace';
import type { ObjectType } from '../mapping/objectType';
import { ScimError } from '../scim/error';
import type { RequestContext, ResourceEndpoint, ServiceProvider } from '../scim/serviceProvider';
import { type ConnectorSpace, openSpace } from '../space/connectorSpace';
import type { ImportScope } from '../space/importScope';
import { openState, type State } from '../space/state';
import type { Log } from '../telemetry/log';
import { ObjectTypeHandler } from './connector';
import type { ConnectorContext } from './context';
import { Disconnections } from './disconnections';
import { Entries } from './entries';
import { Exclusive } from './exclusive';
import type { ConnectorStatus } from './handle';
import { Importing } from './importing';
import { type Compiled, requireObjectTypes } from './objectTypes';
import { openDirectory } from './openDirectory';
import type { ConnectorOptions } from './options';
import { SpelledNames } from './spelledNames';

/** What a connector needs of its surroundings. */
export interface Surroundings {
  readonly stateDirectory: string;
  readonly log: Log;
  readonly clock?: () => Date;
  /** How the host knows a request: its id, who asks, where its log line is. */
  readonly requests: RequestWiring;
}

/** The host's side of a request. */
export interface RequestWiring {
  baseUri(request: IncomingMessage, connector: string): string;
  contextOf(request: IncomingMessage, response: ServerResponse): RequestContext;
  onError(error: unknown, request: IncomingMessage): void;
  readonly requestTimeoutMs: number;
}

const maxResults = 1_000;

/** A connector that serves. */
export class OpenedConnector {
  readonly provider: ServiceProvider;
  readonly importing: Importing;
  #context: ConnectorContext;
  #endpoints: readonly ResourceEndpoint[];
  #entries: Entries;
  readonly #releases: (() => Promise<void>)[];

  constructor(
    parts: Omit<ConnectorContext, 'objectTypes' | 'scope' | 'filled'>,
    compiled: Compiled,
    { log, requests }: Surroundings,
    releases: (() => Promise<void>)[],
  ) {
    const { options, directory, space, state, clock } = parts;
    this.#releases = releases;
    this.#context = { ...parts, ...compiled, filled: (signal) => this.importing.filled(signal) };
    this.#entries = new Entries(this.#context);
    this.#endpoints = this.#endpointsOf(compiled.objectTypes);
    this.importing = new Importing({
      options,
      directory,
      space,
      state,
      log,
      now: () => clock().getTime(),
      scopes: () => this.#importScopes(),
      toRow: (entry, name) => this.#toRow(entry, name),
      refresh: () => this.#refresh(),
    });
    this.provider = {
      baseUri: (request) => requests.baseUri(request, options.name),
      resourceTypes: () => this.#endpoints,
      features: { sort: true, etag: true, changePassword: true },
      maxResults,
      requestTimeoutMs: requests.requestTimeoutMs,
      contextOf: (request, response) => requests.contextOf(request, response),
      onError: (error, request) => requests.onError(error, request),
    };
  }

  /** What the host's health and the connection test want to know. */
  status(): Omit<ConnectorStatus, 'state'> {
    const { last, running, seen } = this.importing;
    return {
      entries: this.#context.space.count(),
      import: {
        running,
        ...(running ? { seen } : {}),
        ...(last === undefined ? {} : { lastOutcome: last.outcome, lastEnd: new Date(last.ended).toISOString() }),
      },
      ...(last === undefined ? {} : { directoryReachable: last.outcome !== 'failed' }),
    };
  }

  /** The connector space as chunks of one JSON array; `[]` when it is empty. */
  async *cache(resourceType?: string): AsyncIterable<string> {
    const { space } = this.#context;
    const type = resourceType === undefined ? undefined : this.#typeNamed(resourceType);
    if (space.importedAt === undefined && space.count() === 0) throw nothingYet(this.importing);
    let separator = '[';
    for await (const { id, objectType, entry } of space.iterate(type?.name)) {
      const attributes = [...entry.attributes()].map(({ name, values }) => [
        name,
        values.map((value) => (typeof value === 'string' ? value : value.toString('base64'))),
      ]);
      yield `${separator}${JSON.stringify({ id, resourceType: objectType, [virtual.dn]: entry.dn.toString(), ...Object.fromEntries(attributes) })}`;
      separator = ',\n';
    }
    yield separator === '[' ? '[]' : ']';
  }

  /** Backwards, each release on its own: what fails to close keeps nothing else open. */
  async close(): Promise<void> {
    await this.importing.close();
    await releaseAll(this.#releases);
  }

  #typeNamed(name: string): ObjectType {
    const type = this.#context.objectTypes.find((one) => one.name === name || one.resourceType.endpoint === `/${name}`);
    if (type !== undefined) return type;
    const known = this.#context.objectTypes.map((one) => one.name).join(', ');
    throw ScimError.notFound(`The connector has no resource type "${name.slice(0, 100)}": it has ${known}.`);
  }

  #endpointsOf(objectTypes: readonly ObjectType[]): readonly ResourceEndpoint[] {
    return objectTypes.map((objectType) => ({
      type: objectType.resourceType,
      handler: new ObjectTypeHandler(this.#context, this.#entries, objectType),
    }));
  }

  /** The first object type owns an entry that several would take; of two scopes the import lets the later one have it. */
  #importScopes(): readonly ImportScope[] {
    const { objectTypes, scope } = this.#context;
    return [...objectTypes].reverse().flatMap(({ name, filter, readAttributes }) =>
      scope.bases.map((base) => ({
        objectType: name,
        base,
        scope: 'sub' as const,
        filter,
        attributes: readAttributes,
        excluded: scope.excluded,
      })),
    );
  }

  async #toRow(entry: Parameters<Entries['ownerOf']>[0], name: string) {
    const objectType = this.#context.objectTypes.find((one) => one.name === name);
    if (objectType === undefined) return undefined;
    const row = await this.#entries.rowOf(objectType, entry, 0);
    if (row === undefined)
      throw new Error(
        `the directory did not return its anchor (${objectType.anchor}): the account needs the right to read it`,
      );
    return this.#context.disconnections.has(row.id, row.normalizedDN) ? undefined : row;
  }

  /** The schema is read again at each full import; object types and /Schemas follow it without a restart (decision 20). */
  async #refresh(): Promise<void> {
    const { directory, options, state, clock } = this.#context;
    const before = directory.schema;
    await directory.refresh();
    await state.descriptions.set({
      description: directory.description,
      schema: directory.schema.source(),
      readAt: clock().getTime(),
    });
    if (directory.schema === before) return;
    const compiled = requireObjectTypes(options, directory);
    this.#context = { ...this.#context, ...compiled };
    this.#entries = new Entries(this.#context);
    this.#endpoints = this.#endpointsOf(compiled.objectTypes);
  }
}

function nothingYet(importing: Importing): ScimError {
  if (importing.running) {
    return ScimError.unavailable(
      `The first import is still running (${importing.seen} entries so far): try again when it has ended.`,
      5,
    );
  }
  const reason = importing.last?.errors[0]?.message ?? 'the directory could not be read';
  return ScimError.unavailable(`The first import has failed and will be tried again: ${reason}.`, 10);
}

/** Opens a connector. @throws LdapError when the directory is needed and cannot be had, ConnectorFaults when the options do not fit it, StateDamaged … */
export async function openConnector(options: ConnectorOptions, surroundings: Surroundings): Promise<OpenedConnector> {
  const { stateDirectory, log, clock = () => new Date() } = surroundings;
  const releases: (() => Promise<void>)[] = [];
  try {
    mkdirSync(stateDirectory, { recursive: true, mode: 0o700 });
    const state = await openState(stateDirectory, options.name, { now: () => clock().getTime() });
    releases.push(() => state.close());
    const directory = await openDirectory(options, log, await state.descriptions.get());
    releases.push(() => directory.close());
    const compiled = requireObjectTypes(options, directory);
    for (const { path, message } of compiled.faults) log.warn(message, { path });
    const space = await openConnectorSpace(options, state, directory, surroundings);
    releases.push(() => space.close());
    await state.intents.purge();
    const parts = {
      options,
      directory,
      state,
      space,
      exclusive: new Exclusive(),
      spelled: await SpelledNames.open(state.names),
      disconnections: await Disconnections.open(state.disconnected),
      clock,
      random: (length: number) => randomBytes(length),
    };
    const opened = new OpenedConnector(parts, compiled, surroundings, releases);
    opened.importing.start();
    return opened;
  } catch (error) {
    await releaseAll(releases);
    throw error;
  }
}

async function openConnectorSpace(
  options: ConnectorOptions,
  state: State,
  directory: Directory,
  { stateDirectory, log, clock }: Surroundings,
): Promise<ConnectorSpace> {
  const secret = directory.schema.attributeTypes
    .flatMap(({ names }) => names)
    .filter((name) => isSecretAttribute(name, options.global.passwordAttribute));
  return openSpace({
    folder: stateDirectory,
    name: options.name,
    state,
    never: secret,
    onDamaged: (file, error) =>
      log.error('the connector space was damaged and is imported again', { setAside: file, reason: error.message }),
    ...(clock === undefined ? {} : { now: () => clock().getTime() }),
  });
}

async function releaseAll(releases: (() => Promise<void>)[]): Promise<void> {
  for (const release of releases.splice(0).reverse()) await release().catch(() => undefined);
}
