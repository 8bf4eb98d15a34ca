/** `host.json` → values, all faults at once; and what a flag or an environment variable says instead. */
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { SecretToken } from '../connector/options';
import type { Secret } from '../telemetry/secret';
import { type HostSetting, type HostValues, hostFileSchema, hostSettings, pathBeside } from './hostSchema';
import { type FileFault, findingsOf, parseJsonFile } from './jsonFile';
import { type Environment, secretToken, secretValue } from './secretReference';

/** What stands in host.json. With faults there are no values. */
export interface HostFileResult {
  readonly file: string;
  /** Paths are absolute: in the file they are relative to its folder. */
  readonly values: Partial<HostValues>;
  readonly faults: readonly FileFault[];
}

/** A host file that cannot be used; the message says all that is wrong with it, one line each. */
export class HostFileFault extends Error {
  override readonly name = 'HostFileFault';

  constructor({ file, faults }: HostFileResult) {
    super(
      [
        `${file} has faults:`,
        ...faults.map(({ path, message, line }) => {
          const place = [line === undefined ? '' : `line ${line}`, path].filter((part) => part !== '').join(', ');
          return `  ${place === '' ? '' : `${place}: `}${message}`;
        }),
      ].join('\n'),
    );
  }
}

/** Reads a host file. Never throws for what stands in it; that it is not there is a fault only where it is `required`. */
export function readHostFile(file: string, required: boolean): HostFileResult {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    if (missing && !required) return { file, values: {}, faults: [] };
    const message = missing ? 'the file does not exist' : 'the file cannot be read';
    return { file, values: {}, faults: [{ path: '', message, severity: 'fault' }] };
  }
  const json = parseJsonFile(text);
  if ('faults' in json) return { file, values: {}, faults: json.faults };
  const result = hostFileSchema.safeParse(json.value);
  if (!result.success) return { file, values: {}, faults: json.faultsOf(result.error, 'host.json') };
  const folder = dirname(resolve(file));
  const values = hostSettings.flatMap((setting): [string, unknown][] => {
    const value = valueAt(result.data, setting.path);
    return value === undefined ? [] : [[setting.key, absolute(setting, value, folder)]];
  });
  return { file, values: Object.fromEntries(values) as Partial<HostValues>, faults: [] };
}

function valueAt(file: unknown, path: string): unknown {
  return path.split('.').reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], file);
}

/** Where a secret is named. */
const references = new Set(['admin.token', 'mail.password', 'webhook.token']);

function absolute({ kind, path }: HostSetting, value: unknown, folder: string): unknown {
  if (kind === 'path') return pathBeside(folder, String(value));
  if (references.has(path) && String(value).startsWith('file:')) {
    return `file:${pathBeside(folder, String(value).slice('file:'.length))}`;
  }
  return value;
}

/** The text of a flag or a variable → a value. @returns the value, or a sentence about what is wrong with it */
export function parseSetting(
  { schema, kind }: HostSetting,
  text: string,
): { readonly value: unknown } | { readonly fault: string } {
  const given = valueFrom(kind, text);
  if (given === undefined) return { fault: `it has to be ${kind === 'number' ? 'a number' : 'true or false'}` };
  const result = schema.safeParse(given);
  if (!result.success) return { fault: findingsOf(result.error, 'this setting')[0]?.message ?? 'it is not valid' };
  return { value: kind === 'path' ? resolve(text) : result.data };
}

function valueFrom(kind: HostSetting['kind'], text: string): unknown {
  if (kind === 'boolean') return text === 'true' ? true : text === 'false' ? false : undefined;
  if (kind !== 'number') return text;
  const number = text.trim() === '' ? Number.NaN : Number(text);
  return Number.isNaN(number) ? undefined : number;
}

/** The settings whose values differ. */
export function changedSettings(before: HostValues, after: HostValues): readonly HostSetting[] {
  const value = (values: HostValues, key: string) => (values as unknown as Record<string, unknown>)[key];
  return hostSettings.filter(({ key }) => value(before, key) !== value(after, key));
}

/** The administrator's token, when one is named. @throws SecretFault */
export function administratorToken(
  { adminToken }: HostValues,
  environment: Environment,
  onPlain: () => void,
): SecretToken | undefined {
  return adminToken === undefined ? undefined : secretToken(adminToken, process.cwd(), environment, onPlain);
}

/** The secrets that notifications need, as far as they are named. @throws SecretFault */
export function notificationSecrets(
  { mailPassword, webhookToken }: HostValues,
  environment: Environment,
  onPlain: (setting: string) => void,
): { readonly mailPassword?: Secret; readonly webhookToken?: Secret } {
  const value = (reference: string, setting: string) =>
    secretValue(reference, process.cwd(), environment, () => onPlain(setting));
  return {
    ...(mailPassword !== undefined && { mailPassword: value(mailPassword, 'mail.password') }),
    ...(webhookToken !== undefined && { webhookToken: value(webhookToken, 'webhook.token') }),
  };
}
