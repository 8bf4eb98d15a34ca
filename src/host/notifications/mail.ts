/** Mail by SMTP. */
import { createTransport, type Transporter } from 'nodemailer';
import { PermanentFailure } from './delivery';
import type { MailOptions } from './options';
import type { Template } from './template';

const patienceMs = 30_000;
const ports = { tls: 465, startTls: 587, none: 25 };

/** Sends notifications by mail. */
export class Mail {
  readonly #transport: Transporter;
  readonly #from: string;

  constructor({ server, port, security, userName, password, from, ca }: MailOptions) {
    this.#from = from;
    this.#transport = createTransport({
      host: server,
      port: port ?? ports[security],
      secure: security === 'tls',
      requireTLS: security === 'startTls',
      ignoreTLS: security === 'none',
      pool: true,
      maxConnections: 2,
      connectionTimeout: patienceMs,
      greetingTimeout: patienceMs,
      socketTimeout: patienceMs,
      disableFileAccess: true,
      disableUrlAccess: true,
      tls: { minVersion: 'TLSv1.2', ...(ca !== undefined && { ca }) },
      ...(userName !== undefined && { auth: { user: userName, pass: password?.reveal() ?? '' } }),
    });
  }

  /** One mail to one mailbox. Rejects with what the server answered, or why it could not be reached. */
  async send(to: string, { subject, text, html }: Template): Promise<void> {
    try {
      await this.#transport.sendMail({
        from: { name: '', address: this.#from },
        to: { name: '', address: to },
        subject,
        text,
        ...(html !== undefined && { html }),
        // RFC 3834: nobody's absence notice shall answer.
        headers: { 'Auto-Submitted': 'auto-generated' },
      });
    } catch (error) {
      throw isFinal(error) ? new PermanentFailure((error as Error).message) : error;
    }
  }

  close(): void {
    this.#transport.close();
  }
}

/** A 5yz reply to the recipient or the message (RFC 5321 §4.2.1). To the log-in it may be another one tomorrow. */
function isFinal(error: unknown): boolean {
  const { code, responseCode } = error as { readonly code?: string; readonly responseCode?: number };
  return (code === 'EENVELOPE' || code === 'EMESSAGE') && responseCode !== undefined && responseCode >= 500;
}
