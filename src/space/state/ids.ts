/**
 * Ids of entries that have no immutable anchor. An id is derived from the normalised DN unless a row says otherwise;
 * rows exist only where an entry was renamed or deleted, or an id is taken. An id is never given to another entry.
 */
import { createHash, randomBytes } from 'node:crypto';
import type { Database } from '../database';
import type { StateFile } from './stateFile';

/** A row: this id belongs to that DN, or to nobody any more. */
export interface IdException {
  readonly id: string;
  readonly normalizedDN: string | undefined;
}

/** Ids of dn-anchored entries. All DNs are normalised. */
export interface Ids {
  /** The id of the entry at a DN; allocates and keeps one where the derived id belongs to another entry. */
  idOf(normalizedDN: string): Promise<string>;
  /** The same for many, in order. */
  idsOf(normalizedDNs: readonly string[]): Promise<string[]>;
  /** The DN kept for an id; undefined when there is no row, and then only a look at the entries themselves can tell. */
  dnOf(id: string): Promise<string | undefined>;
  /** Keeps an id for a DN although it is the derived one or was allocated elsewhere (by {@link IdTable}). */
  keep(id: string, normalizedDN: string): Promise<void>;
  /** The entry has moved: its id stays. Answers the id. */
  renamed(from: string, to: string): Promise<string>;
  /**
   * A log tells of a move that may be known already: the host's own are told too, once or again. What is known stays, and
   * whoever has no id at the old name (moved on, or gone) has none to take along.
   */
  followed(from: string, to: string): Promise<void>;
  /** The entry is gone and its id with it: another entry of that name, if one ever comes, gets another id. */
  deleted(normalizedDN: string): Promise<void>;
  /** All rows, for an {@link IdTable} in another process. */
  exceptions(): Promise<IdException[]>;
}

/** The id that an entry has by default: 132 bits of SHA-256 of its normalised DN, safe in a URL. */
export function derivedId(normalizedDN: string): string {
  return createHash('sha256').update(normalizedDN).digest('base64url').slice(0, 22);
}

function allocatedId(): string {
  return randomBytes(17).toString('base64url').slice(0, 22);
}

/** The same rules over a copy of the rows, without I/O: for an import in a process of its own. */
export class IdTable {
  readonly #byDN = new Map<string, string>();
  readonly #taken = new Set<string>();
  /** Ids allocated here; the host keeps them when the import has ended well. */
  readonly allocated: IdException[] = [];

  constructor(exceptions: Iterable<IdException>) {
    for (const { id, normalizedDN } of exceptions) {
      this.#taken.add(id);
      if (normalizedDN !== undefined) this.#byDN.set(normalizedDN, id);
    }
  }

  idOf(normalizedDN: string): string {
    const kept = this.#byDN.get(normalizedDN);
    if (kept !== undefined) return kept;
    const derived = derivedId(normalizedDN);
    if (!this.#taken.has(derived)) return derived;
    const id = allocatedId();
    this.#byDN.set(normalizedDN, id);
    this.allocated.push({ id, normalizedDN });
    return id;
  }
}

/** So many of the host's own renames are known until a log tells of them; not every directory's log does. */
const OWN_RENAMES = 10_000;

/** {@link Ids} in the record's file. */
export class SqliteIds implements Ids {
  constructor(readonly file: StateFile) {}

  async idOf(normalizedDN: string): Promise<string> {
    const known = await this.file.read((database) => knownId(database, normalizedDN));
    return known ?? this.file.write((database) => idFor(database, normalizedDN));
  }

  async idsOf(normalizedDNs: readonly string[]): Promise<string[]> {
    const known = await this.file.read((database) => normalizedDNs.map((dn) => knownId(database, dn)));
    return Promise.all(known.map((id, i) => id ?? this.idOf(normalizedDNs[i] ?? '')));
  }

  dnOf(id: string): Promise<string | undefined> {
    return this.file.read(
      (database) => database.get<{ dn: string | null }>('SELECT dn FROM identifier WHERE id = ?', id)?.dn ?? undefined,
    );
  }

  keep(id: string, normalizedDN: string): Promise<void> {
    return this.file.write((database) => assign(database, id, normalizedDN));
  }

  renamed(from: string, to: string): Promise<string> {
    return this.file.write((database) => {
      const id = idFor(database, from);
      if (from === to) return id;
      assign(database, id, to);
      const number = database.insert('INSERT INTO own_rename (old, new) VALUES (?, ?)', from, to);
      database.run('DELETE FROM own_rename WHERE number <= ?', number - OWN_RENAMES);
      return id;
    });
  }

  followed(from: string, to: string): Promise<void> {
    return this.file.write((database) => {
      if (from === to) return;
      // Whoever has the old name by now is somebody else.
      const isOwn = database.run('DELETE FROM own_rename WHERE old = ? AND new = ?', from, to) > 0;
      if (isOwn || keptId(database, to) !== undefined) return;
      const id = knownId(database, from);
      if (id !== undefined) assign(database, id, to);
    });
  }

  deleted(normalizedDN: string): Promise<void> {
    return this.file.write((database) => {
      const id = knownId(database, normalizedDN);
      if (id === undefined) return;
      database.run(
        'INSERT INTO identifier (id, dn) VALUES (?, NULL) ON CONFLICT (id) DO UPDATE SET dn = excluded.dn',
        id,
      );
    });
  }

  exceptions(): Promise<IdException[]> {
    return this.file.read((database) =>
      database
        .all<{ id: string; dn: string | null }>('SELECT id, dn FROM identifier')
        .map(({ id, dn }) => ({ id, normalizedDN: dn ?? undefined })),
    );
  }
}

function keptId(database: Database, normalizedDN: string): string | undefined {
  return database.get<{ id: string }>('SELECT id FROM identifier WHERE dn = ?', normalizedDN)?.id;
}

/** The id of a DN as far as it needs no row that is not there yet. */
function knownId(database: Database, normalizedDN: string): string | undefined {
  const kept = keptId(database, normalizedDN);
  if (kept !== undefined) return kept;
  const derived = derivedId(normalizedDN);
  return database.get('SELECT 1 FROM identifier WHERE id = ?', derived) ? undefined : derived;
}

function idFor(database: Database, normalizedDN: string): string {
  const known = knownId(database, normalizedDN);
  if (known !== undefined) return known;
  const id = allocatedId();
  database.run('INSERT INTO identifier (id, dn) VALUES (?, ?)', id, normalizedDN);
  return id;
}

/** Whoever had the DN before is no longer there; the id of that entry is retired, not reused. */
function assign(database: Database, id: string, normalizedDN: string): void {
  database.run('UPDATE identifier SET dn = NULL WHERE dn = ? AND id <> ?', normalizedDN, id);
  database.run(
    'INSERT INTO identifier (id, dn) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET dn = excluded.dn',
    id,
    normalizedDN,
  );
}
