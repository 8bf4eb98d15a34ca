/** Clients that hold connections instead of using them. */
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import express from 'express';
import { openCertificate } from '../../src/host/certificate';
import { HttpsServer } from '../../src/host/httpsServer';
import { messagesOf } from '../../src/host/messages';

describe('connections', () => {
  it('beyond the limit are closed at once, said once, and taken again when others have ended', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'server-'));
    const { cert, key } = await openCertificate({ directory, hostName: 'localhost' });
    const full: number[] = [];
    const options = { cert, key, requestTimeoutMs: 1000, maxConnections: 2, onFull: (most: number) => full.push(most) };
    const server = new HttpsServer(options, (_request, response) => response.end());
    const { port } = await server.listen(0, '127.0.0.1');
    const open = async (): Promise<Socket> => {
      const socket = connect(port, '127.0.0.1');
      socket.on('error', () => undefined);
      await once(socket, 'connect');
      return socket;
    };
    const held = [await open(), await open()];
    for (let times = 0; times < 3; times++) await once((await open()).resume(), 'close');
    expect(full).toEqual([2]);
    held[0]?.destroy();
    // The server hears of the end in its own time.
    for (let taken = false; !taken; ) {
      const socket = (await open()).resume();
      const closed = once(socket, 'close').then(() => false);
      taken = await Promise.race([closed, new Promise<true>((resolve) => setTimeout(resolve, 200, true))]);
    }
    await server.close(0);
    await rm(directory, { recursive: true });
  });
});

describe('requests', () => {
  let directory: string;
  let certificate: { cert: string; key: string };

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'server-'));
    certificate = await openCertificate({ directory, hostName: 'localhost' });
  });
  afterAll(() => rm(directory, { recursive: true }));

  async function opened(server: HttpsServer) {
    const { port } = await server.listen(0, '127.0.0.1');
    const socket = connectTls({ port, host: '127.0.0.1', ca: certificate.cert, servername: 'localhost' });
    socket.on('error', () => undefined).pause();
    await once(socket, 'secureConnect');
    return socket;
  }

  /** All that comes until the other side closes, or until the last of it ends so. */
  async function received(socket: Socket, end = '\0'): Promise<string> {
    const chunks: Buffer[] = [];
    for await (const chunk of socket) {
      chunks.push(chunk);
      if (chunk.toString('latin1').endsWith(end)) break;
    }
    return Buffer.concat(chunks).toString('latin1');
  }

  it('that come while a large answer is still going out are read whole, over however many records', async () => {
    let read = 0;
    let answering: () => void;
    const answered = new Promise<void>((resolve) => (answering = resolve));
    let seeing: () => void;
    const seen = new Promise<void>((resolve) => (seeing = resolve));
    const server = new HttpsServer({ ...certificate, requestTimeoutMs: 10_000 }, (request, response) => {
      if (request.method === 'POST') seeing();
      request.on('data', (chunk: Buffer) => (read += chunk.length));
      request.once('end', () => {
        response.end(request.method === 'GET' ? 'x'.repeat(20_000_000) : 'the second');
        answering();
      });
    });
    const socket = await opened(server);
    socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    await answered;
    const body = 'y'.repeat(40_000);
    socket.cork();
    socket.write(`POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n`);
    for (let start = 0; start < 30_000; start += 10_000) socket.write(body.slice(start, start + 10_000));
    socket.uncork();
    await seen;
    socket.write(body.slice(30_000));
    expect(await received(socket, 'the second')).toMatch(/the second$/);
    expect(read).toBe(body.length);
    await server.close(0);
  });

  it('have the prototypes of the application from the beginning, so that none are replaced', async () => {
    const app = express();
    const prototypes = (...messages: object[]) => messages.map((message) => Object.getPrototypeOf(message));
    let before: object[] = [];
    let after: object[] = [];
    app.use((request, response) => {
      after = prototypes(request, response);
      response.status(200).send(request.get('host'));
    });
    const options = { ...certificate, requestTimeoutMs: 10_000, messages: messagesOf(app) };
    const server = new HttpsServer(options, (request, response) => {
      before = prototypes(request, response);
      app(request, response);
    });
    const socket = await opened(server);
    socket.write('GET / HTTP/1.1\r\nHost: somewhere\r\n\r\n');
    expect(await received(socket, 'somewhere')).toMatch(/^HTTP\/1.1 200 .*somewhere$/s);
    expect(after).toHaveLength(2);
    after.forEach((prototype, index) => {
      expect(prototype).toBe(before[index]);
    });
    await server.close(0);
  });

  describe('that wait for leave to send their bodies', () => {
    const post = 'POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n';

    it('get it when the body is read', async () => {
      const server = new HttpsServer({ ...certificate, requestTimeoutMs: 10_000 }, (request, response) => {
        request.once('data', (chunk: Buffer) => response.end(`read ${chunk.toString()}`));
      });
      const socket = await opened(server);
      socket.resume();
      // The second time on the same connection, which goes on.
      for (const body of ['body', 'more']) {
        socket.write(post);
        const [leave] = (await once(socket, 'data')) as [Buffer];
        expect(leave.toString()).toBe('HTTP/1.1 100 Continue\r\n\r\n');
        socket.write(body);
        const [answer] = (await once(socket, 'data')) as [Buffer];
        expect(answer.toString()).toMatch(new RegExp(`^HTTP/1\\.1 200 (?!.*Connection: close).*read ${body}`, 's'));
      }
      socket.destroy();
      await server.close(0);
    });

    it('are not asked for them when they are refused, and the connection ends', async () => {
      const server = new HttpsServer({ ...certificate, requestTimeoutMs: 10_000 }, (_request, response) => {
        response.writeHead(401, { 'Content-Length': 2 }).end('no');
      });
      const socket = await opened(server);
      socket.write(post);
      expect(await received(socket)).toMatch(/^HTTP\/1\.1 401 .*Connection: close\r\n.*no$/s);
      await server.close(0);
    });
  });

  it.each([
    ['without a Host', 'GET / HTTP/1.1\r\n\r\n', 400],
    ['that expect what nobody knows', 'GET / HTTP/1.1\r\nHost: x\r\nExpect: miracles\r\n\r\n', 417],
    ['that are none', 'hello\r\n\r\n', 400],
  ])('%s are refused in words', async (_name, request, status) => {
    const server = new HttpsServer({ ...certificate, requestTimeoutMs: 10_000 }, (_request, response) =>
      response.end(),
    );
    const socket = await opened(server);
    socket.write(request);
    const [head = '', body = ''] = (await received(socket)).split('\r\n\r\n');
    expect(head).toMatch(new RegExp(`^HTTP/1.1 ${status} [^]*application/scim\\+json`));
    expect(JSON.parse(body)).toMatchObject({ status: String(status), detail: expect.stringMatching(/\w/) });
    await server.close(0);
  });
});
