/**
 * A file of JSON lines whose every line carries a hash over itself and the line before: a line that was changed, removed or
 * put in shows, and so does a whole file that is missing between two others. Lines that come together share one sync.
 */
import { createHash } from 'node:crypto';
import { type FileHandle, mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Where, and how much of it. */
export interface ChainedFileOptions {
  readonly path: string;
  /** Octets after which the file is rotated: `audit.jsonl`, `audit.jsonl.1`, … */
  readonly maxBytes: number;
  /** Files that are kept, the current one included. */
  readonly kept: number;
  /** Called when writing begins to fail; what could not be written is tried again with the next line, and every five seconds. */
  readonly onFault?: (error: Error) => void;
  /** Called for each record that has to be given up. */
  readonly onLost?: () => void;
}

const first = 'begin';
const mostWaiting = 10_000;
const retryMs = 5_000;

/** The hash of a line: over the one before it and the line without its own. */
export function chainOf(before: string, line: string): string {
  return createHash('sha256').update(before).update('\n').update(line).digest('base64url');
}

/** Appends records. It never throws. */
export class ChainedFile {
  readonly #options: ChainedFileOptions;
  #waiting: string[] = [];
  #file: FileHandle | undefined;
  #size = 0;
  #chain = first;
  #failing = false;
  #lost = 0;
  #writing: Promise<void> | undefined;
  #retry: NodeJS.Timeout | undefined;

  constructor(options: ChainedFileOptions) {
    this.#options = options;
  }

  /** Takes a record; a moment later it is on the disk. While the disk takes nothing only so many wait. */
  append(record: object): void {
    if (this.#waiting.length >= mostWaiting) this.#lose(1);
    else this.#waiting.push(JSON.stringify(record));
    this.#writing ??= this.#write();
  }

  /** Whether the disk takes nothing at the moment. */
  get failing(): boolean {
    return this.#failing;
  }

  /** Resolves when what was appended is on the disk (true), or cannot be brought there now. */
  async flushed(): Promise<boolean> {
    while (this.#writing !== undefined) await this.#writing;
    return this.#waiting.length === 0;
  }

  /** Resolves when all that was appended is on the disk, or cannot be brought there. */
  async close(): Promise<void> {
    await this.flushed();
    clearTimeout(this.#retry);
    const file = this.#file;
    this.#file = undefined;
    await file?.close().catch(() => undefined);
  }

  async #write(): Promise<void> {
    // What comes in the same turn goes in the same sync.
    await new Promise((resolve) => setImmediate(resolve));
    let batch: string[] = [];
    try {
      while (this.#waiting.length > 0) {
        batch = this.#waiting;
        this.#waiting = [];
        const lost = this.#lost;
        const told = { time: new Date().toISOString(), kind: 'lost', lines: lost };
        // Not of the batch: where it fails, the next attempt tells of all that is lost by then.
        await this.#bring(lost > 0 ? [...batch, JSON.stringify(told)] : batch);
        this.#lost -= lost;
        this.#failing = false;
      }
    } catch (error) {
      const waiting = [...batch, ...this.#waiting];
      this.#waiting = waiting.slice(0, mostWaiting);
      this.#lose(waiting.length - this.#waiting.length);
      await this.#file?.close().catch(() => undefined);
      this.#file = undefined;
      if (!this.#failing) this.#options.onFault?.(error as Error);
      this.#failing = true;
      clearTimeout(this.#retry);
      this.#retry = setTimeout(() => {
        this.#writing ??= this.#write();
      }, retryMs).unref();
    } finally {
      this.#writing = undefined;
    }
  }

  #lose(lines: number): void {
    this.#lost += lines;
    for (let line = 0; line < lines; line += 1) this.#options.onLost?.();
  }

  async #bring(batch: readonly string[]): Promise<void> {
    let file = this.#file ?? (await this.#open());
    if (this.#size > this.#options.maxBytes) file = await this.#rotate();
    let chain = this.#chain;
    const text = batch
      .map((line) => {
        const after = this.#size === 0 && chain === this.#chain ? `,"after":"${chain}"` : '';
        const whole = `${line.slice(0, -1)}${after}}`;
        chain = chainOf(chain, whole);
        return `${whole.slice(0, -1)},"chain":"${chain}"}\n`;
      })
      .join('');
    await file.appendFile(text);
    await file.datasync();
    this.#chain = chain;
    this.#size += Buffer.byteLength(text);
  }

  /** Goes on where the file ends; of a line that a power failure has cut nothing is left. */
  async #open(): Promise<FileHandle> {
    const { path } = this.#options;
    await mkdir(dirname(path), { recursive: true });
    const file = await open(path, 'a+', 0o640);
    const text = await file.readFile('utf8');
    const end = text.lastIndexOf('\n') + 1;
    if (end < text.length) await file.truncate(Buffer.byteLength(text.slice(0, end)));
    const last = text.slice(0, end).trimEnd().split('\n').at(-1) ?? '';
    if (last !== '') this.#chain = chainIn(last) ?? first;
    this.#size = Buffer.byteLength(text.slice(0, end));
    this.#file = file;
    return file;
  }

  async #rotate(): Promise<FileHandle> {
    const { path, kept } = this.#options;
    const chain = this.#chain;
    await this.#file?.close();
    this.#file = undefined;
    const older = (age: number) => (age === 0 ? path : `${path}.${age}`);
    for (let age = kept - 2; age >= 0; age -= 1) {
      await rename(older(age), older(age + 1)).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'ENOENT') throw error;
      });
    }
    if (kept === 1) await rm(path, { force: true });
    const file = await this.#open();
    this.#chain = chain;
    return file;
  }
}

/** What is wrong with a chain; undefined when nothing is. */
export interface ChainFault {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  readonly message: string;
}

/** Looks through files, the oldest first. What came before the first of them is not asked for. */
export class ChainReader {
  #chain: string | undefined;
  #lines = 0;

  get lines(): number {
    return this.#lines;
  }

  /** The fault of a line, if it has one. */
  line(file: string, number: number, text: string): ChainFault | undefined {
    const fault = (message: string): ChainFault => ({ file, line: number, message });
    const found = /^(.*),"chain":"([\w-]{43})"\}$/s.exec(text);
    if (found === null) return fault('it is no line of such a file, or was cut');
    const [, bare = '', chain = ''] = found;
    const whole = `${bare}}`;
    const begun = /,"after":"([\w-]{43}|begin)"\}$/.exec(whole)?.[1];
    if (number === 1 && begun === undefined) return fault('the first lines of the file are missing');
    if (this.#chain !== undefined && begun !== undefined && begun !== this.#chain)
      return fault(
        'it does not go on where the file before it ends: a file or its last lines are missing between them',
      );
    const before = this.#chain ?? begun ?? first;
    if (chainOf(before, whole) !== chain)
      return fault('it was changed, or a line before it was changed, removed or put in');
    this.#chain = chain;
    this.#lines += 1;
    return undefined;
  }
}

function chainIn(line: string): string | undefined {
  return /,"chain":"([\w-]{43})"\}$/.exec(line)?.[1];
}
