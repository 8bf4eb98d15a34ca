/** All connector files of a folder, and the secret tokens that the host makes for files that name none. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Secret } from '../telemetry/secret';
import { type ConnectorFileResult, readConnectorFile } from './connectorFile';
import { defaultHostValues } from './hostSchema';
import { keptTokens, tokenFile } from './keptTokens';
import { SealKeys } from './sealing';
import type { Environment } from './secretReference';

export { tokenFile } from './keptTokens';

/** A folder that cannot be read as connectors at all; the message says what to do. */
export class FolderFault extends Error {
  override readonly name = 'FolderFault';
}

/**
 * Reads every `*.json` of the folder, in the order of their names; `*.example.json` are examples and are left alone
 * unless named in `only`. Faults of one file are no fault of another.
 * @throws FolderFault when there is no such folder
 */
export function readConnectorFolder(
  folder: string,
  environment: Environment,
  only?: readonly string[],
): ConnectorFileResult[] {
  const names = connectorNames(folder);
  const wanted = only === undefined ? names : names.filter((name) => only.includes(name));
  return wanted.map((name) => readConnectorFile(join(folder, `${name}.json`), environment));
}

/** The names of the connectors whose files stand in a folder, sorted. @throws FolderFault when there is no such folder */
export function connectorNames(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
      .filter((name) => name.endsWith('.json') && !name.endsWith('.example.json'))
      .sort()
      .map((name) => name.slice(0, -'.json'.length));
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'does not exist' : 'cannot be read';
    throw new FolderFault(
      `The connector folder ${folder} ${reason}: make it (connector-host init makes one with a demo connector), or name another one with --connectors DIR.`,
    );
  }
}

/** Where a token came from, for whoever prints it. */
export type TokenOrigin =
  | { readonly kind: 'environment'; readonly variable: string }
  | { readonly kind: 'file'; readonly file: string };

/** The environment of a host: process variables, and tokens that are made once and kept 0600 beside the certificate. */
export function hostEnvironment(
  variables: Readonly<Record<string, string | undefined>>,
  certsDirectory: string,
  sealKeyFile: string = defaultHostValues().sealKeyFile,
): Environment & { originOf(connector: string): TokenOrigin } {
  const fromVariable = variables.SECRET_TOKEN !== undefined && variables.SECRET_TOKEN !== '';
  return {
    variables,
    keptTokens: (connector) =>
      fromVariable ? [new Secret(variables.SECRET_TOKEN ?? '')] : keptTokens(certsDirectory, connector),
    unseal: (reference) => SealKeys.read(sealKeyFile).open(reference),
    originOf: (connector) =>
      fromVariable
        ? { kind: 'environment', variable: 'SECRET_TOKEN' }
        : { kind: 'file', file: tokenFile(certsDirectory, connector) },
  };
}
