/** `connector-host notifications`: what the host has told people, and a test of the way there. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { hostEnvironment } from '../config/connectorFolder';
import { notificationSecrets } from '../config/hostFile';
import { HostError } from '../host/hostError';
import { Notifications } from '../host/notifications/notifications';
import type { NotificationsOptions } from '../host/notifications/options';
import { readSent, type SentRecord } from '../host/notifications/sentLog';
import { readTemplates } from '../host/notifications/templateFolder';
import { sendTest, type TestResult } from '../host/notifications/trial';
import type { Log } from '../telemetry/log';
import { type HostFlags, withFolders, withListener } from './options';
import { here, print } from './words';

const dayMs = 86_400_000;
const minuteMs = 60_000;

interface Flags extends HostFlags {
  readonly json?: boolean;
  readonly test?: boolean;
}

const examples = `
Examples:
  connector-host notifications                what was sent, and what is still open
  connector-host notifications --json
  connector-host notifications --test         one notification now, by mail and to the web hook

How to configure them: docs/notifications.md.

Exit codes: 0 done; 1 the test could not be sent, or nothing is configured; 2 wrong usage.`;

/** Adds the command. */
export function addNotifications(program: Command): void {
  const command = program
    .command('notifications')
    .description('what the host has told people by mail and web hook')
    .option('--test', 'send a test now, and say how it went')
    .option('--json', 'print the result as JSON')
    .addHelpText('after', examples);
  withListener(withFolders(command)).action((flags: Flags) => (flags.test ? test(flags) : list(flags)));
}

/** The notifications of a host that serves; undefined when none are configured. @throws HostError, SecretFault */
export async function notifications(flags: HostFlags, log: Log): Promise<Notifications | undefined> {
  const options = notificationsOptions(flags, (setting) =>
    log.warn(`${setting} stands in plain text: name it as env:NAME, file:PATH or enc:…`),
  );
  return options && Notifications.open(options, { log });
}

/** What flags, variables and the host file say of notifications. @throws HostError, SecretFault */
function notificationsOptions(flags: HostFlags, onPlain: (setting: string) => void): NotificationsOptions | undefined {
  const { mailServer, mailPort, mailSecurity, mailUserName, mailFrom, mailTo = '', webhookUrl } = flags;
  if (mailServer === undefined && webhookUrl === undefined) return undefined;
  const environment = hostEnvironment(process.env, flags.certs, flags.sealKeyFile);
  const { mailPassword, webhookToken } = notificationSecrets(flags, environment, onPlain);
  if (mailServer !== undefined && mailFrom === undefined)
    throw new HostError('mail.server is given, but not mail.from: name the sender of the host’s mail.');
  if (mailPassword !== undefined && mailUserName === undefined)
    throw new HostError('mail.password is given, but not mail.userName: name the account at the mail server.');
  return {
    ...(mailServer !== undefined &&
      mailFrom !== undefined && {
        mail: {
          server: mailServer,
          security: mailSecurity,
          from: mailFrom,
          to: addressesIn(mailTo),
          ...(mailPort !== undefined && { port: mailPort }),
          ...(mailUserName !== undefined && { userName: mailUserName }),
          ...(mailPassword !== undefined && { password: mailPassword }),
          ...authority(flags.mailCa, 'mail.ca'),
        },
      }),
    ...(webhookUrl !== undefined && {
      webhook: {
        url: webhookUrl,
        ...(webhookToken !== undefined && { token: webhookToken }),
        ...authority(flags.webhookCa, 'webhook.ca'),
      },
    }),
    file: sentFile(flags),
    retentionMs: flags.notificationsRetention * dayMs,
    unreachableAfterMs: flags.notificationsUnreachableAfter * minuteMs,
    completedRuns: flags.notificationsCompletedRuns,
    hostName: flags.hostName,
    templates: readTemplates(flags.notificationsTemplates),
  };
}

function sentFile({ state }: HostFlags): string {
  return join(state, 'notifications.jsonl');
}

function addressesIn(text: string): string[] {
  return text
    .split(',')
    .map((address) => address.trim())
    .filter((address) => address !== '');
}

function authority(file: string | undefined, setting: string): { readonly ca?: string } {
  if (file === undefined) return {};
  try {
    return { ca: readFileSync(file, 'utf8') };
  } catch (error) {
    throw new HostError(`${setting}: ${file} cannot be read: ${error instanceof Error ? error.message : error}.`);
  }
}

async function list(flags: Flags): Promise<void> {
  const records = await readSent(sentFile(flags));
  print(flags.json, { file: sentFile(flags), notifications: records }, () =>
    records.length === 0 ? `Nothing was sent yet (${here(sentFile(flags))}).` : records.map(lineOf).join('\n'),
  );
}

function lineOf({ at, event, channel, connector, problem, subject, to, reason }: SentRecord): string {
  const what = subject ?? `${connector}: ${problem}`;
  const where = to?.join(', ') ?? channel;
  return [
    at,
    event.padEnd(7),
    what,
    ...(where === undefined ? [] : [`→ ${where}`]),
    ...(reason ? [`(${reason})`] : []),
  ].join('  ');
}

async function test(flags: Flags): Promise<void> {
  const options = notificationsOptions(flags, () => undefined);
  if (options === undefined)
    throw new HostError('No notifications are configured: give mail.server or webhook.url (docs/notifications.md).');
  const results = await sendTest(options);
  print(flags.json, { results }, () => results.map(testLine).join('\n'));
  if (results.some(({ reason }) => reason !== undefined)) process.exitCode = 1;
}

function testLine({ channel, to, reason }: TestResult): string {
  return reason === undefined ? `ok    ${channel} → ${to}` : `fault ${channel} → ${to}: ${reason}`;
}
