/** Options on their way to another process: a {@link Secret} shows itself to nobody, so what is secret goes beside them as text. */
import { Secret } from '../telemetry/secret';
import type { ConnectivityOptions, ConnectorOptions } from './options';

/** What is secret of one connectivity. */
interface SentSecrets {
  readonly password: string | undefined;
  /** Of the key of the client certificate. */
  readonly passphrase: string | undefined;
}

/** The options of a connector as they may be sent. Secret tokens stay. */
export interface SentOptions {
  readonly options: ConnectorOptions;
  /** Of the connector's connectivity, then of each partition's. */
  readonly secrets: readonly SentSecrets[];
}

/** Takes the secrets out of the options. */
export function sendable(options: ConnectorOptions): SentOptions {
  const secrets: SentSecrets[] = [];
  const sent = withConnectivities(options, ({ password, ...connectivity }) => {
    const { client, ...certificate } = connectivity.certificate;
    const { passphrase, ...files } = client ?? {};
    secrets.push({ password: password?.reveal(), passphrase: passphrase?.reveal() });
    return { ...connectivity, certificate: { ...certificate, ...(client && { client: files as typeof client }) } };
  });
  return { options: { ...sent, properties: { ...options.properties, secretTokens: [] } }, secrets };
}

/** Puts the secrets back into the options. */
export function received({ options, secrets }: SentOptions): ConnectorOptions {
  const rest = [...secrets];
  return withConnectivities(options, (connectivity) => {
    const { password, passphrase } = rest.shift() ?? {};
    const { certificate } = connectivity;
    const { client } = certificate;
    return {
      ...connectivity,
      ...(password !== undefined && { password: new Secret(password) }),
      ...(client !== undefined &&
        passphrase !== undefined && {
          certificate: { ...certificate, client: { ...client, passphrase: new Secret(passphrase) } },
        }),
    };
  });
}

function withConnectivities(
  options: ConnectorOptions,
  change: (connectivity: ConnectivityOptions) => ConnectivityOptions,
): ConnectorOptions {
  const connectivity = change(options.connectivity);
  const partitions = options.partitions.map((partition) =>
    partition.connectivity === undefined ? partition : { ...partition, connectivity: change(partition.connectivity) },
  );
  return { ...options, connectivity, partitions };
}
