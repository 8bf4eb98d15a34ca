/** `connector-host check`: reads connector files and says everything that is wrong with them; `--connect` tries them out. */
import type { Command } from 'commander';
import type { ConnectorFileResult } from '../config/connectorFile';
import { hostEnvironment, readConnectorFolder } from '../config/connectorFolder';
import { checkConnector } from '../connector/check';
import { checkConnection } from '../connector/connectionCheck';
import type { ConnectionStep } from '../connector/connectionStep';
import type { ConnectorOptions, Fault } from '../connector/options';
import { type HostFlags, withFolders } from './options';

interface CheckFlags extends HostFlags {
  readonly json?: boolean;
  readonly connect?: boolean;
}

/** Adds the command. Exit code 0: no faults; 1: faults, or a step of `--connect` failed; notices do not count. */
export function addCheck(program: Command): void {
  const command = program
    .command('check')
    .description(
      'check connector files: shapes, words, and what the directory’s schema knows; with --connect the connection too',
    )
    .argument('[name...]', 'connectors to check; all when absent')
    .option('--connect', 'go through the connection: name, TCP, TLS, bind, read, write, change source; writes nothing')
    .option('--json', 'print the result as JSON')
    .addHelpText('after', help);
  withFolders(command).action((names: readonly string[], flags: CheckFlags) => check(names, flags));
}

const help = `
Examples:
  connector-host check                     every file in ./connectors
  connector-host check openldap --connect  one file, and whether it works from here
  connector-host check --json              for machines: name, file, faults, and steps with --connect

Exit codes: 0 nothing is wrong; 1 a fault, or a step that failed; 2 wrong usage.`;

interface Checked {
  readonly name: string;
  readonly file: string;
  readonly faults: readonly (Fault & { readonly line?: number })[];
  /** Only with `--connect`; absent where the file has no usable options. */
  readonly steps?: readonly ConnectionStep[];
}

async function check(names: readonly string[], flags: CheckFlags): Promise<void> {
  const environment = hostEnvironment(process.env, flags.certs, flags.sealKeyFile);
  const files = readConnectorFolder(flags.connectors, environment, names.length > 0 ? names : undefined);
  const known = new Set(files.map(({ name }) => name));
  const missing = names.filter((name) => !known.has(name));
  for (const name of missing) process.stderr.write(`There is no connector file ${name}.json in ${flags.connectors}.\n`);
  const print = (text: string) => void (flags.json || process.stdout.write(text));
  const checked: Mutable<Checked>[] = [];
  // One after the other, so that the lines of one connector stay together.
  for (const file of files) checked.push(await checkFile(file, flags, print));
  shareNotices(files, checked);
  if (checked.length === 0) print('There are no connector files to check.\n');
  for (const one of checked) print(report(one));
  if (flags.json) process.stdout.write(`${JSON.stringify(checked, undefined, 2)}\n`);
  process.exitCode = missing.length > 0 || checked.some(isFaulty) ? 1 : 0;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

function isFaulty({ faults, steps = [] }: Checked): boolean {
  return faults.some(({ severity }) => severity === 'fault') || steps.some(({ status }) => status === 'failed');
}

async function checkFile(
  { name, file, options, remainder, faults }: ConnectorFileResult,
  flags: CheckFlags,
  print: (text: string) => void,
): Promise<Mutable<Checked>> {
  if (options === undefined)
    return { name, file, faults: [...faults, ...(await moreFaults(remainder, faults, flags))] };
  if (!flags.connect || !options.active)
    return { name, file, faults: [...faults, ...(await checkConnector(options, flags.state))] };
  print(`${name}:\n`);
  const steps = await checkConnection(options, (step) => print(stepLine(step)));
  // A refused password is not shown to the directory once more: each time counts towards the lockout of the account.
  const reached = !steps.some(({ step, status }) => step === 'bind' && status === 'failed');
  return { name, file, faults: reached ? [...faults, ...(await checkConnector(options, flags.state))] : faults, steps };
}

/** What the directory's schema says of the sound parts of a faulty file, so that one look shows everything. */
async function moreFaults(
  remainder: ConnectorOptions | undefined,
  faults: readonly Fault[],
  { state }: CheckFlags,
): Promise<readonly Fault[]> {
  // Without a sound connection there is nobody to ask.
  if (remainder === undefined || faults.some(({ path }) => path.startsWith('connectivity'))) return [];
  const said = (path: string) => faults.some((fault) => path.startsWith(fault.path) || fault.path.startsWith(path));
  return (await checkConnector(remainder, state)).filter(({ path }) => !said(path));
}

const marks = { ok: 'ok', failed: 'FAILED', notTested: '-' } as const;

function stepLine({ step, status, server, message }: ConnectionStep): string {
  const at = server === undefined ? '' : `${server}: `;
  return `  ${step.padEnd(8)} ${marks[status].padEnd(7)} ${at}${message}\n`;
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

function report({ file, faults }: Checked): string {
  const faulty = faults.filter(({ severity }) => severity === 'fault').length;
  const verdict = faulty === 0 ? 'ok' : faulty === 1 ? '1 fault' : `${faulty} faults`;
  const lines = faults.map(({ path, message, severity, line }) => {
    const place = [line === undefined ? '' : `line ${line}`, path].filter((part) => part !== '').join(', ');
    return `  ${severity}  ${place === '' ? '' : `${place}: `}${message}`;
  });
  return `${[`${file}: ${verdict}`, ...lines].join('\n')}\n`;
}
