/** Connectivity options → a directory. */
import { readFileSync } from 'node:fs';
import type { Directory } from '../directory/directory';
import { type LdapOptions, openLdapDirectory } from '../directory/ldapDirectory';
import { openMemoryDirectory } from '../directory/memoryDirectory';
import type { SchemaSource } from '../directory/schema';
import type { KeptDescription } from '../space/state';
import type { Log } from '../telemetry/log';
import { ConnectorFaults } from './objectTypes';
import type { ConnectorOptions } from './options';

/** The directory of a connector. With `kept`, opening needs no server. @throws LdapError when it is needed and cannot be reached */
export async function openDirectory(
  options: ConnectorOptions,
  log: Pick<Log, 'debug'>,
  kept?: KeptDescription,
): Promise<Directory> {
  if (options.connectivity.product === 'memory') return openMemoryDirectory({ seed: 'demo' });
  return openLdapDirectory(ldapOptions(options, kept), (message, fields) => log.debug(message, fields));
}

/** How the directory of a connector is reached. @throws ConnectorFaults when the file of its CA cannot be read */
export function ldapOptions(options: ConnectorOptions, kept?: KeptDescription): LdapOptions {
  const { connectivity, runProfiles } = options;
  const { password, userName, certificate } = connectivity;
  return {
    hosts: connectivity.hosts,
    binding: connectivity.binding,
    connectionTimeoutMs: Math.min(connectivity.connectionTimeoutMs, 30_000),
    operationTimeoutMs: connectivity.operationTimeoutMs,
    pageSize: runProfiles.fullImport.pageSize,
    tls: {
      minVersion: connectivity.tlsMinimum,
      ...authority(certificate.ca),
      ...optional('thumbprint', certificate.thumbprint),
      ...optional('serverName', certificate.serverName),
    },
    ...optional('userName', userName),
    ...(password === undefined ? {} : { password: () => password.reveal() }),
    ...(connectivity.product === 'auto' ? {} : { product: connectivity.product }),
    ...(kept === undefined ? {} : { known: { description: kept.description, schema: kept.schema as SchemaSource } }),
  };
}

function optional<K extends string, T>(name: K, value: T | undefined): Partial<Record<K, T>> {
  return value === undefined ? {} : ({ [name]: value } as Record<K, T>);
}

function authority(file: string | undefined): { ca?: Buffer } {
  if (file === undefined) return {};
  try {
    return { ca: readFileSync(file) };
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'does not exist' : 'cannot be read';
    throw new ConnectorFaults([
      { path: 'connectivity.certificate.ca', message: `the file ${file} ${reason}`, severity: 'fault' },
    ]);
  }
}
