/** The files of a connector space: their names, setting a damaged one aside, deleting what nobody refers to. */
import { mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseDamaged, DatabaseTooNew, DatabaseTooOld } from './database';
import { removeDatabaseFile } from './databaseFile';
import { Generation } from './generation';
import type { NeverStored } from './row';

/** Files `<name>.space-<n>.sqlite`. */
export class SpaceFiles {
  readonly #prefix: string;

  constructor(
    readonly folder: string,
    name: string,
    readonly never: NeverStored,
    readonly onDamaged: (setAside: string, error: Error) => void,
    readonly now: () => number,
  ) {
    this.#prefix = `${name}.space-`;
  }

  fileOf(generation: number): string {
    return join(this.folder, `${this.#prefix}${generation}.sqlite`);
  }

  /**
   * Opens a generation; one that is damaged, or of a newer release, is set aside for an empty one. One of a release long
   * ago is replaced by an empty one: the import at start fills it, and nobody could do anything with the old one.
   */
  open(generation: number): Generation {
    const file = this.fileOf(generation);
    try {
      return Generation.open(file, this.never);
    } catch (error) {
      if (error instanceof DatabaseTooOld) {
        removeDatabaseFile(file);
        return Generation.open(file, this.never);
      }
      if (!(error instanceof DatabaseDamaged || error instanceof DatabaseTooNew)) throw error;
      return this.replace(file, error);
    }
  }

  /** Sets a closed file aside (only the last one is kept: it is full of personal data) and opens an empty one. */
  replace(file: string, error: Error): Generation {
    this.#delete(/^\d+\.sqlite\.damaged-\d+$/);
    const aside = `${file}.damaged-${this.now()}`;
    renameSync(file, aside);
    removeDatabaseFile(file);
    const generation = Generation.open(file, this.never);
    this.onDamaged(aside, error);
    return generation;
  }

  /** Deletes generations that are not the current one: what an import or a switch has left when the host ended. */
  deleteAllBut(generation: number): void {
    mkdirSync(this.folder, { recursive: true, mode: 0o700 });
    this.#delete(/^\d+\.sqlite(?:-wal|-shm|-journal)?$/, `${generation}.sqlite`);
  }

  #delete(pattern: RegExp, except?: string): void {
    for (const name of readdirSync(this.folder)) {
      if (!name.startsWith(this.#prefix)) continue;
      const rest = name.slice(this.#prefix.length);
      if (!pattern.test(rest) || (except !== undefined && rest.startsWith(except))) continue;
      rmSync(join(this.folder, name), { force: true });
    }
  }
}
