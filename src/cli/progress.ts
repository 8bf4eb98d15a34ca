/** How far something is, on standard error: one line that changes on a terminal, a line now and then elsewhere. */

import type { RunProgress } from '../connector/runProgress';

const plainPauseMs = 10_000;

/** Shows how many there are so far, how fast they come, and, where the end is known, how far it is. */
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

  show(progress: RunProgress): void {
    const text = [`${this.#title}: ${progress.seen} ${this.#unit}`, ...details(progress)].join(', ');
    if (this.#stream.isTTY) {
      this.#stream.write(`\r\u001b[K${bar(progress)}${text}`);
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

function details({ perSecond, percent, remainingMs }: RunProgress): string[] {
  return [
    ...(perSecond > 0 ? [`${perSecond}/s`] : []),
    ...(percent === undefined ? [] : [`${percent} %`]),
    ...(remainingMs === undefined ? [] : [`about ${Math.ceil(remainingMs / 1000)} s left`]),
  ];
}

const barLength = 20;

function bar({ percent }: RunProgress): string {
  if (percent === undefined) return '';
  const done = Math.round((percent * barLength) / 100);
  return `[${'#'.repeat(done)}${'.'.repeat(barLength - done)}] `;
}
