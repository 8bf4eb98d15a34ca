/** `connector-host certificate`: shows, renews and exports the host's certificate, and makes this machine trust it. */
import { X509Certificate } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { type Command, Option } from 'commander';
import { type Certificate, type CertificateInfo, findCertificate, renewOwnCertificate } from '../host/certificate';
import { HostError } from '../host/hostError';
import { audited } from './auditing';
import { type HostFlags, withAuditFile, withFolders, withHostName } from './options';
import { trustCertificate } from './trust';
import { here, print } from './words';

const day = 86_400_000;

type Flags = HostFlags & { readonly json?: boolean };

const examples = `
Examples:
  connector-host certificate show                    whom it names, until when, its fingerprint
  connector-host certificate show --json | jq .daysLeft
  connector-host certificate renew                   a new one of the host's own, valid for two years
  connector-host certificate trust                   makes this machine trust it, or says how
  connector-host certificate export --format der --output host.cer

To use a certificate of your own put it (PEM, the leaf first) and its key into the certificate folder as host.crt and
host.key. A running host takes over renewed and replaced files by itself.

Exit codes: 0 done; 1 there is no usable certificate, or it has expired; 2 wrong usage.`;

/** Adds the commands. */
export function addCertificate(program: Command): void {
  const group = program
    .command('certificate')
    .description('show, renew, trust or export the certificate of this host')
    .addHelpText('after', examples);
  const add = (name: string, description: string) =>
    withHostName(withFolders(group.command(name).description(description)));
  add('show', 'whom the certificate names, until when it is valid, its fingerprint, where it is')
    .option('--json', 'print it as JSON')
    .action(show);
  withAuditFile(add('renew', 'make a new certificate of the host’s own'))
    .option('--json', 'print it as JSON')
    .action(renew);
  add('trust', 'make this machine trust the certificate, or say which commands do')
    .option('--dry-run', 'say it only')
    .action(trust);
  add('export', 'write the certificate, never its key, to standard output or a file')
    .addOption(
      new Option('--format <format>', 'PEM is text, DER is what Windows calls .cer')
        .choices(['pem', 'der'])
        .default('pem'),
    )
    .option('--output <file>', 'a file instead of standard output')
    .action(exportCertificate);
}

async function present(flags: HostFlags): Promise<Certificate> {
  const found = await findCertificate({ directory: flags.certs, hostName: flags.hostName });
  if (found !== undefined) return found;
  throw new HostError(
    `There is no certificate in ${flags.certs} yet: "connector-host certificate renew" makes one, and so does the first start.`,
  );
}

async function show(flags: Flags): Promise<void> {
  const { info } = await present(flags);
  print(flags.json, shown(info), () => text(info));
  if (info.validTo.getTime() < Date.now()) process.exitCode = 1;
}

async function renew(flags: Flags): Promise<void> {
  const { info } = await audited(
    flags,
    { command: 'certificate renew' },
    () => renewOwnCertificate({ directory: flags.certs, hostName: flags.hostName }),
    ({ info: { fingerprint256, validTo } }) => ({ fingerprint256, validTo }),
  );
  print(flags.json, shown(info), () => text(info));
}

async function trust(flags: HostFlags & { readonly dryRun?: boolean }): Promise<void> {
  const { cert, info } = await present(flags);
  const { issuer, subject } = new X509Certificate(cert);
  if (issuer !== subject) {
    const authority = issuer.replaceAll('\n', ', ');
    process.stdout.write(
      `${here(info.file)} was issued by ${authority}: whoever trusts that authority trusts it too. Nothing was changed.\n`,
    );
    return;
  }
  process.stdout.write(`${trustCertificate(info, { perform: flags.dryRun !== true })}\n`);
}

async function exportCertificate(
  flags: HostFlags & { readonly format: 'pem' | 'der'; readonly output?: string },
): Promise<void> {
  const { cert } = await present(flags);
  const octets = flags.format === 'der' ? new X509Certificate(cert).raw : Buffer.from(cert);
  if (flags.output === undefined) {
    process.stdout.write(octets);
    return;
  }
  try {
    writeFileSync(flags.output, octets);
  } catch (error) {
    throw new HostError(`${flags.output} cannot be written: ${error instanceof Error ? error.message : String(error)}`);
  }
  process.stdout.write(`${here(flags.output)}\n`);
}

function shown(info: CertificateInfo) {
  const { subject, subjectAltName, validFrom, validTo, fingerprint256, origin, file, warnings } = info;
  return {
    subject,
    subjectAltName,
    validFrom,
    validTo,
    daysLeft: daysLeft(info),
    fingerprint256,
    origin,
    file,
    warnings,
  };
}

const daysLeft = ({ validTo }: CertificateInfo) => Math.floor((validTo.getTime() - Date.now()) / day);

function text(info: CertificateInfo): string {
  const left = daysLeft(info);
  const until = info.validTo.toISOString().slice(0, 10);
  return [
    ['file', here(info.file)],
    ['origin', info.origin === 'brought' ? 'brought by you' : 'made by this host'],
    ['subject', info.subject],
    ['names', info.subjectAltName],
    ['valid from', info.validFrom.toISOString().slice(0, 10)],
    ['valid until', left < 0 ? `${until}: expired` : `${until}, ${left} days`],
    ['SHA-256', info.fingerprint256],
    ...info.warnings.map((warning) => ['warning', warning]),
  ]
    .map(([name = '', value]) => `${`${name}:`.padEnd(13)}${value}`)
    .join('\n');
}
