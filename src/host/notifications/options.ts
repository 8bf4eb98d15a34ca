/** How a host tells people what has happened. */
import type { Secret } from '../../telemetry/secret';
import type { Templates } from './template';

/** Mail by SMTP (RFC 5321). */
export interface MailOptions {
  readonly server: string;
  readonly port?: number;
  /** `startTls` is required, never merely tried. */
  readonly security: 'startTls' | 'tls' | 'none';
  readonly userName?: string;
  readonly password?: Secret;
  readonly from: string;
  /** Told of everything. */
  readonly to: readonly string[];
  /** PEM text of the authority that signed the server's certificate; absent: those that Node.js trusts. */
  readonly ca?: string;
}

/** A URL that is told of everything but passwords. */
export interface WebhookOptions {
  readonly url: string;
  readonly token?: Secret;
  /** PEM text. */
  readonly ca?: string;
}

/** All of it. */
export interface NotificationsOptions {
  readonly mail?: MailOptions;
  readonly webhook?: WebhookOptions;
  /** The log of what was sent, one JSON object a line. */
  readonly file: string;
  /** Milliseconds that the log reaches back. */
  readonly retentionMs: number;
  /** Milliseconds that a directory has to be unreachable. */
  readonly unreachableAfterMs: number;
  readonly completedRuns: boolean;
  /** The name of this host, for the reader of a mail. */
  readonly hostName: string;
  readonly templates: Templates;
}
