/** The schema of one generation of the connector space. */
import type { Database } from './database';
import type { MatchKey } from './row';
import { saysNotUnique } from './sqlite';

/** Counts the entries of each object type: to count a million of them when a generation is opened would block the host. */
const COUNT_ENTRIES =
  'UPDATE object_type SET entries = (SELECT count(*) FROM entry WHERE entry.object_type = object_type.number)';

/** Files up to this version kept rows and matching values in another way. They are not converted: an import makes them anew. */
export const CONVERTED_SINCE = 5;

/**
 * Tables, from version {@link CONVERTED_SINCE}. A generation is disposable, so a later step may drop what it cannot convert.
 *
 * A row holds what a later version of it is compared with, and its own matching keys, so that a change of it that leaves
 * name and matching values alone reads and writes one page of one tree. The payload stands last: what comes before it is
 * read without it.
 */
const tables: readonly string[] = [
  `
  CREATE TABLE object_type (
    number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, entries INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  CREATE TABLE match_type (
    number INTEGER PRIMARY KEY, object_type INTEGER NOT NULL, attribute TEXT NOT NULL, UNIQUE (object_type, attribute)
  ) STRICT;
  CREATE TABLE entry (
    number INTEGER PRIMARY KEY, object_type INTEGER NOT NULL, anchor TEXT NOT NULL, id TEXT, dn_key TEXT NOT NULL,
    dn TEXT NOT NULL, matches TEXT, read_at INTEGER NOT NULL, sequence INTEGER NOT NULL, apart TEXT, payload BLOB
  ) STRICT;
  CREATE UNIQUE INDEX entry_id ON entry (id) WHERE id IS NOT NULL;
  CREATE TABLE long_value (entry INTEGER PRIMARY KEY, payload BLOB NOT NULL) STRICT;
  CREATE TABLE match (key TEXT NOT NULL, entry INTEGER NOT NULL, PRIMARY KEY (key, entry)) STRICT, WITHOUT ROWID;
  CREATE TABLE value_change (
    entry INTEGER NOT NULL, attribute TEXT NOT NULL, key TEXT NOT NULL, operation TEXT NOT NULL, value TEXT NOT NULL,
    sequence INTEGER NOT NULL, PRIMARY KEY (entry, attribute, key)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX value_change_sequence ON value_change (sequence);
  CREATE TABLE tombstone (
    kind TEXT NOT NULL, key TEXT NOT NULL, sequence INTEGER NOT NULL, PRIMARY KEY (kind, key)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX tombstone_sequence ON tombstone (sequence);
  CREATE TABLE reference (target INTEGER NOT NULL, entry INTEGER NOT NULL, PRIMARY KEY (target, entry))
    STRICT, WITHOUT ROWID;
  CREATE TABLE follow_up (
    kind TEXT NOT NULL, dn TEXT NOT NULL, looks INTEGER NOT NULL, due INTEGER NOT NULL, PRIMARY KEY (kind, dn)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE property (name TEXT PRIMARY KEY, json TEXT NOT NULL) STRICT, WITHOUT ROWID;
  `,
];

/** What a file of a generation is opened with. */
export const versions = { migrations: tables, since: CONVERTED_SINCE };

/** Unique indexes. An id that is the anchor is not kept: most are, and are found by the index of anchors. */
const UNIQUE_INDEXES: readonly (readonly [name: string, columns: string, where: string])[] = [
  ['entry_dn', 'dn_key', ''],
  ['entry_anchor', 'object_type, anchor', ''],
  ['entry_id', 'id', 'WHERE id IS NOT NULL'],
];

/** Of rows of two object types with one anchor those that came first. Asked of all object types but the largest. */
const MET_BY_TWO_TYPES = `
  SELECT min(a.number, b.number) FROM entry a CROSS JOIN entry b
    ON b.object_type IN (SELECT number FROM object_type WHERE number <> a.object_type) AND b.anchor = a.anchor
  WHERE a.object_type IN (SELECT number FROM object_type ORDER BY entries DESC LIMIT -1 OFFSET 1)`;

/** Whether {@link createIndexes} has done its work. */
export function isIndexed(database: Database): boolean {
  return database.get("SELECT 1 FROM sqlite_schema WHERE name = 'entry_anchor'") !== undefined;
}

/**
 * Creates the index of what is written after a load, whose rows have this sequence number: nothing else is looked for by
 * its number. Before there are rows, so that nobody has to look through them for those that belong into it.
 */
export function indexLaterRows(database: Database, sequence: number): void {
  database.execute(`CREATE INDEX entry_sequence ON entry (sequence) WHERE sequence > ${sequence}`);
}

/** Before a load adds the first row whose id is not its anchor: to sort them at its end is quicker. */
export function dropIdIndex(database: Database): void {
  database.execute('DROP INDEX entry_id');
}

/**
 * Creates the indexes and counts the entries. Of rows that a load has met twice (renamed or created again while it read)
 * the later one stays.
 */
export function createIndexes(database: Database): void {
  let reduced = 0;
  for (const [name, columns, where] of UNIQUE_INDEXES) {
    const create = `CREATE UNIQUE INDEX IF NOT EXISTS ${name} ON entry (${columns}) ${where}`;
    try {
      database.execute(create);
    } catch (error) {
      if (!saysNotUnique(error)) throw error;
      const latest = `SELECT max(number) FROM entry ${where} GROUP BY ${columns}`;
      reduced += database.run(`DELETE FROM entry WHERE number IN (SELECT number FROM entry ${where} EXCEPT ${latest})`);
      database.execute(create);
    }
  }
  database.execute(COUNT_ENTRIES);
  reduced += database.run(`DELETE FROM entry WHERE number IN (${MET_BY_TWO_TYPES})`);
  if (reduced > 0) {
    database.execute('DELETE FROM long_value WHERE entry NOT IN (SELECT number FROM entry)');
    database.execute(COUNT_ENTRIES);
  }
  database.execute('INSERT OR IGNORE INTO match SELECT value, number FROM entry, json_each(matches) ORDER BY 1, 2');
}

/** Numbers that stand for names in rows and indexes. */
export class Dictionary {
  readonly #objectTypes = new Map<string, number>();
  readonly #names = new Map<number, string>();
  /** By object type and attribute. */
  readonly #matchTypes = new Map<number, Map<string, number>>();
  readonly #attributes = new Map<number, string>();

  constructor(readonly database: Database) {
    this.reload();
  }

  /** Reads the numbers again, after a transaction that gave some was undone. */
  reload(): void {
    this.#objectTypes.clear();
    this.#names.clear();
    this.#matchTypes.clear();
    this.#attributes.clear();
    for (const { number, name } of this.database.all<{ number: number; name: string }>('SELECT * FROM object_type')) {
      this.#rememberObjectType(name, number);
    }
    const rows = this.database.all<{ number: number; object_type: number; attribute: string }>(
      'SELECT * FROM match_type',
    );
    for (const { number, object_type, attribute } of rows) this.#rememberMatchType(object_type, attribute, number);
  }

  /** All object types that have or had rows. */
  objectTypes(): string[] {
    return [...this.#objectTypes.keys()];
  }

  /** The number of an object type; undefined when no row was ever of it. */
  objectType(name: string): number | undefined {
    return this.#objectTypes.get(name);
  }

  nameOf(number: number): string {
    return this.#names.get(number) ?? '';
  }

  /** What keys of an attribute by which entries of an object type are matched begin with; `attribute` in lower case. Undefined: there are none. */
  matchType(objectType: string, attribute: string): number | undefined {
    return this.#matchTypes.get(this.#objectTypes.get(objectType) ?? -1)?.get(attribute);
  }

  /** The matching values that keys stand for. */
  matchesOf(keys: readonly string[]): MatchKey[] {
    return keys.map((key) => {
      const end = key.indexOf(' ');
      return { attribute: this.#attributes.get(Number(key.slice(0, end))) ?? '', value: key.slice(end + 1) };
    });
  }

  /** The number of an object type, a new one if need be. Inside a transaction. */
  giveObjectType(name: string): number {
    const known = this.#objectTypes.get(name);
    if (known !== undefined) return known;
    const number = this.database.insert('INSERT INTO object_type (name) VALUES (?)', name);
    this.#rememberObjectType(name, number);
    return number;
  }

  /** The number of a matching attribute, a new one if need be. Inside a transaction. */
  giveMatchType(objectType: number, attribute: string): number {
    const known = this.#matchTypes.get(objectType)?.get(attribute);
    if (known !== undefined) return known;
    const number = this.database.insert(
      'INSERT INTO match_type (object_type, attribute) VALUES (?, ?)',
      objectType,
      attribute,
    );
    this.#rememberMatchType(objectType, attribute, number);
    return number;
  }

  #rememberMatchType(objectType: number, attribute: string, number: number): void {
    const known = this.#matchTypes.get(objectType) ?? new Map<string, number>();
    this.#matchTypes.set(objectType, known.set(attribute, number));
    this.#attributes.set(number, attribute);
  }

  #rememberObjectType(name: string, number: number): void {
    this.#objectTypes.set(name, number);
    this.#names.set(number, name);
  }
}
