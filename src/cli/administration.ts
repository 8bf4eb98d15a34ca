/** The administration of a host that serves: its metrics, its token, and where it listens. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { hostEnvironment, tokenFile } from '../config/connectorFolder';
import { administratorToken } from '../config/hostFile';
import { keptTokens } from '../config/keptTokens';
import type { OperatedRegistry } from '../connector/operations';
import type { AdministrationOptions } from '../host/host';
import type { Log } from '../telemetry/log';
import { Metrics } from '../telemetry/metrics';
import type { HostFlags } from './options';

/** Under this name, which no connector can have, the token is kept beside those of the connectors. */
export const keptAs = 'host.admin';

/** What a host needs to be administrated. */
export interface Administration {
  readonly metrics: Metrics;
  /** Where the host keeps the token, when nobody named one. */
  readonly tokenFile: string | undefined;
  options(registry: OperatedRegistry): AdministrationOptions;
}

/** Undefined when there shall be no administration: no port is named. @throws SecretFault when the token cannot be had */
export function administration(flags: HostFlags, log: Log): Administration | undefined {
  const { adminPort, adminAddress, adminMetricsWithoutToken, certs, sealKeyFile } = flags;
  if (adminPort === undefined) return undefined;
  const named = administratorToken(flags, hostEnvironment(process.env, certs, sealKeyFile), () =>
    log.warn('the administrator’s token stands in plain text: name it as env:NAME, file:PATH, enc:… or sha256:…'),
  );
  const tokens = named === undefined ? keptTokens(certs, keptAs) : [named];
  const tokenDigests = tokens.map((token) => token.digest());
  const version = ownVersion();
  const metrics = new Metrics(version);
  return {
    metrics,
    tokenFile: named === undefined ? tokenFile(certs, keptAs) : undefined,
    options: (registry) => ({
      port: adminPort,
      address: adminAddress,
      metrics,
      registry,
      version,
      tokenDigests: () => tokenDigests,
      metricsWithoutToken: adminMetricsWithoutToken,
    }),
  };
}

function ownVersion(): string {
  const file = join(__dirname, '..', '..', 'package.json');
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}
