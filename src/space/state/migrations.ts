/** The schema of the record, one step per version. A released step is never edited: a new one is added. */
export const migrations: readonly string[] = [
  `
  CREATE TABLE secret (only INTEGER PRIMARY KEY CHECK (only = 1), octets BLOB NOT NULL) STRICT;
  CREATE TABLE document (name TEXT PRIMARY KEY, json TEXT NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE identifier (id TEXT PRIMARY KEY, dn TEXT UNIQUE) STRICT, WITHOUT ROWID;
  CREATE TABLE stored (id TEXT PRIMARY KEY, json TEXT NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE stored_key (
    attribute TEXT NOT NULL, value TEXT NOT NULL, id TEXT NOT NULL REFERENCES stored (id),
    PRIMARY KEY (attribute, value, id)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX stored_key_id ON stored_key (id);
  CREATE TABLE spelled_name (
    object_type TEXT NOT NULL, attribute TEXT NOT NULL, name TEXT NOT NULL,
    PRIMARY KEY (object_type, attribute, name)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE intent (key TEXT PRIMARY KEY, dn TEXT NOT NULL, anchor TEXT, at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  CREATE INDEX intent_at ON intent (at);
  CREATE TABLE disconnected (id TEXT PRIMARY KEY, dn TEXT NOT NULL, since INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  CREATE INDEX disconnected_dn ON disconnected (dn);
  CREATE TABLE run (
    number INTEGER PRIMARY KEY, profile TEXT NOT NULL, failed INTEGER NOT NULL, json TEXT NOT NULL
  ) STRICT;
  CREATE INDEX run_kind ON run (profile, failed, number);
  `,
  `
  CREATE TABLE change (
    number INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, id TEXT, actor TEXT NOT NULL,
    operation TEXT NOT NULL, outcome TEXT NOT NULL, request TEXT NOT NULL, json TEXT NOT NULL
  ) STRICT;
  CREATE INDEX change_id ON change (id) WHERE id IS NOT NULL;
  `,
  // What is to be kept of a resource whose create was begun, as JSON.
  `
  ALTER TABLE intent ADD COLUMN kept TEXT;
  `,
  // What is needed to send a failed export again, as JSON.
  `
  CREATE TABLE failed_export (number INTEGER PRIMARY KEY, json TEXT NOT NULL) STRICT;
  `,
  // Renames and deletes that were sent and not answered yet, as JSON.
  `
  CREATE TABLE begun_move (id TEXT PRIMARY KEY, json TEXT NOT NULL) STRICT, WITHOUT ROWID;
  `,
  // There are hardly more intents than creates under way: to look through them costs less than each of them an index.
  `
  DROP INDEX intent_at;
  `,
  // The host's own renames, as long as no log has told of them.
  `
  CREATE TABLE own_rename (
    number INTEGER PRIMARY KEY, old TEXT NOT NULL, new TEXT NOT NULL, UNIQUE (old, new) ON CONFLICT REPLACE
  ) STRICT;
  `,
];
