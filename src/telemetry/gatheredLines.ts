/** Lines on their way to a stream: those of one turn of the event loop leave in one piece, since each write costs a call of the system. */
import { Writable } from 'node:stream';

/** Takes lines. The stream behind it is not closed. */
export class GatheredLines extends Writable {
  readonly #stream: NodeJS.WritableStream;
  readonly #leave = () => this.#handOver();
  #gathering: NodeJS.Immediate | undefined;

  constructor(stream: NodeJS.WritableStream) {
    super({ decodeStrings: false });
    this.#stream = stream;
    // A process that ends in the middle of a turn, by an error that nobody has caught, has still something to say.
    if (stream === process.stdout) process.once('exit', this.#leave);
  }

  /** What is written from now on waits for the end of the turn. */
  gather(): void {
    if (this.#gathering !== undefined) return;
    this.cork();
    this.#gathering = setImmediate(this.#leave);
  }

  /** Resolves when every line has been handed to the stream. */
  async close(): Promise<void> {
    this.#handOver();
    process.off('exit', this.#leave);
    await new Promise<void>((resolve) => {
      if (this.#stream.writable) this.#stream.write('', () => resolve());
      else resolve();
    });
  }

  override _write(line: string, _encoding: BufferEncoding, done: () => void): void {
    this.#write(line, done);
  }

  override _writev(lines: readonly { readonly chunk: string }[], done: () => void): void {
    this.#write(lines.map(({ chunk }) => chunk).join(''), done);
  }

  /** A stream that can take no more has to be waited for; one that is gone takes nothing, and that is not our fault to tell. */
  #write(text: string, done: () => void): void {
    if (!this.#stream.writable || this.#stream.write(text)) done();
    else this.#stream.once('drain', done);
  }

  #handOver(): void {
    clearImmediate(this.#gathering);
    this.#gathering = undefined;
    this.uncork();
  }
}
