/** `connector-host runs`: how the imports of a connector went. */
import { type Command, Option } from 'commander';
import { type RunProfile, type RunRecord, readRuns } from '../connector/runHistory';
import { countOf } from './changeOptions';
import { reportOf } from './import';
import { type HostFlags, withFolders } from './options';
import { print } from './words';

interface RunsFlags extends HostFlags {
  readonly profile?: RunProfile;
  readonly failed?: boolean;
  readonly limit: number;
  readonly json?: boolean;
}

const help = `
Of each run profile the last 100 runs that ended well are kept, and apart from them the last 100 that did not, so that no
failure is pushed out by what went well later. A running host is not disturbed.

Examples:
  connector-host runs openldap
  connector-host runs openldap --failed --limit 5
  connector-host runs openldap --profile fullImport --json

Exit codes: 0 done; 1 the host has never opened this connector; 2 wrong usage.`;

/** Adds the command. */
export function addRuns(program: Command): void {
  const command = program
    .command('runs')
    .description('print the history of imports, the newest first')
    .argument('<connector>', 'name of the connector')
    .addOption(new Option('--profile <name>', 'only this run profile').choices(['fullImport', 'deltaImport']))
    .option('--failed', 'only those that did not end well')
    .option('--limit <number>', 'at most so many', countOf, 20)
    .option('--json', 'print the runs as JSON')
    .addHelpText('after', help);
  withFolders(command).action(showRuns);
}

async function showRuns(name: string, { state, profile, failed, limit, json }: RunsFlags): Promise<void> {
  const selection = { limit, ...(profile && { profile }), ...(failed && { failedOnly: true }) };
  const runs = await readRuns(state, name, selection);
  if (runs === undefined) {
    process.stderr.write(`The host knows nothing of ${name} in ${state}: name its folder with --state.\n`);
    process.exitCode = 1;
    return;
  }
  print(json, runs, () => (runs.length === 0 ? 'No run has ended yet.' : runs.map(lines).join('\n')));
}

function lines(run: RunRecord): string {
  return `${new Date(run.started).toISOString()}  ${reportOf(run)}`;
}
