/** `connector-host init`: a first connector for an empty folder. */
import { constants, copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { type HostFlags, withFolders } from './options';

const help = `
It writes connectors/demo.json, a small directory in memory, and changes no file that is there already.

Examples:
  npx connector-host init && npx connector-host serve     in an empty folder: a SCIM server to try out
  connector-host discover ldaps://ldap.example.com …      the same for a directory that you have

Exit codes: 0 written, or there already; 1 it could not be written; 2 wrong usage.`;

/** Adds the command. */
export function addInit(program: Command): void {
  const command = program
    .command('init')
    .description('write a demo connector to begin with')
    .addHelpText('after', help);
  withFolders(command).action((flags: HostFlags) => init(flags.connectors));
}

function init(folder: string): void {
  const file = join(folder, 'demo.json');
  try {
    mkdirSync(folder, { recursive: true });
    copyFileSync(join(__dirname, '..', '..', 'connectors', 'demo.json'), file, constants.COPYFILE_EXCL);
    process.stdout.write(`Written: ${file}\nNext: connector-host serve\n`);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') {
      process.stdout.write(`${file} is there already and was left alone.\nNext: connector-host serve\n`);
      return;
    }
    process.stderr.write(`${file} cannot be written: ${message}\n`);
    process.exitCode = 1;
  }
}
