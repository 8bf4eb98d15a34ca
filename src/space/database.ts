/**
 * One SQLite file: opening with the right mode and pragmas, migrations, prepared statements, transactions, closing.
 * It knows nothing of what is kept in it. All calls are synchronous; whoever has much to do does it in short pieces.
 */
import { closeSync, fdatasync, fdatasyncSync, openSync } from 'node:fs';
import { promisify } from 'node:util';
import { DatabaseBusy, DatabaseDamaged, DatabaseFull, DatabaseTooNew, DatabaseTooOld } from './databaseError';
import { createPrivately, hasContent } from './databaseFile';
import {
  connect,
  type SqliteConnection,
  type SqliteStatement,
  type SqlValue,
  saysBusy,
  saysDamaged,
  saysFull,
} from './sqlite';
import { fromSql, toSql } from './sqlText';

export { DatabaseBusy, DatabaseDamaged, DatabaseFull, DatabaseTooNew, DatabaseTooOld } from './databaseError';
export type { SqlValue } from './sqlite';

/** How a file is opened. */
export interface DatabaseOptions {
  /**
   * `full`: a commit survives a power failure once {@link Database.synced} has said so. `normal`: a commit survives the
   * end of the process, and a power failure loses the last ones as a whole. `load`: nothing is brought to the disk, for a file that is thrown away on failure.
   */
  readonly durability: 'full' | 'normal' | 'load';
  /** SQL that takes the schema from version `since` + i to the next one; the version is kept in the file. */
  readonly migrations: readonly string[];
  /** The version that a new file begins with (default: 0); older files are refused. */
  readonly since?: number;
  /** Overwrite deleted content with zeros. */
  readonly secureDelete?: boolean;
}

const PRAGMAS = {
  // FULL would bring the same -wal file to the disk at each commit, and nothing else could be done meanwhile.
  // A checkpoint brings each page to the disk once, however often it was written since the last: 4000 pages are 16 MB.
  full: 'PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA wal_autocheckpoint=4000;',
  // By itself SQLite keeps 2 MB of pages: with a million rows a delta import needs a quarter more processor time then.
  normal:
    'PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA wal_autocheckpoint=4000; PRAGMA cache_size=-8192;',
  // Pages of SQLite's own size, 4 KiB: of 8 KiB an import takes a thirtieth less time, and each commit later on a quarter more.
  // Rows are only appended, and indexes are sorted in pieces of the cache's size that go to a temporary file.
  load: 'PRAGMA journal_mode=MEMORY; PRAGMA synchronous=OFF; PRAGMA cache_size=-16384; PRAGMA temp_store=FILE;',
} as const;

const bringToDisk = promisify(fdatasync);

/** An open SQLite file. */
export class Database {
  readonly file: string;
  // The binding closes a database that only its statements refer to, so the connection has to be kept here.
  readonly #connection: SqliteConnection;
  readonly #statements = new Map<string, SqliteStatement>();
  #open = true;
  /** Descriptor of the -wal file, for {@link synced}. SQLite takes no locks on that file that closing it would drop. */
  #wal: number | undefined;
  #syncing: Promise<unknown> = Promise.resolve();

  private constructor(file: string, connection: SqliteConnection) {
    this.file = file;
    this.#connection = connection;
  }

  /**
   * Opens or creates a file, readable by its owner only. After an unclean end its pages are checked first. Throws
   * {@link DatabaseDamaged}, {@link DatabaseTooNew}, {@link DatabaseTooOld}, {@link DatabaseBusy} or an error of the file system.
   */
  static open(file: string, options: DatabaseOptions): Database {
    const unclean = hasContent(`${file}-wal`) || hasContent(`${file}-journal`);
    createPrivately(file);
    const database = new Database(file, connect(file));
    try {
      database.#exec('PRAGMA busy_timeout=5000; PRAGMA temp_store=MEMORY;');
      if (unclean) database.check();
      database.#exec(PRAGMAS[options.durability]);
      if (options.secureDelete) database.#exec('PRAGMA secure_delete=ON;');
      database.#migrate(options);
      return database;
    } catch (error) {
      database.close();
      throw error;
    }
  }

  get isOpen(): boolean {
    return this.#open;
  }

  /** Runs a statement that answers no rows; the number of rows changed. */
  run(sql: string, ...parameters: SqlValue[]): number {
    try {
      return Number(this.#prepared(sql).run(...toSql(parameters)).changes);
    } catch (error) {
      throw this.#explained(error);
    }
  }

  /** Runs an INSERT; the rowid of the last new row. */
  insert(sql: string, ...parameters: SqlValue[]): number {
    try {
      return Number(this.#prepared(sql).run(...toSql(parameters)).lastInsertRowid);
    } catch (error) {
      throw this.#explained(error);
    }
  }

  /** The first row, its columns typed by the caller, who wrote the SQL. */
  get<Row>(sql: string, ...parameters: SqlValue[]): Row | undefined {
    try {
      return fromSql(this.#prepared(sql).get(...toSql(parameters)) as Row | undefined);
    } catch (error) {
      throw this.#explained(error);
    }
  }

  /** All rows, their columns typed by the caller, who wrote the SQL. */
  all<Row>(sql: string, ...parameters: SqlValue[]): Row[] {
    try {
      return (this.#prepared(sql).all(...toSql(parameters)) as Row[]).map(fromSql);
    } catch (error) {
      throw this.#explained(error);
    }
  }

  /** Begins a transaction that lasts until {@link commit}, for a file that is abandoned where that is not reached. */
  begin(): void {
    this.run('BEGIN IMMEDIATE');
  }

  commit(): void {
    this.run('COMMIT');
  }

  /** Runs `work` in one transaction: all of it or nothing. Not to be nested; {@link attempt} is. */
  transaction<T>(work: () => T): T {
    this.begin();
    try {
      const result = work();
      this.commit();
      return result;
    } catch (error) {
      this.#quietly('ROLLBACK');
      throw error;
    }
  }

  /** Runs `work` inside a transaction so that its failure leaves the rest of the transaction as it was. */
  attempt<T>(work: () => T): T {
    this.run('SAVEPOINT attempt');
    try {
      const result = work();
      this.run('RELEASE attempt');
      return result;
    } catch (error) {
      this.#quietly('ROLLBACK TO attempt');
      this.#quietly('RELEASE attempt');
      throw error;
    }
  }

  /** Resolves when every commit so far would survive a power failure. Other work goes on meanwhile. In WAL mode only. */
  async synced(): Promise<void> {
    this.#wal ??= openSync(`${this.file}-wal`, 'r+');
    const synced = bringToDisk(this.#wal);
    this.#syncing = Promise.allSettled([this.#syncing, synced]);
    await synced;
  }

  /** Runs SQL that is not worth preparing. */
  execute(sql: string): void {
    this.#exec(sql);
  }

  /** Releases the file, all of it on the disk; what SQLite kept beside it is gone then. Closing twice is harmless. */
  close(): void {
    this.#release((wal) => fdatasyncSync(wal));
  }

  /** Releases a file that is deleted next: nothing of it is brought to the disk, which might take long. */
  abandon(): void {
    if (this.#open) {
      this.#quietly('ROLLBACK');
      this.#quietly('PRAGMA synchronous=OFF');
    }
    this.#release(() => undefined);
  }

  /** @param sync where the -wal file has to stay it holds what was committed last */
  #release(sync: (wal: number) => void): void {
    if (!this.#open) return;
    this.#open = false;
    this.#leaveWal();
    this.#closeWal(sync);
    this.#statements.clear();
    this.#connection.close();
  }

  /**
   * One of the bindings cannot finalize statements: the connection really ends when the collector finds them, and in WAL
   * mode it would then delete the -wal file of whatever stands at its path by that time.
   */
  #leaveWal(): void {
    try {
      this.#connection.exec('PRAGMA busy_timeout=0; PRAGMA journal_mode=DELETE;');
    } catch {
      // Another process has the file open, or it is damaged: the -wal file stays, and the next opening checks the pages.
    }
  }

  #closeWal(sync: (wal: number) => void): void {
    const wal = this.#wal;
    if (wal === undefined) return;
    sync(wal);
    // A number that is free again is given to the next file: nobody may still be working with this one.
    void this.#syncing.then(() => closeSync(wal));
  }

  #prepared(sql: string): SqliteStatement {
    let statement = this.#statements.get(sql);
    if (!statement) {
      statement = this.#connection.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }

  #exec(sql: string): void {
    try {
      this.#connection.exec(sql);
    } catch (error) {
      throw this.#explained(error);
    }
  }

  #quietly(sql: string): void {
    try {
      this.#connection.exec(sql);
    } catch {
      // Where it is a rollback, SQLite has done it by itself (disk full, I/O error): the error that led here is the one to report.
    }
  }

  /** What an error of the binding means for the file. */
  #explained(error: unknown): unknown {
    if (saysDamaged(error)) return new DatabaseDamaged(this.file, describe(error), { cause: error });
    if (saysFull(error)) return new DatabaseFull(this.file, { cause: error });
    return saysBusy(error) ? new DatabaseBusy(this.file, { cause: error }) : error;
  }

  /** Reads all pages. @throws DatabaseDamaged */
  check(): void {
    const found = this.get<{ quick_check: string }>('PRAGMA quick_check(1)')?.quick_check ?? 'no answer to quick_check';
    if (found !== 'ok') throw new DatabaseDamaged(this.file, found);
  }

  #migrate({ migrations, since = 0 }: DatabaseOptions): void {
    const written = this.get<{ user_version: number }>('PRAGMA user_version')?.user_version ?? 0;
    const known = since + migrations.length;
    if (written > known) throw new DatabaseTooNew(this.file, written, known);
    if (written === known) return;
    if (written > 0 && written <= since) throw new DatabaseTooOld(this.file, written);
    this.transaction(() => {
      for (const migration of migrations.slice(Math.max(0, written - since))) this.#exec(migration);
      this.#exec(`PRAGMA user_version=${known}`);
    });
  }
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
