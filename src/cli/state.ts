/** `connector-host state backup`: a copy of what only the host knows. */
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { backUpState } from '../connector/stateBackup';
import { type HostFlags, withFolders } from './options';

const help = `
The records hold what neither a directory nor a new import could tell again: ids of entries that have no immutable one,
attributes that the directory has no place for, disconnected entries, the run history and the change log. A running host is
not disturbed, and each copy is of one moment. A copy is never overwritten: name a folder per backup.

To restore: stop the host, put the copies in the place of its files, delete the -wal and -shm files beside them, start it.
What the host has done since is missing then; its next full import reads the directory again.

Examples:
  connector-host state backup /backup/connector-host-$(date +%F)
  connector-host state backup /backup/today --connector openldap --state /var/lib/connector-host

Exit codes: 0 copied, and the copies can be read; 1 not copied; 2 wrong usage.`;

/** Adds the command and its subcommand. */
export function addState(program: Command): void {
  const state = program
    .command('state')
    .description('the records: what only the host knows')
    .addHelpText('after', help);
  const command = state
    .command('backup')
    .description('copy the records, also while the host runs')
    .argument('<folder>', 'where to; made if need be')
    .option('--connector <name>', 'only that of one connector')
    .addHelpText('after', help);
  withFolders(command).action(async (folder: string, flags: HostFlags & { readonly connector?: string }) => {
    const files = await backUpState(flags.state, resolve(folder), flags.connector);
    process.stdout.write(files.map((file) => `${file}\n`).join(''));
  });
}
