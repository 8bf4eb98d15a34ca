/** How a full import fills a new generation: by a process of its own (decision 3), but for the embedded directory, which is only in this one. */
import type { LoadTarget } from '../space/fullImport';
import { type LoadProgress, type LoadResult, loadGeneration } from '../space/loadGeneration';
import type { ImportDependencies } from './importing';
import { importInProcess } from './importProcess';
import { sendable } from './sentOptions';

/** Reads the directory into a new generation. */
export async function loadInto(
  target: LoadTarget,
  dependencies: ImportDependencies,
  onProgress: (progress: LoadProgress) => void,
): Promise<LoadResult> {
  const { options, directory, space, scopes, toRow, links, now, state } = dependencies;
  if (options.connectivity.product === 'memory') {
    const { pageSize, sideBySide } = options.runProfiles.fullImport;
    const { references } = links();
    const reading = { directory, scopes: scopes(), toRow, references, pageSize, sideBySide, now, onProgress };
    return loadGeneration({ ...target, ...reading });
  }
  const { signal, file, sequence, previous } = target;
  const { description, schema } = directory;
  const [ids, disconnected] = await Promise.all([state.ids.exceptions(), state.disconnected.all()]);
  const known = { description, schema: schema.source(), readAt: now() };
  const awaited = space.importedAt === undefined;
  const job = { ...sendable(options), known, file, sequence, previous, ids, disconnected, awaited };
  const { allocated, ...result } = await importInProcess(job, onProgress, signal);
  const given = new Set((await state.ids.exceptions()).map(({ normalizedDN }) => normalizedDN));
  for (const { id, normalizedDN } of allocated) {
    // An id that the host has given meanwhile is known to clients; the row that goes with it replaces this import's.
    if (normalizedDN !== undefined && !given.has(normalizedDN)) await state.ids.keep(id, normalizedDN);
  }
  return result;
}
