/**
 * The connector space: the host's disposable copy of the directory, and the only way to it. It owns the files and the
 * host's sequence numbers, knows which generation is current, and replaces a damaged one by an empty one. It never talks
 * to the directory and never holds a password.
 */
import type { Watermark } from '../directory/changes/changeSource';
import { DN } from '../directory/dn';
import { CurrentGeneration } from './currentGeneration';
import { removeDatabaseFile } from './databaseFile';
import { inPieces } from './eventLoop';
import type { FollowUp } from './followUps';
import type { ChangeOutcome, Generation, Progress, Revision, SpaceChange } from './generation';
import { isLongChange, LongEntries } from './longEntries';
import { NextGeneration } from './nextGeneration';
import { PageEnds } from './pageEnds';
import { type Extent, NeverStored, type RowKey, type SpaceEntry, type SpaceRow } from './row';
import type { Located, RowName } from './rowReader';
import { numbered, Saving, type Wait, Writes } from './saving';
import { type Reading, Sequence } from './sequence';
import { SpaceFiles } from './spaceFiles';
import type { SpaceOptions, SpaceStatistics } from './spaceOptions';
import type { SpaceValueChange } from './valueChange';
import { walk } from './walk';

export type { ChangeOutcome, Progress, Revision, SpaceChange } from './generation';
export { type Extent, LONG, type MatchKey, NEVER_STORED, type RowKey, type SpaceEntry, type SpaceRow } from './row';
export type { SpaceOptions, SpaceStatistics } from './spaceOptions';

/** Opens the current generation, or an empty one where there is none or it is damaged. Leftovers of other generations are deleted. */
export async function openSpace(options: SpaceOptions): Promise<ConnectorSpace> {
  const { generations } = options.state;
  const number = await generations.current();
  if (number === undefined) await generations.set(1);
  return new ConnectorSpace(options, number ?? 1);
}

/** The connector space of one connector. */
export class ConnectorSpace {
  readonly #options: SpaceOptions;
  readonly #never: NeverStored;
  readonly #files: SpaceFiles;
  readonly #sequence: Sequence;
  readonly #pageEnds: PageEnds;
  readonly #current: CurrentGeneration;
  readonly #saving: Saving;
  readonly long: LongEntries;
  readonly writes = new Writes();
  #next: NextGeneration | undefined;

  /** For {@link openSpace}. */
  constructor(options: SpaceOptions, number: number) {
    const now = options.now ?? Date.now;
    this.#options = options;
    this.#never = new NeverStored(options.never);
    this.#files = new SpaceFiles(options.folder, options.name, this.#never, options.onDamaged ?? (() => {}), now);
    this.#pageEnds = new PageEnds(now);
    this.#current = new CurrentGeneration(this.#files, number);
    this.#sequence = new Sequence(this.#current.work((generation) => generation.rows.lastSequence()));
    this.long = new LongEntries(this.#sequence, () => this.#generation);
    this.#saving = new Saving(this.#sequence, this.writes, (changes, oldestReading) => {
      this.#current.work((generation) => generation.apply(changes, {}, oldestReading));
    });
  }

  /** When the import that filled the space began to read; undefined while there was none, and lists are incomplete. */
  get importedAt(): number | undefined {
    return this.#current.generation.properties.importedAt;
  }

  /** Up to where changes of the directory are in the space. It lives and dies with the generation it vouches for. */
  get watermark(): Watermark | undefined {
    return this.#current.generation.properties.watermark;
  }

  /** What was concluded from several entries is still right while it is the same. */
  get revision(): Revision {
    return this.#current.generation.revision;
  }

  get statistics(): SpaceStatistics {
    return { generation: this.#current.number, ...this.#generation.statistics };
  }

  get(id: string, extent: Extent = 'whole'): SpaceEntry | undefined {
    return this.#one({ id }, extent);
  }

  /** Whether this very entry is at hand in memory: what is made of it may be of use again. */
  isAtHand(entry: Pick<SpaceEntry, 'id' | 'entry'>): boolean {
    const { recent } = this.#current.generation.rows;
    return recent.has(entry) || (recent.isKeeping && this.#saving.hasAccepted(entry));
  }

  byAnchor(anchor: string, extent: Extent = 'whole'): SpaceEntry | undefined {
    return this.#one({ anchor }, extent);
  }

  byDN(normalizedDN: string, extent: Extent = 'whole'): SpaceEntry | undefined {
    return this.#one({ normalizedDN }, extent);
  }

  /** Entries by their ids, in no order; ids that are not in the space are left out. Yields between short reads. */
  async byIds(ids: readonly string[], extent: Extent): Promise<SpaceEntry[]> {
    const read = (piece: readonly string[]) => this.#read(({ rows }) => rows.some(piece, extent));
    return [...(await inPieces(ids, (piece) => read(piece).map((entry) => [entry.id, entry]))).values()];
  }

  /** Entries that have this matching value, in anchor order; `attribute` compares without case, the value exactly. */
  byMatch(objectType: string, attribute: string, normalizedValue: string, extent: Extent = 'whole'): SpaceEntry[] {
    const read = () => this.#current.work(({ rows }) => rows.matching(objectType, attribute, normalizedValue, extent));
    this.#saving.flushAbout({ match: { attribute, value: normalizedValue } });
    const found = read();
    return found.some((one) => this.#saving.flushAbout(one)) ? read() : found;
  }

  /** The entries at these DNs, by DN; DNs that are not in the space are left out. Yields between short reads. */
  atDNs(normalizedDNs: readonly string[]): Promise<Map<string, Located>> {
    return inPieces(normalizedDNs, (piece) => this.#read(({ rows }) => rows.atDNs(piece)));
  }

  /** As {@link byMatch} for many values, by value. */
  atMatches(objectType: string, attribute: string, values: readonly string[]): Promise<Map<string, Located>> {
    return inPieces(values, (piece) => this.#read(({ rows }) => rows.atMatches(objectType, attribute, piece)));
  }

  /** The DNs of these entries as they are written, by id; ids that are not in the space are left out. Yields between short reads. */
  dnsOfIds(ids: readonly string[]): Promise<Map<string, string>> {
    return inPieces(ids, (piece) => this.#read(({ rows }) => rows.dnsOfIds(piece)));
  }

  /** Entries of an object type, or of all. */
  count(objectType?: string): number {
    return this.#generation.count(objectType);
  }

  /**
   * A page of an object type in anchor order; `startIndex` counts from 1 (RFC 7644 §3.4.2.4). One that begins where another
   * has just ended, or is asked for by that one's last anchor (`after`), goes on there, whatever came or went before it.
   */
  async page(
    objectType: string,
    startIndex: number,
    count: number,
    extent: Extent = 'whole',
    after?: string,
  ): Promise<{ total: number; entries: SpaceEntry[] }> {
    // Who counts sees what was accepted, and what is read next is read in the same turn.
    const total = this.count(objectType);
    if (count <= 0) return { total, entries: [] };
    const end = after ?? this.#pageEnds.find(objectType, startIndex, count);
    const entries =
      end === undefined
        ? await this.#current.workLater((generation) => generation.at(objectType, startIndex - 1, count, extent))
        : this.#read((generation) => generation.rows.after(generation.number(objectType), end, count, extent));
    if (after === undefined) this.#pageEnds.remember(objectType, startIndex, count, { total, entries });
    return { total, entries };
  }

  /** All entries of an object type, or of all, in anchor order: one generation's, in short reads that yield. */
  async *iterate(objectType?: string, extent: Extent = 'whole'): AsyncIterable<SpaceEntry> {
    const generation = this.#generation;
    const release = generation.acquire();
    try {
      yield* walk(generation, objectType, extent);
    } catch (error) {
      this.#current.insteadOf(generation, error);
      throw error;
    } finally {
      release();
    }
  }

  /** The names of all rows, one generation's, in short reads that yield. */
  names(): AsyncIterable<RowName> {
    return this.#generation.names();
  }

  /** A read of the directory begins. What it finds is saved with its sequence number, and then it is ended. */
  beginReading(): Reading {
    return this.#sequence.begin();
  }

  upsert(row: SpaceRow, sequence?: number): ChangeOutcome {
    return this.apply([{ kind: 'upsert', row, ...(sequence !== undefined && { sequence }) }])[0] ?? 'outdated';
  }

  /** A write has changed single values of an entry, and nobody has read the others. */
  changeValues(id: string, changes: readonly SpaceValueChange[]): ChangeOutcome {
    return this.apply([{ kind: 'values', id, changes }])[0] ?? 'outdated';
  }

  remove(key: RowKey, sequence?: number): ChangeOutcome {
    return this.apply([{ kind: 'remove', key, ...(sequence !== undefined && { sequence }) }])[0] ?? 'absent';
  }

  /**
   * Saves changes and progress in one transaction; what became of each change. An upsert applies only over a lower
   * sequence number. Keep batches to a few hundred: about 50 µs each.
   */
  apply(
    changes: readonly SpaceChange[],
    progress: Progress = {},
    followUps: readonly FollowUp[] = [],
  ): ChangeOutcome[] {
    if (changes.length === 0 && followUps.length === 0 && Object.keys(progress).length === 0) return [];
    const all = numbered(changes, this.#sequence);
    return this.#use((generation) => generation.apply(all, progress, this.#sequence.oldest(), followUps));
  }

  /** What was to be followed because of what {@link apply} has saved, and has not been yet. */
  get followUps(): readonly FollowUp[] {
    return this.#use((generation) => generation.followUps);
  }

  /** It has been followed but for what is left, and with that this progress is reached. */
  settle(progress: Progress, left: readonly FollowUp[]): void {
    this.#use((generation) => generation.settle(progress, left));
  }

  /** Whether {@link referrers} are known by all of these attributes: a full import sees to those of its time. */
  refersBy(attributes: readonly string[]): boolean {
    return this.#current.generation.references.covers(attributes);
  }

  /** Entries that name one of these, or once did. Yields between short reads. */
  async referrers(names: readonly string[]): Promise<DN[]> {
    const read = (piece: readonly string[]) => this.#use(({ references }) => references.referrers(piece));
    return [...(await inPieces(names, (piece) => read(piece).map((dn) => [dn, DN.parse(dn)]))).values()];
  }

  /**
   * The same for changes whose outcome nobody asks for: in one transaction with what else is saved in this turn, or with
   * what {@link writes} are about to bring. Resolves when they are committed; a read before that may see them or not.
   */
  save(changes: readonly SpaceChange[], wait: Wait = 'turn'): Promise<void> {
    if (changes.some(isLongChange)) return this.long.save(changes, (all) => this.#saving.add(all));
    return changes.length === 0 ? Promise.resolve() : this.#saving.add(changes, wait);
  }

  /**
   * The same for what somebody is told before it is committed: whoever reads from now on sees it. A process that is killed
   * in the next {@link LONGEST_ACCEPTED_MS} loses it: the caller has to know of it until this resolves, when it is committed.
   */
  accept(changes: readonly SpaceChange[]): Promise<void> {
    this.#current.generation.changing();
    return this.#saving.accept(changes);
  }

  /** Begins a new generation. Throws while another is being built. */
  beginGeneration(): NextGeneration {
    if (this.#next) throw new Error(`A new generation of ${this.#options.name} is being built already`);
    const number = this.#current.number + 1;
    const file = this.#files.fileOf(number);
    removeDatabaseFile(file);
    this.#next = new NextGeneration({
      file,
      never: this.#never,
      sequence: this.#sequence,
      current: () => this.#use((generation) => generation),
      persist: () => this.#options.state.generations.set(number),
      install: (generation) => this.#current.install(generation, number),
      ended: () => {
        this.#next = undefined;
      },
    });
    return this.#next;
  }

  /** Releases the files; whoever still reads is cut off. */
  async close(): Promise<void> {
    this.#saving.flush();
    this.#next?.discard();
    this.#current.generation.close();
  }

  /** The current generation for whoever reads: what was accepted is in it. */
  get #generation(): Generation {
    this.#saving.flushAccepted();
    return this.#current.generation;
  }

  #one(key: RowKey, extent: Extent): SpaceEntry | undefined {
    const read = () => this.#current.work(({ rows }) => rows.one(key, extent));
    this.#saving.flushAbout(key);
    const found = read();
    return found !== undefined && this.#saving.flushAbout(found) ? read() : found;
  }

  #read<T>(work: (generation: Generation) => T): T {
    this.#saving.flushAccepted();
    return this.#current.work(work);
  }

  /** Works on the current generation, after all that is to be saved. */
  #use<T>(work: (generation: Generation) => T): T {
    this.#saving.flush();
    return this.#current.work(work);
  }
}
