/** The command line: one file per command. Exit codes: 0 done, 1 something is wrong with what was given, 2 wrong usage. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command, CommanderError } from 'commander';
import { FolderFault } from '../config/connectorFolder';
import { HostFileFault } from '../config/hostFile';
import { SecretFault } from '../config/secretReference';
import { DiscoveryFailure } from '../connector/discovery';
import { ImportRefused } from '../connector/importOnce';
import { BackupRefused } from '../connector/stateBackup';
import { HostError } from '../host/hostError';
import { AdministrationFailure } from './adminClient';
import { addCertificate } from './certificate';
import { addChanges } from './changes';
import { addCheck } from './check';
import { addCollect } from './collect';
import { addDiscover } from './discover';
import { addImport } from './import';
import { addInit } from './init';
import { addNotifications } from './notifications';
import { InputFault } from './passwordInput';
import { addRuns } from './runs';
import { addSecret } from './secret';
import { addServe } from './serve';
import { addSpace } from './space';
import { addState } from './state';
import { addToken } from './token';
import { withoutValues } from './words';

/** Faults of what was given, as sentences that say what to do. */
const mendable = [
  AdministrationFailure,
  FolderFault,
  HostFileFault,
  SecretFault,
  DiscoveryFailure,
  ImportRefused,
  BackupRefused,
  HostError,
];

/** Runs a command line; sets `process.exitCode`. Faults that somebody can mend are one sentence, not a stack. */
export async function run(argv: readonly string[]): Promise<void> {
  const program = new Command('connector-host')
    .description('A SCIM 2.0 connector host for LDAP directories')
    .version(
      (JSON.parse(readFileSync(join(__dirname, '..', '..', 'package.json'), 'utf8')) as { version: string }).version,
    )
    .exitOverride()
    .showHelpAfterError('(see connector-host --help)')
    .configureOutput({ outputError: (text, write) => write(withoutValues(text)) });
  addServe(program);
  addCheck(program);
  addDiscover(program);
  addImport(program);
  addRuns(program);
  addSpace(program);
  addState(program);
  addChanges(program);
  addCollect(program);
  addInit(program);
  addCertificate(program);
  addToken(program);
  addSecret(program);
  addNotifications(program);
  process.stdout.on('error', (error: NodeJS.ErrnoException) => leaveQuietly(error, argv));
  try {
    await program.parseAsync(argv);
  } catch (error) {
    if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2;
    else if (error instanceof Error && mendable.some((kind) => error instanceof kind)) {
      process.stderr.write(`${error.message}\n`);
      process.exitCode = 1;
    } else if (error instanceof InputFault) {
      process.stderr.write(`${error.message}\n`);
      process.exitCode = 2;
    } else throw error;
  }
}

/** Whoever reads the output may have seen enough (`| head`): a command ends then, a host goes on serving. */
function leaveQuietly(error: NodeJS.ErrnoException, [, , command]: readonly string[]): void {
  if (error.code !== 'EPIPE') throw error;
  const serves = command === undefined || command === 'serve' || command.startsWith('-');
  if (!serves) process.exit();
}
