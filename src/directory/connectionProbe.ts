/**
 * How far one gets towards a server, one step at a time: its name, its port, its certificate. Each step is its own
 * connection and sends no credentials; the certificate is shown whether or not it is trusted, and nothing is ever sent
 * over a connection whose certificate is not.
 */
import { lookup } from 'node:dns/promises';
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls, type PeerCertificate, type TLSSocket } from 'node:tls';
import { LdapError } from './error';
import { event, explain, type Host, hasThumbprint, requestStartTLS, type TlsOptions, tlsConnection } from './transport';

/** A server's certificate, for people. */
export interface ServerCertificate {
  readonly subject: string;
  readonly issuer: string;
  /** As openssl prints them: `DNS:localhost, IP Address:127.0.0.1`. */
  readonly names: string;
  readonly validFrom: Date;
  readonly validTo: Date;
  /** SHA-256, hexadecimal pairs with colons: what `thumbprint` in a connector file pins. */
  readonly thumbprint: string;
}

/** What TLS to a server came to. */
export interface TlsFinding {
  /** As in `TLSv1.3`. */
  readonly protocol: string;
  readonly certificate: ServerCertificate;
  /** Why the certificate is not trusted, with what to do; absent when it is. */
  readonly distrust?: string;
}

/** A step that failed; the message says why and what to do. */
export class ProbeFailure extends Error {
  override readonly name = 'ProbeFailure';
}

/** The addresses of a host, in the order in which they are tried. @throws ProbeFailure */
export async function resolveName({ host }: Host): Promise<readonly string[]> {
  if (isIP(host)) return [host];
  try {
    return (await lookup(host, { all: true, verbatim: true })).map(({ address }) => address);
  } catch (error) {
    throw new ProbeFailure(explain(error as NodeJS.ErrnoException), { cause: error });
  }
}

/** The address that accepts connections. @throws ProbeFailure */
export async function reachPort(host: Host, timeoutMs: number): Promise<string> {
  return withTcp(host, timeoutMs, async (socket) => host.path ?? socket.remoteAddress ?? host.host);
}

/** The certificate that the server shows, and what the configured trust makes of it. @throws ProbeFailure when there is no TLS */
export async function inspectTls(
  host: Host,
  security: 'ldaps' | 'startTLS',
  tls: TlsOptions,
  timeoutMs: number,
): Promise<TlsFinding> {
  return withTcp(host, timeoutMs, async (tcp) => {
    if (security === 'startTLS') await requestStartTLS(tcp);
    // Judged below instead, so that what is not trusted can be looked at; only the handshake goes over this connection.
    const socket = connectTls({ ...tlsConnection(tcp, host, tls), rejectUnauthorized: false });
    tcp.on('error', (error) => socket.destroy(error));
    await event(socket, 'secureConnect');
    const certificate = socket.getPeerCertificate(false);
    const distrust = distrustOf(socket, certificate, tls);
    const protocol = socket.getProtocol() ?? 'TLS';
    socket.destroy();
    return { protocol, certificate: described(certificate), ...(distrust === undefined ? {} : { distrust }) };
  });
}

async function withTcp<T>(host: Host, timeoutMs: number, work: (socket: Socket) => Promise<T>): Promise<T> {
  const tcp = connectTcp(host.path === undefined ? { host: host.host, port: host.port } : { path: host.path });
  const timer = setTimeout(() => tcp.destroy(new Error(`no answer within ${timeoutMs / 1000} s`)), timeoutMs);
  try {
    await event(tcp, 'connect');
    return await work(tcp);
  } catch (error) {
    const reason = error instanceof LdapError ? error.diagnostic : explain(error as NodeJS.ErrnoException);
    throw new ProbeFailure(reason, { cause: error });
  } finally {
    clearTimeout(timer);
    tcp.destroy();
  }
}

function distrustOf(socket: TLSSocket, certificate: PeerCertificate, tls: TlsOptions): string | undefined {
  const { fingerprint, fingerprint256 } = certificate;
  if (tls.thumbprint !== undefined && !hasThumbprint({ fingerprint, fingerprint256 }, tls.thumbprint)) {
    return 'it is another certificate than the one whose thumbprint is configured; when it was renewed, configure the thumbprint shown here';
  }
  if (socket.authorized || (tls.thumbprint !== undefined && tls.ca === undefined)) return undefined;
  // The type says Error, and Node gives the code as a text.
  const code = String(socket.authorizationError);
  return explain(Object.assign(new Error(code), { code }));
}

function described(certificate: PeerCertificate): ServerCertificate {
  return {
    subject: nameOf(certificate.subject),
    issuer: nameOf(certificate.issuer),
    names: certificate.subjectaltname ?? '',
    validFrom: new Date(certificate.valid_from),
    validTo: new Date(certificate.valid_to),
    thumbprint: certificate.fingerprint256,
  };
}

/** The most exact part first, as in a DN. */
function nameOf(name: PeerCertificate['subject'] | undefined): string {
  return Object.entries(name ?? {})
    .flatMap(([type, values]) => [values].flat().map((value) => `${type}=${String(value)}`))
    .reverse()
    .join(', ');
}
