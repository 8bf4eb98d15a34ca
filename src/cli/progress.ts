/** How far something is, on standard error: one line that changes on a terminal, a line now and then elsewhere. */

const plainPauseMs = 10_000;

/** Shows a growing number. */
export class Progress {
  readonly #title: string;
  readonly #unit: string;
  readonly #stream: NodeJS.WriteStream;
  #shownAt = Date.now();
  #onTerminal = false;

  constructor(title: string, unit: string, stream: NodeJS.WriteStream = process.stderr) {
    this.#title = title;
    this.#unit = unit;
    this.#stream = stream;
  }

  show(count: number): void {
    const text = `${this.#title}: ${count} ${this.#unit}`;
    if (this.#stream.isTTY) {
      this.#stream.write(`\r${text}`);
      this.#onTerminal = true;
    } else if (Date.now() - this.#shownAt >= plainPauseMs) {
      this.#stream.write(`${text}\n`);
      this.#shownAt = Date.now();
    }
  }

  /** Clears the changing line. */
  end(): void {
    if (this.#onTerminal) this.#stream.write('\r\u001b[K');
    this.#onTerminal = false;
  }
}
