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

  /**
   * Whether a run is to begin by itself. Not where there is nothing to go on from, where the last import found nothing to
   * go on by but what does not see deletes, and after run upon run has led to a full import.
   */
  get isDue(): boolean {
    const { space, options } = this.#dependencies;
    const { watermark } = space;
    return watermark !== undefined && isFollowedBy(watermark.method, options) && this.#inVain < mostInVain;
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
      onRenamed: (from, to) => state.ids.followed(from.normalized(schema), to.normalized(schema)),
    });
    this.#inVain = result.needsFullImport ? this.#inVain + 1 : 0;
    return result;
  }
}

/** Whether delta imports by this method run by themselves: where deletes are seen too, or where the file names the method. */
export function isFollowedBy(method: string, { global, runProfiles }: ConnectorOptions): boolean {
  return runProfiles.deltaImport.enabled && (global.deltaImport !== 'auto' || seesDeletes(method));
}

/** Whether any method that the directory may be followed by makes delta imports run by themselves. */
export function isFollowed(options: ConnectorOptions, { changes }: Pick<Directory, 'changes'>): boolean {
  return changes?.methods.some((method) => isFollowedBy(method, options)) ?? false;
}
