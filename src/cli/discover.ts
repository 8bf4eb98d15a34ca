/** `connector-host discover <url>`: what a directory is and can do, and a connector file for it. */
import { readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, extname, relative, resolve, sep } from 'node:path';
import type { Command } from 'commander';
import { parseConnectorFile } from '../config/connectorFile';
import { type DirectoryFinding, type DiscoveryRequest, discover } from '../connector/discovery';
import { type ProposedConnectivity, type ProposedFile, proposeConnector } from '../connector/proposal';
import { Secret } from '../telemetry/secret';
import { discoveryReport, untrustedReport } from './discoverReport';
import { InputFault, type PasswordInput, passwordVariable, readPassword } from './passwordInput';

interface DiscoverFlags {
  readonly starttls?: boolean;
  readonly userName?: string;
  readonly passwordFile?: string;
  readonly ca?: string;
  readonly thumbprint?: string;
  readonly tree?: boolean | string;
  readonly limit: string;
  readonly json?: boolean;
  readonly write?: string;
}

const help = `
The password is read from --password-file, else from ${passwordVariable}, else asked for.
Nothing is changed in the directory. A server whose certificate is not trusted is shown its certificate and told nothing.

Examples:
  connector-host discover ldaps://ldap.example.com
      who is there, as far as anybody may see it
  connector-host discover ldap://ldap.example.com --starttls --ca ca.pem \\
      --user-name cn=connector,dc=example,dc=com --password-file ldap.password --write connectors/people.json
      and a connector file: check it, correct it, start
  connector-host discover ldap://localhost:3389/ou=people,dc=example,dc=com --tree
      the containers below one of them, with the number of their entries

Exit codes: 0 done; 1 not reached, not trusted, refused, or nothing to propose; 2 wrong usage.`;

/** Adds the command. */
export function addDiscover(program: Command): void {
  program
    .command('discover')
    .description('look at a directory: product, schema, controls, people; propose a connector file')
    .argument('<url>', 'ldap://host[:port][/base DN] or ldaps://…')
    .option('--starttls', 'encrypt an ldap:// connection')
    .option('--user-name <name>', 'account to look with: a DN, or user@domain; anonymous when absent')
    .option('--password-file <file>', 'file whose first line is its password')
    .option('--ca <file>', 'PEM file of the authority that signed the server’s certificate')
    .option('--thumbprint <hex>', 'SHA-256 of the server’s certificate: trusts that one instead of an authority')
    .option('--tree [dn]', 'list the containers, with the number of their entries')
    .option('--limit <count>', 'entries that are read per naming context at most', '20000')
    .option('--write <file>', 'write the proposed connector file; an existing one is left alone')
    .option('--json', 'print what was found as JSON')
    .addHelpText('after', help)
    .action(runDiscover);
}

async function runDiscover(url: string, flags: DiscoverFlags): Promise<void> {
  const target = parseUrl(url, flags);
  const password =
    flags.userName === undefined
      ? undefined
      : await readPassword(flags.passwordFile, `Password of ${flags.userName}: `);
  const found = await discover(requestOf(target, flags, password));
  const { directory } = found;
  if (directory === undefined) {
    process.stdout.write(flags.json ? `${JSON.stringify(found, undefined, 2)}\n` : untrustedReport(found, url));
    process.exitCode = 1;
    return;
  }
  const proposal = propose(directory, target, flags, password);
  if (flags.json) {
    const file = proposal === undefined ? {} : { proposal: proposal.file, faults: proposal.faults };
    process.stdout.write(`${JSON.stringify({ ...found, ...file }, undefined, 2)}\n`);
  } else {
    process.stdout.write(discoveryReport(found, directory, flags.tree !== undefined));
    process.stdout.write(proposalReport(proposal, flags, password));
  }
  if (proposal === undefined || proposal.faults.length > 0) process.exitCode = 1;
  if (proposal !== undefined && flags.write !== undefined) write(flags.write, proposal.text);
}

interface Target {
  readonly host: string;
  readonly port: number;
  readonly security: DiscoveryRequest['security'];
  readonly base?: string;
}

/** An LDAP URL (RFC 4516), as far as its base DN. */
function parseUrl(text: string, { starttls, tree }: DiscoverFlags): Target {
  const match = /^(ldaps?):\/\/(\[[0-9a-f:.]+\]|[^/:?#[\]]+)(?::(\d{1,5}))?(?:\/([^?]*))?(?:\?.*)?$/i.exec(text);
  const [, scheme = '', host = '', port, path = ''] = match ?? [];
  const ldaps = scheme.toLowerCase() === 'ldaps';
  if (match === null || Number(port ?? 0) > 65_535) {
    throw new InputFault(`"${text}" is no LDAP URL: write ldap://host:389 or ldaps://host:636.`);
  }
  if (ldaps && starttls) throw new InputFault('ldaps:// is encrypted from the start: leave --starttls out.');
  let base: string;
  try {
    base = typeof tree === 'string' ? tree : decodeURIComponent(path);
  } catch {
    throw new InputFault(`The base DN of "${text}" is not percent-encoded as a URL demands.`);
  }
  return {
    host: host.replace(/^\[(.*)\]$/, '$1'),
    port: port === undefined ? (ldaps ? 636 : 389) : Number(port),
    security: ldaps ? 'ldaps' : starttls ? 'startTLS' : 'none',
    ...(base === '' ? {} : { base }),
  };
}

function requestOf(target: Target, flags: DiscoverFlags, password: PasswordInput | undefined): DiscoveryRequest {
  const limit = Number(flags.limit);
  if (!Number.isInteger(limit) || limit < 1) throw new InputFault('--limit is a number of entries from 1.');
  return {
    ...target,
    limit,
    timeoutMs: 30_000,
    ...(flags.userName === undefined ? {} : { userName: flags.userName }),
    ...(password === undefined ? {} : { password: password.password }),
    ...(flags.ca === undefined ? {} : { ca: readCa(flags.ca) }),
    ...(flags.thumbprint === undefined ? {} : { thumbprint: flags.thumbprint }),
  };
}

function readCa(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'does not exist' : 'cannot be read';
    throw new InputFault(`The file ${file} of --ca ${reason}.`);
  }
}

interface Proposal {
  readonly file: ProposedFile;
  readonly text: string;
  readonly faults: readonly string[];
}

/** With groups, unless the schema has something against them; then without, so that the file opens as it stands. */
function propose(
  finding: DirectoryFinding,
  target: Target,
  flags: DiscoverFlags,
  password: PasswordInput | undefined,
): Proposal | undefined {
  const connectivity = connectivityOf(target, flags, password);
  const proposals = [true, false].flatMap((withGroups) => {
    const file = proposeConnector(finding, connectivity, withGroups);
    if (file === undefined) return [];
    const text = fileText(file);
    return [{ file, text, faults: faultsOf(finding, text, flags, password) }];
  });
  return proposals.find(({ faults }) => faults.length === 0) ?? proposals[0];
}

function connectivityOf(
  { host, port, security }: Target,
  flags: DiscoverFlags,
  password: PasswordInput | undefined,
): ProposedConnectivity {
  const folder = dirname(resolve(flags.write ?? 'connectors/directory.json'));
  const beside = (file: string) => relative(folder, resolve(file)).split(sep).join('/');
  const certificate = {
    ...(flags.ca === undefined ? {} : { ca: beside(flags.ca) }),
    ...(flags.thumbprint === undefined ? {} : { thumbprint: flags.thumbprint }),
  };
  const { userName, passwordFile } = flags;
  const reference = passwordFile === undefined ? `env:${passwordVariable}` : `file:${beside(passwordFile)}`;
  return {
    host: host.includes(':') ? `[${host}]` : host,
    ...(port === (security === 'ldaps' ? 636 : 389) ? {} : { port }),
    binding: security === 'ldaps' ? 'SSL' : security === 'startTLS' ? 'TLS' : userName ? 'Basic' : 'Anonymous',
    ...(userName === undefined || password === undefined ? {} : { userName, password: reference }),
    ...(Object.keys(certificate).length === 0 ? {} : { certificate }),
  };
}

function fileText(file: ProposedFile): string {
  return `// Proposed by connector-host discover from what the directory says of itself. Read it, then: connector-host check --connect\n${JSON.stringify(file, undefined, 2)}\n`;
}

function faultsOf(
  finding: DirectoryFinding,
  text: string,
  flags: DiscoverFlags,
  password: PasswordInput | undefined,
): readonly string[] {
  const path = resolve(flags.write ?? 'connectors/directory.json');
  const environment = {
    variables: { [passwordVariable]: password?.password ?? '' },
    // Tokens are made when the host first opens the file, not while one looks around.
    keptTokens: () => [new Secret('made when it is opened')],
  };
  const { options, faults } = parseConnectorFile(text, basename(path, extname(path)), path, environment);
  const found = [...faults, ...(options === undefined ? [] : finding.faultsOf(options))];
  return found.filter(({ severity }) => severity === 'fault').map((fault) => `${fault.path}: ${fault.message}`);
}

function proposalReport(
  proposal: Proposal | undefined,
  flags: DiscoverFlags,
  password: PasswordInput | undefined,
): string {
  if (proposal === undefined) {
    return '\nNo connector file can be proposed: no naming context or no class of people is to be seen. Give --user-name, or a base DN in the URL.\n';
  }
  const lines = proposal.faults.map((fault) => `  has to be corrected: ${fault}`);
  const variable =
    password !== undefined && password.from !== 'file'
      ? [`  the password is expected in the environment variable ${passwordVariable}`]
      : [];
  const name = flags.write === undefined ? 'NAME' : basename(flags.write, extname(flags.write));
  const next = flags.write === undefined ? 'Write it with --write connectors/NAME.json, then' : 'Next';
  const where = flags.write === undefined ? `\n${proposal.text}` : ` ${flags.write}\n`;
  return [
    `\nProposed connector file:${where}`,
    ...lines,
    ...variable,
    `${next}: connector-host check ${name} --connect\n`,
  ].join('\n');
}

function write(file: string, text: string): void {
  try {
    writeFileSync(file, text, { flag: 'wx' });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const reasons: Readonly<Record<string, string>> = {
      EEXIST: 'is there already: name another one, or remove it first',
      ENOENT: 'cannot be written: make its folder first',
    };
    throw new InputFault(`The file ${file} ${reasons[code ?? ''] ?? `cannot be written: ${message}`}.`);
  }
}
