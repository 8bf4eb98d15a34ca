/** Names of attributes as clients have spelled them (`surname` for `sn`), so that each reads back as it was sent. */
import type { StateFile } from './stateFile';

/** One spelling. */
export interface SpelledName {
  readonly objectType: string;
  readonly attribute: string;
  readonly name: string;
}

/** The spellings that clients have used. */
export interface Names {
  all(): Promise<SpelledName[]>;
  /** Keeps a spelling; one that is kept already costs no write. */
  remember(spelled: SpelledName): Promise<void>;
}

/** {@link Names} in the record's file. */
export class SqliteNames implements Names {
  constructor(readonly file: StateFile) {}

  all(): Promise<SpelledName[]> {
    return this.file.read((database) =>
      database
        .all<{ object_type: string; attribute: string; name: string }>(
          'SELECT object_type, attribute, name FROM spelled_name',
        )
        .map((row) => ({ objectType: row.object_type, attribute: row.attribute, name: row.name })),
    );
  }

  async remember({ objectType, attribute, name }: SpelledName): Promise<void> {
    const known = await this.file.read((database) =>
      database.get(
        'SELECT 1 FROM spelled_name WHERE object_type = ? AND attribute = ? AND name = ?',
        objectType,
        attribute,
        name,
      ),
    );
    if (known) return;
    await this.file.write((database) => {
      database.run('INSERT OR IGNORE INTO spelled_name VALUES (?, ?, ?)', objectType, attribute, name);
    });
  }
}
