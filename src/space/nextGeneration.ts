/**
 * A generation between its import and its turn. The file is built by somebody else ({@link SpaceBuilder}, maybe in
 * another process). What the host writes meanwhile goes to the current generation, whose rows and tombstones with
 * higher sequence numbers than the import's are its own journal: the switch takes them over.
 */
import { inTurns } from '../directory/steps';
import { removeDatabaseFile } from './databaseFile';
import { yieldToEventLoop } from './eventLoop';
import { Generation } from './generation';
import type { NeverStored } from './row';
import type { Reading, Sequence } from './sequence';

/** What a new generation needs of the space that it will belong to. */
export interface NextGenerationHost {
  readonly file: string;
  readonly never: NeverStored;
  readonly sequence: Sequence;
  current(): Generation;
  /** Makes the new generation the current one after a restart. */
  persist(): Promise<void>;
  /** Makes it the current one now. */
  install(generation: Generation): void;
  /** Told once, after a switch or a discard. */
  ended(): void;
}

const ROWS_PER_PIECE = 250;

/** A new generation: `build its file → switch`, or `discard` at any time. */
export class NextGeneration {
  readonly #host: NextGenerationHost;
  readonly #reading: Reading;
  #generation: Generation | undefined;
  #ended = false;

  /** For {@link ConnectorSpace.beginGeneration}. */
  constructor(host: NextGenerationHost) {
    this.#host = host;
    this.#reading = host.sequence.begin();
  }

  /** Where the new generation is to be built. */
  get file(): string {
    return this.#host.file;
  }

  /** The sequence number of its rows. */
  get sequence(): number {
    return this.#reading.sequence;
  }

  /** The file of the generation that is in use, for a comparison with the new one. */
  get previous(): string {
    return this.#host.current().file;
  }

  /**
   * Takes over what the host has written since the import began, and makes the new generation the current one. The
   * old file is deleted when its last reader has ended. When this rejects, the old generation stays current.
   */
  async switch(): Promise<void> {
    const next = this.#open();
    let replayed = this.sequence;
    for (;;) {
      const reached = await this.#replayRows(next, replayed);
      if (reached === replayed) break;
      replayed = reached;
      await yieldToEventLoop();
    }
    await this.#host.persist();
    if (this.#ended) throw new Error(`The new generation ${this.file} was discarded while it was being switched to`);
    this.#replayRest(next, replayed);
    this.#host.install(next);
    this.#end();
  }

  /** Gives up and deletes the file; does nothing after a switch. */
  discard(): void {
    if (this.#ended) return;
    this.#generation?.close();
    removeDatabaseFile(this.file);
    this.#end();
  }

  /** Takes over one piece; the sequence number up to which nothing is missing. */
  async #replayRows(next: Generation, since: number): Promise<number> {
    const rows = this.#host.current().rows.changedSince(since, ROWS_PER_PIECE);
    // A read that is under way may still save rows under its own, lower number.
    const complete = this.#host.sequence.oldest(this.sequence) - 1;
    const prepared: typeof rows = [];
    for (const row of rows) prepared.push(row.long === undefined ? row : await inTurns(next.preparation.taken(row)));
    next.replay(prepared);
    return Math.max(since, Math.min(rows.at(-1)?.sequence ?? since, complete));
  }

  /** What is left, without yielding: nothing can be written in between. */
  #replayRest(next: Generation, since: number): void {
    const current = this.#host.current();
    const { rows } = current;
    let replayed = since;
    for (;;) {
      const piece = rows.changedSince(replayed, ROWS_PER_PIECE);
      const last = piece.at(-1);
      if (!last) break;
      next.replay(piece);
      replayed = last.sequence;
    }
    // Reads that began before this import, and are still under way, must not bring back what was deleted before it either.
    const buried = rows.removedSince(Math.min(this.sequence, this.#host.sequence.oldest(this.sequence) - 1));
    next.replay([], buried, current.valueChangesSince(this.sequence), current.followUps);
  }

  #open(): Generation {
    if (this.#ended) throw new Error(`The new generation ${this.file} was discarded or is in use already`);
    this.#generation ??= Generation.open(this.file, this.#host.never);
    return this.#generation;
  }

  #end(): void {
    this.#ended = true;
    this.#reading.end();
    this.#host.ended();
  }
}
