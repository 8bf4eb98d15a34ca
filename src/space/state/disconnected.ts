/** Entries that were deleted for SCIM and kept in the directory: hidden until a create reconnects them. */
import type { StateFile } from './stateFile';

/** A disconnected entry. */
export interface DisconnectedEntry {
  readonly id: string;
  readonly normalizedDN: string;
  /** Milliseconds since the epoch. */
  readonly since: number;
}

/** The disconnected entries. */
export interface Disconnected {
  get(id: string): Promise<DisconnectedEntry | undefined>;
  byDN(normalizedDN: string): Promise<DisconnectedEntry | undefined>;
  /** All of them, for an import in a process of its own. */
  all(): Promise<DisconnectedEntry[]>;
  add(entry: DisconnectedEntry): Promise<void>;
  /** Reconnects; false when the entry was not disconnected. */
  remove(id: string): Promise<boolean>;
}

interface Row {
  readonly id: string;
  readonly dn: string;
  readonly since: number;
}

/** {@link Disconnected} in the record's file. */
export class SqliteDisconnected implements Disconnected {
  constructor(readonly file: StateFile) {}

  get(id: string): Promise<DisconnectedEntry | undefined> {
    return this.file.read((database) =>
      entryOf(database.get<Row>('SELECT id, dn, since FROM disconnected WHERE id = ?', id)),
    );
  }

  byDN(normalizedDN: string): Promise<DisconnectedEntry | undefined> {
    return this.file.read((database) =>
      entryOf(
        database.get<Row>(
          'SELECT id, dn, since FROM disconnected WHERE dn = ? ORDER BY since DESC LIMIT 1',
          normalizedDN,
        ),
      ),
    );
  }

  all(): Promise<DisconnectedEntry[]> {
    return this.file.read((database) =>
      database.all<Row>('SELECT id, dn, since FROM disconnected').flatMap((row) => entryOf(row) ?? []),
    );
  }

  add(entry: DisconnectedEntry): Promise<void> {
    return this.file.write((database) => {
      database.run(
        'INSERT OR REPLACE INTO disconnected (id, dn, since) VALUES (?, ?, ?)',
        entry.id,
        entry.normalizedDN,
        entry.since,
      );
    });
  }

  remove(id: string): Promise<boolean> {
    return this.file.write((database) => database.run('DELETE FROM disconnected WHERE id = ?', id) > 0);
  }
}

function entryOf(row: Row | undefined): DisconnectedEntry | undefined {
  return row && { id: row.id, normalizedDN: row.dn, since: row.since };
}
