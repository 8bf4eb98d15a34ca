/** Options and stores → an opened connector: directory, schema, mapping, handlers, imports. */
import { randomBytes } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import type { Entry } from '../directory/entry';
import { virtual } from '../mapping/directoryFace';
import type { ObjectType } from '../mapping/objectType';
import { ScimError } from '../scim/error';
import type { ResourceEndpoint, ServiceProvider } from '../scim/serviceProvider';
import type { ToRow } from '../space/importScope';
import type { Change } from '../space/state';
import { LeftCreates } from './begunRecovery';
import { ChangeLog } from './changeLog';
import { ObjectTypeHandler } from './connector';
import type { ConnectorContext } from './context';
import { Entries } from './entries';
import type { EventObserver, Happening } from './events';
import type { ConnectorStatus } from './handle';
import { Importing } from './importing';
import { importScopesOf, linksOf, toRowBy } from './importRows';
import { type Compiled, requireObjectTypes } from './objectTypes';
import { resultName } from './observedDirectory';
import { type Hearing, openDirectory } from './openDirectory';
import type { ImportProfile } from './operationRefused';
import { type ConnectorOptions, hasServer } from './options';
import { patient } from './patientDirectory';
import { Reachabilities } from './reachability';
import { announcedFeatures } from './readOnly';
import { scopeDigest } from './readScope';
import { machineTime } from './schedule';
import type { Stores } from './stores';
import type { Surroundings } from './surroundings';

export type { RequestWiring, Surroundings } from './surroundings';

const maxResults = 1_000;

/** A connector that serves. */
export class OpenedConnector {
  readonly provider: ServiceProvider;
  readonly importing: Importing;
  #context: ConnectorContext;
  #handlers: readonly ObjectTypeHandler[] = [];
  #endpoints: readonly ResourceEndpoint[];
  #entries: Entries;
  readonly #left: LeftCreates;
  /** Requests that are being served. */
  #inFlight = 0;
  #drained: (() => void) | undefined;

  constructor(
    parts: Omit<ConnectorContext, 'objectTypes' | 'scope' | 'filled'>,
    compiled: Compiled,
    { log, requests, metrics }: Surroundings,
    readonly reachability: Reachabilities,
  ) {
    const { options, directory, space, state, clock, tell } = parts;
    this.#left = new LeftCreates(clock().getTime(), log);
    this.#context = { ...parts, ...compiled, filled: (signal) => this.#filled(signal) };
    this.#entries = new Entries(this.#context);
    this.#endpoints = this.#endpointsOf(compiled.objectTypes);
    this.importing = new Importing({
      options,
      directory,
      space,
      state,
      log,
      now: () => clock().getTime(),
      time: machineTime(() => clock().getTime()),
      scopes: () => importScopesOf(this.#context),
      toRow: (entry, name) => this.#toRow(entry, name),
      links: () => linksOf(this.#context),
      refresh: (profile) => this.#refresh(profile),
      isRescoped: async () => (await state.descriptions.get())?.scope !== scopeDigest(options),
      imported: () => this.#keepDescription(scopeDigest(options)),
      ended: (record) => {
        metrics?.importEnded(options.name, record);
        tell({ kind: 'runEnded', record });
      },
    });
    const features = () => announcedFeatures(this.#context);
    this.provider = {
      baseUri: (request) => requests.baseUri(request, options.name),
      resourceTypes: () => this.#endpoints,
      get features() {
        return features();
      },
      maxResults,
      ...(requests.maxBodyBytes === undefined ? {} : { maxBodyBytes: requests.maxBodyBytes }),
      get requestTimeoutMs() {
        return requests.requestTimeoutMs;
      },
      contextOf: (request, response) => {
        this.#track(response);
        return requests.contextOf(request, response);
      },
      onError: (error, request) => requests.onError(error, request),
    };
  }

  /** What the host's health and the connection test want to know. */
  status(): Omit<ConnectorStatus, 'state'> {
    const { last, running, progress } = this.importing;
    return {
      entries: this.#context.space.count(),
      import: {
        running,
        ...(running ? progress : {}),
        ...(this.#context.space.importedAt === undefined ? { first: true } : {}),
        ...(last === undefined ? {} : { lastOutcome: last.outcome, lastEnd: this.importing.lastEnd }),
      },
      ...(last === undefined ? {} : { directoryReachable: last.outcome !== 'failed' }),
    };
  }

  /** What its parts share at this moment. */
  get context(): ConnectorContext {
    return this.#context;
  }

  /** The handlers of its object types at this moment. */
  get handlers(): readonly ObjectTypeHandler[] {
    return this.#handlers;
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

  /** Ends imports, lets the requests in flight finish, and closes the session with the directory. The stores stay open. */
  async close(): Promise<void> {
    await this.importing.close();
    if (this.#inFlight > 0) {
      await new Promise<void>((resolve) => {
        this.#drained = resolve;
      });
    }
    this.reachability.close();
    this.#context.changeLog.close();
    await this.#context.directory.close();
  }

  /** Sees to what is to be done before anybody is served. */
  async begin(): Promise<void> {
    await this.#left.atStart(this.#context, this.#entries);
  }

  async #filled(signal: AbortSignal): Promise<void> {
    if (!(await this.importing.filled(signal))) throw nothingYet(this.importing);
  }

  #track(response: ServerResponse): void {
    this.#inFlight += 1;
    response.once('close', () => {
      this.#inFlight -= 1;
      if (this.#inFlight === 0) this.#drained?.();
    });
  }

  #typeNamed(name: string): ObjectType {
    const type = this.#context.objectTypes.find((one) => one.name === name || one.resourceType.endpoint === `/${name}`);
    if (type !== undefined) return type;
    const known = this.#context.objectTypes.map((one) => one.name).join(', ');
    throw ScimError.notFound(`The connector has no resource type "${name.slice(0, 100)}": it has ${known}.`);
  }

  #endpointsOf(objectTypes: readonly ObjectType[]): readonly ResourceEndpoint[] {
    this.#handlers = objectTypes.map((one) => new ObjectTypeHandler(this.#context, this.#entries, one));
    return this.#handlers.map((handler) => ({ type: handler.objectType.resourceType, handler }));
  }

  #toRow(...from: Parameters<ToRow>): ReturnType<ToRow> {
    const { objectTypes, disconnections } = this.#context;
    const makeRow = (objectType: ObjectType, entry: Entry) => this.#entries.rowOf(objectType, entry, 0);
    return toRowBy(objectTypes, makeRow, (id, normalizedDN) => disconnections.has(id, normalizedDN))(...from);
  }

  async #keepDescription(scope: string | undefined): Promise<void> {
    const { directory, state, clock } = this.#context;
    const { description, schema } = directory;
    const kept = { description, schema: schema.source(), readAt: clock().getTime() };
    await state.descriptions.set(scope === undefined ? kept : { ...kept, scope });
  }

  /** The schema is read again at each import; object types and /Schemas follow it without a restart (decision 20). */
  async #refresh(profile: ImportProfile): Promise<void> {
    const { directory, options, state } = this.#context;
    const before = directory.schema;
    await directory.refresh();
    if (profile === 'fullImport' || directory.schema !== before)
      await this.#keepDescription((await state.descriptions.get())?.scope);
    await this.#entries.moves.all({});
    await this.#left.beforeImport(this.#context, this.#entries, profile);
    if (directory.schema === before) return;
    const compiled = requireObjectTypes(options, directory);
    this.#context = { ...this.#context, ...compiled };
    this.#entries = new Entries(this.#context);
    this.#endpoints = this.#endpointsOf(compiled.objectTypes);
  }
}

/** Tells of what happens to a connector. */
export function telling({ name, notifications }: ConnectorOptions, events?: EventObserver): (what: Happening) => void {
  return (what) => events?.({ ...what, connector: name, notifications });
}

function nothingYet(importing: Importing): ScimError {
  if (importing.running) {
    return ScimError.unavailable(
      `The first import of the directory is still running (${importing.progress.seen} entries so far): lists are complete when it has ended. Look-ups by id or by a matching attribute are answered meanwhile.`,
      10,
    );
  }
  const reason = importing.last?.errors[0]?.message ?? 'the directory could not be read';
  return ScimError.unavailable(
    `The first import of the directory has failed and is tried again by itself: ${reason}.`,
    10,
  );
}

/**
 * Opens a connector over its stores. With the description that they keep, opening needs no directory.
 * @throws LdapError when the directory is needed and cannot be had, ConnectorFaults when the options do not fit it
 */
export async function openConnector(
  options: ConnectorOptions,
  stores: Stores,
  surroundings: Surroundings,
  describedAnew = false,
): Promise<OpenedConnector> {
  const { log, metrics, events, clock = () => new Date() } = surroundings;
  const connector = options.name;
  const tell = telling(options, events);
  const { state } = stores;
  const now = () => clock().getTime();
  const counted = ({ at, ...change }: Change) => {
    metrics?.exported(connector, change);
    surroundings.audit?.({ time: new Date(at).toISOString(), kind: 'export', connector, ...change });
  };
  const kept = describedAnew ? undefined : await state.descriptions.get();
  const reachability = new Reachabilities({
    lost: (reason) => {
      log.warn('the directory cannot be reached', { reason });
      tell({ kind: 'directoryLost', reason });
    },
    reached: () => {
      log.info('the directory is reached again');
      tell({ kind: 'directoryReached' });
    },
  });
  const hearing: Hearing = (partition) => {
    const server = reachability.of(partition);
    return ({ operation, result, durationMs }) => {
      metrics?.ldapOperation(connector, { operation, result: resultName(result), durationMs });
      server.heard({ result });
    };
  };
  const opened = await openDirectory(options, log, kept, hearing);
  reachability.follow(
    opened,
    options.partitions.filter(hasServer).map(({ dn }) => dn),
  );
  const directory = patient(opened);
  try {
    const compiled = requireObjectTypes(options, directory);
    for (const { path, message } of compiled.faults) log.warn(message, { path });
    const parts = {
      ...stores,
      options,
      directory,
      changeLog: new ChangeLog({ changes: state.changes, options, log, now, counted }),
      clock,
      random: (length: number) => randomBytes(length),
      tell,
    };
    const connectorOpened = new OpenedConnector(parts, compiled, surroundings, reachability);
    await connectorOpened.begin();
    return connectorOpened;
  } catch (error) {
    reachability.close();
    await directory.close();
    throw error;
  }
}
