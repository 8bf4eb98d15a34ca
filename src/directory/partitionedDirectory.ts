/**
 * One directory out of several servers, each of which holds naming contexts of its own: what is asked goes to the server
 * that holds the name. The first one is asked for everything that no other holds, and its schema is the schema of all.
 */

import { Call } from './call';
import type { ChangeSource } from './changes/changeSource';
import { PartitionedChanges } from './changes/partitionedChanges';
import type { Directory, DirectoryDescription, Modification, Options, SearchRequest, WriteOptions } from './directory';
import type { DN } from './dn';
import type { Entry } from './entry';
import { LdapError, ResultCode } from './error';
import type { Schema } from './schema';

/** A naming context on a server of its own. */
export interface Partition {
  readonly context: DN;
  /** Opens the server; asked again until it has been opened once, so that one that is down keeps no other from working. */
  readonly open: () => Promise<Directory>;
}

/** Monotonic milliseconds. */
type Clock = () => number;

/** Several servers as one directory. `first` is opened, and is closed with it. */
export function partitioned(
  first: Directory,
  partitions: readonly Partition[],
  clock: Clock = () => performance.now(),
): Directory {
  return new PartitionedDirectory(first, partitions, clock);
}

/** How long whoever asks waits for a server to be opened, where he does not say. */
const OPENING_MS = 30_000;
/** A server that could not be opened is not tried for each request anew. */
const PAUSE_MS = 5_000;
/** Refused credentials count towards a lockout of the account. */
const REFUSED_PAUSE_MS = 30_000;

/** One server. */
class Holder {
  opened: Directory | undefined;
  readonly #open: () => Promise<Directory>;
  readonly #clock: Clock;
  #opening: Promise<Directory> | undefined;
  #failure: { readonly error: LdapError; readonly until: number } | undefined;

  constructor(
    /** Absent: everything that no other one holds. */
    readonly context: DN | undefined,
    open: () => Promise<Directory>,
    clock: Clock,
  ) {
    this.#open = open;
    this.#clock = clock;
  }

  /** Runs an operation at the server. @throws LdapError that names the context where it was the server that failed */
  async at<T>(work: (directory: Directory) => Promise<T>, options?: Options): Promise<T> {
    try {
      return await work(this.opened ?? (await this.#directory(options)));
    } catch (error) {
      throw this.#named(error);
    }
  }

  async *search(request: SearchRequest, options?: Options): AsyncGenerator<Entry> {
    try {
      yield* (this.opened ?? (await this.#directory(options))).search(request, options);
    } catch (error) {
      throw this.#named(error);
    }
  }

  #directory(options: Options = {}): Promise<Directory> {
    const failure = this.#failure;
    if (failure && this.#clock() < failure.until) return Promise.reject(failure.error);
    this.#opening ??= this.#openNow();
    return Call.of('bind', String(this.context), options, OPENING_MS).before(this.#opening);
  }

  async #openNow(): Promise<Directory> {
    try {
      this.opened = await this.#open();
      return this.opened;
    } catch (error) {
      if (!(error instanceof LdapError)) throw error;
      const { result, operation, diagnostic } = error;
      // Whatever was sent to open it, the operation that it was opened for was not.
      const unsent = new LdapError(result, operation, '', diagnostic, false, { cause: error });
      const pause = result === ResultCode.invalidCredentials ? REFUSED_PAUSE_MS : PAUSE_MS;
      this.#failure = { error: unsent, until: this.#clock() + pause };
      throw unsent;
    } finally {
      this.#opening = undefined;
    }
  }

  async close(): Promise<void> {
    await this.#opening?.catch(() => undefined);
    await this.opened?.close();
  }

  /** A bind and a read of the root DSE have no name of their own that says which server it was. */
  #named(error: unknown): unknown {
    if (!(error instanceof LdapError) || this.context === undefined) return error;
    const { result, operation, diagnostic, sent } = error;
    if (operation !== 'bind' && error.dn !== '') return error;
    return new LdapError(result, operation, this.context.toString(), diagnostic, sent, { cause: error });
  }
}

class PartitionedDirectory implements Directory {
  readonly #first: Directory;
  readonly #rest: Holder;
  /** The deepest context first, so that the first one that fits holds a name. */
  readonly #partitions: readonly Holder[];
  readonly #changes: PartitionedChanges;
  #closed = false;

  constructor(first: Directory, partitions: readonly Partition[], clock: Clock) {
    this.#first = first;
    this.#rest = new Holder(undefined, async () => first, clock);
    this.#rest.opened = first;
    const deepest = [...partitions].sort((a, b) => b.context.rdns.length - a.context.rdns.length);
    this.#partitions = deepest.map(
      ({ context, open }) => new Holder(context, () => this.#openUnlessClosed(open), clock),
    );
    this.#changes = new PartitionedChanges(
      [this.#rest, ...this.#partitions].map((holder) => ({
        name: holder.context?.normalized(first.schema) ?? '',
        source: () => holder.at(async ({ changes }) => changes),
        holds: (dn: DN) => this.#holder(dn) === holder,
      })),
      () => first.changes,
    );
  }

  get description(): DirectoryDescription {
    return this.#first.description;
  }

  get schema(): Schema {
    return this.#first.schema;
  }

  get changes(): ChangeSource | undefined {
    return this.#first.changes && this.#changes;
  }

  /** Whether all of them do, as far as they are known. */
  supports(oid: string): boolean {
    return this.#first.supports(oid) && this.#partitions.every(({ opened }) => opened?.supports(oid) ?? true);
  }

  /** A server that cannot be had now shows when something is asked of it. */
  async refresh(options?: Options): Promise<void> {
    await this.#first.refresh(options);
    for (const partition of this.#partitions) {
      try {
        const isKnown = partition.opened !== undefined;
        await partition.at(async (directory) => isKnown && directory.refresh(options), options);
      } catch (error) {
        if (!(error instanceof LdapError)) throw error;
      }
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([this.#first.close(), ...this.#partitions.map((partition) => partition.close())]);
  }

  async *search(request: SearchRequest, options?: Options): AsyncGenerator<Entry> {
    const own = this.#holder(request.base);
    const below = this.#below(request);
    if (below.length === 0) {
      yield* own.search(request, options);
      return;
    }
    let left = request.sizeLimit ?? Number.POSITIVE_INFINITY;
    for (const [holder, asked] of [[own, request] as const, ...below]) {
      if (left === 0) return;
      const limited = Number.isFinite(left) ? { ...asked, sizeLimit: left } : asked;
      for await (const entry of holder.search(limited, options)) {
        // Of what another server holds there may be a copy here, or the entry that points to it.
        if (this.#holder(entry.dn) !== holder) continue;
        yield entry;
        left -= 1;
      }
    }
  }

  add(entry: Entry, options?: WriteOptions): Promise<Entry | undefined> {
    return this.#holder(entry.dn).at((directory) => directory.add(entry, options), options);
  }

  modify(dn: DN, modifications: readonly Modification[], options?: WriteOptions): Promise<Entry | undefined> {
    return this.#holder(dn).at((directory) => directory.modify(dn, modifications, options), options);
  }

  async modifyDN(
    dn: DN,
    newDN: DN,
    options: WriteOptions & { readonly deleteOldRdn: boolean },
  ): Promise<Entry | undefined> {
    if (this.#holder(dn) !== this.#holder(newDN)) {
      const diagnostic = `${newDN} is held by another server`;
      throw new LdapError(ResultCode.affectsMultipleDSAs, 'modifyDN', dn.toString(), diagnostic, false);
    }
    return this.#holder(dn).at((directory) => directory.modifyDN(dn, newDN, options), options);
  }

  delete(dn: DN, options?: Options & { readonly tree?: boolean }): Promise<void> {
    return this.#holder(dn).at((directory) => directory.delete(dn, options), options);
  }

  setPassword(dn: DN, password: string, options?: Options): Promise<void> {
    return this.#holder(dn).at((directory) => directory.setPassword(dn, password, options), options);
  }

  #holder(dn: DN): Holder {
    const { schema } = this.#first;
    return this.#partitions.find(({ context }) => context && dn.isWithin(context, schema)) ?? this.#rest;
  }

  /** What a search has to ask of servers that hold contexts below its base. */
  #below(request: SearchRequest): (readonly [Holder, SearchRequest])[] {
    const { base, scope } = request;
    const { schema } = this.#first;
    if (scope === 'base') return [];
    return this.#partitions.flatMap((holder) => {
      const { context } = holder;
      if (!context?.isWithin(base, schema) || context.equals(base, schema)) return [];
      if (scope === 'sub') return [[holder, { ...request, base: context }] as const];
      return context.parent?.equals(base, schema)
        ? [[holder, { ...request, base: context, scope: 'base' }] as const]
        : [];
    });
  }

  async #openUnlessClosed(open: () => Promise<Directory>): Promise<Directory> {
    if (!this.#closed) return open();
    throw new LdapError('connectionLost', 'search', '', 'the directory is closed', false);
  }
}
