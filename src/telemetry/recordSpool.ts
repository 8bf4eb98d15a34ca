/**
 * Records that other processes leave for the one that writes a chained file: a chain has one writer, and whoever else has
 * something to tell puts it into a folder, from which the writer takes it over. Nothing is lost while no writer runs.
 */
import { randomBytes } from 'node:crypto';
import {
  accessSync,
  chownSync,
  closeSync,
  constants,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';

const largestRecord = 65_536;
const takeEveryMs = 2_000;

/** The folder. */
export class RecordSpool {
  constructor(readonly folder: string) {}

  /** Makes the folder. @throws the error of the file system when it could not be written to */
  prepare(): void {
    const made = mkdirSync(this.folder, { recursive: true, mode: 0o700 });
    if (made !== undefined) giveLike(this.folder, dirname(this.folder));
    accessSync(this.folder, constants.W_OK);
  }

  /** Leaves a record; when this returns it is on the disk, whole. @throws the error of the file system */
  put(record: object): void {
    const name = `${new Date().toISOString().replaceAll(':', '')}-${randomBytes(6).toString('hex')}.json`;
    const temporary = join(this.folder, `.${name}`);
    const file = openSync(temporary, 'wx', 0o600);
    try {
      writeFileSync(file, JSON.stringify(record));
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    giveLike(temporary, this.folder);
    renameSync(temporary, join(this.folder, name));
  }

  /** Names of what waits, the oldest first; none where there is no such folder. */
  names(): readonly string[] {
    try {
      return readdirSync(this.folder)
        .filter((name) => /^\d[\w.-]*\.json$/.test(name))
        .sort();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw error;
    }
  }

  /** @throws where it cannot be read, or is no record */
  read(name: string): Readonly<Record<string, unknown>> {
    const file = join(this.folder, name);
    if (statSync(file).size > largestRecord) throw new Error(`${file} is larger than ${largestRecord} octets`);
    const record: unknown = JSON.parse(readFileSync(file, 'utf8'));
    if (typeof record !== 'object' || record === null || Array.isArray(record)) throw new Error(`${file} is no record`);
    return record as Readonly<Record<string, unknown>>;
  }

  remove(name: string): Promise<void> {
    return rm(join(this.folder, name), { force: true });
  }
}

/** The file that records are taken over into. */
export interface SpoolTarget {
  append(record: object): void;
  /** Resolves when what was appended is on the disk (true), or cannot be brought there now. */
  flushed(): Promise<boolean>;
}

/** Takes over what waits, now and every two seconds, until it is closed. */
export class SpoolTaker {
  readonly #spool: RecordSpool;
  readonly #target: SpoolTarget;
  readonly #onFault: (error: Error) => void;
  readonly #timer: NodeJS.Timeout;
  readonly #appended = new Set<string>();
  readonly #faulty = new Set<string>();
  #taking: Promise<void>;

  constructor(spool: RecordSpool, target: SpoolTarget, onFault: (error: Error) => void) {
    this.#spool = spool;
    this.#target = target;
    this.#onFault = onFault;
    this.#attempt('', () => spool.prepare());
    this.#taking = this.#take();
    this.#timer = setInterval(() => {
      this.#taking = this.#taking.then(() => this.#take());
    }, takeEveryMs).unref();
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#taking;
  }

  async #take(): Promise<void> {
    for (const name of this.#attempt('', () => this.#spool.names()) ?? []) {
      const record = this.#appended.has(name) ? undefined : this.#attempt(name, () => this.#spool.read(name));
      if (record === undefined) continue;
      // A host that is killed between the line and the removal writes it once more: the name tells.
      this.#target.append({ ...record, spooled: name });
      this.#appended.add(name);
    }
    if (this.#appended.size === 0 || !(await this.#target.flushed())) return;
    for (const name of this.#appended) {
      try {
        await this.#spool.remove(name);
        this.#appended.delete(name);
      } catch (error) {
        this.#fault(name, error);
      }
    }
  }

  #attempt<T>(name: string, work: () => T): T | undefined {
    try {
      const result = work();
      this.#faulty.delete(name);
      return result;
    } catch (error) {
      this.#fault(name, error);
      return undefined;
    }
  }

  /** Told once of each, until it is over. */
  #fault(name: string, error: unknown): void {
    if (this.#faulty.has(name)) return;
    this.#faulty.add(name);
    this.#onFault(error as Error);
  }
}

/** Whoever owns the folder has to be able to read what somebody else (root) leaves there. */
function giveLike(path: string, model: string): void {
  const { uid, gid } = statSync(model);
  const own = statSync(path);
  if (own.uid === uid && own.gid === gid) return;
  try {
    chownSync(path, uid, gid);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') throw error;
  }
}
