/** `connector-host check`: reads connector files and says everything that is wrong with them. */
import type { Command } from 'commander';
import type { ConnectorFileResult } from '../config/connectorFile';
import { hostEnvironment, readConnectorFolder } from '../config/connectorFolder';
import { checkConnector } from '../connector/check';
import type { Fault } from '../connector/options';
import { type HostFlags, withFolders } from './options';

/** Adds the command. Exit code 0: no faults; 1: faults; notices do not count. */
export function addCheck(program: Command): void {
  const command = program
    .command('check')
    .description('check connector files: shapes, words, and what the directory’s kept schema knows')
    .argument('[name...]', 'connectors to check; all when absent')
    .option('--json', 'print the result as JSON');
  withFolders(command).action((names: readonly string[], flags: HostFlags & { json?: boolean }) => check(names, flags));
}

interface Checked {
  readonly name: string;
  readonly file: string;
  readonly faults: readonly (Fault & { readonly line?: number })[];
}

async function check(names: readonly string[], flags: HostFlags & { json?: boolean }): Promise<void> {
  const environment = hostEnvironment(process.env, flags.certs);
  const files = readConnectorFolder(flags.connectors, environment, names.length > 0 ? names : undefined);
  const known = new Set(files.map(({ name }) => name));
  const missing = names.filter((name) => !known.has(name));
  for (const name of missing) process.stderr.write(`There is no connector file ${name}.json in ${flags.connectors}.\n`);
  const checked = [...(await Promise.all(files.map((file) => checkFile(file, flags)))), ...[]];
  shareNotices(files, checked);
  process.stdout.write(flags.json ? `${JSON.stringify(checked, undefined, 2)}\n` : report(checked));
  const faulty =
    missing.length > 0 || checked.some(({ faults }) => faults.some(({ severity }) => severity === 'fault'));
  process.exitCode = faulty ? 1 : 0;
}

async function checkFile(
  { name, file, options, faults }: ConnectorFileResult,
  flags: HostFlags,
): Promise<{ -readonly [K in keyof Checked]: Checked[K] }> {
  const found = options === undefined ? [] : await checkConnector(options, flags.state);
  return { name, file, faults: [...faults, ...found] };
}

/** A secret token is unique per connector: with a shared one, whoever may write here may write there. */
function shareNotices(
  files: readonly ConnectorFileResult[],
  checked: { name: string; faults: readonly Fault[] }[],
): void {
  const owners = new Map<string, string>();
  for (const { name, options } of files) {
    for (const token of options?.properties.secretTokens ?? []) {
      const digest = token.digest().toString('hex');
      const owner = owners.get(digest);
      const result = checked.find((one) => one.name === name);
      if (owner !== undefined && owner !== name && result !== undefined) {
        const message = `is also the secret token of the connector ${owner}: give each its own`;
        result.faults = [...result.faults, { path: 'properties.secretToken', message, severity: 'notice' }];
      }
      owners.set(digest, name);
    }
  }
}

function report(checked: readonly Checked[]): string {
  if (checked.length === 0) return 'There are no connector files to check.\n';
  return checked
    .map(({ file, faults }) => {
      const faulty = faults.filter(({ severity }) => severity === 'fault').length;
      const verdict = faulty === 0 ? 'ok' : faulty === 1 ? '1 fault' : `${faulty} faults`;
      const lines = faults.map(({ path, message, severity, line }) => {
        const place = [line === undefined ? '' : `line ${line}`, path].filter((part) => part !== '').join(', ');
        return `  ${severity}  ${place === '' ? '' : `${place}: `}${message}`;
      });
      return [`${file}: ${verdict}`, ...lines].join('\n');
    })
    .join('\n')
    .concat('\n');
}
