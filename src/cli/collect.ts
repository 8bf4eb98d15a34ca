/** `connector-host collect`: what somebody who helps needs to see, without secrets and without people. */
import { closeSync, fstatSync, mkdirSync, openSync, readdirSync, readFileSync, readSync, writeFileSync } from 'node:fs';
import { release } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Command } from 'commander';
import { readConnectorFile } from '../config/connectorFile';
import { connectorNames, FolderFault, hostEnvironment } from '../config/connectorFolder';
import { parseJsonFile } from '../config/jsonFile';
import { isReference } from '../config/secretReference';
import { supportStateOf } from '../connector/supportState';
import { isSecretName, Secret } from '../telemetry/secret';
import { without, withoutPeople, withoutSecrets } from './disguise';
import { type HostFlags, withFolders } from './options';
import { type ArchiveFile, tarOf } from './tar';

interface CollectFlags extends HostFlags {
  readonly output?: string;
  readonly log?: readonly string[];
  readonly json?: boolean;
}

const longestLog = 1_048_576;

const help = `
In it: versions; the settings and connector files without secrets; for each connector its faults, its run history, what
its directory said of itself and how many entries it has; the end of the log. Values of people's attributes are in none
of these; names in DNs and mail addresses are replaced by …. Look into it before you send it.

Examples:
  connector-host collect                                connector-host-<date>.tar.gz in this folder
  connector-host collect --output bundle                a folder instead
  connector-host collect --log /var/log/connector-host/host.log

Exit codes: 0 written; 1 it could not be written; 2 wrong usage.`;

/** Adds the command. */
export function addCollect(program: Command): void {
  const command = program
    .command('collect')
    .description('gather what support needs into one file, without secrets and people')
    .option('--output <path>', 'a file ending in .tar.gz or .tgz, else a folder')
    .option('--log <file...>', 'log files; that of the host’s settings when absent')
    .option('--json', 'print what is in it as JSON')
    .addHelpText('after', help);
  withFolders(command).action(collect);
}

interface Part {
  readonly name: string;
  readonly meaning: string;
  readonly text: string;
}

async function collect(flags: CollectFlags): Promise<void> {
  const secrets = new Set<string>();
  const parts = [versions(), ...settings(flags, secrets), ...(await connectors(flags, secrets)), ...logs(flags)];
  keptSecrets(flags, secrets);
  const now = new Date();
  const files = parts.map(({ name, text }) => ({ name, content: Buffer.from(without(text, secrets)) }));
  const stamp = now.toISOString().slice(0, 19).replaceAll(':', '');
  const output = resolve(flags.output ?? `connector-host-${stamp}.tar.gz`);
  try {
    write(output, files, now);
  } catch (error) {
    process.stderr.write(`${output} cannot be written: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
    return;
  }
  const contents = parts.map(({ name, meaning }, index) => ({ name, meaning, octets: files[index]?.content.length }));
  if (flags.json) process.stdout.write(`${JSON.stringify({ file: output, contents }, undefined, 2)}\n`);
  else {
    const lines = contents.map(
      ({ name, octets, meaning }) => `  ${name.padEnd(32)} ${String(octets).padStart(8)}  ${meaning}`,
    );
    process.stdout.write(
      `${output}\n${lines.join('\n')}\nSecrets, names of people and addresses were taken out; look into it before you send it.\n`,
    );
  }
}

function write(output: string, files: readonly ArchiveFile[], now: Date): void {
  if (/\.(?:tar\.gz|tgz)$/.test(output)) {
    const folder = basename(output).replace(/\.(?:tar\.gz|tgz)$/, '');
    const named = files.map(({ name, content }) => ({ name: `${folder}/${name}`, content }));
    writeFileSync(output, gzipSync(tarOf(named, now)), { mode: 0o600, flag: 'wx' });
    return;
  }
  mkdirSync(output, { recursive: true, mode: 0o700 });
  for (const { name, content } of files) writeFileSync(join(output, name), content, { mode: 0o600, flag: 'wx' });
}

function json(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}

function versions(): Part {
  const root = join(__dirname, '..', '..');
  const { version, dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    version: string;
    dependencies: Readonly<Record<string, string>>;
  };
  const { arch, platform, versions: of } = process;
  const system = { platform, arch, release: release() };
  const text = json({ connectorHost: version, node: of.node, openssl: of.openssl, system, dependencies });
  return { name: 'versions.json', meaning: 'versions of program, Node.js and system', text };
}

/** A settings file without secrets; the plain ones are remembered, so that they are found elsewhere too. */
function settingsText(file: string, secrets: Set<string>): string | undefined {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
  const parsed = parseJsonFile(text);
  if ('faults' in parsed) return json({ faults: parsed.faults });
  rememberSecrets(parsed.value, secrets);
  return json(withoutSecrets(parsed.value));
}

/** Secrets that a file holds in clear, and what the environment holds for `env:`, wherever they turn up. */
function rememberSecrets(value: unknown, secrets: Set<string>, secret = false): void {
  if (typeof value === 'string') {
    const variable = /^env:(.+)$/.exec(value)?.[1];
    const found = variable === undefined ? undefined : process.env[variable];
    if (found !== undefined) secrets.add(found);
    else if (secret && !isReference(value)) secrets.add(value);
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, member] of Object.entries(value)) rememberSecrets(member, secrets, secret || isSecretName(key));
  }
}

function settings(flags: CollectFlags, secrets: Set<string>): readonly Part[] {
  const text = settingsText(flags.hostFile, secrets);
  return text === undefined ? [] : [{ name: 'host.json', meaning: 'settings of the host, without secrets', text }];
}

async function connectors(flags: CollectFlags, secrets: Set<string>): Promise<readonly Part[]> {
  // Tokens are read and none is made.
  const keptTokens = (name: string) => linesOf(join(flags.certs, `${name}.token`)).map((line) => new Secret(line));
  const environment = { ...hostEnvironment(process.env, flags.certs, flags.sealKeyFile), keptTokens };
  const parts: Part[] = [];
  for (const name of namesIn(flags.connectors)) {
    const file = join(flags.connectors, `${name}.json`);
    const { options, faults } = readConnectorFile(file, environment);
    for (const { connectivity } of options === undefined ? [] : [options, ...options.partitions])
      if (connectivity?.password !== undefined) secrets.add(connectivity.password.reveal());
    for (const token of options?.properties.secretTokens ?? [])
      if (token instanceof Secret) secrets.add(token.reveal());
    const text = settingsText(file, secrets);
    if (text === undefined) continue;
    parts.push({ name: `connector-${name}.json`, meaning: 'connector file, without secrets', text });
    const state = await supportStateOf(flags.state, name).catch((error: Error) => ({ unreadable: error.message }));
    const known = withoutPeople(json({ faults, ...state }));
    parts.push({
      name: `state-${name}.json`,
      meaning: 'faults, run history, directory, number of entries',
      text: known,
    });
  }
  return parts;
}

function namesIn(folder: string): readonly string[] {
  try {
    return connectorNames(folder);
  } catch (error) {
    if (error instanceof FolderFault) return [];
    throw error;
  }
}

/** Tokens beside the certificate, and the seal key. */
function keptSecrets({ certs, sealKeyFile }: CollectFlags, secrets: Set<string>): void {
  const tokens = filesIn(certs).filter((name) => name.endsWith('.token'));
  for (const file of [...tokens.map((name) => join(certs, name)), sealKeyFile]) {
    for (const line of linesOf(file)) secrets.add(line);
  }
}

function linesOf(file: string): readonly string[] {
  try {
    return readFileSync(file, 'utf8')
      .split(/\r?\n/)
      .filter((line) => line !== '');
  } catch {
    return [];
  }
}

function filesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function logs({ log, logFile }: CollectFlags): readonly Part[] {
  const files = log ?? (logFile === undefined ? [] : [logFile]);
  return files.flatMap((file, index) => {
    const text = endOf(file);
    const name = files.length === 1 ? 'log.txt' : `log-${index + 1}.txt`;
    return text === undefined ? [] : [{ name, meaning: `the end of ${basename(file)}`, text: withoutPeople(text) }];
  });
}

/** The last whole lines of a file. */
function endOf(file: string): string | undefined {
  let descriptor: number;
  try {
    descriptor = openSync(file, 'r');
  } catch {
    process.stderr.write(`The log file ${file} cannot be read and is left out.\n`);
    return undefined;
  }
  try {
    const { size } = fstatSync(descriptor);
    const buffer = Buffer.alloc(Math.min(size, longestLog));
    const start = size - buffer.length;
    const read = readSync(descriptor, buffer, 0, buffer.length, start);
    const text = buffer.toString('utf8', 0, read);
    return start === 0 ? text : text.slice(text.indexOf('\n') + 1);
  } finally {
    closeSync(descriptor);
  }
}
