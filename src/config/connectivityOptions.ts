/** The connectivity of a connector file, with its secrets, as options of the connector. */
import { resolve } from 'node:path';
import type { ConnectivityOptions } from '../connector/options';
import type { Secret } from '../telemetry/secret';
import { hostAndPort } from './connectivity';
import type { ConnectorFile } from './connectorSchema';

type Connectivity = ConnectorFile['connectivity'];

/** What is kept secret of one. */
export interface ConnectivitySecrets {
  readonly password?: Secret | undefined;
  /** Of the key of the client certificate. */
  readonly passphrase?: Secret | undefined;
}

/** Paths become absolute, seconds milliseconds. */
export function connectivityOptions(
  connectivity: Connectivity,
  folder: string,
  { password, passphrase }: ConnectivitySecrets,
): ConnectivityOptions {
  const defaultPort = connectivity.port ?? (connectivity.binding === 'SSL' ? 636 : 389);
  return {
    product: connectivity.product,
    hosts: (connectivity.hosts ?? (connectivity.host ? [connectivity.host] : [])).map((host) =>
      hostAndPort(host, defaultPort),
    ),
    binding: connectivity.binding as ConnectivityOptions['binding'],
    userName: connectivity.userName,
    password,
    connectionTimeoutMs: connectivity.connectionTimeout * 1000,
    operationTimeoutMs: connectivity.operationTimeout * 1000,
    tlsMinimum: connectivity.tlsMinimum === '1.3' ? 'TLSv1.3' : 'TLSv1.2',
    certificate: certificateOptions(connectivity.certificate, folder, passphrase),
    kerberos: connectivity.kerberos && {
      ...connectivity.kerberos,
      keytab: connectivity.kerberos.keytab && resolve(folder, connectivity.kerberos.keytab),
    },
    attributeAliases: connectivity.attributeAliases,
    includeOperationalAttributes: connectivity.includeOperationalAttributes,
    includeExtensibleAttributes: connectivity.includeExtensibleAttributes,
    allowManualAnchorSelection: connectivity.allowManualAnchorSelection,
  };
}

function certificateOptions(
  { ca, client, ...others }: Connectivity['certificate'],
  folder: string,
  passphrase: Secret | undefined,
): ConnectivityOptions['certificate'] {
  return {
    ...others,
    ca: ca === undefined ? undefined : resolve(folder, ca),
    client: client && {
      file: resolve(folder, client.file),
      keyFile: resolve(folder, client.keyFile),
      passphrase,
    },
  };
}
