/**
 * A log file that is rotated by size: `host.log` is the current one, `host.log.1` the one before it. Nothing is lost at
 * a rotation, and a disk that is full costs lines but never the process.
 */
import { type FileHandle, mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Writable } from 'node:stream';

/** Where, and how much of it. */
export interface RotatingFileOptions {
  readonly path: string;
  /** Octets after which the file is rotated. */
  readonly maxBytes: number;
  /** Files that are kept, the current one included. */
  readonly kept: number;
  /** Called when writing begins to fail, not for each line; the next line is tried again. */
  readonly onFault?: (error: Error) => void;
}

/** Takes lines. It never emits `error`. */
export class RotatingFile extends Writable {
  readonly #options: RotatingFileOptions;
  #file: FileHandle | undefined;
  #size = 0;
  #failing = false;

  constructor(options: RotatingFileOptions) {
    super({ decodeStrings: true });
    this.#options = options;
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    void this.#append(chunk).then(done);
  }

  override _writev(chunks: { chunk: Buffer }[], done: () => void): void {
    const append = async () => {
      for (const { chunk } of chunks) await this.#append(chunk);
    };
    void append().then(done);
  }

  override _final(done: () => void): void {
    void this.#close()
      .catch(() => undefined)
      .then(() => done());
  }

  async #append(chunk: Buffer): Promise<void> {
    try {
      let file = this.#file ?? (await this.#open());
      if (this.#size > 0 && this.#size + chunk.length > this.#options.maxBytes) file = await this.#rotate();
      await file.appendFile(chunk);
      this.#size += chunk.length;
      this.#failing = false;
    } catch (error) {
      await this.#close().catch(() => undefined);
      if (!this.#failing) this.#options.onFault?.(error as Error);
      this.#failing = true;
    }
  }

  async #open(): Promise<FileHandle> {
    await mkdir(dirname(this.#options.path), { recursive: true });
    const file = await open(this.#options.path, 'a', 0o640);
    this.#file = file;
    this.#size = (await file.stat()).size;
    return file;
  }

  async #rotate(): Promise<FileHandle> {
    const { path, kept } = this.#options;
    await this.#close();
    const older = (age: number) => (age === 0 ? path : `${path}.${age}`);
    for (let age = kept - 2; age >= 0; age -= 1) {
      await rename(older(age), older(age + 1)).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'ENOENT') throw error;
      });
    }
    if (kept === 1) await rm(path, { force: true });
    return this.#open();
  }

  async #close(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    await file?.close();
  }
}
