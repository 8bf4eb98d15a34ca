/** `connector-host changes`: what connectors have written into their directories, by whom, and how it went. */
import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type Command, Option } from 'commander';
import { stringify } from 'csv-stringify';
import { connectorNames } from '../config/connectorFolder';
import {
  attributeText,
  type ChangeLogs,
  type ChangeOperation,
  type ChangeOutcome,
  type ChangeView,
  changeCells,
  changeColumns,
  changeOperations,
  changeOutcomes,
  openChangeLogs,
} from '../connector/changeReport';
import { countOf, momentOf } from './changeOptions';
import { addAudit } from './changesAudit';
import { addRelease } from './changesRelease';
import { addResend } from './changesResend';
import { addVerify } from './changesVerify';
import { type HostFlags, withFolders } from './options';
import { InputFault } from './passwordInput';
import { onlyConnector } from './space';
import { print } from './words';

interface ListFlags extends HostFlags {
  readonly connector?: string;
  readonly id?: string;
  readonly dn?: string;
  readonly actor?: string;
  readonly operation?: ChangeOperation;
  readonly outcome?: ChangeOutcome;
  readonly open?: boolean;
  readonly request?: string;
  readonly since?: number;
  readonly until?: number;
  readonly limit: number;
  readonly csv?: boolean;
  readonly json?: boolean;
  readonly output?: string;
  readonly rawFormulas?: boolean;
}

interface ShowFlags extends HostFlags {
  readonly connector?: string;
  readonly json?: boolean;
}

const help = `
Each line is one export: time, connector and number, operation, outcome, name. A change shows up a moment after the client
was answered. Values of passwords, and of changeLog.sensitiveAttributes of the connector file, are never kept.
--since and --until take a time (2026-11-21, 2026-11-21T08:00:00Z) or how long ago (90m, 12h, 7d).

Examples:
  connector-host changes list --outcome failed --since 24h
  connector-host changes list --dn ou=people,dc=example,dc=com --operation delete
  connector-host changes list --connector people --since 7d --limit 0 --csv --output changes.csv

Exit codes: 0 done; 1 no such connector; 2 wrong usage.`;

/** Adds the command and its subcommands. */
export function addChanges(program: Command): void {
  const changes = program
    .command('changes')
    .description('the change log: what was written into directories, by whom')
    .addHelpText('after', help);
  const list = changes
    .command('list')
    .description('print changes, the newest first')
    .option('--connector <name>', 'only those of one connector')
    .option('--id <id>', 'only those of the resource with this SCIM id')
    .option('--dn <dn>', 'only those of the entry of this name, and of what lies below it')
    .option('--actor <actor>', 'only those of one actor, e.g. "connector people"')
    .addOption(new Option('--operation <operation>', 'only those of one kind').choices([...changeOperations]))
    .addOption(new Option('--outcome <outcome>', 'only those that ended so').choices([...changeOutcomes]))
    .option('--open', 'only failed ones that are neither sent again nor replaced by a later one')
    .option('--request <id>', 'only those of one request (X-Request-Id)')
    .option('--since <time>', 'only those from then on', momentOf)
    .option('--until <time>', 'only those before then', momentOf)
    .option('--limit <number>', 'at most so many; 0: all', countOf, 100)
    .option('--csv', 'comma-separated values (RFC 4180)')
    .option('--json', 'one JSON object per line')
    .option('--output <file>', 'write to a file, readable by its owner only, instead of standard output')
    .option('--raw-formulas', 'leave CSV values alone that a spreadsheet would take for formulas')
    .addHelpText('after', help);
  withFolders(list).action(runList);
  const show = changes
    .command('show')
    .description('print one change with all that is kept of it')
    .argument('<number>', 'its number in the list', countOf)
    .option('--connector <name>', 'needed when there are several')
    .option('--json', 'print it as JSON');
  withFolders(show).action(runShow);
  addResend(changes);
  addRelease(changes);
  addAudit(changes);
  addVerify(changes);
}

async function runList(flags: ListFlags): Promise<void> {
  if (flags.csv && flags.json) throw new InputFault('--csv and --json exclude each other: choose one.');
  const { connector, limit, request, ...selection } = flags;
  const logs = await openLogs(flags, connector);
  try {
    const found = logs.list({ ...selection, ...(request !== undefined && { requestId: request }) });
    const some = limit === 0 ? found : first(found, limit);
    const target = flags.output === undefined ? process.stdout : createWriteStream(flags.output, { mode: 0o600 });
    const end = { end: flags.output !== undefined };
    if (flags.csv) {
      const csv = stringify({
        header: true,
        columns: [...changeColumns],
        record_delimiter: 'windows',
        escape_formulas: !flags.rawFormulas,
      });
      await pipeline(Readable.from(some).map(changeCells), csv, target, end);
    } else {
      const line = flags.json ? (view: ChangeView) => `${JSON.stringify(view)}\n` : textLine;
      await pipeline(Readable.from(some).map(line), target, end);
    }
  } finally {
    await logs.close();
  }
}

async function runShow(number: number, flags: ShowFlags): Promise<void> {
  const connector = flags.connector ?? onlyConnector(flags.connectors);
  const logs = await openLogs(flags, connector);
  try {
    const view = await logs.get(connector, number);
    if (view === undefined) {
      process.stderr.write(
        `The change log of ${connector} has no change ${number}: it may have been too old to be kept.\n`,
      );
      process.exitCode = 1;
      return;
    }
    print(flags.json, view, () => paragraph(view));
  } finally {
    await logs.close();
  }
}

/** @throws InputFault */
function openLogs(flags: HostFlags, connector: string | undefined): Promise<ChangeLogs> {
  const names = connectorNames(flags.connectors);
  if (connector !== undefined && !names.includes(connector))
    throw new InputFault(`There is no connector file ${connector}.json in ${flags.connectors}.`);
  return openChangeLogs(flags.state, connector === undefined ? names : [connector]);
}

async function* first<T>(all: AsyncIterable<T>, most: number): AsyncIterable<T> {
  let left = most;
  for await (const one of all) {
    yield one;
    left -= 1;
    if (left === 0) return;
  }
}

function textLine({ time, connector, number, operation, outcome, dn, newDN, result }: ChangeView): string {
  const name = printable(newDN === undefined ? (dn ?? '') : `${dn} → ${newDN}`);
  const how = outcome === 'success' ? 'success' : `${outcome}${result === undefined ? '' : ` (${result})`}`;
  return `${time}  ${connector} ${number}  ${operation.padEnd(8)}  ${how}  ${name}\n`;
}

function paragraph(view: ChangeView): string {
  const { attributes, ...rest } = view;
  const lines = changeColumns.flatMap((name) => {
    const value = name === 'attributes' ? undefined : rest[name];
    return value === undefined ? [] : [`${name.padEnd(11)} ${printable(String(value))}`];
  });
  return [...lines, ...attributes.map((one) => `  ${printable(attributeText(one))}`)].join('\n');
}

/** Names and values come from outside: none may move the cursor. */
function printable(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029]/gu, '�');
}
