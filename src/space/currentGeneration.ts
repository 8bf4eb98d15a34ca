/** The generation that is in use. A damaged one is set aside, and the empty one in its place answers. */
import { DatabaseDamaged } from './database';
import type { Generation } from './generation';
import type { SpaceFiles } from './spaceFiles';

/** Which generation of a connector space is the current one. */
export class CurrentGeneration {
  readonly #files: SpaceFiles;
  #number: number;
  #generation: Generation;

  /** Opens a generation; leftovers of others are deleted. */
  constructor(files: SpaceFiles, number: number) {
    this.#files = files;
    this.#number = number;
    files.deleteAllBut(number);
    this.#generation = files.open(number);
  }

  get number(): number {
    return this.#number;
  }

  get generation(): Generation {
    return this.#generation;
  }

  /** Another one takes its place. */
  install(generation: Generation, number: number): void {
    this.#generation.retire();
    this.#generation = generation;
    this.#number = number;
  }

  work<T>(work: (generation: Generation) => T): T {
    const generation = this.#generation;
    try {
      return work(generation);
    } catch (error) {
      return work(this.insteadOf(generation, error));
    }
  }

  workLater<T>(work: (generation: Generation) => Promise<T>): Promise<T> {
    const generation = this.#generation;
    return work(generation).catch((error: unknown) => work(this.insteadOf(generation, error)));
  }

  /** The generation to go on with when one is damaged; any other error is thrown again. */
  insteadOf(generation: Generation, error: unknown): Generation {
    if (!(error instanceof DatabaseDamaged)) throw error;
    generation.close();
    if (generation === this.#generation) this.#generation = this.#files.replace(generation.file, error);
    return this.#generation;
  }
}
