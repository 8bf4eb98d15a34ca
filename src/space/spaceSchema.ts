/** The schema of one generation of the connector space. */
import type { Database } from './database';
import { saysNotUnique } from './sqlite';

/** Counts the entries of each object type: to count a million of them when a generation is opened would block the host. */
const COUNT_ENTRIES =
  'UPDATE object_type SET entries = (SELECT count(*) FROM entry WHERE entry.object_type = object_type.number)';

/** Files before this version held entries as text. They are not converted: an import makes them anew. */
export const CONVERTED_SINCE = 4;

/** Tables, from version {@link CONVERTED_SINCE}. A generation is disposable, so a later step may drop what it cannot convert. */
const tables: readonly string[] = [
  `
  CREATE TABLE object_type (
    number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, entries INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  CREATE TABLE match_type (
    number INTEGER PRIMARY KEY, object_type INTEGER NOT NULL, attribute TEXT NOT NULL, UNIQUE (object_type, attribute)
  ) STRICT;
  CREATE TABLE entry (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL, anchor TEXT NOT NULL, object_type INTEGER NOT NULL,
    dn_key TEXT NOT NULL, dn TEXT NOT NULL, payload BLOB, apart TEXT, hash BLOB NOT NULL,
    read_at INTEGER NOT NULL, sequence INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE long_value (entry INTEGER PRIMARY KEY, payload BLOB NOT NULL) STRICT;
  CREATE TABLE match (
    entry INTEGER NOT NULL, type INTEGER NOT NULL, value TEXT NOT NULL, PRIMARY KEY (entry, type, value)
  ) STRICT, WITHOUT ROWID;
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

/** Unique indexes and their columns. */
const UNIQUE_INDEXES: readonly (readonly [name: string, columns: string])[] = [
  ['entry_id', 'id'],
  ['entry_dn', 'dn_key'],
  ['entry_anchor', 'object_type, anchor'],
];

/** Creates the indexes and counts the entries. Of rows that a load has met twice (renamed or created again while it read) the later one stays. */
export function createIndexes(database: Database): void {
  let reduced = false;
  for (const [name, columns] of UNIQUE_INDEXES) {
    const create = `CREATE UNIQUE INDEX ${name} ON entry (${columns})`;
    try {
      database.execute(create);
    } catch (error) {
      if (!saysNotUnique(error)) throw error;
      database.execute(`DELETE FROM entry WHERE number NOT IN (SELECT max(number) FROM entry GROUP BY ${columns})`);
      database.execute(create);
      reduced = true;
    }
  }
  if (reduced) {
    for (const table of ['match', 'long_value'])
      database.execute(`DELETE FROM ${table} WHERE entry NOT IN (SELECT number FROM entry)`);
  }
  database.execute(`
    CREATE INDEX entry_sequence ON entry (sequence);
    CREATE INDEX match_value ON match (type, value, entry);
  `);
  database.execute(COUNT_ENTRIES);
}

/** Numbers that stand for names in rows and indexes. */
export class Dictionary {
  readonly #objectTypes = new Map<string, number>();
  readonly #names = new Map<number, string>();
  readonly #matchTypes = new Map<string, number>();

  constructor(readonly database: Database) {
    this.reload();
  }

  /** Reads the numbers again, after a transaction that gave some was undone. */
  reload(): void {
    this.#objectTypes.clear();
    this.#names.clear();
    this.#matchTypes.clear();
    for (const { number, name } of this.database.all<{ number: number; name: string }>('SELECT * FROM object_type')) {
      this.#rememberObjectType(name, number);
    }
    const rows = this.database.all<{ number: number; object_type: number; attribute: string }>(
      'SELECT * FROM match_type',
    );
    for (const { number, object_type, attribute } of rows) this.#matchTypes.set(`${object_type} ${attribute}`, number);
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

  /** The number of an attribute by which entries of an object type are matched; `attribute` in lower case. */
  matchType(objectType: string, attribute: string): number | undefined {
    return this.#matchTypes.get(`${this.#objectTypes.get(objectType)} ${attribute}`);
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
    const key = `${objectType} ${attribute}`;
    const known = this.#matchTypes.get(key);
    if (known !== undefined) return known;
    const number = this.database.insert(
      'INSERT INTO match_type (object_type, attribute) VALUES (?, ?)',
      objectType,
      attribute,
    );
    this.#matchTypes.set(key, number);
    return number;
  }

  #rememberObjectType(name: string, number: number): void {
    this.#objectTypes.set(name, number);
    this.#names.set(number, name);
  }
}
