/** The listening side: node:https with limits for slow and hostile clients, and a stop that lets requests finish. */
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { createServer, type Server, type ServerOptions } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import { HostError } from './hostError';
import type { Messages } from './messages';

const SECOND = 1000;
const LIMITS = {
  minVersion: 'TLSv1.2',
  handshakeTimeout: 10 * SECOND,
  headersTimeout: 15 * SECOND,
  connectionsCheckingInterval: 5 * SECOND,
  // Longer than the pauses of clients and proxies between requests, so that it is they who close.
  keepAliveTimeout: 75 * SECOND,
  maxHeaderSize: 32 * 1024,
} as const satisfies ServerOptions;
/** A connection on which nothing moves for so long beyond the request's deadline is dead or held on purpose. */
const IDLE_GRACE_MS = 90 * SECOND;
/** Identity providers and their agents hold a few dozen connections; more than this is somebody who wants to use them up. */
const MAX_CONNECTIONS = 2_000;
/** How long last answers may take to leave, and handshakes to end, when no request is in flight any more. */
const FAREWELL_MS = SECOND;

/** What the server needs. */
export interface HttpsServerOptions {
  readonly cert: string;
  readonly key: string;
  readonly requestTimeoutMs: number;
  /** What requests and responses are made of. Default: Node's own classes. */
  readonly messages?: Messages;
  /** Connections at a time; those beyond are closed at once. Default: 2000. */
  readonly maxConnections?: number;
  /** Told when the limit is reached, and not again before a connection has ended. */
  readonly onFull?: (connections: number, remote: string | undefined) => void;
  readonly onTlsError?: (error: Error, remote: string | undefined) => void;
  readonly onBadRequest?: (error: Error, status: number, remote: string | undefined) => void;
}

/** An HTTPS server that listens, until it is closed. */
export class HttpsServer {
  readonly #server: Server;
  readonly #connections = new Set<Socket>();
  /** Connections that have not asked for anything yet, which node does not count as idle. */
  readonly #quiet = new Set<TLSSocket>();
  /**
   * What each connection is being answered; where requests are sent ahead, the last of them. Not a Set of answers: the
   * tables that it leaves behind when it grows and shrinks make the garbage collector take them for alive, with all that
   * hangs on them, which was a fifth of what an empty request cost.
   */
  readonly #answering = new Map<TLSSocket, ServerResponse | undefined>();
  #inFlight = 0;
  #idle: (() => void) | undefined;
  #full = false;

  constructor(options: HttpsServerOptions, listener: RequestListener) {
    const { cert, key, requestTimeoutMs, maxConnections = MAX_CONNECTIONS } = options;
    this.#server = createServer({
      ...LIMITS,
      ...options.messages,
      cert,
      key,
      requestTimeout: Math.max(requestTimeoutMs, LIMITS.headersTimeout),
      // Refused here, in words.
      requireHostHeader: false,
    });
    this.#server.timeout = requestTimeoutMs + IDLE_GRACE_MS;
    this.#server.maxConnections = maxConnections;
    this.#server.on('connection', (socket: Socket) => {
      this.#connections.add(socket);
      socket.once('close', () => {
        this.#connections.delete(socket);
        this.#full = false;
      });
    });
    this.#server.on('drop', (dropped) => {
      if (!this.#full) options.onFull?.(maxConnections, dropped?.remoteAddress);
      this.#full = true;
    });
    this.#server.on('secureConnection', (socket) => {
      this.#quiet.add(socket);
      readThroughStream(socket);
      this.#answering.set(socket, undefined);
      socket.once('close', () => {
        this.#quiet.delete(socket);
        this.#answering.delete(socket);
      });
    });
    this.#server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      const socket = request.socket as TLSSocket;
      this.#quiet.delete(socket);
      this.#answering.set(socket, response);
      this.#inFlight += 1;
      response.on('close', () => this.#answered(socket, response));
      if (request.headers.host === undefined && request.httpVersion === '1.1')
        refuse(response, 400, 'A request of HTTP/1.1 needs the header field Host.');
      else listener(request, response);
    });
    this.#server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => {
      askForBodyWhenRead(request, response);
      this.#server.emit('request', request, response);
    });
    this.#server.on('checkExpectation', (request: IncomingMessage, response: ServerResponse) => {
      const detail = 'The only expectation that can be met is 100-continue: leave the header field Expect out.';
      refuse(response, 417, detail);
      request.resume();
    });
    this.#server.on('tlsClientError', (error, socket) => options.onTlsError?.(error, socket.remoteAddress));
    this.#server.on('clientError', (error: NodeJS.ErrnoException, socket: Duplex) => {
      const status = refuseUnreadable(error, socket);
      if (status !== undefined) options.onBadRequest?.(error, status, (socket as Socket).remoteAddress);
    });
  }

  /** Resolves when the server listens; rejects with a {@link HostError} that says why it cannot. */
  async listen(port: number, address: string): Promise<AddressInfo> {
    try {
      await this.#listenOn(port, address);
    } catch (error) {
      const noIPv6 = ['EAFNOSUPPORT', 'EADDRNOTAVAIL'].includes((error as NodeJS.ErrnoException).code ?? '');
      if (!(noIPv6 && address === '::')) throw listenError(error as NodeJS.ErrnoException, port, address);
      await this.#listenOn(port, '0.0.0.0').catch((second: NodeJS.ErrnoException) => {
        throw listenError(second, port, '0.0.0.0');
      });
    }
    return this.#server.address() as AddressInfo;
  }

  #listenOn(port: number, host: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen({ port, host }, () => {
        this.#server.removeListener('error', reject);
        resolve();
      });
    });
  }

  /** New connections get this certificate. */
  renew(cert: string, key: string): void {
    this.#server.setSecureContext({ cert, key, minVersion: LIMITS.minVersion });
  }

  /** Stops accepting; requests in flight have so many milliseconds to finish. Resolves when every connection is closed; answers how many requests were cut off. */
  async close(drainTimeoutMs: number): Promise<number> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const socket of this.#quiet) socket.destroy();
    for (const response of this.#answering.values())
      if (response && !response.headersSent) response.setHeader('Connection', 'close');
    if (this.#inFlight > 0) {
      await within(drainTimeoutMs, new Promise<void>((resolve) => (this.#idle = resolve)));
    }
    const cutOff = this.#inFlight;
    if (cutOff === 0) await within(FAREWELL_MS, closed);
    for (const socket of this.#connections) socket.destroy();
    await closed;
    return cutOff;
  }

  #answered(socket: TLSSocket, response: ServerResponse): void {
    if (this.#answering.get(socket) === response) this.#answering.set(socket, undefined);
    this.#inFlight -= 1;
    if (this.#server.listening) return;
    // An answer that began before the stop has promised to keep the connection; it ends once all is sent.
    socket.destroySoon();
    if (this.#inFlight === 0) this.#idle?.();
  }
}

/** Waits for a promise, but not longer than that. */
async function within(ms: number, promise: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([promise, timeout]);
  clearTimeout(timer);
}

/**
 * Node pauses a connection whose answer has not gone out when the next request comes, and resumes it later. Its parser,
 * though, reads straight from the TLS layer, which goes on with records that it has decrypted already: the paused parser
 * calls the request's body unreadable and the connection is lost. With a listener the records wait in the stream instead.
 */
function readThroughStream(socket: TLSSocket): void {
  socket.on('data', ignore);
}

function ignore(): void {}

/**
 * A client that waits for leave to send its body (RFC 9110 §10.1.1) gets it when somebody reads the body, and not before
 * it is known who asks. Without it nobody can tell whether a body follows the refusal, so the connection ends there.
 */
function askForBodyWhenRead(request: IncomingMessage, response: ServerResponse): void {
  response.setHeader('Connection', 'close');
  request.once('resume', () => {
    if (response.headersSent) return;
    response.removeHeader('Connection');
    response.writeContinue();
  });
}

/** Answers what does not get as far as the application. */
function refuse(response: ServerResponse, status: number, detail: string): void {
  const body = errorText(status, detail);
  const length = Buffer.byteLength(body);
  response.writeHead(status, { ...ERROR_FIELDS, 'Content-Length': length }).end(body);
}

function errorText(status: number, detail: string): string {
  return JSON.stringify({
    schemas: ['urn:ietf:params:scim:api:messages:2.0:Error'],
    status: String(status),
    detail,
  });
}

const ERROR_FIELDS = { Connection: 'close', 'Content-Type': 'application/scim+json' } as const;

/** Answers what the HTTP parser could not read, as node would, but in words. Answers the status, or undefined when nobody hears it. */
function refuseUnreadable(error: NodeJS.ErrnoException, socket: Duplex): number | undefined {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return undefined;
  }
  const [status, reason, detail] =
    error.code === 'HPE_HEADER_OVERFLOW'
      ? [
          431,
          'Request Header Fields Too Large',
          `The request's URL and header fields exceed ${LIMITS.maxHeaderSize} octets.`,
        ]
      : error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? [408, 'Request Timeout', 'The request did not arrive in time.']
        : [400, 'Bad Request', 'This is not a request of HTTP/1.1.'];
  const body = errorText(Number(status), String(detail));
  socket.end(
    `HTTP/1.1 ${status} ${reason}\r\nConnection: close\r\nContent-Type: application/scim+json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
  return Number(status);
}

function listenError(error: NodeJS.ErrnoException, port: number, address: string): HostError {
  const where = `port ${port} of ${address}`;
  switch (error.code) {
    case 'EADDRINUSE':
      return new HostError(
        `${where} is in use already, perhaps by another connector host: stop that program, or give this host another port`,
        error,
      );
    case 'EACCES':
      return new HostError(
        `${where} may not be used by this account: ports below 1024 need a privilege, choose a higher one`,
        error,
      );
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return new HostError(`${address} is not an address of this machine: give one that is, or "::" for all`, error);
    default:
      return new HostError(`the host cannot listen on ${where}: ${error.message}`, error);
  }
}
