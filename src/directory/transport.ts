/**
 * A connected socket to a directory server, secured as configured, or an error that says what to do. StartTLS never
 * falls back: until TLS stands, nothing but the StartTLS request itself is sent.
 */
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { type ConnectionOptions, connect as connectTls, type SecureVersion, type TLSSocket } from 'node:tls';
import { ExtendedRequest } from 'ldapts';
import { BerCursor, MessageFramer } from './ber';
import { Oid } from './controls';
import { LdapError, ResultCode } from './error';

/** One server. */
export interface Host {
  readonly host: string;
  readonly port: number;
  /** A Unix socket instead of host and port (`ldapi`). */
  readonly path?: string;
}

/** A server, as messages call it. */
export function addressOf({ host, port, path }: Host): string {
  return path === undefined ? `${host}:${port}` : `ldapi://${path}`;
}

/** How the server's certificate is checked; it always is. */
export interface TlsOptions {
  /** PEM of the CA (or CAs) to trust instead of the public ones. */
  readonly ca?: string | Buffer;
  /** Name that the certificate must carry, where it is not the host's. */
  readonly serverName?: string;
  /** SHA-1 or SHA-256 fingerprint of the server's certificate, in hex. Alone it replaces the check by CA and name; with `ca` it comes on top. */
  readonly thumbprint?: string;
  /** Shown to the server (SASL EXTERNAL, or as its TLS settings demand). All PEM. */
  readonly clientCertificate?: {
    readonly certificate: string | Buffer;
    readonly key: string | Buffer;
    readonly passphrase?: string;
  };
  /** Default TLSv1.2. */
  readonly minVersion?: SecureVersion;
}

export type Security = 'none' | 'ldaps' | 'startTLS';

const KEEP_ALIVE_MS = 60_000;

/** Connects within `timeoutMs`, TLS included. Rejects with an {@link LdapError}: `connectionLost`, or the server's answer to StartTLS. */
export async function openTransport(
  host: Host,
  security: Security,
  tls: TlsOptions,
  timeoutMs: number,
): Promise<Socket> {
  const tcp = connectTcp(
    host.path === undefined
      ? {
          host: host.host,
          port: host.port,
          noDelay: true,
          keepAlive: true,
          keepAliveInitialDelay: KEEP_ALIVE_MS,
        }
      : { path: host.path },
  );
  const timer = setTimeout(() => tcp.destroy(new Error(`no connection within ${timeoutMs} ms`)), timeoutMs);
  try {
    await event(tcp, 'connect');
    if (security === 'none') return tcp;
    if (security === 'startTLS') await requestStartTLS(tcp);
    return await secure(tcp, host, tls);
  } catch (error) {
    tcp.destroy();
    if (error instanceof LdapError) throw error;
    const cause = error as NodeJS.ErrnoException;
    throw new LdapError('connectionLost', 'bind', '', `${addressOf(host)}: ${explain(cause)}`, false, { cause });
  } finally {
    clearTimeout(timer);
  }
}

/** Resolves with the event; rejects with the socket's error, or when it closes before. */
export function event(socket: Socket, name: 'connect' | 'secureConnect'): Promise<void> {
  return new Promise((resolve, reject) => {
    const release = (): void => {
      socket.off(name, onEvent).off('error', onError).off('close', onClose);
    };
    const onEvent = (): void => {
      release();
      resolve();
    };
    const onError = (error: Error): void => {
      release();
      // Whatever else a broken socket has to say is no news.
      socket.on('error', () => {});
      reject(error);
    };
    const onClose = (): void => onError(new Error('the server closed the connection at once'));
    socket.once(name, onEvent).once('error', onError).once('close', onClose);
  });
}

/** RFC 4511 §4.14. Bytes behind the answer would be clear text that poses as a secured answer, so there must be none. */
export function requestStartTLS(tcp: Socket): Promise<void> {
  return new Promise((resolve, reject) => {
    const framer = new MessageFramer();
    const release = (): void => {
      tcp.pause();
      tcp.off('data', onData).off('error', fail).off('close', onClose);
    };
    const fail = (error: Error): void => {
      release();
      tcp.on('error', () => {});
      reject(error);
    };
    const onClose = (): void => fail(new Error('the server closed the connection instead of starting TLS'));
    const onData = (bytes: Buffer): void => {
      try {
        framer.push(bytes, (buffer, start, end) => {
          readStartTLSResponse(new BerCursor(buffer, start, end));
          if (end !== buffer.length) throw new Error('the server sent clear text after its answer to StartTLS');
          release();
          resolve();
        });
      } catch (error) {
        fail(error as Error);
      }
    };
    tcp.on('data', onData).once('error', fail).once('close', onClose);
    tcp.write(new ExtendedRequest({ messageId: 1, oid: Oid.startTLS }).write());
  });
}

function readStartTLSResponse(cursor: BerCursor): void {
  cursor.enter(0x30);
  cursor.integer();
  cursor.enter(0x78);
  const result = cursor.integer(0x0a);
  cursor.text();
  const diagnostic = cursor.text();
  if (result !== ResultCode.success) {
    throw new LdapError(result, 'extended', '', `The server refused StartTLS: ${diagnostic}`, false);
  }
}

async function secure(tcp: Socket, host: Host, tls: TlsOptions): Promise<TLSSocket> {
  // A pin alone vouches for the certificate; it is compared below, before a byte of LDAP is sent.
  const rejectUnauthorized = tls.thumbprint === undefined || tls.ca !== undefined;
  const socket = connectTls({ ...tlsConnection(tcp, host, tls), rejectUnauthorized });
  tcp.on('error', (error) => socket.destroy(error));
  await event(socket, 'secureConnect');
  if (tls.thumbprint !== undefined) checkThumbprint(socket, tls.thumbprint);
  return socket;
}

/** What TLS to a server is asked to be, whoever judges its certificate. */
export function tlsConnection(socket: Socket, { host }: Host, tls: TlsOptions): ConnectionOptions {
  const serverName = tls.serverName ?? (isIP(host) ? undefined : host);
  return {
    socket,
    host,
    minVersion: tls.minVersion ?? 'TLSv1.2',
    ...(serverName === undefined ? {} : { servername: serverName }),
    ...(tls.ca === undefined ? {} : { ca: tls.ca }),
    ...(tls.clientCertificate === undefined ? {} : clientCertificate(tls.clientCertificate)),
  };
}

function clientCertificate({ certificate, key, passphrase }: NonNullable<TlsOptions['clientCertificate']>) {
  return { cert: certificate, key, ...(passphrase === undefined ? {} : { passphrase }) };
}

/** Whether a thumbprint, however it is punctuated, is the SHA-1 or SHA-256 fingerprint of a certificate. */
export function hasThumbprint(shown: { fingerprint?: string; fingerprint256?: string }, thumbprint: string): boolean {
  const wanted = thumbprint.replace(/[^0-9a-f]/gi, '').toLowerCase();
  return [shown.fingerprint, shown.fingerprint256].some((text) => text?.replaceAll(':', '').toLowerCase() === wanted);
}

function checkThumbprint(socket: TLSSocket, thumbprint: string): void {
  const { fingerprint, fingerprint256 } = socket.getPeerCertificate();
  if (!hasThumbprint({ fingerprint, fingerprint256 }, thumbprint)) {
    throw new Error(
      `the server shows another certificate (SHA-256 ${fingerprint256}) than the one whose thumbprint is configured`,
    );
  }
}

const UNTRUSTED =
  'its certificate comes from no CA that is trusted here; set certificate.ca to the PEM file of its CA, or certificate.thumbprint to its SHA-256 fingerprint once you know that it is really the one of the server';
const NOT_TLS = 'it does not speak TLS on this port; LDAPS usually has port 636, StartTLS and plain LDAP 389';

const ADVICE: Readonly<Record<string, string>> = {
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNTRUSTED,
  UNABLE_TO_GET_ISSUER_CERT: UNTRUSTED,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNTRUSTED,
  SELF_SIGNED_CERT_IN_CHAIN: UNTRUSTED,
  DEPTH_ZERO_SELF_SIGNED_CERT: UNTRUSTED,
  CERT_HAS_EXPIRED: 'its certificate has expired; it must be renewed on the server',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet; compare the clocks',
  ERR_TLS_CERT_ALTNAME_INVALID:
    'its certificate is for another name; use that name as host, or set certificate.serverName to it',
  ERR_SSL_WRONG_VERSION_NUMBER: NOT_TLS,
  EPROTO: NOT_TLS,
  ECONNREFUSED: 'nothing listens there; check host and port, and whether the directory is running',
  ECONNRESET:
    'the server broke the connection off; LDAPS (usually port 636) and plain LDAP or StartTLS (389) do not understand each other',
  ENOENT: 'there is no such socket; check the path, and whether the directory is running',
  EACCES: 'this process may not use the socket; let its user read and write it',
  ENOTFOUND: 'the host name is not known to DNS',
  EAI_AGAIN: 'DNS does not answer',
};

/** Why there is no connection and what to do, in words. */
export function explain(error: NodeJS.ErrnoException): string {
  const advice = error.code === undefined ? undefined : ADVICE[error.code];
  return advice === undefined ? error.message : `${advice} (${error.code})`;
}
