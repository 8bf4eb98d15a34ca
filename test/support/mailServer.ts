/** A real SMTP server on 127.0.0.1 that keeps what it is given. */
import type { AddressInfo } from 'node:net';
import PostalMime, { type Email } from 'postal-mime';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';

/** A mail as it arrived: its envelope, and its content parsed by somebody else's parser. */
export interface ArrivedMail {
  readonly from: string;
  readonly to: readonly string[];
  readonly secure: boolean;
  readonly user: string | undefined;
  readonly mail: Email;
}

export class MailServer {
  readonly arrived: ArrivedMail[] = [];
  /** What RCPT TO is answered with; undefined: it is accepted. */
  refuse: ((address: string) => { readonly code: number; readonly text: string } | undefined) | undefined;
  readonly #server: SMTPServer;

  private constructor(options: SMTPServerOptions) {
    this.#server = new SMTPServer({
      ...options,
      disableReverseLookup: true,
      onRcptTo: ({ address }, _session, done) => {
        const refused = this.refuse?.(address);
        done(refused && Object.assign(new Error(refused.text), { responseCode: refused.code }));
      },
      onData: (stream, session, done) => {
        const chunks: Buffer[] = [];
        stream.on('data', (chunk: Buffer) => chunks.push(chunk));
        stream.on('end', () => {
          const { mailFrom, rcptTo } = session.envelope;
          void PostalMime.parse(Buffer.concat(chunks)).then((mail) => {
            this.arrived.push({
              from: mailFrom === false ? '' : mailFrom.address,
              to: rcptTo.map(({ address }) => address),
              secure: session.secure,
              user: session.user,
              mail,
            });
            done();
          }, done);
        });
      },
    });
    this.#server.on('error', () => undefined);
  }

  static async start(options: SMTPServerOptions = { authOptional: true, disabledCommands: ['STARTTLS'] }, port = 0) {
    const server = new MailServer(options);
    await new Promise<void>((resolve) => server.#server.listen(port, '127.0.0.1', () => resolve()));
    return server;
  }

  get port(): number {
    return (this.#server.server.address() as AddressInfo).port;
  }

  stop(): Promise<void> {
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }
}
