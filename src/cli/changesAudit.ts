/** `connector-host changes audit`: what stands in the audit file beside the exports, the newest first. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Command, Option } from 'commander';
import { linesBackwards } from '../telemetry/linesBackwards';
import type { RecordSpool } from '../telemetry/recordSpool';
import { spoolOf } from './auditing';
import { countOf, momentOf } from './changeOptions';
import { type HostFlags, withAuditFile, withFolders } from './options';
import { InputFault } from './passwordInput';
import { here } from './words';

const kinds = ['authentication', 'administration', 'configuration', 'lost', 'export'] as const;

interface Flags extends HostFlags {
  readonly kind?: (typeof kinds)[number];
  readonly actor?: string;
  readonly connector?: string;
  readonly since?: number;
  readonly until?: number;
  readonly limit: number;
  readonly json?: boolean;
}

type AuditRecord = Readonly<Record<string, unknown>>;

const help = `
Refused authentications, acts of administrators and changes of the configuration, from the audit file that host.json or
--audit-file names. Exports stand there too, and are shown with --kind export; "changes list" finds them faster.
--since and --until take a time (2026-11-21, 2026-11-21T08:00:00Z) or how long ago (90m, 12h, 7d).

Examples:
  connector-host changes audit --since 24h
  connector-host changes audit --kind authentication --limit 0 --json
  connector-host changes audit --connector people --audit-file /var/log/connector-host/audit.jsonl

Exit codes: 0 done; 2 wrong usage, or no audit file is named.`;

/** Adds the subcommand. */
export function addAudit(changes: Command): void {
  const command = changes
    .command('audit')
    .description('print refused authentications, acts of administrators and changed configurations')
    .addOption(new Option('--kind <kind>', 'only those of one kind').choices([...kinds]))
    .option('--actor <actor>', 'only those of one actor, e.g. administrator')
    .option('--connector <name>', 'only those that concern one connector')
    .option('--since <time>', 'only those from then on', momentOf)
    .option('--until <time>', 'only those before then', momentOf)
    .option('--limit <number>', 'at most so many; 0: all', countOf, 100)
    .option('--json', 'one JSON object per line')
    .addHelpText('after', help);
  withAuditFile(withFolders(command)).action(list);
}

async function list(flags: Flags): Promise<void> {
  const { auditFile, limit } = flags;
  if (auditFile === undefined)
    throw new InputFault('No audit file is named: say "auditFile" in host.json, or --audit-file FILE.');
  let left = limit === 0 ? Number.POSITIVE_INFINITY : limit;
  for await (const record of records(auditFile)) {
    if (flags.since !== undefined && timeOf(record) < flags.since) return;
    if (!isWanted(record, flags)) continue;
    process.stdout.write(flags.json ? `${JSON.stringify(record)}\n` : textLine(record));
    left -= 1;
    if (left === 0) return;
  }
}

/** The newest first: what waits for the host, then the file, then those that were rotated. */
async function* records(auditFile: string): AsyncIterable<AuditRecord> {
  const spool = spoolOf(auditFile);
  for (const name of spool.names().toReversed()) {
    const record = waiting(spool, name);
    if (record !== undefined) yield record;
  }
  for (let age = 0; ; age += 1) {
    const file = age === 0 ? auditFile : `${auditFile}.${age}`;
    if (!existsSync(file)) return;
    for await (const line of linesBackwards(file)) {
      const record = recordOf(line);
      if (record === undefined)
        process.stderr.write(`${here(file)} has a line that is none of an audit file: "changes verify" says where.\n`);
      else yield record;
    }
  }
}

/** One that waits; undefined where the host has taken it over meanwhile. */
function waiting(spool: RecordSpool, name: string): AuditRecord | undefined {
  try {
    return spool.read(name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT')
      process.stderr.write(`${here(join(spool.folder, name))} is left out: ${(error as Error).message}\n`);
    return undefined;
  }
}

function recordOf(line: string): AuditRecord | undefined {
  try {
    const record: unknown = JSON.parse(line);
    return typeof record === 'object' && record !== null ? (record as AuditRecord) : undefined;
  } catch {
    return undefined;
  }
}

const timeOf = ({ time }: AuditRecord) => Date.parse(String(time));

function isWanted(record: AuditRecord, { kind, actor, connector, until }: Flags): boolean {
  if (kind === undefined ? record.kind === 'export' : record.kind !== kind) return false;
  if (actor !== undefined && record.actor !== actor) return false;
  if (until !== undefined && timeOf(record) >= until) return false;
  return connector === undefined || concerns(record, connector);
}

function concerns({ connector, connectors, path }: AuditRecord, name: string): boolean {
  if (connector === name) return true;
  if (Array.isArray(connectors) && connectors.some((one: AuditRecord) => one?.connector === name)) return true;
  const bases = [`/ecma2host_${name}`, `/admin/connectors/${name}`];
  return typeof path === 'string' && bases.some((base) => path === base || path.startsWith(`${base}/`));
}

const shownFirst = new Set(['time', 'kind', 'outcome', 'actor', 'chain', 'after', 'spooled', 'requestId']);

function textLine(record: AuditRecord): string {
  const { time, kind, outcome, actor } = record;
  const more = Object.entries(record).flatMap(([name, value]) =>
    shownFirst.has(name) ? [] : [`${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`],
  );
  const text = [
    `${time}  ${String(kind).padEnd(14)}  ${outcome ?? ''}`,
    ...(actor === undefined ? [] : [actor]),
    ...more,
  ];
  return `${text.join('  ').replace(/[\p{Cc}\u2028\u2029]/gu, '\uFFFD')}\n`;
}
