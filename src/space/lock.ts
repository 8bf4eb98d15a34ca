/**
 * One process at a time works on the stores of a connector. The lock is SQLite's own on a file of its own, because the
 * operating system takes that back however a process ends, on every platform; the file stays and means nothing by itself.
 */
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as after } from 'node:timers/promises';
import { DatabaseBusy } from './database';
import { connect, saysBusy } from './sqlite';

const pauseMs = 100;

/** A lock that is held. */
export interface StoreLock {
  /** Releasing twice is harmless. */
  release(): void;
}

/** Takes the lock of a connector's stores, within `patienceMs`. @throws DatabaseBusy while another process holds it */
export async function lockStores(folder: string, name: string, patienceMs = 0): Promise<StoreLock> {
  const file = join(folder, `${name}.lock`);
  for (let left = patienceMs; ; left -= pauseMs) {
    try {
      return take(file);
    } catch (error) {
      if (!(error instanceof DatabaseBusy) || left <= 0) throw error;
      await after(pauseMs);
    }
  }
}

function take(file: string): StoreLock {
  closeSync(openSync(file, 'a', 0o600));
  let connection: ReturnType<typeof connect> | undefined = connect(file);
  try {
    connection.exec('PRAGMA busy_timeout=0; PRAGMA journal_mode=MEMORY; BEGIN EXCLUSIVE;');
  } catch (error) {
    connection.close();
    throw saysBusy(error) ? new DatabaseBusy(file, { cause: error }) : error;
  }
  return {
    release: () => {
      // Ended first: one of the bindings keeps a connection until the collector finds it.
      connection?.exec('ROLLBACK');
      connection?.close();
      connection = undefined;
    },
  };
}
