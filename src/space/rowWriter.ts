/**
 * Writes rows of one generation so that the newer truth wins: an upsert applies only over a lower sequence number, a
 * delete leaves a tombstone that older reads do not get past.
 */
import type { Steps } from '../directory/steps';
import type { Database } from './database';
import type { RecentEntries } from './recentEntries';
import type { ReferenceTable, RowTexts } from './references';
import type { EncodedRow, RowKey, SpaceEntry } from './row';
import { idColumn, insertEntry, matchColumn } from './rowInsert';
import { ANCHORED, byIds, ID } from './rowSql';
import type { Dictionary } from './spaceSchema';
import type { SpaceValueChange } from './valueChange';
import type { ValueChangeTable } from './valueChangeTable';

/** What became of an upsert. `outdated`: something newer is known, nothing was written. */
export type UpsertOutcome = 'added' | 'updated' | 'unchanged' | 'outdated';

/** Hears which keys came into the lists and which left them. */
export type ListListener = (objectType: number, anchor: string, by: 1 | -1) => void;

interface Present {
  readonly number: number;
  readonly id: string;
  readonly anchor: string;
  readonly object_type: number;
  readonly dn_key: string;
  readonly matches: string | null;
  readonly apart: string | null;
  readonly sequence: number;
}

interface Compared extends Present {
  /** 1: name and attributes, but for those of many values, are what was written. */
  readonly same: 0 | 1;
}

/** The tables that belong to the rows. */
export interface RowTables {
  readonly dictionary: Dictionary;
  readonly changes: ValueChangeTable;
  readonly references: ReferenceTable;
  /** Whoever is changed is forgotten there. */
  readonly recent: RecentEntries;
}

const COLUMNS = `e.number, ${ID} AS id, e.anchor, e.object_type, e.dn_key, e.matches, e.apart, e.sequence`;
const SELECT = `SELECT ${COLUMNS} FROM entry e WHERE`;
const BY_ID = byIds(COLUMNS, '= ?1');
/** The same for a row that is about to be written, and whether what is written of it would be what is there. */
const BY_ID_COMPARED = byIds(`${COLUMNS}, e.payload IS ?2 AND e.dn IS ?3 AS same`, '= ?1');

const INSERT_MATCHES = 'INSERT OR IGNORE INTO match (key, entry) SELECT value, ?1 FROM json_each(?2)';
/** Those that are not among others. */
const REMOVE_MATCHES = `DELETE FROM match WHERE entry = ?1
  AND key IN (SELECT value FROM json_each(?2) EXCEPT SELECT value FROM json_each(?3))`;
const SAME_LONG = 'SELECT 1 FROM long_value WHERE entry = ? AND payload = ?';
const WRITE_LONG = 'INSERT OR REPLACE INTO long_value (entry, payload) VALUES (?, ?)';

/** The one place where rows of a generation in use are written. All methods belong inside a transaction. */
export class RowWriter {
  /** Whether there may be tombstones; mostly there are none, and then nobody asks for them. */
  #buried = true;
  /** The last number that was given to a row, or is kept for one. */
  #lastNumber: number | undefined;

  constructor(
    readonly database: Database,
    readonly tables: RowTables,
    readonly listener: ListListener,
  ) {}

  /** A transaction was undone: what is known of the file may be wrong. */
  reload(): void {
    this.#buried = true;
  }

  /**
   * What a row of very many values names is written ahead of it, in steps, each of them a transaction. Answers the number
   * that the row has, or is to be inserted with.
   */
  *referAhead(id: string, long: Uint8Array): Steps<number> {
    const number = this.database.get<Present>(BY_ID, id)?.number;
    if (number !== undefined && this.database.get(SAME_LONG, number, long) !== undefined) return number;
    const before = number === undefined ? undefined : this.#texts(number);
    const target = number ?? this.#nextNumber();
    yield* this.tables.references.addAhead(
      target,
      { payload: null, long },
      before && { payload: null, long: before.long },
    );
    return target;
  }

  /** @param entry what reading the row will answer, where that is known */
  upsert(row: EncodedRow, sequence: number, entry?: SpaceEntry): UpsertOutcome {
    const present = this.database.get<Compared>(BY_ID_COMPARED, row.id, row.payload, row.dn);
    if ((present && present.sequence >= sequence) || this.#deletedSince(row, sequence)) return 'outdated';
    // Names and anchors are unique: one that is this row's already has no other.
    const stays = present !== undefined && present.anchor === row.anchor && present.dn_key === row.dn_key;
    const rivals = stays ? [] : this.#rivals(row);
    if (rivals.some((rival) => rival.sequence >= sequence)) return 'outdated';
    for (const rival of rivals) this.#delete(rival);
    this.tables.recent.delete(row.id);
    if (present) this.tables.changes.settle(present.number, sequence);
    if (entry && !(present && this.tables.changes.has(present.number))) this.tables.recent.add(entry);
    const objectType = this.tables.dictionary.giveObjectType(row.objectType);
    const matches = matchColumn(this.tables.dictionary, objectType, row);
    if (present === undefined) {
      this.#insert(row, objectType, matches, sequence);
      return 'added';
    }
    if (stays && present.object_type === objectType && present.matches === matches && this.#isSame(present, row)) {
      this.database.run(
        'UPDATE entry SET read_at = ?, sequence = ? WHERE number = ?',
        row.read_at,
        sequence,
        present.number,
      );
      return 'unchanged';
    }
    this.#update(present, row, objectType, matches, sequence);
    return 'updated';
  }

  /** Changes values of a row that nobody has read meanwhile. `outdated`: it is not there, or was read later. */
  changeValues(id: string, changes: readonly SpaceValueChange[], sequence: number): 'updated' | 'outdated' {
    const present = this.database.get<Present>(BY_ID, id);
    if (present === undefined || present.sequence >= sequence) return 'outdated';
    this.tables.recent.delete(id);
    for (const change of changes) {
      this.tables.changes.add(present.number, change, sequence);
      this.tables.references.addValue(present.number, change);
    }
    return 'updated';
  }

  /** Whether a row was there and is gone. The tombstone is left in any case. */
  remove(key: RowKey, sequence: number): boolean {
    const [kind, text, select] = keyParts(key);
    const present = this.database.get<Present>(select, text);
    if (present && present.sequence >= sequence) return false;
    this.bury(kind, text, sequence);
    if (!present) return false;
    this.bury('id', present.id, sequence);
    this.bury('anchor', present.anchor, sequence);
    this.bury('dn', present.dn_key, sequence);
    this.#delete(present);
    return true;
  }

  /** Forgets deletes that no read can be older than. */
  purgeTombstones(oldestReading: number): void {
    if (!this.#buried) return;
    this.database.run('DELETE FROM tombstone WHERE sequence < ?', oldestReading);
    this.#buried = this.database.get('SELECT 1 FROM tombstone LIMIT 1') !== undefined;
  }

  /** Leaves a tombstone. */
  bury(kind: TombstoneKind, key: string, sequence: number): void {
    this.#buried = true;
    this.database.run(
      `INSERT INTO tombstone (kind, key, sequence) VALUES (?, ?, ?)
       ON CONFLICT (kind, key) DO UPDATE SET sequence = max(sequence, excluded.sequence)`,
      kind,
      key,
      sequence,
    );
  }

  #deletedSince(row: EncodedRow, sequence: number): boolean {
    if (!this.#buried) return false;
    const newer = this.database.get(
      `SELECT 1 FROM tombstone
       WHERE (kind, key) IN (VALUES ('id', ?1), ('anchor', ?2), ('dn', ?3)) AND sequence >= ?4 LIMIT 1`,
      row.id,
      row.anchor,
      row.dn_key,
      sequence,
    );
    return newer !== undefined;
  }

  /** Other entries that have this row's DN or anchor: they were deleted or moved, and nobody has told us yet. */
  #rivals(row: EncodedRow): Present[] {
    return this.database.all<Present>(
      `${SELECT} e.dn_key = ?2 AND ${ID} <> ?3 UNION ${SELECT} ${ANCHORED} e.anchor = ?1 AND ${ID} <> ?3`,
      row.anchor,
      row.dn_key,
      row.id,
    );
  }

  #isSame(present: Compared, { apart, long }: EncodedRow): boolean {
    if (present.same === 0 || present.apart !== apart) return false;
    return long === undefined || this.database.get(SAME_LONG, present.number, long) !== undefined;
  }

  #insert(row: EncodedRow, objectType: number, matches: string | null, sequence: number): void {
    const number = insertEntry(this.database, objectType, row, matches, sequence, row.ahead ?? this.#nextNumber());
    this.tables.references.add(number, namesToAdd(row, number));
    if (matches !== null) {
      this.database.run(INSERT_MATCHES, number, matches);
      this.tables.recent.forgetMatches();
    }
    this.listener(objectType, row.anchor, 1);
  }

  #update(present: Present, row: EncodedRow, objectType: number, matches: string | null, sequence: number): void {
    const { number } = present;
    this.tables.references.add(number, namesToAdd(row, number), () => this.#texts(number));
    this.database.run(
      'UPDATE entry SET dn = ?, matches = ?, read_at = ?, sequence = ?, apart = ?, payload = ? WHERE number = ?',
      row.dn,
      matches,
      row.read_at,
      sequence,
      row.apart,
      row.payload,
      number,
    );
    if (row.long !== undefined) this.database.run(WRITE_LONG, number, row.long);
    else if (present.apart !== null) this.database.run('DELETE FROM long_value WHERE entry = ?', number);
    // An index costs as soon as a statement names its columns, even if they stay as they are.
    const stays = present.anchor === row.anchor && present.object_type === objectType;
    if (!stays || present.dn_key !== row.dn_key) {
      this.database.run(
        'UPDATE entry SET object_type = ?, anchor = ?, id = ?, dn_key = ? WHERE number = ?',
        objectType,
        row.anchor,
        idColumn(row),
        row.dn_key,
        number,
      );
    }
    if (present.matches !== matches || !stays) this.tables.recent.forgetMatches();
    if (present.matches !== matches) {
      this.database.run(REMOVE_MATCHES, number, present.matches, matches);
      this.database.run(INSERT_MATCHES, number, matches);
    }
    if (stays) return;
    this.listener(present.object_type, present.anchor, -1);
    this.listener(objectType, row.anchor, 1);
  }

  /** Numbers that are kept for rows to come are given to no other. */
  #nextNumber(): number {
    this.#lastNumber ??= this.database.get<{ last: number | null }>('SELECT max(number) AS last FROM entry')?.last ?? 0;
    this.#lastNumber += 1;
    return this.#lastNumber;
  }

  #texts(number: number): RowTexts | undefined {
    return this.database.get<RowTexts>(
      'SELECT e.payload, l.payload AS long FROM entry e LEFT JOIN long_value l ON l.entry = e.number WHERE e.number = ?',
      number,
    );
  }

  #delete(present: Present): void {
    this.tables.recent.delete(present.id);
    this.tables.recent.forgetMatches();
    this.tables.changes.settle(present.number, Number.MAX_SAFE_INTEGER);
    this.database.run(REMOVE_MATCHES, present.number, present.matches, null);
    this.database.run('DELETE FROM long_value WHERE entry = ?', present.number);
    this.database.run('DELETE FROM entry WHERE number = ?', present.number);
    this.listener(present.object_type, present.anchor, -1);
  }
}

/** What a row names of which nothing was written ahead. */
function namesToAdd({ payload, long, ahead }: EncodedRow, number: number): RowTexts {
  return { payload, long: ahead === number ? undefined : long };
}

/** What a tombstone names. */
export type TombstoneKind = 'id' | 'anchor' | 'dn';

function keyParts(key: RowKey): [kind: TombstoneKind, text: string, select: string] {
  if ('id' in key) return ['id', key.id, BY_ID];
  if ('anchor' in key) return ['anchor', key.anchor, `${SELECT} ${ANCHORED} e.anchor = ?`];
  return ['dn', key.normalizedDN, `${SELECT} e.dn_key = ?`];
}

/** The key that a tombstone was left for. */
export function tombstoneKey(kind: TombstoneKind, text: string): RowKey {
  if (kind === 'id') return { id: text };
  return kind === 'anchor' ? { anchor: text } : { normalizedDN: text };
}
