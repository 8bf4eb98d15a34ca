/** The command line: one file per command. Exit codes: 0 done, 1 something is wrong with what was given, 2 wrong usage. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command, CommanderError } from 'commander';
import { FolderFault } from '../config/connectorFolder';
import { DiscoveryFailure } from '../connector/discovery';
import { HostError } from '../host/hostError';
import { addCheck } from './check';
import { addDiscover } from './discover';
import { InputFault } from './passwordInput';
import { addServe } from './serve';

/** Runs a command line; sets `process.exitCode`. Faults that somebody can mend are one sentence, not a stack. */
export async function run(argv: readonly string[]): Promise<void> {
  const program = new Command('connector-host')
    .description('A SCIM 2.0 connector host for LDAP directories')
    .version(
      (JSON.parse(readFileSync(join(__dirname, '..', '..', 'package.json'), 'utf8')) as { version: string }).version,
    )
    .exitOverride()
    .showHelpAfterError('(see connector-host --help)');
  addServe(program);
  addCheck(program);
  addDiscover(program);
  try {
    await program.parseAsync(argv);
  } catch (error) {
    if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2;
    else if (error instanceof FolderFault || error instanceof DiscoveryFailure || error instanceof HostError) {
      process.stderr.write(`${error.message}\n`);
      process.exitCode = 1;
    } else if (error instanceof InputFault) {
      process.stderr.write(`${error.message}\n`);
      process.exitCode = 2;
    } else throw error;
  }
}
