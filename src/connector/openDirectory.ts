/** Connectivity options → a directory. */
import { readFileSync } from 'node:fs';
import type { ChangeOptions } from '../directory/changes/candidates';
import { Oid } from '../directory/controls';
import type { Directory } from '../directory/directory';
import { type LdapOptions, openLdapDirectory } from '../directory/ldapDirectory';
import { openMemoryDirectory } from '../directory/memoryDirectory';
import type { SchemaSource } from '../directory/schema';
import type { Security, TlsOptions } from '../directory/transport';
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

/** How the directory of a connector is reached. @throws ConnectorFaults when a file of its certificates cannot be read */
export function ldapOptions(options: ConnectorOptions, kept?: KeptDescription): LdapOptions {
  const { connectivity, runProfiles, global } = options;
  const { password, userName, certificate } = connectivity;
  return {
    hosts: connectivity.hosts,
    binding: connectivity.binding,
    connectionTimeoutMs: Math.min(connectivity.connectionTimeoutMs, 30_000),
    operationTimeoutMs: connectivity.operationTimeoutMs,
    pageSize: runProfiles.fullImport.pageSize,
    ...optional('sortKey', runProfiles.fullImport.sortKey),
    withheld: global.withheldControls.map((name) => Oid[name === 'vlv' ? 'virtualListView' : name]),
    changes: changeOptions(options),
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
    ...(kept === undefined ? {} : { known: { description: kept.description, schema: kept.schema as SchemaSource } }),
  };
}

function changeOptions({ global, partitions }: ConnectorOptions): ChangeOptions {
  const { deltaImport: method, changeLogDN } = global;
  return { method, bases: partitions.map(({ dn }) => dn), ...optional('log', changeLogDN) };
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
