/** The run profile Delta Import: entries that the directory says have changed are read again and saved. */
import { type ChangeSource, type DirectoryChange, WatermarkExpired } from '../directory/changes/changeSource';
import type { DN } from '../directory/dn';
import type { Entry } from '../directory/entry';
import { isLdapError, ResultCode } from '../directory/error';
import { present } from '../directory/filter';
import type { ChangeOutcome, ConnectorSpace, SpaceChange, SpaceRow } from './connectorSpace';
import { covers, Failures, type ImportScope, type ImportSource, type ToRow } from './importScope';
import { failedRun, NO_COUNTS, type RunCounts, type RunResult } from './runRecord';

/** How a delta import goes. */
export interface DeltaImportOptions {
  readonly space: ConnectorSpace;
  readonly directory: ImportSource;
  readonly scopes: readonly ImportScope[];
  readonly toRow: ToRow;
  /** Told of a rename before the entry becomes a row, so that the id of a dn-anchored entry can follow it. */
  readonly onRenamed?: (from: DN, to: DN) => Promise<void>;
  /** Changes whose entries are read side by side and saved together (default: 32). */
  readonly batchSize?: number;
  readonly signal?: AbortSignal;
  /** The clock, in milliseconds since the epoch. */
  readonly now?: () => number;
}

/** What was changed cannot be told entry by entry. */
class FullImportNeeded extends Error {
  override readonly name = 'FullImportNeeded';
}

/**
 * Runs a delta import. Entries and watermark are saved together, batch by batch, so a run that fails has not lost what
 * it did. The result says `needsFullImport` when the directory's log does not reach back to the watermark, when there
 * is no watermark, and when an entry with others below it was renamed. Never rejects.
 */
export async function runDeltaImport(options: DeltaImportOptions): Promise<RunResult> {
  const delta = new Delta(options);
  try {
    await delta.run();
    const { count, errors } = delta.failures;
    return { outcome: count > 0 ? 'completedWithErrors' : 'success', counts: delta.counts, errors };
  } catch (error) {
    const result = failedRun(error, options.signal?.aborted ?? false, delta.counts);
    const needsFullImport = error instanceof WatermarkExpired || error instanceof FullImportNeeded;
    return needsFullImport ? { ...result, needsFullImport } : result;
  }
}

/** The entry is there, but could not be made a row: what the space has of it stays. */
const FAILED = Symbol('failed');

class Delta {
  readonly failures = new Failures();
  #counts = { ...NO_COUNTS };

  constructor(readonly options: DeltaImportOptions) {}

  get counts(): RunCounts {
    return { ...this.#counts, failed: this.failures.count };
  }

  async run(): Promise<void> {
    const { space, signal, batchSize = 32 } = this.options;
    const source = this.#source();
    const watermark = space.watermark;
    if (!watermark || space.importedAt === undefined) {
      throw new FullImportNeeded('The connector space has no import to go on from: a full import has to end first');
    }
    const startedAt = this.#now();
    const latest = await source.latest();
    let batch: DirectoryChange[] = [];
    for await (const change of source.since(watermark)) {
      signal?.throwIfAborted();
      batch.push(change);
      if (batch.length < batchSize) continue;
      await this.#save(batch);
      batch = [];
    }
    if (batch.length > 0) await this.#save(batch);
    // A source that does not see deletes cannot vouch for the entries that it did not mention.
    space.apply([], { watermark: latest, ...(source.seesDeletes && { freshAt: startedAt }) });
  }

  #source(): ChangeSource {
    const source = this.options.directory.changes;
    if (!source) throw new FullImportNeeded('This directory cannot say what has changed: it needs full imports');
    return source;
  }

  /** Reads all that a batch mentions and saves it with the batch's watermark. */
  async #save(batch: readonly DirectoryChange[]): Promise<void> {
    for (const change of batch) if (change.kind === 'renamed') await this.#renamed(change);
    const reading = this.options.space.beginReading();
    try {
      const readAt = this.#now();
      const names = this.#mentioned(batch);
      const rows = new Map<string, SpaceRow | undefined>();
      await Promise.all(
        [...names].map(async ([key, dn]) => {
          const row = await this.#read(dn, readAt);
          if (row !== FAILED) rows.set(key, row);
        }),
      );
      const changes = this.#changes(batch, rows, reading.sequence);
      const last = batch.at(-1);
      this.#count(this.options.space.apply(changes, last && { watermark: last.watermark }));
    } finally {
      reading.end();
    }
  }

  /** The DNs that a batch mentions, by key: where entries are and where they were. */
  #mentioned(batch: readonly DirectoryChange[]): Map<string, DN> {
    const rules = this.options.directory.schema;
    const names = new Map<string, DN>();
    for (const change of batch) {
      names.set(change.dn.normalized(rules), change.dn);
      if (change.kind === 'renamed') names.set(change.oldDN.normalized(rules), change.oldDN);
    }
    return names;
  }

  /** Upserts come first: an entry that has moved is then no longer where its old name is removed. */
  #changes(
    batch: readonly DirectoryChange[],
    rows: ReadonlyMap<string, SpaceRow | undefined>,
    sequence: number,
  ): SpaceChange[] {
    const changes: SpaceChange[] = [];
    const anchors = new Set<string>();
    for (const row of rows.values()) {
      if (!row) continue;
      anchors.add(row.anchor);
      changes.push({ kind: 'upsert', row, sequence });
    }
    for (const [normalizedDN, row] of rows) if (!row) changes.push({ kind: 'remove', key: { normalizedDN }, sequence });
    for (const { kind, anchor } of batch) {
      if (kind !== 'deleted' || anchor === undefined || anchors.has(anchor)) continue;
      changes.push({ kind: 'remove', key: { anchor }, sequence });
    }
    return changes;
  }

  /** The entry at a DN as the import's scopes see it; undefined when it is not there or not in any of them. */
  async #read(dn: DN, readAt: number): Promise<SpaceRow | undefined | typeof FAILED> {
    const { directory, scopes, toRow } = this.options;
    for (const scope of scopes.toReversed()) {
      if (!covers(scope, dn, directory.schema)) continue;
      const entry = await this.#find(dn, scope);
      if (!entry) continue;
      this.#counts = { ...this.#counts, seen: this.#counts.seen + 1 };
      try {
        const draft = await toRow(entry, scope.objectType);
        if (draft) return { ...draft, objectType: scope.objectType, readAt };
      } catch (error) {
        this.failures.add(entry.dn, error);
        return FAILED;
      }
    }
    return undefined;
  }

  async #find(dn: DN, { filter, attributes }: ImportScope): Promise<Entry | undefined> {
    const { directory, signal } = this.options;
    const request = { base: dn, scope: 'base', filter, attributes, sizeLimit: 1 } as const;
    try {
      for await (const entry of directory.search(request, signal && { signal })) return entry;
      return undefined;
    } catch (error) {
      if (isLdapError(error, ResultCode.noSuchObject)) return undefined;
      throw error;
    }
  }

  async #renamed({ dn, oldDN }: DirectoryChange & { kind: 'renamed' }): Promise<void> {
    const { directory, signal, onRenamed } = this.options;
    const request = { base: dn, scope: 'one', filter: present('objectClass'), attributes: [], sizeLimit: 1 } as const;
    try {
      for await (const _ of directory.search(request, signal && { signal })) {
        throw new FullImportNeeded(`${oldDN} was renamed to ${dn}, and the entries below it with it`);
      }
    } catch (error) {
      if (!isLdapError(error, ResultCode.noSuchObject)) throw error;
    }
    await onRenamed?.(oldDN, dn);
  }

  #count(outcomes: readonly ChangeOutcome[]): void {
    const of = (outcome: ChangeOutcome) => outcomes.filter((one) => one === outcome).length;
    this.#counts = {
      ...this.#counts,
      added: this.#counts.added + of('added'),
      updated: this.#counts.updated + of('updated'),
      unchanged: this.#counts.unchanged + of('unchanged') + of('outdated'),
      deleted: this.#counts.deleted + of('deleted'),
    };
  }

  #now(): number {
    return (this.options.now ?? Date.now)();
  }
}
