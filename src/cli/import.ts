/** `connector-host import <connector>`: one import now, without serving. */
import type { Command } from 'commander';
import { hostEnvironment, readConnectorFolder } from '../config/connectorFolder';
import { ImportRefused, importOnce, type RunRecord } from '../connector/importOnce';
import type { ConnectorOptions } from '../connector/options';
import { requestWiring } from '../host/requestWiring';
import { createLog } from '../telemetry/log';
import { type HostFlags, withFolders } from './options';
import { Progress } from './progress';

interface ImportFlags extends HostFlags {
  readonly full?: boolean;
  readonly delta?: boolean;
  readonly json?: boolean;
}

const help = `
It does what the host does at its start and on its timer, and leaves the result in the state folder: the host that is
started next serves it at once. While a host runs on the same state folder the command is refused; that host imports itself.

Examples:
  connector-host import openldap              read the whole scope
  connector-host import openldap --delta      what has changed since, where the directory can tell
  connector-host import openldap --json       for machines

Exit codes: 0 imported, perhaps but for single entries that are named; 1 not imported; 2 wrong usage.`;

/** Adds the command. */
export function addImport(program: Command): void {
  const command = program
    .command('import')
    .description('run one import now and print its statistics')
    .argument('<connector>', 'name of the connector')
    .option('--full', 'the whole scope (the default)')
    .option('--delta', 'only what has changed')
    .option('--json', 'print the run as JSON')
    .addHelpText('after', help);
  withFolders(command).action(runImport);
}

async function runImport(name: string, flags: ImportFlags): Promise<void> {
  if (flags.full && flags.delta) throw new ImportRefused('--full and --delta exclude each other: choose one.');
  const options = optionsOf(name, flags);
  const profile = flags.delta ? 'deltaImport' : 'fullImport';
  const progress = new Progress(`${name}: ${profile}`, 'entries');
  const abort = new AbortController();
  const stop = () => abort.abort();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, stop);
  const surroundings = {
    stateDirectory: flags.state,
    log: createLog({ level: 'error', stream: process.stderr }),
    requests: requestWiring(flags.requestTimeout * 1000),
  };
  try {
    const record = await importOnce(options, surroundings, {
      profile,
      signal: abort.signal,
      onProgress: (how) => progress.show(how),
    });
    progress.end();
    process.stdout.write(flags.json ? `${JSON.stringify(record, undefined, 2)}\n` : `${name}: ${reportOf(record)}\n`);
    if (record.outcome === 'failed' || record.outcome === 'cancelled') process.exitCode = 1;
  } catch (error) {
    progress.end();
    throw error;
  } finally {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, stop);
  }
}

/** @throws ImportRefused */
function optionsOf(name: string, flags: HostFlags): ConnectorOptions {
  const environment = hostEnvironment(process.env, flags.certs, flags.sealKeyFile);
  const [file] = readConnectorFolder(flags.connectors, environment, [name]);
  if (file === undefined) throw new ImportRefused(`There is no connector file ${name}.json in ${flags.connectors}.`);
  if (file.options === undefined) {
    throw new ImportRefused(`${file.file} has faults: run connector-host check ${name}, and correct them.`);
  }
  return file.options;
}

/** A run in words: one line, and one for each error that was kept. */
export function reportOf({ profile, outcome, counts, errors, notes = [], started, ended }: RunRecord): string {
  const seconds = ((ended - started) / 1000).toFixed(1);
  const numbers = Object.entries(counts).map(([what, count]) => `${count} ${what}`);
  const lines = errors.map(({ dn, message }) => `  ${dn === undefined ? '' : `${dn}: `}${message}`);
  const remarks = notes.map((note) => `  ${note}.`);
  return [`${profile} ${outcome} in ${seconds} s: ${numbers.join(', ')}`, ...lines, ...remarks].join('\n');
}
