/** One import run without serving: opens a connector, runs, closes. */
import { LdapError } from '../directory/error';
import type { RunRecord } from '../space/run';
import { DatabaseBusy, DatabaseTooNew, StateDamaged } from '../space/state';
import { redact } from '../telemetry/secret';
import { ConnectorFaults } from './objectTypes';
import { openConnector, type Surroundings } from './open';
import type { ConnectorOptions } from './options';
import type { RunProgress } from './runProgress';
import { openStores, type Stores } from './stores';

export type { RunRecord } from '../space/run';

/** The import cannot be run; the message says why and what to do. */
export class ImportRefused extends Error {
  override readonly name = 'ImportRefused';
}

/** How one import is run. */
export interface ImportOnce {
  readonly profile: 'fullImport' | 'deltaImport';
  /** Ends the run as cancelled. */
  readonly signal?: AbortSignal;
  /** Told, from time to time, how far it is. */
  readonly onProgress?: (progress: RunProgress) => void;
  readonly progressMs?: number;
}

/** Runs one import and answers its record, whatever its outcome. @throws ImportRefused */
export async function importOnce(
  options: ConnectorOptions,
  surroundings: Surroundings,
  run: ImportOnce,
): Promise<RunRecord> {
  const stores = await openAlone(options, surroundings);
  try {
    return await runOn(stores, options, surroundings, run);
  } catch (error) {
    if (error instanceof ConnectorFaults)
      throw refused(options, `its file does not fit the directory: ${error.message}`);
    if (!(error instanceof LdapError)) throw error;
    const reason = `${error.operation} ended with ${error.result} (${redact(error.diagnostic)}). Run connector-host check ${options.name} --connect`;
    throw refused(options, reason, error);
  } finally {
    await stores.close();
  }
}

async function runOn(
  stores: Stores,
  options: ConnectorOptions,
  surroundings: Surroundings,
  { profile, signal, onProgress = () => undefined, progressMs = 250 }: ImportOnce,
): Promise<RunRecord> {
  const opened = await openConnector(options, stores, surroundings);
  const { importing } = opened;
  const timer = setInterval(() => onProgress(importing.progress), progressMs);
  const stop = () => void importing.close();
  signal?.addEventListener('abort', stop, { once: true });
  try {
    const record = await (profile === 'fullImport' ? importing.full() : importing.delta());
    if (record !== undefined) return record;
    throw refused(options, 'its directory does not tell what changed, or there was no full import yet: run a full one');
  } finally {
    clearInterval(timer);
    signal?.removeEventListener('abort', stop);
    await opened.close();
  }
}

function refused({ name }: ConnectorOptions, reason: string, cause?: unknown): ImportRefused {
  return new ImportRefused(`${name} cannot be imported: ${reason}.`, cause === undefined ? undefined : { cause });
}

async function openAlone(options: ConnectorOptions, surroundings: Surroundings): Promise<Stores> {
  try {
    return await openStores(options, surroundings, 0);
  } catch (error) {
    if (error instanceof StateDamaged || error instanceof DatabaseTooNew) throw refused(options, error.message, error);
    if (!(error instanceof DatabaseBusy)) throw error;
    throw refused(options, 'a running host works on its stores; let that host run the import, or stop it first', error);
  }
}
