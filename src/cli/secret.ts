/** `connector-host secret`: seals secrets for connector files and host.json, and changes the key that they are sealed with. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { FolderFault } from '../config/connectorFolder';
import { type Rotation, rotateSealKey } from '../config/reseal';
import { SealKeys } from '../config/sealing';
import { audited } from './auditing';
import { type HostFlags, withAuditFile, withFolders } from './options';
import { readSecret } from './secretInput';
import { here, print, withoutValues } from './words';

type Flags = HostFlags & { readonly json?: boolean };

const examples = `
Examples:
  connector-host secret seal                         asks for the secret, shows nothing of it, prints enc:…
  pass show ldap/connector | connector-host secret seal
  connector-host secret rotate                       a new seal key; every enc:… is sealed again in place

Put what seal prints where a secret is named: "password": "enc:1.…" in a connector file, "token" of "admin" in host.json.
The seal key is made at the first seal (secrets/seal.key, or --seal-key-file). Without it sealed secrets cannot be
opened: keep a copy of it, apart from copies of the files.

Exit codes: 0 done; 1 it could not be done, or not for every file; 2 wrong usage.`;

/** Adds the commands. */
export function addSecret(program: Command): void {
  const group = program
    .command('secret')
    .description('seal secrets, so that they can stand in files')
    // Whoever gives a secret as an argument must not find it in a log of errors too.
    .configureOutput({
      outputError: (text, write) => write(withoutValues(text).replace(/(unknown command) '.*'/s, '$1')),
    })
    .addHelpText('after', examples);
  withFolders(
    group.command('seal').description('read a secret from the keyboard or standard input and print it sealed'),
  )
    .option('--json', 'print the result as JSON')
    .action(seal);
  const rotation = group.command('rotate').description('make a new seal key and seal every secret in the files again');
  withAuditFile(withFolders(rotation)).option('--json', 'print the result as JSON').action(rotate);
}

async function seal({ sealKeyFile, json }: Flags): Promise<void> {
  const secret = await readSecret('Secret: ');
  const isNew = !existsSync(sealKeyFile);
  const reference = SealKeys.readOrMake(sealKeyFile).seal(secret);
  if (isNew) process.stderr.write(`A seal key was made: ${here(sealKeyFile)}. Keep a copy of it in a safe place.\n`);
  warnOfReaders(sealKeyFile);
  print(json, { reference, sealKeyFile }, () => reference);
}

async function rotate(flags: Flags): Promise<void> {
  const { sealKeyFile, connectors, hostFile, json } = flags;
  const files = [...filesIn(connectors), ...(existsSync(hostFile) ? [hostFile] : [])];
  const rotation = await audited(
    flags,
    { command: 'secret rotate' },
    () => rotateSealKey(sealKeyFile, files),
    ({ complete, files: done }) => ({
      outcome: complete ? 'success' : 'failed',
      secrets: done.reduce((sum, { secrets }) => sum + secrets, 0),
    }),
  );
  warnOfReaders(sealKeyFile);
  print(json, { sealKeyFile, ...rotation }, () => report(rotation, sealKeyFile));
  if (!rotation.complete) process.exitCode = 1;
}

/** Examples too: somebody may have sealed a secret there. */
function filesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => name.endsWith('.json'))
      .sort()
      .map((name) => join(folder, name));
  } catch {
    throw new FolderFault(`The connector folder ${folder} cannot be read: name another one with --connectors DIR.`);
  }
}

function report({ files, complete }: Rotation, sealKeyFile: string): string {
  const lines = files
    .filter(({ secrets, fault }) => secrets > 0 || fault !== undefined)
    .map(({ file, secrets, fault }) => `${here(file)}: ${fault ?? `${secrets} sealed again`}`);
  const end = complete
    ? `${here(sealKeyFile)} holds the new key only.`
    : `${here(sealKeyFile)} holds the new key and the old one: mend these files and run this again.`;
  return [...lines, end].join('\n');
}

function warnOfReaders(sealKeyFile: string): void {
  if (process.platform === 'win32' || (statSync(sealKeyFile).mode & 0o007) === 0) return;
  process.stderr.write(`Every account of this machine can read ${here(sealKeyFile)}: set its mode to 0600.\n`);
}
