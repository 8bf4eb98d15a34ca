/** `connector-host changes verify`: whether lines of the audit file were changed or removed. */
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Command } from 'commander';
import { type ChainFault, ChainReader } from '../telemetry/chainedFile';
import { InputFault } from './passwordInput';
import { here, print } from './words';

const help = `
Name the files in the order of time, the oldest first. What was removed before the first line of the first file, or behind the
last line of the last one, cannot be told from them.

Examples:
  connector-host changes verify audit.jsonl
  connector-host changes verify audit.jsonl.2 audit.jsonl.1 audit.jsonl

Exit codes: 0 nothing is missing; 1 something was changed or removed: the line is named; 2 wrong usage.`;

/** Adds the subcommand. */
export function addVerify(changes: Command): void {
  changes
    .command('verify')
    .description('say whether lines of the audit file were changed or removed')
    .argument('<files...>', 'audit files, the oldest first')
    .option('--json', 'print the result as JSON')
    .addHelpText('after', help)
    .action(verify);
}

async function verify(files: readonly string[], { json }: { readonly json?: boolean }): Promise<void> {
  const reader = new ChainReader();
  let fault: ChainFault | undefined;
  for (const file of files) {
    fault = await firstFault(reader, file);
    if (fault !== undefined) break;
  }
  print(json, { lines: reader.lines, ...(fault !== undefined && { fault }) }, () =>
    fault === undefined
      ? `${reader.lines} lines, none is changed or missing`
      : `${here(fault.file)}, line ${fault.line}: ${fault.message}`,
  );
  if (fault !== undefined) process.exitCode = 1;
}

async function firstFault(reader: ChainReader, file: string): Promise<ChainFault | undefined> {
  const input = createReadStream(file, 'utf8');
  const lines = createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY });
  let number = 0;
  try {
    for await (const text of lines) {
      number += 1;
      const fault = reader.line(file, number, text);
      if (fault !== undefined) return fault;
    }
    return undefined;
  } catch (error) {
    throw new InputFault(`${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  } finally {
    input.destroy();
  }
}
