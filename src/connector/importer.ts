/**
 * The process of a full import: it reads the directory and builds the next generation's file alone. It begins with the
 * job that its host sends, and ends with the host: nothing here outlives the channel between them.
 */
import { constants, setPriority } from 'node:os';
import { type LoadProgress, loadGeneration } from '../space/loadGeneration';
import { IdTable } from '../space/state';
import type { ImportJob, ImportMessage, ImportReport } from './importProcess';
import { importScopesOf, linksOf, rowOf, toRowBy } from './importRows';
import { requireObjectTypes } from './objectTypes';
import { openDirectory } from './openDirectory';
import { patient } from './patientDirectory';
import { received } from './sentOptions';

/** Runs a job. Rejects unless all was read. */
async function run(job: ImportJob): Promise<ImportReport> {
  const options = received(job);
  const { passwordAttribute } = options.global;
  const directory = patient(await openDirectory(options, { debug: () => undefined }, job.known));
  try {
    const compiled = requireObjectTypes(options, directory);
    const ids = new IdTable(job.ids);
    const hidden = new Set(job.disconnected.flatMap(({ id, normalizedDN }) => [`id:${id}`, `dn:${normalizedDN}`]));
    const result = await loadGeneration({
      file: job.file,
      sequence: job.sequence,
      previous: job.previous,
      directory,
      scopes: importScopesOf(compiled),
      toRow: toRowBy(
        compiled.objectTypes,
        (objectType, entry) => rowOf(objectType, entry, 0, (dn) => ids.idOf(dn)),
        (id, normalizedDN) => hidden.has(`id:${id}`) || hidden.has(`dn:${normalizedDN}`),
      ),
      pageSize: options.runProfiles.fullImport.pageSize,
      sideBySide: options.runProfiles.fullImport.sideBySide,
      never: passwordAttribute === undefined ? [] : [passwordAttribute],
      references: linksOf(compiled).references,
      batchSize: ROWS_PER_BATCH,
      onProgress: telling(),
    });
    return { ...result, allocated: ids.allocated };
  } finally {
    await directory.close();
  }
}

/** What waits for its transaction outlives a collection, and is copied: with ten times as many an import takes a seventh more. */
const ROWS_PER_BATCH = 100;
const PROGRESS_MS = 200;

/** Tells the host how far the import is, now and then: each message costs as much as ten entries. */
function telling(): (progress: LoadProgress) => void {
  let told = Number.NEGATIVE_INFINITY;
  return (progress) => {
    const now = performance.now();
    if (now - told < PROGRESS_MS) return;
    told = now;
    say({ kind: 'progress', progress });
  };
}

function say(message: ImportMessage): void {
  process.send?.(message);
}

process.once('message', (job: ImportJob) => {
  if (!job.awaited) setPriority(constants.priority.PRIORITY_BELOW_NORMAL);
  run(job).then(
    (report) => end({ kind: 'report', report }),
    (error) => end({ kind: 'failure', message: error instanceof Error ? error.message : String(error) }),
  );
});

/** What was said has to have been heard before the channel closes. */
function end(message: ImportMessage): void {
  process.send?.(message, undefined, undefined, () => process.exit());
}

// Without a host there is nobody to take the file over; the next host deletes it, and may be building its own by then.
process.once('disconnect', () => process.exit(1));
// Signals of the terminal are the host's to answer: it ends this process when it stops.
process.on('SIGINT', () => undefined);
