/** The administration's own listener: HTTP on loopback, HTTPS with the host's certificate everywhere else. */
import { createServer as createHttpServer, type RequestListener, type Server, type ServerOptions } from 'node:http';
import { createServer as createHttpsServer, type Server as HttpsServer } from 'node:https';
import { type AddressInfo, BlockList, isIP } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { HostError } from './hostError';

const LIMITS = {
  headersTimeout: 15_000,
  requestTimeout: 30_000,
  connectionsCheckingInterval: 5_000,
  keepAliveTimeout: 75_000,
  maxHeaderSize: 16 * 1024,
} as const satisfies ServerOptions;
const MIN_VERSION = 'TLSv1.2';

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

/** Whether only this machine can reach the address. */
export function isLoopback(address: string): boolean {
  const version = isIP(address);
  return version === 0
    ? address.toLowerCase() === 'localhost'
    : loopback.check(address, version === 4 ? 'ipv4' : 'ipv6');
}

/** A listener that listens, until it is closed. */
export interface AdminListener {
  readonly port: number;
  readonly address: string;
  /** Where it is reached, without a path. */
  readonly url: string;
  /** New connections get this certificate. */
  renew(cert: string, key: string): void;
  /** Stops accepting; requests in flight have so many milliseconds to finish. */
  close(drainTimeoutMs: number): Promise<void>;
}

/** Listens. @throws HostError that says why it cannot */
export async function listenForAdmin(
  { port, address }: { readonly port: number; readonly address: string },
  { cert, key }: { readonly cert: string; readonly key: string },
  listener: RequestListener,
): Promise<AdminListener> {
  const secured = isLoopback(address)
    ? undefined
    : createHttpsServer({ ...LIMITS, cert, key, minVersion: MIN_VERSION }, listener);
  const server = secured ?? createHttpServer(LIMITS, listener);
  await listening(server, port, address);
  const bound = server.address() as AddressInfo;
  const host = bound.family === 'IPv6' ? `[${bound.address}]` : bound.address;
  return {
    port: bound.port,
    address: bound.address,
    url: `${secured ? 'https' : 'http'}://${host}:${bound.port}`,
    renew: (renewedCert, renewedKey) =>
      secured?.setSecureContext({ cert: renewedCert, key: renewedKey, minVersion: MIN_VERSION }),
    close: (drainTimeoutMs) => close(server, drainTimeoutMs),
  };
}

function listening(server: Server | HttpsServer, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const refuse = (error: NodeJS.ErrnoException): void => {
      const hint =
        error.code === 'EADDRINUSE'
          ? 'it is in use already: choose another one with --admin-port (0: any free one)'
          : `${error.message}: choose another one with --admin-port and --admin-address`;
      reject(new HostError(`the administration cannot listen on port ${port} of ${host}; ${hint}`, error));
    };
    server.once('error', refuse);
    server.listen({ port, host }, () => {
      server.removeListener('error', refuse);
      resolve();
    });
  });
}

async function close(server: Server | HttpsServer, drainTimeoutMs: number): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  const late = new AbortController();
  const patience = sleep(drainTimeoutMs, undefined, { signal: late.signal, ref: false }).catch(() => undefined);
  await Promise.race([closed, patience]);
  late.abort();
  server.closeAllConnections();
  await closed;
}
