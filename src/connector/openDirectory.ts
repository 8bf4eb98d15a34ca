/** Connectivity options → a directory. */
import { readFileSync } from 'node:fs';
import { Oid } from '../directory/controls';
import type { Directory, Observer } from '../directory/directory';
import { DN } from '../directory/dn';
import { LdapError } from '../directory/error';
import { type LdapOptions, openLdapDirectory } from '../directory/ldapDirectory';
import { openMemoryDirectory } from '../directory/memoryDirectory';
import { partitioned } from '../directory/partitionedDirectory';
import type { SchemaSource } from '../directory/schema';
import type { Log as LdapLog } from '../directory/session';
import type { Security, TlsOptions } from '../directory/transport';
import type { KeptDescription } from '../space/state';
import type { Log } from '../telemetry/log';
import { ConnectorFaults } from './objectTypes';
import { overheard } from './observedDirectory';
import { type ConnectivityOptions, type ConnectorOptions, hasServer, type ServedPartition } from './options';

/** Hears the operations of the server of a partition, or with none named of the connector's own. */
export type Hearing = (partition?: string) => Observer;

/**
 * The directory of a connector: one server, or several with a partition each. With `kept`, opening needs no server; those
 * of partitions are opened when they are first asked.
 * @throws LdapError when the connector's own is needed and cannot be reached
 */
export async function openDirectory(
  options: ConnectorOptions,
  log: Pick<Log, 'debug'>,
  kept?: KeptDescription,
  hearing?: Hearing,
): Promise<Directory> {
  const heard = (directory: Directory, partition?: string) =>
    hearing === undefined ? directory : overheard(directory, hearing(partition));
  const note: LdapLog = (message, fields) => log.debug(message, fields);
  if (options.connectivity.product === 'memory') return heard(openMemoryDirectory({ seed: 'demo' }));
  const own = options.partitions.filter(hasServer);
  const first = heard(await openLdapDirectory(ldapOptions(options, kept), note));
  if (own.length === 0) return first;
  const open = async (partition: ServedPartition): Promise<Directory> => {
    try {
      return heard(await openLdapDirectory(partitionLdapOptions(options, partition), note), partition.dn);
    } catch (error) {
      if (error instanceof LdapError) {
        const { operation, result, dn } = error;
        hearing?.(partition.dn)({ operation: operation === 'bind' ? 'bind' : 'search', result, dn, durationMs: 0 });
      }
      throw error;
    }
  };
  return partitioned(
    first,
    own.map((partition) => ({ context: DN.parse(partition.dn), open: () => open(partition) })),
  );
}

/** How the server of a connector is reached. @throws ConnectorFaults when a file of its certificates cannot be read */
export function ldapOptions(options: ConnectorOptions, kept?: KeptDescription): LdapOptions {
  const bases = options.partitions.filter((partition) => !hasServer(partition)).map(({ dn }) => dn);
  return {
    ...reached(options, options.connectivity, bases),
    ...(kept === undefined ? {} : { known: { description: kept.description, schema: kept.schema as SchemaSource } }),
  };
}

/** How the server of a partition is reached. @throws ConnectorFaults as {@link ldapOptions} */
export function partitionLdapOptions(options: ConnectorOptions, { dn, connectivity }: ServedPartition): LdapOptions {
  return reached(options, connectivity, [dn]);
}

function reached(
  { runProfiles, global }: ConnectorOptions,
  connectivity: ConnectivityOptions,
  bases: readonly string[],
): LdapOptions {
  const { password, userName, certificate } = connectivity;
  const { deltaImport: method, changeLogDN } = global;
  return {
    hosts: connectivity.hosts,
    binding: connectivity.binding,
    connectionTimeoutMs: Math.min(connectivity.connectionTimeoutMs, 30_000),
    operationTimeoutMs: connectivity.operationTimeoutMs,
    pageSize: runProfiles.fullImport.pageSize,
    ...optional('sortKey', runProfiles.fullImport.sortKey),
    withheld: global.withheldControls.map((name) => Oid[name === 'vlv' ? 'virtualListView' : name]),
    changes: { method, bases, ...optional('log', changeLogDN) },
    tls: {
      minVersion: connectivity.tlsMinimum,
      ...authority(certificate.ca),
      ...optional('thumbprint', certificate.thumbprint),
      ...optional('serverName', certificate.serverName),
      ...clientCertificate(certificate.client),
    },
    ...(connectivity.binding === 'Kerberos' && { kerberos: kerberos(connectivity.kerberos) }),
    ...optional('userName', userName),
    ...(password === undefined ? {} : { password: () => password.reveal() }),
    ...(connectivity.product === 'auto' ? {} : { product: connectivity.product }),
  };
}

function optional<K extends string, T>(name: K, value: T | undefined): Partial<Record<K, T>> {
  return value === undefined ? {} : ({ [name]: value } as Record<K, T>);
}

function authority(file: string | undefined): { ca?: Buffer } {
  return file === undefined ? {} : { ca: contentOf(file, 'ca') };
}

function clientCertificate(
  client: ConnectorOptions['connectivity']['certificate']['client'],
): Pick<TlsOptions, 'clientCertificate'> {
  if (client === undefined) return {};
  const { passphrase } = client;
  return {
    clientCertificate: {
      certificate: contentOf(client.file, 'client.file'),
      key: contentOf(client.keyFile, 'client.keyFile'),
      ...(passphrase === undefined ? {} : { passphrase: passphrase.reveal() }),
    },
  };
}

const securities = { TLS: 'startTLS', SSL: 'ldaps', none: 'none' } as const;

function kerberos(
  { security, keytab }: NonNullable<ConnectorOptions['connectivity']['kerberos']> = { security: 'TLS' },
) {
  return { security: securities[security], ...optional('keytab', keytab) };
}

function contentOf(file: string, key: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'does not exist' : 'cannot be read';
    throw new ConnectorFaults([
      { path: `connectivity.certificate.${key}`, message: `the file ${file} ${reason}`, severity: 'fault' },
    ]);
  }
}

/** How the connection of a connector is secured, whoever it binds as. */
export function securityOf({ binding, kerberos: options }: ConnectorOptions['connectivity']): Security {
  if (binding === 'Kerberos') return kerberos(options).security;
  return binding === 'SSL' ? 'ldaps' : binding === 'TLS' ? 'startTLS' : 'none';
}
