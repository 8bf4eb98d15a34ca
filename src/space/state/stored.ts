/** Attributes that the directory has no place for (`externalId` by default), kept per id. */
import type { Database } from '../database';
import { Recent } from '../recent';
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

/** What is kept of whom nothing is kept. */
export const nothingStored: StoredAttributes = Object.freeze({});

/** Stored attributes by id. */
export interface Stored {
  /** {@link nothingStored} where there are none. While nothing else is kept it is likely to be the same object. */
  get(id: string): Promise<StoredAttributes>;
  /** The same where it is in memory; undefined where {@link get} has to read it. */
  atHand(id: string): StoredAttributes | undefined;
  /** Those of many ids; ids that have none may be left out. */
  getMany(ids: readonly string[]): Promise<Map<string, StoredAttributes>>;
  /**
   * Replaces what is kept for an id, and answers it as {@link get} does; without attributes nothing is kept. Rejects
   * attributes that hold passwords.
   */
  set(id: string, kept: Kept): Promise<StoredAttributes>;
  /** The same where an intent on the disk has it too: resolves when it would survive the end of the process. */
  setBegun(id: string, kept: Kept): Promise<StoredAttributes>;
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

/** The last so many that were asked for are at hand. */
const RECENT = 2_048;

/** {@link Stored} in the record's file. */
export class SqliteStored implements Stored {
  /** What is committed, and no more. */
  readonly #recent = new Recent<StoredAttributes>(RECENT);

  constructor(readonly file: StateFile) {}

  async get(id: string): Promise<StoredAttributes> {
    const known = this.#recent.get(id);
    if (known !== undefined) return known;
    return this.file.read((database) => {
      const row = database.get<{ json: string }>('SELECT json FROM stored WHERE id = ?', id);
      const attributes = row === undefined ? nothingStored : (JSON.parse(row.json) as StoredAttributes);
      this.#recent.set(id, attributes);
      return attributes;
    });
  }

  atHand(id: string): StoredAttributes | undefined {
    return this.#recent.get(id);
  }

  async getMany(ids: readonly string[]): Promise<Map<string, StoredAttributes>> {
    const [id] = ids;
    if (id !== undefined && ids.length === 1) return new Map([[id, await this.get(id)]]);
    return this.file.read((database) => {
      const rows = database.all<{ id: string; json: string }>(
        'SELECT id, json FROM stored WHERE id IN (SELECT value FROM json_each(?))',
        textList(ids),
      );
      return new Map(rows.map(({ id, json }) => [id, JSON.parse(json) as StoredAttributes]));
    });
  }

  set(id: string, kept: Kept): Promise<StoredAttributes> {
    return this.#set(id, kept, 'disk');
  }

  setBegun(id: string, kept: Kept): Promise<StoredAttributes> {
    return this.#set(id, kept, 'commit');
  }

  async #set(id: string, { attributes, keys }: Kept, awaits: Awaited): Promise<StoredAttributes> {
    refusePasswords(attributes);
    if (Object.keys(attributes).length === 0) {
      await this.#remove(id, awaits);
      return nothingStored;
    }
    const json = JSON.stringify(attributes);
    const stored = JSON.parse(json) as StoredAttributes;
    const work = (database: Database) => {
      const isNew = database.run('INSERT OR IGNORE INTO stored (id, json) VALUES (?, ?)', id, json) > 0;
      if (!isNew) {
        database.run('DELETE FROM stored_key WHERE id = ?', id);
        database.run('UPDATE stored SET json = ? WHERE id = ?', json, id);
      }
      for (const { attribute, value } of keys) {
        database.run('INSERT OR IGNORE INTO stored_key (attribute, value, id) VALUES (?, ?, ?)', attribute, value, id);
      }
    };
    await this.file.write(work, awaits, () => this.#recent.set(id, stored));
    return stored;
  }

  remove(id: string): Promise<void> {
    return this.#remove(id, 'disk');
  }

  #remove(id: string, awaits: Awaited): Promise<void> {
    return this.file.write(
      (database) => remove(database, id),
      awaits,
      () => this.#recent.set(id, nothingStored),
    );
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
