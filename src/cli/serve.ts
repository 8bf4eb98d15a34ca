/** `connector-host serve`: opens the connectors of a folder and listens until it is told to stop. */
import { join, relative } from 'node:path';
import type { Command } from 'commander';
import type { FileFault } from '../config/connectorFile';
import { hostEnvironment, readConnectorFolder, type TokenOrigin } from '../config/connectorFolder';
import { type ConnectorDefinition, openRegistry } from '../connector/registry';
import { type Host, startHost } from '../host/host';
import { requestWiring } from '../host/requestWiring';
import { createLog, type Log } from '../telemetry/log';
import { type HostFlags, withFolders, withListener } from './options';

const requestTimeoutMs = 60_000;
const drainTimeoutMs = 8_000;

/** Adds the command. */
export function addServe(program: Command): void {
  const command = program
    .command('serve', { isDefault: true })
    .description('serve the connectors of a folder over HTTPS');
  withListener(withFolders(command)).action((flags: HostFlags) => serve(flags));
}

async function serve(flags: HostFlags): Promise<void> {
  const log = createLog({ level: flags.logLevel, ...(flags.logFormat === 'auto' ? {} : { format: flags.logFormat }) });
  const environment = hostEnvironment(process.env, flags.certs);
  const files = readConnectorFolder(flags.connectors, environment);
  const definitions = files.map(({ name, options, faults }) => {
    for (const fault of faults) reportFault(log, name, fault);
    return options === undefined ? faulty(name, faults) : { name, options };
  });
  if (files.length === 0) log.warn(`there is no connector file (*.json) in ${flags.connectors}: nothing is served yet`);
  const registry = await openRegistry(definitions, {
    stateDirectory: flags.state,
    log,
    requests: requestWiring(requestTimeoutMs),
  });
  const host = await startHost(
    {
      port: flags.port,
      address: flags.address ?? '::',
      certsDirectory: flags.certs,
      hostName: flags.hostName,
      requestTimeoutMs,
      drainTimeoutMs,
    },
    { registry, log },
  );
  stopOnSignals(host, log);
  announce(host, definitions, flags, (name) => environment.originOf(name), log);
}

function faulty(name: string, faults: readonly FileFault[]): ConnectorDefinition {
  return { name, fault: faults.map(({ path, message }) => (path === '' ? message : `${path}: ${message}`)).join('; ') };
}

function reportFault(log: Log, connector: string, { path, message, severity, line }: FileFault): void {
  const fields = { connector, ...(path === '' ? {} : { path }), ...(line === undefined ? {} : { line }) };
  log.write(severity === 'fault' ? 'error' : 'warn', message, fields);
}

function stopOnSignals(host: Host, log: Log): void {
  let stopping = false;
  const stop = (signal: NodeJS.Signals) => {
    // A second signal means that somebody will not wait.
    if (stopping) process.exit(1);
    stopping = true;
    log.info('stopping', { signal });
    void host.stop().then(() => process.exit(0));
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, stop);
}

/** What somebody who has just started the host wants to see: where it is, where the token is, and one command to copy. */
function announce(
  host: Host,
  definitions: readonly ConnectorDefinition[],
  flags: HostFlags,
  originOf: (name: string) => TokenOrigin,
  log: Log,
): void {
  const base = `https://localhost:${host.port}`;
  log.info('the host listens', {
    port: host.port,
    address: host.address,
    certificate: host.certificate.file,
    expires: host.certificate.validTo.toISOString(),
  });
  for (const warning of host.certificate.warnings) log.warn(warning);
  if (!process.stdout.isTTY && flags.logFormat === 'json') return;
  for (const definition of definitions) {
    if (!('options' in definition) || !definition.options.active) continue;
    const endpoint = `${base}/ecma2host_${definition.name}/scim`;
    const origin = originOf(definition.name);
    const certificate = here(host.certificate.file);
    const token = tokenText(definition, origin);
    process.stdout.write(
      [
        '',
        `  ${endpoint}`,
        `  secret token: ${token.where}`,
        '',
        `  curl --cacert ${quote(certificate)} -H "Authorization: Bearer ${token.shell}" ${quote(`${endpoint}/Users?count=3`)}`,
        '',
        '',
      ].join('\n'),
    );
  }
}

function tokenText(definition: ConnectorDefinition, origin: TokenOrigin): { where: string; shell: string } {
  if ('options' in definition && definition.options.properties.tokenInFile) {
    return { where: 'as the connector file names it', shell: '$SECRET_TOKEN' };
  }
  if (origin.kind === 'environment')
    return { where: `in the environment variable ${origin.variable}`, shell: `$${origin.variable}` };
  return { where: `in ${here(origin.file)}`, shell: `$(cat ${quote(here(origin.file))})` };
}

/** A path as somebody in this folder would type it. */
function here(file: string): string {
  const path = relative(process.cwd(), file);
  return path.startsWith('..') ? file : join('.', path);
}

function quote(text: string): string {
  return /^[A-Za-z0-9_./:-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
