/**
 * Writes rows of one generation so that the newer truth wins: an upsert applies only over a lower sequence number, a
 * delete leaves a tombstone that older reads do not get past.
 */
import type { Database } from './database';
import type { ReferenceTable, RowTexts } from './references';
import type { EncodedRow, RowKey, SpaceEntry } from './row';
import { insertEntry, MatchInserter } from './rowInsert';
import type { RecentEntries } from './rowReader';
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
  readonly hash: Uint8Array;
  readonly sequence: number;
}

/** The tables that belong to the rows. */
export interface RowTables {
  readonly dictionary: Dictionary;
  readonly changes: ValueChangeTable;
  readonly references: ReferenceTable;
  /** Whoever is changed is forgotten there. */
  readonly recent: RecentEntries;
}

const SELECT = 'SELECT number, id, anchor, object_type, dn_key, hash, sequence FROM entry';
/** The index on anchors begins with the object type, of which there are few. */
const BY_ANCHOR = 'object_type IN (SELECT number FROM object_type) AND anchor = ?';

/** The one place where rows of a generation in use are written. All methods belong inside a transaction. */
export class RowWriter {
  readonly #matches: MatchInserter;
  /** Whether there may be tombstones; mostly there are none, and then nobody asks for them. */
  #buried = true;

  constructor(
    readonly database: Database,
    readonly tables: RowTables,
    readonly listener: ListListener,
  ) {
    this.#matches = new MatchInserter(database, tables.dictionary);
  }

  /** A transaction was undone: what is known of the file may be wrong. */
  reload(): void {
    this.#buried = true;
  }

  /** @param entry what reading the row will answer, where that is known */
  upsert(row: EncodedRow, sequence: number, entry?: SpaceEntry): UpsertOutcome {
    const present = this.database.get<Present>(`${SELECT} WHERE id = ?`, row.id);
    if ((present && present.sequence >= sequence) || this.#deletedSince(row, sequence)) return 'outdated';
    // Names and anchors are unique: one that is this row's already has no other.
    const stays = present !== undefined && present.anchor === row.anchor && present.dn_key === row.dn_key;
    const rivals = stays ? [] : this.#rivals(row);
    if (rivals.some((rival) => rival.sequence >= sequence)) return 'outdated';
    for (const rival of rivals) this.#delete(rival);
    this.tables.recent.delete(row.id);
    if (present) this.tables.changes.settle(present.number, sequence);
    if (entry && !(present && this.tables.changes.has(present.number))) this.tables.recent.set(row.id, entry);
    if (present && Buffer.compare(present.hash, row.hash) === 0) {
      this.database.run(
        'UPDATE entry SET read_at = ?, sequence = ? WHERE number = ?',
        row.read_at,
        sequence,
        present.number,
      );
      return 'unchanged';
    }
    if (present) this.#update(present, row, sequence);
    else this.#insert(row, sequence);
    return present ? 'updated' : 'added';
  }

  /** Changes values of a row that nobody has read meanwhile. `outdated`: it is not there, or was read later. */
  changeValues(id: string, changes: readonly SpaceValueChange[], sequence: number): 'updated' | 'outdated' {
    const present = this.database.get<Present>(`${SELECT} WHERE id = ?`, id);
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
    const [kind, text, where] = keyParts(key);
    const present = this.database.get<Present>(`${SELECT} WHERE ${where}`, text);
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
      `${SELECT} WHERE dn_key = ?2 AND id <> ?3 UNION ${SELECT} WHERE ${BY_ANCHOR.replace('?', '?1')} AND id <> ?3`,
      row.anchor,
      row.dn_key,
      row.id,
    );
  }

  #insert(row: EncodedRow, sequence: number): void {
    const objectType = this.tables.dictionary.giveObjectType(row.objectType);
    const number = insertEntry(this.database, objectType, row, sequence);
    this.tables.references.add(number, row);
    this.#insertMatches(row, objectType, number);
    this.listener(objectType, row.anchor, 1);
  }

  #update(present: Present, row: EncodedRow, sequence: number): void {
    const { number } = present;
    this.tables.references.add(number, row, () => this.#texts(number));
    const objectType = this.tables.dictionary.giveObjectType(row.objectType);
    this.database.run(
      'UPDATE entry SET dn = ?, payload = ?, apart = ?, hash = ?, read_at = ?, sequence = ? WHERE number = ?',
      row.dn,
      row.payload,
      row.apart,
      row.hash,
      row.read_at,
      sequence,
      number,
    );
    this.#writeLong(row, number);
    // An index costs as soon as a statement names its columns, even if they stay as they are.
    const stays = present.anchor === row.anchor && present.object_type === objectType;
    if (!stays || present.dn_key !== row.dn_key) {
      this.database.run(
        'UPDATE entry SET anchor = ?, object_type = ?, dn_key = ? WHERE number = ?',
        row.anchor,
        objectType,
        row.dn_key,
        number,
      );
    }
    this.#updateMatches(row, objectType, number);
    if (stays) return;
    this.listener(present.object_type, present.anchor, -1);
    this.listener(objectType, row.anchor, 1);
  }

  #texts(number: number): RowTexts | undefined {
    return this.database.get<RowTexts>(
      'SELECT e.payload, l.payload AS long FROM entry e LEFT JOIN long_value l ON l.entry = e.number WHERE e.number = ?',
      number,
    );
  }

  #writeLong({ long }: EncodedRow, number: number): void {
    if (long === undefined) this.database.run('DELETE FROM long_value WHERE entry = ?', number);
    else this.database.run('INSERT OR REPLACE INTO long_value (entry, payload) VALUES (?, ?)', number, long);
  }

  #updateMatches(row: EncodedRow, objectType: number, number: number): void {
    const wanted = new Set(
      row.matches.map(({ attribute, value }) =>
        matchKey(this.tables.dictionary.giveMatchType(objectType, attribute), value),
      ),
    );
    const present = this.database.all<{ type: number; value: string }>(
      'SELECT type, value FROM match WHERE entry = ?',
      number,
    );
    if (wanted.size === present.length && present.every(({ type, value }) => wanted.has(matchKey(type, value)))) return;
    this.database.run('DELETE FROM match WHERE entry = ?', number);
    this.#insertMatches(row, objectType, number);
  }

  #insertMatches(row: EncodedRow, objectType: number, number: number): void {
    this.#matches.add(row, objectType, number);
    this.#matches.flush();
  }

  #delete(present: Present): void {
    this.tables.recent.delete(present.id);
    this.tables.changes.settle(present.number, Number.MAX_SAFE_INTEGER);
    this.database.run('DELETE FROM match WHERE entry = ?', present.number);
    this.database.run('DELETE FROM long_value WHERE entry = ?', present.number);
    this.database.run('DELETE FROM entry WHERE number = ?', present.number);
    this.listener(present.object_type, present.anchor, -1);
  }
}

function matchKey(type: number, value: string): string {
  return `${type} ${value}`;
}

/** What a tombstone names. */
export type TombstoneKind = 'id' | 'anchor' | 'dn';

function keyParts(key: RowKey): [kind: TombstoneKind, text: string, where: string] {
  if ('id' in key) return ['id', key.id, 'id = ?'];
  if ('anchor' in key) return ['anchor', key.anchor, BY_ANCHOR];
  return ['dn', key.normalizedDN, 'dn_key = ?'];
}

/** The key that a tombstone was left for. */
export function tombstoneKey(kind: TombstoneKind, text: string): RowKey {
  if (kind === 'id') return { id: text };
  return kind === 'anchor' ? { anchor: text } : { normalizedDN: text };
}
