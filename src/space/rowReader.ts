/** Reads rows of one generation. Every call is one short statement, or as many as it is given keys. */
import type { Entry } from '../directory/entry';
import type { Steps } from '../directory/steps';
import type { Database } from './database';
import { isWorthRemembering, type RecentEntries } from './recentEntries';
import {
  decodeEntry,
  decodeLongSteps,
  type EncodedRow,
  type Extent,
  matchText,
  type RowColumns,
  type RowKey,
  type SpaceEntry,
} from './row';
import { matchKey } from './rowInsert';
import { ANCHORED, byIds, ID } from './rowSql';
import { type TombstoneKind, tombstoneKey } from './rowWriter';
import type { Dictionary } from './spaceSchema';
import { listedTexts, textList } from './sqlText';
import { type SpaceValueChange, withChanges, withChangesSteps } from './valueChange';
import type { ValueChangeTable } from './valueChangeTable';

interface Row extends RowColumns {
  readonly number: number;
  readonly object_type: number;
  readonly sequence: number;
}

/** What is known of all rows of a generation. */
export interface Known {
  /** The sequence number of those that its import has made. */
  readonly loaded: number;
  /** They are known to be no older than this. */
  readonly freshAt: () => number;
}

/** An entry by its id and object type. */
export interface Located {
  readonly id: string;
  readonly objectType: string;
}

/** What a row is called. */
export interface RowName {
  readonly number: number;
  readonly anchor: string;
  readonly dn: string;
}

const COLUMNS = `e.number, e.object_type, e.anchor, ${ID} AS id, e.dn_key, e.dn, e.read_at, e.sequence, e.apart, e.payload`;
const nothingLeftOut: SpaceEntry['leftOut'] = new Map();

const LIST = `SELECT ${COLUMNS} FROM entry e WHERE e.object_type = ? AND e.anchor`;

/** Reads rows of one generation. */
export class RowReader {
  constructor(
    readonly database: Database,
    readonly dictionary: Dictionary,
    readonly changes: ValueChangeTable,
    readonly recent: RecentEntries,
    readonly known: Known,
  ) {}

  one(key: RowKey, extent: Extent): SpaceEntry | undefined {
    const known = 'id' in key ? this.recent.get(key.id) : undefined;
    if (known !== undefined) return known;
    const row = this.#row(key);
    return row && this.#remembered(row, extent);
  }

  /** An entry with all that it has, in steps. */
  *wholeSteps(id: string): Steps<SpaceEntry | undefined> {
    const row = this.#row({ id });
    const long = row === undefined || row.apart === null ? undefined : this.#long(row.number);
    if (row === undefined || long === undefined) return row && this.#entry(row, 'whole');
    const changes = this.changes.of(row.number);
    return this.#entryOf(row, yield* withChangesSteps(yield* decodeLongSteps(row, long), changes));
  }

  /** Entries by their ids, in no order. */
  some(ids: readonly string[], extent: Extent): SpaceEntry[] {
    return this.#entries(extent, byIds(COLUMNS, 'IN (SELECT value FROM json_each(?1))'), textList(ids));
  }

  matching(objectType: string, attribute: string, value: string, extent: Extent): SpaceEntry[] {
    const type = this.dictionary.matchType(objectType, attribute.toLowerCase());
    if (type === undefined) return [];
    const key = matchKey(type, matchText(value));
    const known = this.recent.idsMatching(key);
    const [id, ...others] = known ?? [];
    const only = id === undefined || others.length > 0 ? undefined : this.recent.get(id);
    if (only !== undefined) return [only];
    if (known !== undefined) return known.flatMap((id) => this.one({ id }, extent) ?? []);
    const entries = this.database
      .all<Row>(
        `SELECT ${COLUMNS} FROM match m JOIN entry e ON e.number = m.entry WHERE m.key = ? ORDER BY e.anchor`,
        key,
      )
      .map((row) => this.recent.get(row.id) ?? this.#remembered(row, extent));
    this.recent.match(
      key,
      entries.map(({ id }) => id),
    );
    return entries;
  }

  /** Entries of an object type in anchor order, from the one `offset` places after the first that is not below `key`. */
  from(objectType: number, key: string, offset: number, limit: number, extent: Extent): SpaceEntry[] {
    return this.#entries(extent, `${LIST} >= ? ORDER BY e.anchor LIMIT ? OFFSET ?`, objectType, key, limit, offset);
  }

  /** Entries of an object type in anchor order, after a key. */
  after(objectType: number, key: string, limit: number, extent: Extent): SpaceEntry[] {
    return this.#entries(extent, `${LIST} > ? ORDER BY e.anchor LIMIT ?`, objectType, key, limit);
  }

  /** The anchor that lies `offset` places after the first that is not below `from`; undefined past the end. */
  keyAt(objectType: number, from: string, offset: number): string | undefined {
    return this.database.get<{ anchor: string }>(
      'SELECT anchor FROM entry WHERE object_type = ? AND anchor >= ? ORDER BY anchor LIMIT 1 OFFSET ?',
      objectType,
      from,
      offset,
    )?.anchor;
  }

  /** The entries at these DNs, by DN; DNs that are not in the space are left out. */
  atDNs(normalizedDNs: readonly string[]): [normalizedDN: string, Located][] {
    return this.database
      .all<{ dn_key: string; id: string; object_type: number }>(
        `SELECT e.dn_key, ${ID} AS id, e.object_type FROM entry e WHERE e.dn_key IN (SELECT value FROM json_each(?))`,
        textList(normalizedDNs),
      )
      .map(({ dn_key, id, object_type }) => [dn_key, { id, objectType: this.dictionary.nameOf(object_type) }]);
  }

  /** The entries of an object type that have one of these matching values, by value; of several the first one. */
  atMatches(objectType: string, attribute: string, values: readonly string[]): [value: string, Located][] {
    const type = this.dictionary.matchType(objectType, attribute.toLowerCase());
    if (type === undefined) return [];
    const byKey = new Map(values.map((value) => [matchKey(type, matchText(value)), value]));
    return this.database
      .all<{ key: string; id: string }>(
        `SELECT m.key, ${ID} AS id FROM match m JOIN entry e ON e.number = m.entry
         WHERE m.key IN (SELECT value FROM json_each(?)) ORDER BY e.anchor DESC`,
        textList([...byKey.keys()]),
      )
      .map(({ key, id }) => [byKey.get(key) ?? key, { id, objectType }]);
  }

  /** The DNs of these entries as they are written, by id; ids that are not in the space are left out. */
  dnsOfIds(ids: readonly string[]): [id: string, dn: string][] {
    return this.database
      .all<{ id: string; dn: string }>(
        byIds(`${ID} AS id, e.dn`, 'IN (SELECT value FROM json_each(?1))'),
        textList(ids),
      )
      .map(({ id, dn }) => [id, dn]);
  }

  /** What rows are called, by their numbers, after one. */
  names(after: number, limit: number): RowName[] {
    return this.database.all<RowName>(
      'SELECT number, anchor, dn FROM entry WHERE number > ? ORDER BY number LIMIT ?',
      after,
      limit,
    );
  }

  /** The highest sequence number in use. */
  lastSequence(): number {
    const row = this.database.get<{ last: number | null }>(
      `SELECT max(ifnull((SELECT max(e.sequence) FROM entry e WHERE ${this.#later}), 0),
         (SELECT ifnull(max(sequence), 0) FROM tombstone), (SELECT ifnull(max(sequence), 0) FROM value_change)) AS last`,
    );
    return Math.max(row?.last ?? 0, this.known.loaded);
  }

  /** Of rows that were written after the import, which have an index of their own. */
  get #later(): string {
    return `e.sequence > ${this.known.loaded}`;
  }

  /** Rows with a higher sequence number than this, which is not below the import's, in its order. */
  changedSince(sequence: number, limit: number): (EncodedRow & { readonly sequence: number })[] {
    return this.database
      .all<Row & { readonly matches: string | null }>(
        `SELECT ${COLUMNS}, e.matches FROM entry e WHERE ${this.#later} AND e.sequence > ?1 AND e.sequence <= ifnull(
           (SELECT e.sequence FROM entry e WHERE ${this.#later} AND e.sequence > ?1 ORDER BY e.sequence LIMIT 1 OFFSET ?2), 9e15)
         ORDER BY e.sequence`,
        sequence,
        limit - 1,
      )
      .map((row) => ({
        ...row,
        long: this.#long(row.number),
        objectType: this.dictionary.nameOf(row.object_type),
        matches: this.dictionary.matchesOf(listedTexts(row.matches)),
      }));
  }

  /** Deletes with a higher sequence number. */
  removedSince(sequence: number): { readonly key: RowKey; readonly sequence: number }[] {
    return this.database
      .all<{ kind: TombstoneKind; key: string; sequence: number }>(
        'SELECT kind, key, sequence FROM tombstone WHERE sequence > ? ORDER BY sequence',
        sequence,
      )
      .map((row) => ({ key: tombstoneKey(row.kind, row.key), sequence: row.sequence }));
  }

  #row(key: RowKey): Row | undefined {
    const select = `SELECT ${COLUMNS} FROM entry e WHERE`;
    if ('id' in key) return this.database.get<Row>(byIds(COLUMNS, '= ?1'), key.id);
    if ('normalizedDN' in key) return this.database.get<Row>(`${select} e.dn_key = ?`, key.normalizedDN);
    return this.database.get<Row>(`${select} ${ANCHORED} e.anchor = ?`, key.anchor);
  }

  #entries(extent: Extent, sql: string, ...parameters: (string | number)[]): SpaceEntry[] {
    return this.database.all<Row>(sql, ...parameters).map((row) => this.#entry(row, extent));
  }

  /** An entry that somebody asks for is likely to be asked for again: it is what a client is working on. */
  #remembered(row: Row, extent: Extent): SpaceEntry {
    const entry = this.#entry(row, extent);
    if (isWorthRemembering(row)) this.recent.add(entry);
    return entry;
  }

  #entry(row: Row, extent: Extent): SpaceEntry {
    const { entry, leftOut } = decodeEntry(row, () => (extent === 'whole' ? this.#long(row.number) : undefined));
    const changes = this.#changes(row.number, leftOut);
    return this.#entryOf(row, changes.length === 0 ? entry : withChanges(entry, changes), leftOut);
  }

  #entryOf(row: Row, entry: Entry, leftOut: SpaceEntry['leftOut'] = nothingLeftOut): SpaceEntry {
    return {
      id: row.id,
      anchor: row.anchor,
      objectType: this.dictionary.nameOf(row.object_type),
      normalizedDN: row.dn_key,
      entry,
      leftOut,
      readAt: Math.max(row.read_at, this.known.freshAt()),
      sequence: row.sequence,
    };
  }

  #changes(number: number, leftOut: ReadonlyMap<string, number>): readonly SpaceValueChange[] {
    const changes = this.changes.of(number);
    if (changes.length === 0 || leftOut.size === 0) return changes;
    const left = new Set([...leftOut.keys()].map((name) => name.toLowerCase()));
    return changes.filter(({ attribute }) => !left.has(attribute));
  }

  #long(number: number): Uint8Array | undefined {
    return this.database.get<{ payload: Uint8Array }>('SELECT payload FROM long_value WHERE entry = ?', number)
      ?.payload;
  }
}
