/**
 * Intents of creates, persisted before the Add. A create that is repeated because its answer was lost is recognised by
 * its intent and by nothing else.
 */
import { createHmac } from 'node:crypto';
import type { Database } from '../database';
import type { StateFile } from './stateFile';

/** A create that was begun. */
export interface Intent {
  readonly normalizedDN: string;
  /** The new entry's anchor, once it is known. */
  readonly anchor: string | undefined;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** Intents within their window. */
export interface Intents {
  /** The key of a create: a keyed hash (the body may hold a password), different for each record. */
  key(actor: string, normalizedDN: string, body: string): string;
  find(key: string): Promise<Intent | undefined>;
  /** Resolves when the intent is on the disk: only then may the Add be sent. */
  begin(key: string, normalizedDN: string): Promise<void>;
  /** The Add has succeeded and the entry has this anchor. */
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
    const row = await this.file.read((database) =>
      database.get<{ dn: string; anchor: string | null; at: number }>(
        'SELECT dn, anchor, at FROM intent WHERE key = ? AND at > ?',
        key,
        this.now() - this.windowMs,
      ),
    );
    return row && { normalizedDN: row.dn, anchor: row.anchor ?? undefined, at: row.at };
  }

  begin(key: string, normalizedDN: string): Promise<void> {
    const at = this.now();
    return this.file.write((database) => {
      database.run('INSERT OR REPLACE INTO intent (key, dn, anchor, at) VALUES (?, ?, NULL, ?)', key, normalizedDN, at);
    });
  }

  complete(key: string, anchor: string): Promise<void> {
    return this.file.write((database) => {
      database.run('UPDATE intent SET anchor = ? WHERE key = ?', anchor, key);
    });
  }

  forget(key: string): Promise<void> {
    return this.file.write((database) => forget(database, key));
  }

  forgetLater(key: string): Promise<void> {
    return this.file.write((database) => forget(database, key), { unhurried: true });
  }

  purge(): Promise<number> {
    const oldest = this.now() - this.windowMs;
    return this.file.write((database) => database.run('DELETE FROM intent WHERE at <= ?', oldest));
  }
}

function forget(database: Database, key: string): void {
  database.run('DELETE FROM intent WHERE key = ?', key);
}
