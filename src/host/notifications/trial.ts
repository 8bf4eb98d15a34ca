/** One notification now, on each way, so that nobody has to wait for a failure to see whether it arrives. */
import { redact } from '../../telemetry/secret';
import { Mail } from './mail';
import type { NotificationsOptions } from './options';
import { render } from './template';
import { Webhook } from './webhook';

/** How it went, per receiver. */
export interface TestResult {
  readonly channel: 'mail' | 'webhook';
  readonly to: string;
  /** Why it did not; absent: it was taken. */
  readonly reason?: string;
}

/** Sends a test to everybody whom the host file names. Never rejects. */
export async function sendTest({ mail, webhook, hostName, templates }: NotificationsOptions): Promise<TestResult[]> {
  const tokens = {
    host: hostName,
    connector: 'test',
    at: new Date().toISOString(),
    problem: 'this is only a test',
    detail: 'An administrator has sent it to see whether notifications arrive. Nothing is wrong.',
    advice: 'nothing.',
  };
  const message = render(templates.errorNotification, tokens);
  const results: TestResult[] = [];
  const attempt = async (channel: TestResult['channel'], to: string, send: () => Promise<void>) => {
    const reason = await send().then(
      () => undefined,
      (error: unknown) => redact(error instanceof Error ? error.message : String(error)),
    );
    results.push({ channel, to, ...(reason !== undefined && { reason }) });
  };
  if (mail !== undefined) {
    const channel = new Mail(mail);
    if (mail.to.length === 0)
      results.push({
        channel: 'mail',
        to: '(nobody)',
        reason: 'mail.to names nobody: only connectors that name somebody are told of',
      });
    for (const to of mail.to) await attempt('mail', to, () => channel.send(to, message));
    channel.close();
  }
  if (webhook !== undefined) {
    const body = { kind: 'errorNotification', ...tokens, text: `${message.subject}\n\n${message.text}` };
    await attempt('webhook', new URL(webhook.url).origin, () => new Webhook(webhook).post(body));
  }
  return results;
}
