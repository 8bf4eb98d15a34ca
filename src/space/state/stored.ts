/** Attributes that the directory has no place for (`externalId` by default), kept per id. */
import type { Database } from '../database';
import { textList } from '../sqlText';
import type { Awaited, StateFile } from './stateFile';

/** A value by which an entry can be found: equal texts match, so the caller normalises. */
export interface StoredKey {
  readonly attribute: string;
  readonly value: string;
}

/** Attributes as JSON. */
export type StoredAttributes = Readonly<Record<string, unknown>>;

/** What is kept of a resource, and under which keys it is found. */
export interface Kept {
  readonly attributes: StoredAttributes;
  readonly keys: readonly StoredKey[];
}

/** Stored attributes by id. */
export interface Stored {
  get(id: string): Promise<StoredAttributes | undefined>;
  /** Those of many ids; ids that have none are left out. */
  getMany(ids: readonly string[]): Promise<Map<string, StoredAttributes>>;
  /** Replaces what is kept for an id; without attributes nothing is kept. Rejects attributes that hold passwords. */
  set(id: string, attributes: StoredAttributes, keys: readonly StoredKey[]): Promise<void>;
  /** The same where an intent on the disk has it too: resolves when it would survive the end of the process. */
  setBegun(id: string, attributes: StoredAttributes, keys: readonly StoredKey[]): Promise<void>;
  remove(id: string): Promise<void>;
  /** The ids of entries that have this key. */
  find(key: StoredKey): Promise<string[]>;
}

/** @throws TypeError for attributes that hold passwords */
export function refusePasswords(attributes: StoredAttributes): void {
  const refused = Object.keys(attributes).find((name) => NEVER.test(name));
  if (refused !== undefined) throw new TypeError(`${refused} is a password and is never stored`);
}

const NEVER = /^(?:.*:)?(?:password|userpassword|unicodepwd)$/i;

/** {@link Stored} in the record's file. */
export class SqliteStored implements Stored {
  constructor(readonly file: StateFile) {}

  get(id: string): Promise<StoredAttributes | undefined> {
    return this.file.read((database) => {
      const row = database.get<{ json: string }>('SELECT json FROM stored WHERE id = ?', id);
      return row && (JSON.parse(row.json) as StoredAttributes);
    });
  }

  async getMany(ids: readonly string[]): Promise<Map<string, StoredAttributes>> {
    const [id] = ids;
    if (id !== undefined && ids.length === 1) {
      const one = await this.get(id);
      return new Map(one && [[id, one]]);
    }
    return this.file.read((database) => {
      const rows = database.all<{ id: string; json: string }>(
        'SELECT id, json FROM stored WHERE id IN (SELECT value FROM json_each(?))',
        textList(ids),
      );
      return new Map(rows.map(({ id, json }) => [id, JSON.parse(json) as StoredAttributes]));
    });
  }

  set(id: string, attributes: StoredAttributes, keys: readonly StoredKey[]): Promise<void> {
    return this.#set(id, { attributes, keys }, 'disk');
  }

  setBegun(id: string, attributes: StoredAttributes, keys: readonly StoredKey[]): Promise<void> {
    return this.#set(id, { attributes, keys }, 'commit');
  }

  async #set(id: string, { attributes, keys }: Kept, awaits: Awaited): Promise<void> {
    refusePasswords(attributes);
    const json = Object.keys(attributes).length === 0 ? undefined : JSON.stringify(attributes);
    await this.file.write((database) => {
      remove(database, id);
      if (json === undefined) return;
      database.run('INSERT INTO stored (id, json) VALUES (?, ?)', id, json);
      for (const { attribute, value } of keys) {
        database.run('INSERT OR IGNORE INTO stored_key (attribute, value, id) VALUES (?, ?, ?)', attribute, value, id);
      }
    }, awaits);
  }

  remove(id: string): Promise<void> {
    return this.file.write((database) => remove(database, id));
  }

  find(key: StoredKey): Promise<string[]> {
    return this.file.read((database) =>
      database
        .all<{ id: string }>(
          'SELECT id FROM stored_key WHERE attribute = ? AND value = ? ORDER BY id',
          key.attribute,
          key.value,
        )
        .map(({ id }) => id),
    );
  }
}

function remove(database: Database, id: string): void {
  database.run('DELETE FROM stored_key WHERE id = ?', id);
  database.run('DELETE FROM stored WHERE id = ?', id);
}
