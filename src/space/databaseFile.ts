/** The files of a SQLite database, while nobody has it open. */
import { chmodSync, closeSync, existsSync, fsyncSync, mkdirSync, openSync, rmSync, statSync, writeSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Files that SQLite keeps beside the main one. */
const COMPANIONS = ['-wal', '-shm', '-journal'] as const;

/** Deletes a database file and what SQLite keeps beside it. */
export function removeDatabaseFile(file: string): void {
  for (const path of filesOf(file)) rmSync(path, { force: true });
}

/** The same beside other work: to give a gigabyte back takes the file system a good while. */
export async function removeDatabaseFileLater(file: string): Promise<void> {
  for (const path of filesOf(file)) await rm(path, { force: true });
}

function filesOf(file: string): string[] {
  return [file, ...COMPANIONS.map((suffix) => file + suffix)];
}

/** Where the header of a file says that it is in WAL mode (https://sqlite.org/fileformat.html §1.3.3), and how. */
const WAL_MODE_AT = 18;
const WAL_MODE = Uint8Array.of(2, 2);

/**
 * Brings a closed file to the disk, ready to be opened with durability `normal`: to change the mode then would mean to
 * wait for the disk, in a process that has other things to do.
 */
export function handOver(file: string): void {
  const descriptor = openSync(file, 'r+');
  try {
    writeSync(descriptor, WAL_MODE, 0, WAL_MODE.length, WAL_MODE_AT);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** Whether there is such a file, and anything in it. */
export function hasContent(file: string): boolean {
  return (statSync(file, { throwIfNoEntry: false })?.size ?? 0) > 0;
}

/** Makes a file that only its owner can read. SQLite gives -wal and -shm the mode of the main file, so the main file has to have it before SQLite sees it. */
export function createPrivately(file: string): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  closeSync(openSync(file, 'a', 0o600));
  for (const path of [file, `${file}-wal`, `${file}-shm`]) if (existsSync(path)) chmodSync(path, 0o600);
}
