/**
 * The file of the record and its group commit: writes that arrive together, or while the disk is busy with those before
 * them, share one transaction and one sync of the disk, which the event loop does not wait for. Reads see committed
 * writes only.
 */
import { randomBytes } from 'node:crypto';
import { Database, DatabaseDamaged } from '../database';
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

interface Pending {
  run(): void;
  commit(): void;
  fail(error: unknown): void;
}

/** How long a write that nobody waits for looks for company, in milliseconds. */
const UNHURRIED_MS = 100;

/** The record's file behind an asynchronous face. */
export class StateFile {
  readonly #database: Database;
  /** Octets that only this record knows; they never leave it. */
  readonly secret: Uint8Array;
  #queue: Pending[] = [];
  #scheduled: NodeJS.Immediate | undefined;
  #timer: NodeJS.Timeout | undefined;
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
   * Resolves when the write is on the disk. Writes take effect in the order of the calls; one that throws undoes only
   * itself. `unhurried`: nobody waits, so it goes with the next write that somebody does wait for.
   */
  write<T>(work: (database: Database) => T, { unhurried = false } = {}): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#mustBeOpen();
      let result: T;
      this.#queue.push({
        run: () => {
          result = this.#database.attempt(() => work(this.#database));
        },
        commit: () => resolve(result),
        fail: reject,
      });
      if (unhurried) this.#timer ??= setTimeout(() => this.#schedule(), UNHURRIED_MS);
      else this.#schedule();
    });
  }

  /** Commits what is waiting and releases the file. */
  close(): void {
    if (!this.#database.isOpen) return;
    const committed = this.#commit();
    this.#database.close();
    for (const pending of committed) pending.commit();
  }

  /** While the disk is busy the next batch gathers. */
  #schedule(): void {
    if (!this.#syncing) this.#scheduled ??= setImmediate(() => this.#flush());
  }

  #flush(): void {
    const committed = this.#commit();
    if (committed.length === 0) return;
    this.#syncing = true;
    const settle = (settled: (pending: Pending) => void): void => {
      this.#syncing = false;
      for (const pending of committed) settled(pending);
      if (this.#queue.length > 0 && this.#database.isOpen) this.#schedule();
    };
    this.#database.synced().then(
      () => settle((pending) => pending.commit()),
      (error) => settle((pending) => pending.fail(error)),
    );
  }

  /** One transaction of all that is waiting; what is in it now. */
  #commit(): Pending[] {
    clearImmediate(this.#scheduled);
    clearTimeout(this.#timer);
    this.#scheduled = undefined;
    this.#timer = undefined;
    const batch = this.#queue;
    this.#queue = [];
    if (batch.length === 0) return [];
    let committed: Pending[];
    try {
      committed = this.#translated(() => this.#database.transaction(() => batch.filter(attempted)));
    } catch (error) {
      for (const pending of batch) pending.fail(error);
      return [];
    }
    this.#writes += committed.length;
    this.#commits += 1;
    return committed;
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

/** Runs one write of a batch; false when it failed and was undone. Damage is everybody's failure. */
function attempted(pending: Pending): boolean {
  try {
    pending.run();
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
