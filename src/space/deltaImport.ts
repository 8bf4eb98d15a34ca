/** The run profile Delta Import: entries that the directory says have changed are read again and saved. */
import {
  type ChangeSource,
  type DirectoryChange,
  seesDeletes,
  type Watermark,
  WatermarkExpired,
} from '../directory/changes/changeSource';
import type { Unmarked } from '../directory/changes/watermark';
import { DN } from '../directory/dn';
import { isLdapError, type LdapError } from '../directory/error';
import type { SpaceChange, SpaceRow } from './connectorSpace';
import type { DeltaImportOptions } from './deltaImportOptions';
import { DeltaReader, FAILED } from './deltaReader';
import { yieldToEventLoop } from './eventLoop';
import { isAccident } from './fullImport';
import { Failures } from './importScope';
import { Aftermath } from './namedEntries';
import { countedOn, failedRun, NO_COUNTS, type RunCounts, type RunResult } from './runRecord';

export type { DeltaImportOptions } from './deltaImportOptions';

/** What was changed cannot be told entry by entry. */
class FullImportNeeded extends Error {
  override readonly name = 'FullImportNeeded';
}

/** A change of which an entry's name is known. */
type NamedChange = Exclude<Unmarked, { readonly kind: 'present' }>;

const BLIND =
  'Changes were found by time stamps, which deleted entries do not have: only full imports see deletes, so keep them on a schedule';

/**
 * Runs a delta import. Entries and watermark are saved together, batch by batch, so a run that fails has not lost what
 * it did. The result says `needsFullImport` when the directory's log does not reach back to the watermark, when there
 * is no watermark, and when what happened cannot be told entry by entry. Never rejects.
 */
export async function runDeltaImport(options: DeltaImportOptions): Promise<RunResult> {
  const delta = new Delta(options);
  try {
    const notes = await delta.run();
    const { count, errors } = delta.failures;
    const outcome = count > 0 ? 'completedWithErrors' : 'success';
    return { outcome, counts: delta.counts, errors, ...(notes.length > 0 && { notes }) };
  } catch (error) {
    const result = failedRun(error, options.signal?.aborted ?? false, delta.counts);
    const needsFullImport = error instanceof WatermarkExpired || error instanceof FullImportNeeded;
    return needsFullImport ? { ...result, needsFullImport } : result;
  }
}

class Delta {
  readonly failures = new Failures();
  readonly #reader: DeltaReader;
  readonly #aftermath: Aftermath;
  #counts = { ...NO_COUNTS };
  #failure: LdapError | undefined;

  constructor(readonly options: DeltaImportOptions) {
    this.#reader = new DeltaReader(options, this.failures);
    const { space, directory, references = [], hasBackLinks = false } = options;
    this.#aftermath = new Aftermath(space, directory.schema, references, hasBackLinks, this.#now());
  }

  get counts(): RunCounts {
    return { ...this.#counts, seen: this.#reader.seen, failed: this.failures.count };
  }

  /** What there is to say of a run that ended well. */
  async run(): Promise<string[]> {
    const { space, references = [], signal } = this.options;
    const source = this.#source();
    let { watermark } = space;
    if (!watermark || space.importedAt === undefined) {
      throw new FullImportNeeded('The connector space has no import to go on from: a full import has to end first');
    }
    if (!space.refersBy(references)) {
      throw new FullImportNeeded('Other attributes than at the last full import say who refers to whom');
    }
    const startedAt = this.#now();
    let batch: NamedChange[] = [];
    for await (const change of this.#told(source, watermark)) {
      signal?.throwIfAborted();
      if (change.kind === 'present') {
        batch = await this.#flush(batch, watermark);
        await this.#sweep(change.anchors, change.holds);
      } else batch.push(change);
      watermark = change.watermark;
      if (batch.length >= this.#batchSize) batch = await this.#flush(batch, watermark);
    }
    await this.#flush(batch, watermark);
    await this.#aftermath.follow((names) => this.#again(names), this.options);
    // A source that does not see deletes cannot vouch for the entries that it did not mention.
    const complete = seesDeletes(watermark.method);
    const progress = { watermark, ...(complete && !this.#failure && { freshAt: startedAt }) };
    space.settle(progress, this.#aftermath.postponed(this.#now()));
    if (this.#failure) throw this.#failure;
    return [...(complete ? [] : [BLIND]), ...this.#reader.notices.notes];
  }

  /** What the source tells; where it cannot be asked any more, what it has told until then is not lost by it. */
  async *#told(source: ChangeSource, from: Watermark): AsyncGenerator<DirectoryChange> {
    const { signal } = this.options;
    try {
      yield* source.since(from, signal && { signal });
    } catch (error) {
      if (!isLdapError(error) || error.result === 'cancelled') throw error;
      this.#failure = error;
    }
  }

  get #batchSize(): number {
    return this.options.batchSize ?? 32;
  }

  #source(): ChangeSource {
    const source = this.options.directory.changes;
    if (!source) throw new FullImportNeeded('This directory cannot say what has changed: it needs full imports');
    return source;
  }

  /** Whether the anchors of a source are those of the rows. */
  get #anchored(): boolean {
    const { directory, scopes } = this.options;
    const theirs = directory.changes?.anchorAttribute.toLowerCase();
    return scopes.every(({ anchor }) => anchor?.toLowerCase() === theirs);
  }

  /** Looks at what has changed, and at what moved with it; then the watermark is reached. Answers the next batch, which is empty. */
  async #flush(batch: readonly NamedChange[], watermark?: Watermark): Promise<[]> {
    if (batch.length === 0) return [];
    const { onRenamed } = this.options;
    for (const change of batch) {
      if (change.kind === 'deleted' && change.dn === undefined && !this.#anchored)
        throw new FullImportNeeded('The directory tells of a delete by an id that is not the anchor of the connector');
      if (change.kind !== 'changed' && change.dn)
        this.#aftermath.left(change.kind === 'renamed' ? change.oldDN : change.dn);
      if (change.kind === 'renamed') await onRenamed?.(change.oldDN, change.dn);
    }
    await this.#save(this.#mentioned(batch), batch);
    const tops = await Promise.all(batch.map((change) => this.#topOf(change)));
    for (const top of tops) if (top) await this.#subtree(top);
    this.options.space.apply([], watermark && { watermark });
    return [];
  }

  /** Reads these entries and saves them; answers the rows. */
  async #save(names: ReadonlyMap<string, DN>, batch: readonly NamedChange[]): Promise<SpaceRow[]> {
    const reading = this.options.space.beginReading();
    try {
      const readAt = this.#now();
      const rows = new Map<string, SpaceRow | undefined>();
      const failed = new Set<string>();
      await Promise.all(
        [...names].map(async ([key, dn]) => {
          const row = await this.#reader.read(dn, readAt);
          if (row === FAILED) failed.add(key);
          else rows.set(key, row);
        }),
      );
      await this.#apply(this.#changes(batch, rows, failed, reading.sequence));
      return [...rows.values()].filter((row) => row !== undefined);
    } finally {
      reading.end();
    }
  }

  /** The DNs that a batch mentions, by key: where entries are and where they were. */
  #mentioned(batch: readonly NamedChange[]): Map<string, DN> {
    const rules = this.options.directory.schema;
    const names = new Map<string, DN>();
    for (const change of batch) {
      if (change.dn) names.set(change.dn.normalized(rules), change.dn);
      if (change.kind === 'renamed') names.set(change.oldDN.normalized(rules), change.oldDN);
    }
    return names;
  }

  /** Upserts come first: an entry that has moved is then no longer where its old name is removed. */
  #changes(
    batch: readonly NamedChange[],
    rows: ReadonlyMap<string, SpaceRow | undefined>,
    failed: ReadonlySet<string>,
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
    if (!this.#anchored) return changes;
    // An entry that has left the scope is found under no name that the space knows.
    for (const { anchor, dn } of batch) {
      if (anchor === undefined || anchors.has(anchor)) continue;
      if (dn && failed.has(dn.normalized(this.options.directory.schema))) continue;
      changes.push({ kind: 'remove', key: { anchor }, sequence });
    }
    return changes;
  }

  /**
   * Answers of a server that is quick arrive while the ones before are worked on, and are then read in the same round of
   * the event loop, and so on: without a pause many batches would make one long piece.
   */
  async #apply(changes: readonly SpaceChange[]): Promise<void> {
    await this.#aftermath.notice(changes);
    await this.options.space.long.prepare(changes);
    const outcomes = this.options.space.apply(changes, {}, this.#aftermath.takeNoticed());
    this.#counts = countedOn(this.#counts, outcomes);
    await yieldToEventLoop();
  }

  /** The name of an entry that was renamed or moved together with others below it: no directory tells of each of them. */
  async #topOf(change: NamedChange): Promise<DN | undefined> {
    const { dn } = change;
    if (!dn || change.kind === 'deleted' || (change.kind === 'changed' && !change.subtree)) return undefined;
    if (!(await this.#reader.hasChildren(dn))) return undefined;
    const { directory, scopes } = this.options;
    const old = change.kind === 'renamed' ? change.oldDN : dn;
    const isAbove = scopes.some(
      ({ base }) => base.isWithin(dn, directory.schema) || base.isWithin(old, directory.schema),
    );
    if (isAbove && change.kind === 'changed') return undefined;
    if (!isAbove && this.#anchored) return dn;
    throw new FullImportNeeded(`${old} was renamed to ${dn}, and the entries below it with it`);
  }

  async #subtree(base: DN): Promise<void> {
    const reading = this.options.space.beginReading();
    const { sequence } = reading;
    try {
      let changes: SpaceChange[] = [];
      for await (const { row, inScope } of this.#reader.below(base, this.#now())) {
        changes.push(
          inScope ? { kind: 'upsert', row, sequence } : { kind: 'remove', key: { anchor: row.anchor }, sequence },
        );
        if (changes.length < this.#batchSize) continue;
        await this.#apply(changes);
        changes = [];
      }
      await this.#apply(changes);
    } finally {
      reading.end();
    }
  }

  /** Rows that the directory did not name among all that is left are looked at once more, and removed if they are gone. */
  async #sweep(present: ReadonlySet<string>, holds: (dn: DN) => boolean = () => true): Promise<void> {
    const { space, accidentLimit = 0.1 } = this.options;
    if (!this.#anchored) throw new FullImportNeeded('The directory tells what is left by ids that are not the anchors');
    const missing: NamedChange[] = [];
    for await (const { anchor, dn: text } of space.names()) {
      if (present.has(anchor)) continue;
      const dn = DN.parse(text);
      if (holds(dn)) missing.push({ kind: 'deleted', dn, anchor });
    }
    if (isAccident(missing.length, space.count(), accidentLimit)) {
      throw new FullImportNeeded(`${missing.length} of ${space.count()} entries are gone at once`);
    }
    for (let i = 0; i < missing.length; i += this.#batchSize) await this.#flush(missing.slice(i, i + this.#batchSize));
  }

  async #again(names: readonly DN[]): Promise<SpaceRow[]> {
    const { schema } = this.options.directory;
    const rows: SpaceRow[] = [];
    for (let i = 0; i < names.length; i += this.#batchSize) {
      const piece = names.slice(i, i + this.#batchSize).map((dn): [string, DN] => [dn.normalized(schema), dn]);
      rows.push(...(await this.#save(new Map(piece), [])));
    }
    return rows;
  }

  readonly #now = (): number => (this.options.now ?? Date.now)();
}
