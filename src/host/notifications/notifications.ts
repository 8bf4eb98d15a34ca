/**
 * Tells people what has happened: by mail and by web hook, once until it is over. Nobody waits for it, and nothing fails
 * because it does. It never keeps, logs or repeats a password: that is only in the one mail it was made for.
 */
import type { ConnectorEvent } from '../../connector/events';
import type { Log } from '../../telemetry/log';
import { redact } from '../../telemetry/secret';
import type { CertificateInfo } from '../certificateFiles';
import { accountTokens, mailboxOf } from './account';
import {
  type Condition,
  certificateKey,
  directoryKey,
  expiring,
  failedRun,
  limitKey,
  runKey,
  stopped,
  unreachable,
} from './conditions';
import { Delivery } from './delivery';
import { Mail } from './mail';
import type { NotificationsOptions } from './options';
import { SentLog } from './sentLog';
import { render, type TemplateName, type Tokens } from './template';
import { Webhook } from './webhook';

const minuteMs = 60_000;

/** What the host needs to tell people. */
export interface NotificationsDependencies {
  readonly log: Log;
  readonly clock?: () => Date;
}

/** The notifications of one host. */
export class Notifications {
  readonly #options: NotificationsOptions;
  readonly #log: Log;
  readonly #clock: () => Date;
  readonly #sent: SentLog;
  readonly #mail: { readonly channel: Mail; readonly delivery: Delivery } | undefined;
  readonly #webhook: { readonly channel: Webhook; readonly delivery: Delivery } | undefined;
  /** Directories that are away, not yet long enough to be told. */
  readonly #away = new Map<string, NodeJS.Timeout>();

  private constructor(options: NotificationsOptions, { log, clock }: NotificationsDependencies, sent: SentLog) {
    this.#options = options;
    this.#log = log;
    this.#clock = clock ?? (() => new Date());
    this.#sent = sent;
    const delivery = (channel: string) =>
      new Delivery((reason, nextMs) =>
        log.warn(`a notification could not be sent yet (${channel}): ${redact(reason)}; it is tried again`, {
          afterSeconds: nextMs / 1000,
        }),
      );
    this.#mail = options.mail && { channel: new Mail(options.mail), delivery: delivery('mail') };
    this.#webhook = options.webhook && { channel: new Webhook(options.webhook), delivery: delivery('webhook') };
  }

  /** Reads what was told before. Rejects when the log of sent notifications cannot be read. */
  static async open(options: NotificationsOptions, dependencies: NotificationsDependencies): Promise<Notifications> {
    const now = dependencies.clock?.() ?? new Date();
    const keepFrom = new Date(now.getTime() - options.retentionMs);
    const sent = await SentLog.open(options.file, keepFrom, (error) =>
      dependencies.log.error('the log of sent notifications cannot be written', { error }),
    );
    return new Notifications(options, dependencies, sent);
  }

  /** Hears an event of a connector. Never throws. */
  observe(event: ConnectorEvent): void {
    const { connector, notifications } = event;
    switch (event.kind) {
      case 'runEnded':
        this.#runEnded(event);
        break;
      case 'directoryLost':
        this.#lost(event);
        break;
      case 'directoryReached':
        clearTimeout(this.#away.get(connector));
        this.#away.delete(connector);
        this.#clear(directoryKey(connector), notifications.to);
        break;
      case 'limitReached':
        this.#raise(stopped(event), notifications.to);
        break;
      case 'limitReleased':
        this.#clear(limitKey(connector, event.operation), notifications.to);
        break;
      case 'accountCreated':
        this.#accountCreated(event);
        break;
    }
  }

  /** Looks at the certificate of the host. */
  certificate(info: Pick<CertificateInfo, 'file' | 'validTo'>): void {
    const condition = expiring(info, this.#clock());
    if (condition === undefined) this.#clear(certificateKey, []);
    else this.#raise(condition, []);
  }

  /** Sends what waits once more, and ends. */
  async close(): Promise<void> {
    for (const timer of this.#away.values()) clearTimeout(timer);
    this.#away.clear();
    await Promise.all([this.#mail?.delivery.close(), this.#webhook?.delivery.close()]);
    this.#mail?.channel.close();
    await this.#sent.close();
  }

  #runEnded(event: Extract<ConnectorEvent, { kind: 'runEnded' }>): void {
    const { connector, record, notifications } = event;
    const { profile, outcome } = record;
    if (outcome === 'failed') this.#raise(failedRun(event), notifications.to);
    if (outcome === 'failed' || outcome === 'cancelled') return;
    this.#clear(runKey(connector, profile), notifications.to);
    // Delta imports end well every few seconds: nobody wants to be told.
    if (profile === 'fullImport' && (notifications.completedRuns ?? this.#options.completedRuns))
      this.#completed(event);
  }

  #completed({ connector, record, notifications }: Extract<ConnectorEvent, { kind: 'runEnded' }>): void {
    const { profile, outcome, counts, started } = record;
    const { seen, added, updated, unchanged, deleted, failed } = counts;
    this.#tell('completedRun', connector, notifications.to, {
      seen: String(seen),
      added: String(added),
      updated: String(updated),
      unchanged: String(unchanged),
      deleted: String(deleted),
      failed: String(failed),
      profile,
      outcome,
      started: new Date(started).toISOString(),
    });
  }

  #lost({ connector, reason, notifications }: Extract<ConnectorEvent, { kind: 'directoryLost' }>): void {
    if (this.#away.has(connector)) return;
    const { unreachableAfterMs } = this.#options;
    const raise = () => this.#raise(unreachable(connector, reason, unreachableAfterMs / minuteMs), notifications.to);
    const timer = setTimeout(raise, unreachableAfterMs);
    timer.unref();
    this.#away.set(connector, timer);
  }

  #raise({ key, connector, problem, detail, advice }: Condition, to: readonly string[]): void {
    if (this.#sent.open.has(key)) return;
    this.#sent.write({ at: this.#now(), event: 'raised', key, connector, problem });
    this.#tell('errorNotification', connector, to, { problem, detail, advice });
  }

  #clear(key: string, to: readonly string[]): void {
    const open = this.#sent.open.get(key);
    if (open === undefined) return;
    const { connector, problem, since } = open;
    this.#sent.write({ at: this.#now(), event: 'cleared', key, connector, problem });
    this.#tell('resolved', connector, to, { problem, since });
  }

  #accountCreated(event: Extract<ConnectorEvent, { kind: 'accountCreated' }>): void {
    const { connector, resource, dn, password, notifications } = event;
    const own = mailboxOf(resource);
    const named = notifications.createdAccount ?? [];
    const to = named.flatMap((name) => (name === 'user' ? (own ?? []) : name));
    if (named.includes('user') && own === undefined)
      this.#log.warn('an account has no mail address, so its password could not be sent there', { connector, dn });
    const tokens = { ...accountTokens(resource, own), dn };
    const template = 'createdAccount';
    for (const address of to) {
      // Put in at the last moment: what waits for a mail server holds no password in clear text.
      this.#post(template, connector, address, () => ({
        ...this.#common(connector),
        ...tokens,
        password: password.reveal(),
      }));
    }
  }

  #tell<Name extends TemplateName>(
    template: Name,
    connector: string,
    to: readonly string[],
    own: Omit<Tokens<Name>, 'host' | 'connector' | 'at'>,
  ): void {
    const tokens = { ...this.#common(connector), ...own };
    for (const address of new Set([...(this.#options.mail?.to ?? []), ...to]))
      this.#post(template, connector, address, () => tokens);
    if (this.#webhook === undefined) return;
    const { channel, delivery } = this.#webhook;
    const { subject, text } = render(this.#options.templates[template], tokens);
    const record = { connector, channel: 'webhook', template, subject } as const;
    const body = { kind: template, ...tokens, text: `${subject}\n\n${text}` };
    delivery.push({ send: () => channel.post(body), ...this.#recording(record) });
  }

  #post(template: TemplateName, connector: string, to: string, tokens: () => Readonly<Record<string, string>>): void {
    if (this.#mail === undefined) return;
    const { channel, delivery } = this.#mail;
    const { subject } = render(this.#options.templates[template], { ...tokens(), password: '' });
    const record = { connector, channel: 'mail', template, to: [to], subject } as const;
    const send = () => channel.send(to, render(this.#options.templates[template], tokens()));
    delivery.push({ send, ...this.#recording(record) });
  }

  #recording(record: Omit<Parameters<SentLog['write']>[0], 'at' | 'event'>) {
    return {
      sent: () => this.#sent.write({ at: this.#now(), event: 'sent', ...record }),
      failed: (given: string) => {
        const reason = redact(given);
        this.#log.error(`a notification was given up (${record.channel}): ${reason}`, {
          to: record.to,
          template: record.template,
        });
        this.#sent.write({ at: this.#now(), event: 'failed', ...record, reason });
      },
    };
  }

  #common(connector: string) {
    return { host: this.#options.hostName, connector, at: this.#now() };
  }

  #now(): string {
    return this.#clock().toISOString();
  }
}
