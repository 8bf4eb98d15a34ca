/**
 * The one description of `host.json`: its JSON Schema, the flags, the environment variables and the reference page are
 * all derived from it. A value has no default here: what is absent in the file may stand in a flag or a variable.
 */
import { hostname } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import { z } from 'zod';
import { hostNotifications } from './notificationSchema';

const port = z.number().int().min(0).max(65535);
const address = z.string().min(1);
const path = z.string().min(1);
const seconds = z.number().positive().max(3600);

/** The file as it stands on disk. Unknown keys are faults. */
export const hostFileSchema = z
  .strictObject({
    $schema: z.string().describe('For editors: `docs/host.schema.json` gives completion and hover text.'),
    port: port.describe('TCP port of the connectors; 0: any free one.'),
    address: address.describe('Address to listen on; `::` is every address, of IPv4 too.'),
    name: z.string().min(1).describe('The name by which clients reach this host; its own certificate is made for it.'),
    connectors: path.describe('Folder of the connector files.'),
    certs: path.describe('Folder of key, certificate and kept secret tokens.'),
    state: path.describe('Folder of what the host remembers.'),
    sealKeyFile: path.describe('The key of sealed secrets (`enc:`).'),
    logLevel: z.enum(['error', 'warn', 'info', 'debug']).describe('The least urgent level that is written.'),
    logFormat: z.enum(['auto', 'json', 'text']).describe('`auto`: text on a terminal, else JSON lines.'),
    logFile: path.describe('A file that gets every line too, as JSON.'),
    logFileSize: z.number().positive().max(10_000).describe('Mebibytes after which the log file is rotated.'),
    logFilesKept: z.number().int().min(1).max(1000).describe('Log files that are kept, the current one included.'),
    auditFile: path.describe(
      'A file that gets every export, refused authentication and act of an administrator, chained by a hash.',
    ),
    auditFileSize: z.number().positive().max(10_000).describe('Mebibytes after which the audit file is rotated.'),
    auditFilesKept: z.number().int().min(1).max(1000).describe('Audit files that are kept, the current one included.'),
    requestTimeout: seconds.describe('Seconds that a request may take.'),
    drainTimeout: seconds.describe('Seconds that requests in flight have to finish when the host stops.'),
    maxBody: z.number().positive().max(100).describe('Mebibytes of the largest request body that is read.'),
    admin: z
      .strictObject({
        port: port.describe('TCP port of the administration API; absent: there is none.'),
        address: address.describe('Address that it listens on: HTTP on a loopback address, else HTTPS.'),
        token: z
          .string()
          .min(1)
          .describe(
            'The administrator’s secret token: `env:NAME`, `file:PATH`, `enc:…` or `sha256:…`; absent: one that the host makes.',
          ),
        metricsWithoutToken: z
          .boolean()
          .describe('Whether `/metrics` is open to everybody who can reach the listener.'),
      })
      .partial()
      .describe('The administration API, on a listener of its own.'),
    ...hostNotifications,
  })
  .partial()
  .describe('What the process itself needs: where it listens, where things are, what it logs.');

export type HostFile = z.infer<typeof hostFileSchema>;

/** A value with all three of its places. */
export interface HostSetting {
  /** Its path in host.json, e.g. `admin.port`. */
  readonly path: string;
  /** Its long flag, e.g. `--admin-port`. */
  readonly flag: string;
  /** The flag as a key: `adminPort`. */
  readonly key: string;
  /** Its environment variable, e.g. `CONNECTOR_HOST_ADMIN_PORT`. */
  readonly variable: string;
  readonly description: string;
  readonly kind: 'text' | 'number' | 'boolean' | 'path';
  /** The words that are allowed, where only some are. */
  readonly choices?: readonly string[];
  /** Whether a running host takes over another value; else it needs a restart. */
  readonly live: boolean;
  readonly schema: z.ZodType;
}

/** Everything that a flag, a variable or the file may say, by its key. */
export interface HostValues {
  readonly port: number;
  readonly address: string;
  readonly hostName: string;
  readonly connectors: string;
  readonly certs: string;
  readonly state: string;
  readonly sealKeyFile: string;
  readonly logLevel: 'error' | 'warn' | 'info' | 'debug';
  readonly logFormat: 'auto' | 'json' | 'text';
  readonly logFile?: string;
  /** Mebibytes. */
  readonly logFileSize: number;
  readonly logFilesKept: number;
  readonly auditFile?: string;
  /** Mebibytes. */
  readonly auditFileSize: number;
  readonly auditFilesKept: number;
  /** Seconds. */
  readonly requestTimeout: number;
  /** Seconds. */
  readonly drainTimeout: number;
  /** Mebibytes. */
  readonly maxBody: number;
  readonly adminPort?: number;
  readonly adminAddress: string;
  /** A reference, or in the environment the token itself. */
  readonly adminToken?: string;
  readonly adminMetricsWithoutToken: boolean;
  readonly mailServer?: string;
  readonly mailPort?: number;
  readonly mailSecurity: 'startTls' | 'tls' | 'none';
  readonly mailUserName?: string;
  /** A reference, or in the environment the password itself. */
  readonly mailPassword?: string;
  readonly mailFrom?: string;
  readonly mailTo?: string;
  readonly mailCa?: string;
  readonly webhookUrl?: string;
  /** A reference, or in the environment the token itself. */
  readonly webhookToken?: string;
  readonly webhookCa?: string;
  /** Minutes. */
  readonly notificationsUnreachableAfter: number;
  readonly notificationsCompletedRuns: boolean;
  readonly notificationsTemplates?: string;
  /** Days. */
  readonly notificationsRetention: number;
}

/** The values where nothing says otherwise. Folders are those of the working directory. */
export function defaultHostValues(): HostValues {
  return {
    port: 8585,
    address: '::',
    hostName: hostname(),
    connectors: resolve('connectors'),
    certs: resolve('certs'),
    state: resolve('state'),
    sealKeyFile: resolve('secrets', 'seal.key'),
    logLevel: 'info',
    logFormat: 'auto',
    logFileSize: 10,
    logFilesKept: 5,
    auditFileSize: 100,
    auditFilesKept: 10,
    requestTimeout: 60,
    drainTimeout: 8,
    maxBody: 1,
    adminAddress: '127.0.0.1',
    adminMetricsWithoutToken: false,
    mailSecurity: 'startTls',
    notificationsUnreachableAfter: 5,
    notificationsCompletedRuns: false,
    notificationsRetention: 90,
  };
}

const live = new Set(['logLevel', 'requestTimeout', 'drainTimeout']);

/** `admin.port` → words. `name` alone would be a poor flag; its variable has always been CONNECTOR_HOST_NAME. */
const wordsOf = (at: string) =>
  at === 'name' ? ['host', 'name'] : at.split(/\.|(?=[A-Z])/).map((word) => word.toLowerCase());

function settingOf(at: string, leaf: z.ZodOptional<z.ZodType>): HostSetting {
  const schema = leaf.unwrap();
  const words = wordsOf(at);
  const { type } = schema.def;
  return {
    path: at,
    flag: `--${words.join('-')}`,
    key: words.map((word, index) => (index === 0 ? word : `${word[0]?.toUpperCase()}${word.slice(1)}`)).join(''),
    variable: `CONNECTOR_HOST_${at === 'name' ? 'NAME' : words.join('_').toUpperCase()}`,
    description: schema.description ?? '',
    kind: type === 'number' || type === 'boolean' ? type : isPath(at) ? 'path' : 'text',
    ...(schema instanceof z.ZodEnum ? { choices: schema.options.map(String) } : {}),
    live: live.has(at),
    schema,
  };
}

const paths = new Set([
  'connectors',
  'certs',
  'state',
  'sealKeyFile',
  'logFile',
  'auditFile',
  'mail.ca',
  'webhook.ca',
  'notifications.templates',
]);
const isPath = (at: string) => paths.has(at);

/** All settings, in the order of the file. */
export const hostSettings: readonly HostSetting[] = Object.entries(hostFileSchema.shape).flatMap(([key, leaf]) => {
  if (key === '$schema') return [];
  const inner = leaf.unwrap();
  if (!(inner instanceof z.ZodObject)) return [settingOf(key, leaf)];
  return Object.entries(inner.shape).map(([name, child]) => settingOf(`${key}.${name}`, child));
});

/** A path relative to the folder of the file that names it. */
export function pathBeside(folder: string, file: string): string {
  return isAbsolute(file) ? file : join(folder, file);
}
