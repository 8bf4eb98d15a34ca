/**
 * The file of the record and its group commit: writes that arrive together share one transaction, and those that come
 * while the disk is busy share its next sync, which the event loop does not wait for. Reads see committed writes only.
 */
import { randomBytes } from 'node:crypto';
import { closeSync, openSync } from 'node:fs';
import { Database, DatabaseDamaged } from '../database';
import { deferred } from '../deferred';
import { migrations } from './migrations';

/** The record cannot be read. It is never replaced silently: an operator decides what is restored. */
export class StateDamaged extends Error {
  override readonly name = 'StateDamaged';
  constructor(
    readonly file: string,
    options?: ErrorOptions,
  ) {
    super(
      `The record ${file} is damaged. Restore it (with its -wal file, if there is one) from a backup. Without a backup, move it away and start again: ids of renamed entries without an immutable anchor, stored attributes, disconnected entries and the run history are then lost`,
      options,
    );
  }
}

/**
 * What a write waits for. `disk`: it would survive a power failure. `commit`: it would survive the end of the process,
 * and the disk has it soon. `company`: the disk too, but it goes with the next write that somebody waits for.
 */
export type Awaited = 'disk' | 'commit' | 'company';

/** A write whose two ends are of use: both reject when it fails. */
export interface Staged {
  /** It would survive the end of the process. */
  readonly committed: Promise<void>;
  /** It would survive a power failure. */
  readonly onDisk: Promise<void>;
}

interface Pending {
  readonly awaits: Awaited;
  run(): void;
  /** It is in the file, whatever else it waits for. */
  committed?(): void;
  settle(): void;
  fail(error: unknown): void;
}

/** The longest that a write looks for company, and that one which does not wait for the disk is kept from it. */
const SOON_MS = 100;

/** The record's file behind an asynchronous face. */
export class StateFile {
  readonly #database: Database;
  /** Octets that only this record knows; they never leave it. */
  readonly secret: Uint8Array;
  #queue: Pending[] = [];
  /** Committed, and waiting for the disk. */
  #unsynced: Pending[] = [];
  #scheduled: NodeJS.Immediate | undefined;
  #unhurried: NodeJS.Timeout | undefined;
  #syncDue: NodeJS.Timeout | undefined;
  #syncing = false;
  #writes = 0;
  #commits = 0;

  /** Throws {@link StateDamaged}, DatabaseTooNew, DatabaseBusy or an error of the file system. */
  constructor(readonly file: string) {
    this.#database = this.#translated(() =>
      Database.open(file, { durability: 'full', migrations, secureDelete: true }),
    );
    try {
      this.secret = this.#translated(() => keptSecret(this.#database));
    } catch (error) {
      this.#database.close();
      throw error;
    }
  }

  /** Writes made and transactions they took, since the file was opened. */
  get statistics(): { readonly writes: number; readonly commits: number } {
    return { writes: this.#writes, commits: this.#commits };
  }

  async read<T>(work: (database: Database) => T): Promise<T> {
    this.#mustBeOpen();
    return this.#translated(() => work(this.#database));
  }

  /**
   * Resolves when the write has what it awaits, by default the disk. Writes take effect in the order of the calls; one
   * that throws undoes only itself. `work` may run twice, and then only the second time counts. `committed` is called
   * when it is in the file, before anybody can read it.
   */
  write<T>(work: (database: Database) => T, awaits: Awaited = 'disk', committed?: () => void): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#mustBeOpen();
      let result: T;
      this.#enqueue({
        awaits,
        run: () => {
          result = work(this.#database);
        },
        ...(committed && { committed }),
        settle: () => resolve(result),
        fail: reject,
      });
    });
  }

  /** The same for whoever goes on when it is committed, and needs to know later that it is on the disk. */
  writeInStages(work: (database: Database) => unknown, atCommit?: () => void): Staged {
    this.#mustBeOpen();
    const [committed, onDisk] = [deferred(), deferred()];
    // Whoever has seen the commit fail does not ask for the disk.
    for (const { promise } of [committed, onDisk]) promise.catch(() => {});
    this.#enqueue({
      awaits: 'disk',
      run: () => work(this.#database),
      committed: () => {
        atCommit?.();
        committed.resolve();
      },
      settle: onDisk.resolve,
      fail: (error) => {
        committed.reject(error);
        onDisk.reject(error);
      },
    });
    return { committed: committed.promise, onDisk: onDisk.promise };
  }

  /** Copies what is committed into a new file, and reads the copy back. */
  async copyTo(target: string): Promise<void> {
    // The mode comes before the content; SQLite takes an empty file for none.
    closeSync(openSync(target, 'wx', 0o600));
    await this.read((database) => database.run('VACUUM INTO ?', target));
    const copy = Database.open(target, { durability: 'full', migrations });
    try {
      copy.check();
    } finally {
      copy.close();
    }
  }

  /** Commits what is waiting and releases the file. */
  close(): void {
    if (!this.#database.isOpen) return;
    this.#commit();
    clearTimeout(this.#syncDue);
    this.#database.close();
    for (const pending of this.#unsynced.splice(0)) pending.settle();
  }

  #enqueue(pending: Pending): void {
    const { awaits } = pending;
    this.#queue.push(pending);
    // While the disk is busy the next batch gathers.
    if (awaits === 'company') this.#unhurried ??= setTimeout(() => this.#schedule(), SOON_MS);
    else if (awaits === 'commit' || !this.#syncing) this.#schedule();
  }

  #schedule(): void {
    this.#scheduled ??= setImmediate(() => {
      this.#commit();
      this.#sync();
    });
  }

  /** One transaction of all that is waiting. */
  #commit(): void {
    clearImmediate(this.#scheduled);
    clearTimeout(this.#unhurried);
    this.#scheduled = undefined;
    this.#unhurried = undefined;
    const batch = this.#queue;
    this.#queue = [];
    if (batch.length === 0) return;
    let committed: readonly Pending[];
    try {
      committed = this.#translated(() => this.#together(batch));
    } catch (error) {
      for (const pending of batch) pending.fail(error);
      return;
    }
    this.#writes += committed.length;
    this.#commits += 1;
    for (const pending of committed) {
      pending.committed?.();
      if (pending.awaits === 'commit') pending.settle();
      else this.#unsynced.push(pending);
    }
    this.#syncSoon();
  }

  #syncSoon(): void {
    this.#syncDue ??= setTimeout(() => {
      this.#syncDue = undefined;
      this.#sync(true);
    }, SOON_MS);
  }

  /** Nearly always nothing fails; where something does, each write gets a savepoint, and who has failed is told. */
  #together(batch: readonly Pending[]): readonly Pending[] {
    const database = this.#database;
    try {
      database.transaction(() => {
        for (const pending of batch) pending.run();
      });
      return batch;
    } catch (error) {
      if (error instanceof DatabaseDamaged) throw error;
      return database.transaction(() => batch.filter((pending) => attempted(database, pending)));
    }
  }

  /** Brings to the disk what somebody waits for, or `all` that was committed. One at a time. */
  #sync(all = false): void {
    if (this.#syncing || !this.#database.isOpen || !(all || this.#unsynced.some(isHurried))) return;
    clearTimeout(this.#syncDue);
    this.#syncDue = undefined;
    this.#syncing = true;
    const [waiting, reached] = [this.#unsynced, this.#commits];
    this.#unsynced = [];
    const end = (settled: (pending: Pending) => void): void => {
      this.#syncing = false;
      for (const pending of waiting) settled(pending);
      if (!this.#database.isOpen) return;
      if (this.#commits > reached) this.#syncSoon();
      if (this.#queue.some(isHurried)) this.#schedule();
      else this.#sync();
    };
    this.#database.synced().then(
      () => end((pending) => pending.settle()),
      (error) => end((pending) => pending.fail(error)),
    );
  }

  #mustBeOpen(): void {
    if (!this.#database.isOpen) throw new Error(`The record ${this.file} is closed`);
  }

  #translated<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw error instanceof DatabaseDamaged ? new StateDamaged(this.file, { cause: error }) : error;
    }
  }
}

function isHurried({ awaits }: Pending): boolean {
  return awaits === 'disk';
}

/** Runs one write of a batch; false when it failed and was undone. Damage is everybody's failure. */
function attempted(database: Database, pending: Pending): boolean {
  try {
    database.attempt(() => pending.run());
    return true;
  } catch (error) {
    if (error instanceof DatabaseDamaged) throw error;
    pending.fail(error);
    return false;
  }
}

function keptSecret(database: Database): Uint8Array {
  const kept = database.get<{ octets: Uint8Array }>('SELECT octets FROM secret')?.octets;
  if (kept) return kept;
  const octets = randomBytes(32);
  database.run('INSERT INTO secret (only, octets) VALUES (1, ?)', octets);
  return octets;
}
