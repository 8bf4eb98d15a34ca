/** How a machine comes to trust a certificate: performed where that is safe and possible, else said as commands. */
import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import type { CertificateInfo } from '../host/certificate';
import { HostError } from '../host/hostError';
import { here, quote } from './words';

/** The machine; a test has another one. */
export interface Machine {
  readonly platform: NodeJS.Platform;
  readonly isRoot: boolean;
  exists(path: string): boolean;
  copy(from: string, to: string): void;
  run(program: string): void;
}

const thisMachine: Machine = {
  platform: process.platform,
  isRoot: process.getuid?.() === 0,
  exists: existsSync,
  copy: copyFileSync,
  run: (program) => {
    // The variables of this process may hold secrets.
    execFileSync(program, {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { PATH: process.env.PATH ?? '/usr/sbin:/usr/bin:/sbin:/bin' },
    });
  },
};

const debianFolder = '/usr/local/share/ca-certificates';
const redHatFolder = '/etc/pki/ca-trust/source/anchors';

/** Answers what was done or, where nothing was, the commands that do it. @throws HostError when doing it fails */
export function trustCertificate(
  { file, fingerprint256 }: Pick<CertificateInfo, 'file' | 'fingerprint256'>,
  { perform, machine = thisMachine }: { readonly perform: boolean; readonly machine?: Machine },
): string {
  // The name tells certificates of several hosts apart, and a renewed one from the one before.
  const name = `connector-host-${fingerprint256.replaceAll(':', '').slice(0, 12).toLowerCase()}.crt`;
  const isDebian = machine.platform === 'linux' && machine.exists(debianFolder);
  if (!(perform && isDebian && machine.isRoot)) return commands(file, name, machine);
  const target = join(debianFolder, name);
  try {
    machine.copy(file, target);
    machine.run('update-ca-certificates');
  } catch (error) {
    const reason = error instanceof Error ? error.message.split('\n', 1)[0] : String(error);
    throw new HostError(`This machine could not be made to trust ${file}: ${reason}.`);
  }
  return [`This machine trusts ${here(file)} now, as ${target}.`, ...nodeHint(file)].join('\n');
}

function commands(file: string, name: string, { platform, exists }: Machine): string {
  const from = quote(here(file));
  const say = (...lines: string[]) => ['To make this machine trust it:', '', ...lines, ...nodeHint(file)].join('\n');
  switch (platform) {
    case 'darwin':
      return say(`  sudo security add-trusted-cert -d -r trustRoot -k /Library/Keychains/System.keychain ${from}`, '');
    case 'win32':
      return say(
        '  in a PowerShell of an administrator:',
        `  Import-Certificate -FilePath '${here(file).replaceAll("'", "''")}' -CertStoreLocation Cert:\\LocalMachine\\Root`,
        '',
      );
    default:
      if (exists(redHatFolder)) return say(`  sudo cp ${from} ${redHatFolder}/${name}`, '  sudo update-ca-trust', '');
      return say(`  sudo cp ${from} ${debianFolder}/${name}`, '  sudo update-ca-certificates', '');
  }
}

/** Programs with a store of their own. */
function nodeHint(file: string): string[] {
  return [
    'Programs that bring their own list of authorities have to be told:',
    '',
    `  curl --cacert ${quote(here(file))} …`,
    `  NODE_EXTRA_CA_CERTS=${quote(here(file))} node …`,
  ];
}
