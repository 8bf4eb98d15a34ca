/**
 * Options that several commands have. Each is a flag, an environment variable and a value of host.json; the first of
 * them that says something counts (docs/host-file.md).
 */
import { resolve } from 'node:path';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { HostFileFault, type HostFileResult, parseSetting, readHostFile } from '../config/hostFile';
import { defaultHostValues, type HostSetting, type HostValues, hostSettings } from '../config/hostSchema';
import { isReference } from '../config/secretReference';

/** The settings of a host as a command sees them. A command that only has the folders has defaults for the others. */
export interface HostFlags extends HostValues {
  readonly hostFile: string;
}

const folders = new Set(['connectors', 'certs', 'state', 'sealKeyFile']);

/** `--host-file`, `--connectors`, `--certs`, `--state`, `--seal-key-file`: where things are. */
export function withFolders(command: Command): Command {
  command.addOption(
    new Option('--host-file <file>', 'file of the host’s settings')
      .default(resolve('host.json'), 'host.json')
      .env('CONNECTOR_HOST_FILE')
      .argParser((file) => resolve(file)),
  );
  addSettings(command, ({ key }) => folders.has(key));
  return command.hook('preAction', (_own, action) => {
    const { faults, ...read } = readFlags(action);
    if (faults.length > 0) throw new HostFileFault({ ...read.file, faults });
    for (const [key, value] of Object.entries(read.flags)) {
      if (!isGiven(action, key)) action.setOptionValueWithSource(key, value, 'config');
    }
    refusePlainSecrets(action);
  });
}

/** `--host-name`: whom the certificate has to name. */
export function withHostName(command: Command): Command {
  addSettings(command, ({ key }) => key === 'hostName');
  return command;
}

/** `--admin-port`, `--admin-address`, `--admin-token`: where the administration of a host listens. */
export function withAdministration(command: Command): Command {
  addSettings(command, ({ key }) => ['adminPort', 'adminAddress', 'adminToken'].includes(key));
  return command;
}

/** `--audit-file`: where the host writes its audit. */
export function withAuditFile(command: Command): Command {
  addSettings(command, ({ key }) => key === 'auditFile');
  return command;
}

/** The options of a listening host. */
export function withListener(command: Command): Command {
  addSettings(command, ({ key }) => !folders.has(key));
  return command;
}

/** What the flags, the variables and the host file say at this moment; with faults of the file, without its values. */
export function readFlags(command: Command): {
  readonly flags: HostFlags;
  readonly file: HostFileResult;
  readonly faults: HostFileResult['faults'];
} {
  const options = command.opts<HostFlags>();
  const file = readHostFile(options.hostFile, isGiven(command, 'hostFile'));
  const given = Object.entries(options).filter(([key]) => isGiven(command, key));
  const flags = { ...defaultHostValues(), ...file.values, ...Object.fromEntries(given), hostFile: options.hostFile };
  return { flags, file, faults: file.faults };
}

/** Whether a flag or a variable says it. */
function isGiven(command: Command, key: string): boolean {
  return ['cli', 'env'].includes(command.getOptionValueSource(key) ?? '');
}

function addSettings(command: Command, chosen: (setting: HostSetting) => boolean): void {
  const defaults = new Map<string, unknown>(Object.entries(defaultHostValues()));
  for (const setting of hostSettings.filter(chosen)) {
    const { flag, key, variable, description, choices } = setting;
    const words = choices === undefined ? '' : ` (${choices.join(', ')})`;
    const option = new Option(`${flag} <${placeholderOf(setting)}>`, `${description.replace(/\.$/, '')}${words}`)
      .env(variable)
      .argParser((text) => {
        const result = parseSetting(setting, text);
        if ('fault' in result) throw new InvalidArgumentError(result.fault);
        return result.value;
      });
    const value = defaults.get(key);
    if (value !== undefined) option.default(value, shownDefault(setting, value));
    command.addOption(option);
  }
}

function placeholderOf({ key, kind }: HostSetting): string {
  if (secrets.has(key)) return 'reference';
  if (kind === 'number') return 'number';
  if (kind === 'boolean') return 'true|false';
  if (kind === 'path') return key.endsWith('File') ? 'file' : 'dir';
  return 'value';
}

function shownDefault({ key, kind }: HostSetting, value: unknown): string {
  if (key === 'sealKeyFile') return 'secrets/seal.key';
  return kind === 'path' ? key : String(value);
}

/** Settings that name a secret. */
const secrets = new Set(['adminToken', 'mailPassword', 'webhookToken']);

/** Every account of a machine can read the command lines of its processes. */
function refusePlainSecrets(command: Command): void {
  const given = command.opts<Readonly<Record<string, unknown>>>();
  for (const { key, flag } of hostSettings) {
    const value = given[key];
    if (!secrets.has(key) || typeof value !== 'string' || isReference(value)) continue;
    if (command.getOptionValueSource(key) !== 'cli') continue;
    command.error(`error: ${flag} takes env:NAME, file:PATH, enc:… or sha256:…, never the secret itself`, {
      exitCode: 2,
    });
  }
}
