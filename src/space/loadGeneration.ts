/** Reads the directory into a new generation's file. It needs nothing of the host but what it is handed, so it can run in a process of its own. */
import { ChangesUnreadable, seesDeletes, type Watermark } from '../directory/changes/changeSource';
import type { Entry } from '../directory/entry';
import { isLdapError, type LdapError } from '../directory/error';
import type { Comparison } from './comparison';
import { yieldToEventLoop } from './eventLoop';
import {
  covers,
  Failures,
  type ImportScope,
  type ImportSource,
  isLeftOut,
  type RowDraft,
  type ToRow,
} from './importScope';
import type { SpaceRow } from './row';
import type { RunError } from './runRecord';
import { SearchNotices } from './searchNotices';
import { SpaceBuilder } from './spaceBuilder';
import { readGeneration } from './spaceReader';

/** What to load, and where to. */
export interface LoadOptions {
  readonly directory: ImportSource;
  readonly scopes: readonly ImportScope[];
  readonly toRow: ToRow;
  /** The file and the sequence number of the new generation. */
  readonly file: string;
  readonly sequence: number;
  /** The file of the generation in use. */
  readonly previous: string;
  /** Entries per page of a search; absent: the directory's own choice. */
  readonly pageSize?: number;
  /** Scopes of one object type that are read at the same time (default: 1). */
  readonly sideBySide?: number;
  /** Rows per transaction; the event loop has its turn between (default: 200). */
  readonly batchSize?: number;
  /** Attributes that are not stored, besides those that hold passwords. */
  readonly never?: readonly string[];
  /** Attributes whose values name other entries. */
  readonly references?: readonly string[];
  readonly signal?: AbortSignal;
  /** Told after each batch. */
  readonly onProgress?: (progress: LoadProgress) => void;
  /** The clock, in milliseconds since the epoch. */
  readonly now?: () => number;
}

/** How far a load is. */
export interface LoadProgress {
  readonly objectType: string;
  /** Entries read so far, of all scopes. */
  readonly seen: number;
}

/** What a load did. Plain JSON, so that another process can report it. */
export interface LoadResult {
  readonly seen: number;
  readonly failed: number;
  readonly errors: readonly RunError[];
  /** What the switch would do, by object type. */
  readonly comparison: readonly Comparison[];
  /** What there is to know of a load that ended well. */
  readonly notes: readonly string[];
}

/**
 * Streams every scope into the file and builds its indexes. Ends well only if each search did; rejects with the
 * search's error otherwise, or with the signal's reason, and then the file is gone.
 */
export async function loadGeneration(options: LoadOptions): Promise<LoadResult> {
  const now = options.now ?? Date.now;
  const importedAt = now();
  const { watermark, notes = [] } = await beginning(options);
  const builder = new SpaceBuilder(options.file, options.sequence, options.never, options.references);
  try {
    const load = new Load(options, builder, now);
    await load.readAll();
    const { changes } = options.directory;
    const reached = load.kept.reduce(
      (before, { base }) => before && (changes?.without?.(before, base) ?? before),
      watermark,
    );
    const comparison = builder.finish({ importedAt, ...(reached && { watermark: reached }) }, options.previous);
    return {
      seen: load.seen,
      failed: load.failures.count,
      errors: load.failures.errors,
      comparison,
      notes: [...notes, ...load.notices.notes],
    };
  } catch (error) {
    builder.discard();
    throw error;
  }
}

/** From where changes can be followed after this load. That they cannot is no reason not to load. */
async function beginning({ directory, signal }: LoadOptions): Promise<{ watermark?: Watermark; notes?: string[] }> {
  try {
    const watermark = await directory.changes?.latest(signal && { signal });
    if (!watermark) return {};
    const { passedOver = [] } = directory.changes ?? {};
    if (passedOver.length === 0) return { watermark };
    const blind = seesDeletes(watermark.method) ? '' : ', which does not see deletes,';
    const note = `Changes are followed by ${watermark.method}${blind} because nothing better can be used: ${passedOver.join('; ')}`;
    return { watermark, notes: [note] };
  } catch (error) {
    if (!(error instanceof ChangesUnreadable)) throw error;
    return { notes: [`Changes cannot be followed, so only full imports find them. ${error.message}`] };
  }
}

class Load {
  seen = 0;
  readonly failures = new Failures();
  readonly notices = new SearchNotices();
  /** Scopes that could not be read. */
  readonly kept: ImportScope[] = [];
  #batch: SpaceRow[] = [];

  constructor(
    readonly options: LoadOptions,
    readonly builder: SpaceBuilder,
    readonly now: () => number,
  ) {}

  /** Object types come one after another, because of two scopes that meet in an entry the later one has it. */
  async readAll(): Promise<void> {
    const { scopes } = this.options;
    for (const type of new Set(scopes.map(({ objectType }) => objectType)))
      await this.#readSideBySide(scopes.filter(({ objectType }) => objectType === type));
  }

  /** When one fails the others are ended, and have ended when this rejects: the file is deleted then. */
  async #readSideBySide(scopes: readonly ImportScope[]): Promise<void> {
    const { signal, sideBySide = 1 } = this.options;
    const failed = new AbortController();
    const either = signal === undefined ? failed.signal : AbortSignal.any([signal, failed.signal]);
    const waiting = [...scopes];
    const readers = Array.from({ length: Math.min(sideBySide, scopes.length) }, async () => {
      for (let scope = waiting.shift(); scope !== undefined; scope = waiting.shift()) {
        await this.#read(scope, either).catch((error: unknown) => {
          failed.abort(error);
          throw error;
        });
      }
    });
    await Promise.allSettled(readers);
    either.throwIfAborted();
  }

  async #read(scope: ImportScope, signal: AbortSignal): Promise<void> {
    try {
      await this.#search(scope, signal);
    } catch (error) {
      const isOut = scope.separate && isLdapError(error) && error.result !== 'cancelled' && !signal.aborted;
      if (!isOut || !(await this.#keep(scope, error, signal))) throw error;
    }
  }

  /** Takes over what the generation in use has of a scope; false where there was no import that it could have it from. */
  async #keep(scope: ImportScope, reason: LdapError, signal: AbortSignal): Promise<boolean> {
    const { directory, previous, batchSize = 200 } = this.options;
    const { objectType, base } = scope;
    const space = readGeneration(previous);
    try {
      if (space.importedAt === undefined) return false;
      let entries = 0;
      for await (const { entry, readAt } of space.iterate(objectType)) {
        if (!covers(scope, entry.dn, directory.schema)) continue;
        entries += 1;
        await this.#take(entry, scope, readAt);
        if (this.#batch.length >= batchSize) await this.#save(objectType, signal);
      }
      await this.#save(objectType, signal);
      this.kept.push(scope);
      const message = `The server of this partition could not be read, so its ${entries} entries of ${objectType} stay as they were: ${reason.message}`;
      this.failures.note(base, message);
      return true;
    } finally {
      space.close();
    }
  }

  async #search(scope: ImportScope, signal: AbortSignal): Promise<void> {
    const { directory, pageSize, batchSize = 200 } = this.options;
    signal.throwIfAborted();
    const { base, filter, attributes, objectType } = scope;
    const request = { base, scope: scope.scope, filter, attributes, ...(pageSize !== undefined && { pageSize }) };
    // Pages are asked for as they are needed, but none before this moment.
    const readAt = this.now();
    for await (const entry of directory.search(request, { signal, notice: this.notices.take })) {
      this.seen += 1;
      const taking = this.#take(entry, scope, readAt);
      if (taking !== undefined) await taking;
      if (this.#batch.length >= batchSize) await this.#save(objectType, signal);
    }
    await this.#save(objectType, signal);
  }

  /** A promise only where somebody has to be waited for: one for each entry is felt. */
  #take(entry: Entry, scope: ImportScope, readAt: number): Promise<void> | undefined {
    const { directory, toRow } = this.options;
    const { objectType } = scope;
    const keep = (draft: RowDraft | undefined): void => {
      if (draft) this.#batch.push({ ...draft, objectType, readAt });
    };
    const fail = (error: unknown): void => this.failures.add(entry.dn, error);
    if (isLeftOut(scope, entry.dn, directory.schema)) return undefined;
    try {
      const made = toRow(entry, objectType);
      if (made instanceof Promise) return made.then(keep).catch(fail);
      keep(made);
    } catch (error) {
      fail(error);
    }
    return undefined;
  }

  async #save(objectType: string, signal: AbortSignal): Promise<void> {
    this.builder.add(this.#batch);
    this.#batch = [];
    this.options.onProgress?.({ objectType, seen: this.seen });
    await yieldToEventLoop();
    signal.throwIfAborted();
  }
}
