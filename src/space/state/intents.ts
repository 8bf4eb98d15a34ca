/**
 * Intents of creates, committed before the Add and on the disk before the answer. A create that is repeated because its answer was lost is recognised by
 * its intent and by nothing else.
 */
import { createHmac } from 'node:crypto';
import type { Database } from '../database';
import type { Awaited, Staged, StateFile } from './stateFile';
import { type Kept, refusePasswords } from './stored';

/** A create that was begun. */
export interface Intent {
  readonly normalizedDN: string;
  /** The new entry's anchor, once it is known. */
  readonly anchor: string | undefined;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** A create that a process before this one has begun, and not answered as far as the record knows. */
export interface LeftIntent extends Intent {
  readonly key: string;
  /** What is to be kept of the resource, until it is known to have been kept. */
  readonly kept: Kept | undefined;
}

/** Intents within their window. */
export interface Intents {
  /** The key of a create: a keyed hash (the body may hold a password), different for each record. */
  key(actor: string, normalizedDN: string, body: string): string;
  find(key: string): Promise<Intent | undefined>;
  /**
   * When the intent is committed the Add may be sent, and when it is on the disk the create may be answered. `kept` is what
   * the state store is going to keep of the new resource: what is written after the Add need not wait for the disk then.
   */
  begin(key: string, normalizedDN: string, kept?: Kept): Staged;
  /** The intents from before a moment, oldest first. */
  left(before: number): Promise<LeftIntent[]>;
  /** What an intent had to be kept is kept. */
  settled(key: string): Promise<void>;
  /**
   * The Add has succeeded, the entry has this anchor, and what was to be kept is. Resolves when that would survive the
   * end of the process.
   */
  complete(key: string, anchor: string): Promise<void>;
  /** The Add has certainly failed: a repetition is a new create. */
  forget(key: string): Promise<void>;
  /** The same where nobody waits for it. */
  forgetLater(key: string): Promise<void>;
  /** Deletes what is older than the window; the number of intents deleted. */
  purge(): Promise<number>;
}

/** {@link Intents} in the record's file. */
export class SqliteIntents implements Intents {
  /** The keys of all committed intents, perhaps of some more: nearly every create is asked for the first time. Read when it is needed. */
  #known: Set<string> | undefined;

  constructor(
    readonly file: StateFile,
    readonly windowMs: number,
    readonly now: () => number,
  ) {}

  key(actor: string, normalizedDN: string, body: string): string {
    // A JSON array keeps the parts apart: no two triples give the same text.
    return createHmac('sha256', this.file.secret)
      .update(JSON.stringify([actor, normalizedDN, body]))
      .digest('base64url');
  }

  async find(key: string): Promise<Intent | undefined> {
    this.#known ??= new Set(await this.file.read(keysOfIntents));
    if (!this.#known.has(key)) return undefined;
    const row = await this.file.read((database) =>
      database.get<{ dn: string; anchor: string | null; at: number }>(
        'SELECT dn, anchor, at FROM intent WHERE key = ? AND at > ?',
        key,
        this.now() - this.windowMs,
      ),
    );
    return row && { normalizedDN: row.dn, anchor: row.anchor ?? undefined, at: row.at };
  }

  begin(key: string, normalizedDN: string, kept?: Kept): Staged {
    const at = this.now();
    if (kept !== undefined) refusePasswords(kept.attributes);
    const json = kept === undefined ? null : JSON.stringify(kept);
    const insert = 'INSERT OR REPLACE INTO intent (key, dn, anchor, at, kept) VALUES (?, ?, NULL, ?, ?)';
    return this.file.writeInStages(
      (database) => database.run(insert, key, normalizedDN, at, json),
      () => this.#known?.add(key),
    );
  }

  left(before: number): Promise<LeftIntent[]> {
    return this.file.read((database) =>
      database
        .all<{ key: string; dn: string; anchor: string | null; at: number; kept: string | null }>(
          'SELECT key, dn, anchor, at, kept FROM intent WHERE at < ? ORDER BY at, key',
          before,
        )
        .map(({ key, dn, anchor, at, kept }) => ({
          key,
          normalizedDN: dn,
          anchor: anchor ?? undefined,
          at,
          kept: kept === null ? undefined : (JSON.parse(kept) as Kept),
        })),
    );
  }

  settled(key: string): Promise<void> {
    return this.file.write((database) => {
      database.run('UPDATE intent SET kept = NULL WHERE key = ?', key);
    });
  }

  complete(key: string, anchor: string): Promise<void> {
    return this.file.write((database) => {
      database.run('UPDATE intent SET anchor = ?, kept = NULL WHERE key = ?', anchor, key);
    }, 'commit');
  }

  forget(key: string): Promise<void> {
    return this.#forget(key, 'disk');
  }

  forgetLater(key: string): Promise<void> {
    return this.#forget(key, 'company');
  }

  async #forget(key: string, awaits: Awaited): Promise<void> {
    const forgotten = () => void this.#known?.delete(key);
    await this.file.write((database) => database.run('DELETE FROM intent WHERE key = ?', key), awaits, forgotten);
  }

  purge(): Promise<number> {
    const oldest = this.now() - this.windowMs;
    return this.file.write((database) => database.run('DELETE FROM intent WHERE at <= ?', oldest));
  }
}

function keysOfIntents(database: Database): string[] {
  return database.all<{ key: string }>('SELECT key FROM intent').map(({ key }) => key);
}
