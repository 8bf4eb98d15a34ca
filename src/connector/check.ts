/** What can be said of a connector's options without serving it: everything that its directory's schema knows. */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as after } from 'node:timers/promises';
import type { Directory, DirectoryDescription } from '../directory/directory';
import { LdapError } from '../directory/error';
import { Schema, type SchemaSource } from '../directory/schema';
import { openState } from '../space/state';
import { createLog } from '../telemetry/log';
import { ConnectorFaults, compileObjectTypes } from './objectTypes';
import { openDirectory } from './openDirectory';
import type { ConnectorOptions, Fault } from './options';

const patienceMs = 5_000;

/** Faults and notices that need a schema: the directory's own, else the one that was kept when it was last read. */
export async function checkConnector(options: ConnectorOptions, stateDirectory: string): Promise<readonly Fault[]> {
  if (!options.active) return [];
  let directory: Directory | undefined;
  try {
    directory = await withinPatience(openDirectory(options, createLog({ level: 'error' })));
    return compileObjectTypes(options, directory.description, directory.schema).faults;
  } catch (error) {
    if (error instanceof ConnectorFaults) return error.faults;
    if (!(error instanceof LdapError)) throw error;
    const kept = await keptDescription(options.name, stateDirectory);
    if (kept === undefined) return [unreachable(error)];
    return [unreachable(error), ...compileObjectTypes(options, kept.description, kept.schema).faults];
  } finally {
    await directory?.close();
  }
}

async function withinPatience(opening: Promise<Directory>): Promise<Directory> {
  const given = new AbortController();
  const late = after(patienceMs, undefined, { signal: given.signal }).then(() => {
    // Whoever opens it in the end closes it again.
    void opening.then((directory) => directory.close()).catch(() => undefined);
    throw new LdapError('timeout', 'connect', '', `no answer within ${patienceMs / 1000} s`);
  });
  try {
    return await Promise.race([opening, late]);
  } finally {
    given.abort();
    late.catch(() => undefined);
  }
}

function unreachable(error: LdapError): Fault {
  const message = `the directory could not be asked (${error.result}): attributes and classes were not checked against its schema as it is now`;
  return { path: 'connectivity', message, severity: 'notice' };
}

async function keptDescription(
  name: string,
  folder: string,
): Promise<{ description: DirectoryDescription; schema: Schema } | undefined> {
  if (!existsSync(join(folder, `${name}.state.sqlite`))) return undefined;
  const state = await openState(folder, name);
  try {
    const kept = await state.descriptions.get();
    return kept === undefined
      ? undefined
      : { description: kept.description, schema: Schema.parse(kept.schema as SchemaSource) };
  } finally {
    await state.close();
  }
}
