/** The SQLite binding: Node's own where it exists, else a package with the same API. Only what `database.ts` needs is typed. */

/** A value that a statement takes or a column gives. */
export type SqlValue = string | number | bigint | null | Uint8Array;

/** A prepared statement. */
export interface SqliteStatement {
  run(...parameters: SqlValue[]): { changes: number | bigint; lastInsertRowid: number | bigint };
  get(...parameters: SqlValue[]): unknown;
  all(...parameters: SqlValue[]): unknown[];
}

/** An open database file. */
export interface SqliteConnection {
  exec(sql: string): void;
  prepare(sql: string): SqliteStatement;
  close(): void;
}

interface SqliteModule {
  readonly DatabaseSync: new (file: string) => SqliteConnection;
}

let binding: SqliteModule | undefined;

/** Opens a file with whichever binding this Node has. */
export function connect(file: string): SqliteConnection {
  binding ??= builtIn() ?? (require('@photostructure/sqlite') as SqliteModule);
  return new binding.DatabaseSync(file);
}

/** `node:sqlite` (Node 22.5 and later), asked for without an import because an older Node rejects the specifier. */
function builtIn(): SqliteModule | undefined {
  return (process.getBuiltinModule as (id: string) => unknown)?.('node:sqlite') as SqliteModule | undefined;
}

/** Primary result codes of SQLite (https://sqlite.org/rescode.html) that mean the file itself is bad. */
const CORRUPT = 11;
const NOT_A_DATABASE = 26;
const BUSY = 5;
const FULL = 13;
const CONSTRAINT = 19;
/** Extended codes of "I/O error" that mean the same: the file ends too soon, a checksum or the file system is wrong. */
const DAMAGED_ON_READ: ReadonlySet<number> = new Set([522, 8202, 8458]);

/** The extended code of a write that the system has refused for another reason than a full disk, such as a quota. */
const NOT_WRITTEN = 778;

/** SQLite's own texts for codes that we decide by: one of the bindings leaves the code out of errors of `all`. */
const TEXTS: ReadonlyMap<string, number> = new Map([
  ['database disk image is malformed', CORRUPT],
  ['file is not a database', NOT_A_DATABASE],
  ['database is locked', BUSY],
  ['database or disk is full', FULL],
]);

/** The extended result code of an error that SQLite raised; -1 for any other error. */
function extendedCode(error: unknown): number {
  const thrown: object = typeof error === 'object' && error !== null ? error : {};
  if (!('code' in thrown) || thrown.code !== 'ERR_SQLITE_ERROR') return -1;
  if ('errcode' in thrown && typeof thrown.errcode === 'number') return thrown.errcode;
  return ('message' in thrown && TEXTS.get(String(thrown.message))) || -1;
}

/** The primary result code. */
function resultCode(error: unknown): number {
  const code = extendedCode(error);
  return code < 0 ? code : code & 0xff;
}

/** Whether SQLite says that the file's content is damaged. */
export function saysDamaged(error: unknown): boolean {
  const code = resultCode(error);
  return code === CORRUPT || code === NOT_A_DATABASE || DAMAGED_ON_READ.has(extendedCode(error));
}

/** Whether another process holds the file for longer than the busy timeout. */
export function saysBusy(error: unknown): boolean {
  return resultCode(error) === BUSY;
}

/** Whether there is no room for what was to be written. */
export function saysFull(error: unknown): boolean {
  return resultCode(error) === FULL || extendedCode(error) === NOT_WRITTEN;
}

/** Whether a statement was refused because rows would not be unique. */
export function saysNotUnique(error: unknown): boolean {
  return resultCode(error) === CONSTRAINT;
}
