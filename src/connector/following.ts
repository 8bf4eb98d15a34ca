/** How a connector follows its directory between full imports: the run profile Delta Import. */
import { seesDeletes } from '../directory/changes/changeSource';
import type { Directory } from '../directory/directory';
import { runDeltaImport } from '../space/deltaImport';
import type { RunResult } from '../space/run';
import type { ImportDependencies } from './importing';
import type { ConnectorOptions } from './options';

/** A log that is never of use, for whatever reason, must not make each delta import a full one. */
const mostInVain = 3;

/** Delta imports of one connector. */
export class Following {
  readonly #dependencies: ImportDependencies;
  /** Delta imports in a row that ended in a full one. */
  #inVain = 0;

  constructor(dependencies: ImportDependencies) {
    this.#dependencies = dependencies;
  }

  /** False where there is nothing to go on from, and after run upon run has led to a full import. */
  get isWorthwhile(): boolean {
    return this.#dependencies.space.watermark !== undefined && this.#inVain < mostInVain;
  }

  /** A full import by the schedule is a new beginning. */
  beginAnew(): void {
    this.#inVain = 0;
  }

  async run(signal: AbortSignal): Promise<RunResult> {
    const { space, directory, scopes, toRow, links, options, now, state } = this.#dependencies;
    const { schema } = directory;
    const result = await runDeltaImport({
      space,
      directory,
      scopes: scopes(),
      toRow,
      signal,
      now,
      ...links(),
      accidentLimit: options.runProfiles.fullImport.accidentLimit,
      onRenamed: async (from, to) => void (await state.ids.renamed(from.normalized(schema), to.normalized(schema))),
    });
    this.#inVain = result.needsFullImport ? this.#inVain + 1 : 0;
    return result;
  }
}

/** Whether delta imports run by themselves: where deletes are seen too, or where the file names the method. */
export function isFollowed(
  { global, runProfiles }: ConnectorOptions,
  { changes }: Pick<Directory, 'changes'>,
): boolean {
  if (changes === undefined || !runProfiles.deltaImport.enabled) return false;
  return global.deltaImport !== 'auto' || changes.methods.some(seesDeletes);
}
