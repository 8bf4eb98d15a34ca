/** `connector-host space export`: what the host knows of a directory, as a table. */
import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Command } from 'commander';
import { stringify } from 'csv-stringify';
import { connectorNames } from '../config/connectorFolder';
import { dnColumn, idColumn, openSpaceTable } from '../connector/spaceExport';
import { type HostFlags, withFolders } from './options';
import { InputFault } from './passwordInput';

interface ExportFlags extends HostFlags {
  readonly csv?: boolean;
  readonly json?: boolean;
  readonly connector?: string;
  readonly resourceType: string;
  readonly attributes?: string;
  readonly separator: string;
  readonly output?: string;
  readonly rawFormulas?: boolean;
}

const help = `
The table is what the last import has read; a running host is not disturbed. Use it to assign the people who are in the
directory already to the application in the identity provider, in bulk: match its column mail (or employeeNumber) there.
A value that a spreadsheet would take for a formula (it begins with =, +, -, @, tab or return) gets a leading apostrophe,
unless --raw-formulas is given. Several values of one attribute stand in one cell, separated; octets are base64.

Examples:
  connector-host space export --csv > users.csv
  connector-host space export --csv --connector openldap --attributes ${idColumn},uid,mail,${dnColumn} --output users.csv
  connector-host space export --json --resource-type Group

Exit codes: 0 done; 1 there is nothing to export, or no import has ended yet and people are missing; 2 wrong usage.`;

/** Adds the command and its subcommand. */
export function addSpace(program: Command): void {
  const space = program.command('space').description('the connector space: what the host knows of a directory');
  const command = space
    .command('export')
    .description('print the entries of the connector space as a table')
    .option('--csv', 'comma-separated values (RFC 4180), the default')
    .option('--json', 'one JSON object per line instead')
    .option('--connector <name>', 'needed when there are several')
    .option('--resource-type <name>', 'User or Group', 'User')
    .option('--attributes <list>', 'columns, separated by commas; all attributes that occur when absent')
    .option('--separator <text>', 'between several values of one cell', ';')
    .option('--output <file>', 'write to a file instead of standard output')
    .option('--raw-formulas', 'leave values alone that a spreadsheet would take for formulas')
    .addHelpText('after', help);
  withFolders(command).action(runExport);
}

async function runExport(flags: ExportFlags): Promise<void> {
  if (flags.csv && flags.json) throw new InputFault('--csv and --json exclude each other: choose one.');
  const connector = flags.connector ?? onlyConnector(flags.connectors);
  const { resourceType, separator } = flags;
  const attributes = flags.attributes?.split(',').map((name) => name.trim());
  const selection = { resourceType, separator, ...(attributes === undefined ? {} : { attributes }) };
  const table = await openSpaceTable(flags.state, connector, selection);
  if (table === undefined) {
    process.stderr.write(
      `The host knows no ${resourceType} of ${connector} in ${flags.state}: run connector-host import ${connector}, or name the folder with --state.\n`,
    );
    process.exitCode = 1;
    return;
  }
  if (table.importedAt === undefined) {
    process.stderr.write(
      `No import of ${connector} has ended yet: the table has only what was looked up meanwhile. Wait for the host, or run connector-host import ${connector}.\n`,
    );
    process.exitCode = 1;
  }
  try {
    // A file of people is for its owner only.
    const target = flags.output === undefined ? process.stdout : createWriteStream(flags.output, { mode: 0o600 });
    const lines = flags.json ? jsonLines(table.columns, table.rows) : table.rows;
    const source = Readable.from(lines);
    const end = { end: flags.output !== undefined };
    if (flags.json) await pipeline(source, target, end);
    else {
      const csv = stringify({
        header: true,
        columns: [...table.columns],
        record_delimiter: 'windows',
        escape_formulas: !flags.rawFormulas,
      });
      await pipeline(source, csv, target, end);
    }
  } finally {
    table.close();
  }
}

async function* jsonLines(columns: readonly string[], rows: AsyncIterable<readonly string[]>): AsyncIterable<string> {
  for await (const row of rows)
    yield `${JSON.stringify(Object.fromEntries(columns.map((name, index) => [name, row[index]])))}\n`;
}

/** The connector of a folder that has but one. @throws InputFault */
export function onlyConnector(folder: string): string {
  const names = connectorNames(folder);
  const [only] = names;
  if (only !== undefined && names.length === 1) return only;
  const known = names.length === 0 ? 'there is none' : `there are ${names.join(', ')}`;
  throw new InputFault(`Name the connector with --connector: ${known} in ${folder}.`);
}
