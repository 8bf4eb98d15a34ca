/**
 * The change log: what a connector has written into its directory, or tried to. Rows are added in the order of time, so a
 * row's number tells its age; they are written with the next commit that is made anyway.
 */
import type { Database, SqlValue } from '../database';
import { yieldToEventLoop } from '../eventLoop';
import type { Change, ChangeOperation, ChangeOutcome } from './change';
import { type FailedExport, OpenFailures } from './failures';
import type { StateFile } from './stateFile';

/** An export in the log. */
export interface NumberedChange extends Change {
  readonly number: number;
  /** It has failed, and is neither sent again nor replaced by a later one. */
  readonly open?: true;
}

/** Which changes are wanted; what is absent matters not. */
export interface ChangeSelection {
  readonly id?: string;
  /** A name; also of what lies below it. */
  readonly dn?: string;
  readonly actor?: string;
  readonly operation?: ChangeOperation;
  readonly outcome?: ChangeOutcome;
  readonly requestId?: string;
  /** Milliseconds since the epoch, included. */
  readonly since?: number;
  /** Milliseconds since the epoch, not included. */
  readonly until?: number;
  /** Only what has failed and can still be sent again. */
  readonly open?: boolean;
  /** Only what has a lower number. */
  readonly before?: number;
}

/** The change log. */
export interface Changes {
  /**
   * Resolves with its number when the change would survive a power failure. Where nobody waits it goes with the next
   * commit, at the latest a tenth of a second later; `urgent` makes that commit now.
   */
  add(change: Change, urgent?: boolean, failed?: FailedExport): Promise<number>;
  /** Newest first, read in short pieces. */
  list(selection?: ChangeSelection): AsyncIterable<NumberedChange>;
  get(number: number): Promise<NumberedChange | undefined>;
  /** How many failed exports wait to be sent again. */
  openFailures(): Promise<number>;
  /** What is needed to send one again; undefined where it is not open. */
  failed(number: number): Promise<FailedExport | undefined>;
  /** It does not have to be sent again any more; false where it was not open. */
  settle(number: number): Promise<boolean>;
  /** Deletes what is older, but for failures that are open; resolves with how many. */
  purge(olderThan: number): Promise<number>;
}

interface Row {
  readonly number: number;
  readonly json: string;
  readonly open: number;
}

interface Pending {
  readonly change: Change;
  readonly failed: FailedExport | undefined;
  number: number;
}

const columns = 'c.number, c.json, EXISTS (SELECT 1 FROM failed_export f WHERE f.number = c.number) AS open';
const rowsPerRead = 2_000;
const rowsPerPurge = 1_000;
/** By so much may a change be older than the one before it. */
const disorderMs = 60_000;

/** {@link Changes} in the record's file. */
export class SqliteChanges implements Changes {
  #pending: Pending[] = [];
  #written: Promise<void> | undefined;
  readonly #failures = new OpenFailures();

  constructor(readonly file: StateFile) {}

  async add(change: Change, urgent = false, failed?: FailedExport): Promise<number> {
    const pending: Pending = { change, failed, number: 0 };
    this.#pending.push(pending);
    const insert = this.#inserting();
    if (urgent) await this.file.write(insert);
    else {
      // One write takes all that has gathered: each by itself would cost a savepoint of its own.
      this.#written ??= this.file.write(insert, 'company');
      await this.#written;
    }
    return pending.number;
  }

  async *list(selection: ChangeSelection = {}): AsyncIterable<NumberedChange> {
    const dn = selection.dn?.toLowerCase();
    let before = selection.before ?? Number.MAX_SAFE_INTEGER;
    for (;;) {
      const rows = await this.file.read((database) => readRows(database, selection, before));
      for (const row of rows) {
        const change = changeOf(row);
        if (dn === undefined || isAtOrBelow(change.dn, dn) || isAtOrBelow(change.newDN, dn)) yield change;
      }
      const last = rows.at(-1);
      if (last === undefined || rows.length < rowsPerRead) return;
      before = last.number;
      await yieldToEventLoop();
    }
  }

  async get(number: number): Promise<NumberedChange | undefined> {
    const row = await this.file.read((database) =>
      database.get<Row>(`SELECT ${columns} FROM change c WHERE c.number = ?`, number),
    );
    return row && changeOf(row);
  }

  openFailures(): Promise<number> {
    return this.file.read((database) => this.#failures.count(database));
  }

  async failed(number: number): Promise<FailedExport | undefined> {
    const row = await this.file.read((database) =>
      database.get<{ json: string }>('SELECT json FROM failed_export WHERE number = ?', number),
    );
    return row && (JSON.parse(row.json) as FailedExport);
  }

  settle(number: number): Promise<boolean> {
    return this.file.write((database) => this.#failures.remove(database, number));
  }

  async purge(olderThan: number): Promise<number> {
    let purged = 0;
    for (;;) {
      // The oldest have the lowest numbers, so a look at those suffices.
      const deleted = await this.file.write((database) =>
        database.run(
          `DELETE FROM change WHERE at < ?1 AND number IN
             (SELECT number FROM change WHERE number NOT IN (SELECT number FROM failed_export) ORDER BY number LIMIT ?2)`,
          olderThan,
          rowsPerPurge,
        ),
      );
      purged += deleted;
      if (deleted < rowsPerPurge) return purged;
    }
  }

  /** Inserts what has gathered until it runs; where it has to run twice, the same again. */
  #inserting(): (database: Database) => void {
    let gathered: readonly Pending[] | undefined;
    return (database) => {
      if (gathered === undefined) {
        gathered = this.#pending;
        this.#pending = [];
        this.#written = undefined;
      } else this.#failures.reload();
      for (const pending of gathered) {
        const { change, failed } = pending;
        this.#failures.supersede(database, change);
        pending.number = insertChange(database, change);
        if (failed !== undefined) this.#failures.add(database, pending.number, change, failed);
      }
    };
  }
}

function changeOf({ number, json, open }: Row): NumberedChange {
  return { number, ...(JSON.parse(json) as Change), ...(open === 1 && { open: true as const }) };
}

function insertChange(database: Database, change: Change): number {
  return database.insert(
    `INSERT INTO change (at, id, actor, operation, outcome, request, json) VALUES (?, ?, ?, ?, ?, ?, ?)`,
    change.at,
    change.id ?? null,
    change.actor,
    change.operation,
    change.outcome,
    change.requestId,
    JSON.stringify(change),
  );
}

function readRows(database: Database, selection: ChangeSelection, before: number): Row[] {
  const conditions: string[] = ['c.number < ?'];
  const parameters: SqlValue[] = [before];
  const restrict = (condition: string, value: SqlValue | undefined) => {
    if (value === undefined) return;
    conditions.push(condition);
    parameters.push(value);
  };
  restrict('id = ?', selection.id);
  restrict('actor = ?', selection.actor);
  restrict('operation = ?', selection.operation);
  restrict('outcome = ?', selection.outcome);
  restrict('request = ?', selection.requestId);
  if (selection.since !== undefined) restrict('number >= ?', firstSince(database, selection.since));
  restrict('at >= ?', selection.since);
  restrict('at < ?', selection.until);
  if (selection.open) conditions.push('EXISTS (SELECT 1 FROM failed_export f WHERE f.number = c.number)');
  return database.all<Row>(
    `SELECT ${columns} FROM change c WHERE ${conditions.join(' AND ')} ORDER BY c.number DESC LIMIT ${rowsPerRead}`,
    ...parameters,
  );
}

/** A number below which everything is older: the log is in the order of time but for exports that ran side by side. */
function firstSince(database: Database, since: number): number {
  const bounds = database.get<{ low: number | null; high: number | null }>(
    'SELECT (SELECT min(number) FROM change) AS low, (SELECT max(number) FROM change) AS high',
  );
  let [low, high] = [bounds?.low ?? 0, bounds?.high ?? 0];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const row = database.get<{ at: number }>('SELECT at FROM change WHERE number >= ? ORDER BY number LIMIT 1', middle);
    if (row !== undefined && row.at < since - disorderMs) low = middle + 1;
    else high = middle;
  }
  return low;
}

function isAtOrBelow(name: string | undefined, lowered: string): boolean {
  const own = name?.toLowerCase();
  return own !== undefined && (own === lowered || own.endsWith(`,${lowered}`));
}
