/** `connector-host serve`: opens the connectors of a folder and listens until it is told to stop. */
import { setFlagsFromString } from 'node:v8';
import type { Command } from 'commander';
import { type ConnectorDefinitions, openRegistry } from '../connector/registry';
import { type Host, type HostDependencies, startHost } from '../host/host';
import type { Notifications } from '../host/notifications/notifications';
import { requestWiring } from '../host/requestWiring';
import { createLog, type Log } from '../telemetry/log';
import { type Administration, administration } from './administration';
import { announce } from './announce';
import { openAudit } from './auditing';
import { ConnectorFiles, type ReadConnectors } from './connectorFiles';
import { notifications } from './notifications';
import { type HostFlags, withFolders, withListener } from './options';
import { Reloading } from './reload';

const mebibyte = 1024 * 1024;

const examples = `
Examples:
  connector-host serve                                  connectors/ on port 8585
  connector-host serve --port 443 --host-name scim.example.com
  CONNECTOR_HOST_LOG_LEVEL=debug connector-host         serve is what happens without a command

Files that change are taken over without a restart: connector files, the secrets and authorities that they name,
the certificate, and what host.json says of log level and timeouts. SIGHUP does it at once; SIGTERM stops.

Exit codes: 0 stopped by a signal; 1 it could not start; 2 wrong usage.`;

/** Adds the command. */
export function addServe(program: Command): void {
  const command = program
    .command('serve', { isDefault: true })
    .description('serve the connectors of a folder over HTTPS')
    .addHelpText('after', examples);
  withListener(withFolders(command)).action((flags: HostFlags, self: Command) => serve(flags, self));
}

async function serve(flags: HostFlags, command: Command): Promise<void> {
  // What a request leaves behind is garbage when it is answered. V8 doubles the room for new objects step by step, and
  // collects ten times as often meanwhile: an eighth of the processor time of a request.
  setFlagsFromString('--semi-space-growth-factor=16');
  // What is at hand for a second request, and is replaced after that, is garbage among what lives long. V8 would let four
  // times what lives gather before it looks there.
  setFlagsFromString('--heap-growing-percent=30');
  // An import keeps what it reads, so V8 takes the places where entries are made for ones whose objects live long, and
  // never unlearns that: afterwards whatever is made there for a single look-up waits for a full collection.
  setFlagsFromString('--no-allocation-site-pretenuring');
  const settings = { current: flags };
  const log = openLog(flags);
  const admin = administration(flags, log);
  const told = await notifications(flags, log);
  const audit = openAudit(flags, log, admin?.metrics);
  const connectorFiles = new ConnectorFiles(log);
  const read = connectorFiles.read(flags);
  if (read.definitions.length === 0)
    log.warn(`there is no connector file (*.json) in ${flags.connectors}: nothing is served yet`);
  const registry = await openRegistry(read.definitions, {
    stateDirectory: flags.state,
    log,
    ...(admin && { metrics: admin.metrics }),
    ...(told && { events: (event) => told.observe(event) }),
    ...(audit && { audit: (record) => audit.append(record) }),
    requests: {
      ...requestWiring(flags.requestTimeout * 1000),
      maxBodyBytes: Math.floor(flags.maxBody * mebibyte),
      get requestTimeoutMs() {
        return settings.current.requestTimeout * 1000;
      },
    },
  });
  const host = await listen(settings, { registry, log, ...(audit && { audit }) }, admin, told);
  admin?.metrics.reloaded(!read.faulty, new Date());
  const reloading = new Reloading({
    command,
    flags,
    connectorFiles,
    read,
    registry,
    host,
    log,
    onSettings: (changed) => {
      // The level may have been set by an administrator meanwhile, who is overruled by a change only.
      if (changed.logLevel !== settings.current.logLevel) log.level = changed.logLevel;
      settings.current = changed;
    },
    onStatus: ({ successful, at, ...changes }) => {
      admin?.metrics.reloaded(successful, at);
      const outcome = successful ? 'success' : 'refused';
      audit?.append({ time: at.toISOString(), kind: 'configuration', outcome, ...changes });
    },
  });
  hearSignals(host, reloading, log);
  tell(host, read, flags, admin, log);
}

function openLog({ logLevel, logFormat, logFile, logFileSize, logFilesKept }: HostFlags): Log {
  return createLog({
    level: logLevel,
    ...(logFormat === 'auto' ? {} : { format: logFormat }),
    ...(logFile === undefined ? {} : { file: { path: logFile, maxBytes: logFileSize * mebibyte, kept: logFilesKept } }),
  });
}

function listen(
  settings: { readonly current: HostFlags },
  parts: HostDependencies & { readonly registry: ConnectorDefinitions },
  admin: Administration | undefined,
  told: Notifications | undefined,
): Promise<Host> {
  const { port, address, certs, hostName, requestTimeout } = settings.current;
  const options = {
    port,
    address,
    certsDirectory: certs,
    hostName,
    requestTimeoutMs: requestTimeout * 1000,
    get drainTimeoutMs() {
      return settings.current.drainTimeout * 1000;
    },
  };
  return startHost(options, {
    ...parts,
    ...(admin && { metrics: admin.metrics, admin: admin.options(parts.registry) }),
    ...(told && { notifications: told }),
  });
}

function hearSignals(host: Host, reloading: Reloading, log: Log): void {
  let stopping = false;
  const stop = (signal: NodeJS.Signals) => {
    // A second signal means that somebody will not wait.
    if (stopping) process.exit(1);
    stopping = true;
    log.info('stopping', { signal });
    reloading.close();
    void host.stop().then(() => process.exit(0));
  };
  const reload = () => {
    log.info('everything is read again', { signal: 'SIGHUP' });
    void reloading.reload();
  };
  // Windows sends SIGHUP when the console is closed, and ends the process soon after.
  const windows = process.platform === 'win32';
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGBREAK'] as const) process.on(signal, stop);
  process.on('SIGHUP', windows ? stop : reload);
}

/** What somebody who has just started the host wants to see. */
function tell(host: Host, read: ReadConnectors, flags: HostFlags, admin: Administration | undefined, log: Log): void {
  const { file, validTo, warnings } = host.certificate;
  log.info('the host listens', {
    port: host.port,
    address: host.address,
    certificate: file,
    expires: validTo.toISOString(),
  });
  if (admin)
    log.info('the administration listens', {
      url: host.adminUrl,
      ...(admin.tokenFile !== undefined && { tokenFile: admin.tokenFile }),
    });
  for (const warning of warnings) log.warn(warning);
  if (process.stdout.isTTY || flags.logFormat !== 'json') announce(host, read);
}
