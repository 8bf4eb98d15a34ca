/**
 * The host's side of an import in a process of its own (decision 3): reading a directory and building indexes would keep
 * the event loop of the host from answering. Everything that the process is told, secrets too, goes over the channel
 * between the two; neither arguments nor environment hold any of it.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import type { LoadTarget } from '../space/fullImport';
import type { LoadProgress, LoadResult } from '../space/loadGeneration';
import type { DisconnectedEntry, IdException, KeptDescription } from '../space/state';
import type { SentOptions } from './sentOptions';
import { Turns } from './turns';

/** What an import has to know, as plain values. */
export interface ImportJob extends SentOptions {
  readonly known: KeptDescription;
  readonly file: string;
  readonly sequence: number;
  /** The file of the generation in use. */
  readonly previous: string;
  readonly ids: readonly IdException[];
  readonly disconnected: readonly DisconnectedEntry[];
  /** Nothing has been imported yet, so that lists wait for this import: then it does not stand back behind other work. */
  readonly awaited: boolean;
}

/** What an import did, with the ids that it has allocated for entries without an immutable anchor. */
export interface ImportReport extends LoadResult {
  readonly allocated: readonly IdException[];
}

/** What the process of an import says. */
export type ImportMessage =
  | { readonly kind: 'progress'; readonly progress: LoadProgress }
  | { readonly kind: 'report'; readonly report: ImportReport }
  | { readonly kind: 'failure'; readonly message: string };

/** What an environment may hand on: where trust and libraries are found, and nothing that could be a secret. */
const HANDED_ON = [
  ...['NODE_EXTRA_CA_CERTS', 'SSL_CERT_DIR', 'SSL_CERT_FILE', 'LD_LIBRARY_PATH', 'SystemRoot', 'TZ'],
  ...['PATH', 'KRB5_CONFIG', 'KRB5CCNAME'],
];

/**
 * Imports of one host at once. Each is a process with a memory of its own, and while it starts it wants a whole core: a
 * host with many connectors would overrun a small machine at every start. More than cores, because most of the time of a
 * large import is spent waiting for its directory.
 */
const turns = new Turns(2 * availableParallelism());

/** Most of what an import makes is garbage at once. Twice as much room for it saves no time and takes 30 MiB; half as much takes a tenth more. */
const NEW_SPACE_MIB = 16;

function environment(folder: string): NodeJS.ProcessEnv {
  const handedOn = HANDED_ON.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : []));
  // Where indexes are sorted: entries of people are nobody's business in a folder that all may use, and there is room.
  return { ...Object.fromEntries(handedOn), SQLITE_TMPDIR: folder };
}

/**
 * Runs an import when it is its turn, and answers when its process has ended, so that nobody writes the file any more. Rejects with what the
 * process said, when it ended without a word, or with the signal's reason: then the process is ended at once. What it
 * has left of the file is the caller's to delete.
 */
export function importInProcess(
  job: ImportJob,
  onProgress: (progress: LoadProgress) => void,
  signal: LoadTarget['signal'],
): Promise<ImportReport> {
  return turns.run(() => runProcess(job, onProgress, signal), signal);
}

async function runProcess(
  job: ImportJob,
  onProgress: (progress: LoadProgress) => void,
  signal: LoadTarget['signal'],
): Promise<ImportReport> {
  const child = fork(join(__dirname, 'importer'), [], {
    serialization: 'advanced',
    // Options of the host's own process, such as the port of a debugger, are not for two.
    execArgv: [`--max-semi-space-size=${NEW_SPACE_MIB}`],
    env: environment(dirname(job.file)),
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const end = () => void child.kill();
  signal?.addEventListener('abort', end, { once: true });
  try {
    return await reportOf(child, job, onProgress);
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  } finally {
    signal?.removeEventListener('abort', end);
  }
}

function reportOf(
  child: ChildProcess,
  job: ImportJob,
  onProgress: (progress: LoadProgress) => void,
): Promise<ImportReport> {
  return new Promise((resolve, reject) => {
    let last: ImportMessage | undefined;
    child.on('message', (message: ImportMessage) => {
      if (message.kind === 'progress') onProgress(message.progress);
      else last = message;
    });
    child.once('error', reject);
    // Not `exit`: on a busy machine that comes while the report is still on its way.
    child.once('close', (code, signal) => {
      if (last?.kind === 'report') resolve(last.report);
      else
        reject(new Error(last?.kind === 'failure' ? last.message : `the import's process ended (${signal ?? code})`));
    });
    child.send(job, (error) => {
      if (error) reject(error);
    });
  });
}
