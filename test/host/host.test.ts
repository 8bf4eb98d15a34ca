import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, get as httpsGet } from 'node:https';
import { connect as connectTcp } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type TLSSocket } from 'node:tls';
import { openCertificate } from '../../src/host/certificate';
import type { Context } from '../../src/scim/handler';
import { startTestHost, TestConnector, type TestHost, TestRegistry, TOKEN, testProvider } from './fixtures';

const USER = '/ecma2host_demo/scim/Users/1';
const CACHE = '/ecma2host_demo/scim/cache';

describe('host', () => {
  let test: TestHost;
  let demo: TestConnector;
  let get: (context: Context) => Promise<void> | void;
  const until = async (condition: () => boolean) => {
    while (!condition()) await new Promise((resolve) => setImmediate(resolve));
  };
  const ca = () => readFileSync(join(test.certs, 'self-signed.crt'), 'utf8');
  const speak = (text: string) =>
    new Promise<string>((resolve, reject) => {
      let heard = '';
      const socket = connect({ host: '127.0.0.1', port: test.host.port, servername: 'localhost', ca: ca() });
      socket.on('data', (chunk) => {
        heard += chunk;
      });
      socket.on('close', () => resolve(heard));
      socket.on('error', reject);
      socket.write(text);
    });

  beforeEach(async () => {
    get = () => undefined;
    demo = new TestConnector(
      'demo',
      [TOKEN],
      testProvider((_id, context) => get(context)),
    );
    test = await startTestHost(new TestRegistry(demo), { drainTimeoutMs: 60_000 });
  });
  afterEach(() => test.stop());

  it('serves its connectors over TLS with a certificate that names it', async () => {
    const { status, body } = await test.get(USER, TOKEN);
    expect([status, JSON.parse(body).meta.location]).toEqual([200, `https://localhost:${test.host.port}${USER}`]);
    expect(test.host.certificate).toMatchObject({ origin: 'self-signed', warnings: [] });
    await expect(test.get(USER, TOKEN, { ca: undefined })).rejects.toThrow(/self-signed/);
    await expect(test.get(USER, TOKEN, { maxVersion: 'TLSv1.1', minVersion: 'TLSv1' })).rejects.toThrow();
    expect((await test.get(USER, TOKEN, { maxVersion: 'TLSv1.2' })).status).toBe(200);
  });

  it.each([
    ['no HTTP', 'hello\r\n\r\n', 400],
    ['an endless header', `GET / HTTP/1.1\r\nX: ${'x'.repeat(40_000)}\r\n\r\n`, 431],
  ])('answers %s with a SCIM error and a line in the log', async (_case, text, status) => {
    const heard = await speak(text);
    expect(heard).toMatch(new RegExp(`^HTTP/1.1 ${status} [\\s\\S]*"status":"${status}"`));
    expect(test.stream.lines().at(-1)).toMatchObject({ level: 'warn', status });
  });

  it('survives clients that do not speak TLS', async () => {
    await new Promise((resolve) => {
      const socket = connectTcp(test.host.port, '127.0.0.1', () => socket.write('GET / HTTP/1.1\r\n\r\n'));
      socket.on('error', () => undefined).on('close', resolve);
      socket.resume();
    });
    expect((await test.get(USER, TOKEN)).status).toBe(200);
  });

  it('tells the connector, and the log, that the client went away', async () => {
    const gone = new Promise<void>((resolve) => {
      get = ({ signal }) => {
        signal.addEventListener('abort', () => resolve());
        sent.destroy();
        return new Promise<void>(() => undefined);
      };
    });
    const headers = { Authorization: `Bearer ${TOKEN}` };
    const sent = httpsGet({
      host: '127.0.0.1',
      servername: 'localhost',
      port: test.host.port,
      path: USER,
      ca: ca(),
      headers,
    });
    sent.on('error', () => undefined);
    await gone;
    expect((await test.stream.requests(1))[0]).toMatchObject({
      message: expect.stringContaining(' aborted '),
      request: { aborted: true, remote: '127.0.0.1' },
    });
  });

  it('reads no more of the connector space than the client takes, and stops when it goes', async () => {
    let produced = 0;
    let stalled = 0;
    demo.entries = (function* () {
      for (;;) {
        produced += 1;
        yield 'x'.repeat(65_536);
      }
    })() as never;
    const headers = { Authorization: `Bearer ${TOKEN}` };
    const sent = httpsGet({
      host: '127.0.0.1',
      servername: 'localhost',
      port: test.host.port,
      path: CACHE,
      ca: ca(),
      headers,
      agent: false,
    });
    sent.on('error', () => undefined);
    sent.on('response', (response) => response.on('error', () => undefined).once('data', () => response.pause()));
    // With a client that takes nothing, production comes to rest once all buffers are full.
    for (let last = -1; stalled < 200; stalled = produced === last ? stalled + 1 : 0, last = produced) {
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(produced).toBeLessThan(1_000);
    expect(demo.closedReads).toBe(0);
    sent.destroy();
    await until(() => demo.closedReads === 1);
  });

  it('uses a certificate that the administrator brings while it runs, and keeps the old one when that is faulty', async () => {
    const other = mkdtempSync(join(tmpdir(), 'brought-'));
    const brought = await openCertificate({ directory: other, hostName: 'localhost' });
    writeFileSync(join(test.certs, 'host.crt'), brought.cert);
    await expect(test.host.renewCertificate()).rejects.toThrow(/host\.crt is there but/);
    expect((await test.get(USER, TOKEN)).status).toBe(200);
    copyFileSync(join(other, 'self-signed.key'), join(test.certs, 'host.key'));
    await test.host.renewCertificate();
    expect(test.host.certificate).toMatchObject({ origin: 'brought', fingerprint256: brought.info.fingerprint256 });
    await expect(test.get(USER, TOKEN)).rejects.toThrow();
    expect((await test.get(USER, TOKEN, { ca: brought.cert })).status).toBe(200);
    rmSync(other, { recursive: true });
  });

  it('says what to do when it cannot listen, and lets go of everything', async () => {
    const registry = new TestRegistry();
    const starting = startTestHost(registry, { port: test.host.port });
    await expect(starting).rejects.toThrow(/^port \d+ of 127\.0\.0\.1 is in use already.*another port$/);
    await expect(starting).rejects.toMatchObject({ name: 'HostError' });
    expect(registry.closed).toBe(1);
    await expect(startTestHost(registry, { address: '192.0.2.1' })).rejects.toThrow(/not an address of this machine/);
    await expect(startTestHost(registry, { hostName: 'a b' })).rejects.toThrow(/no host name/);
  });

  describe('when it stops', () => {
    it('lets requests in flight finish and closes connections that carry none', async () => {
      let finish: () => void = () => undefined;
      let started = false;
      get = () => {
        started = true;
        return new Promise<void>((resolve) => {
          finish = resolve;
        });
      };
      const agent = new Agent({ keepAlive: true, ca: ca() });
      const probe = await test.get('/healthz', '', { agent });
      expect(probe.close).toBe(false);
      const silent: TLSSocket = connect({ host: '127.0.0.1', port: test.host.port, servername: 'localhost', ca: ca() });
      await new Promise((resolve) => silent.once('secureConnect', resolve));
      const closed = new Promise((resolve) =>
        silent
          .resume()
          .on('error', () => undefined)
          .on('close', resolve),
      );
      const answer = test.get(USER, TOKEN, { agent: new Agent({ keepAlive: true, ca: ca() }) });
      await until(() => started);
      const stopped = test.host.stop();
      await expect(test.get(USER, TOKEN)).rejects.toThrow(/ECONNREFUSED/);
      expect(test.registry.closed).toBe(0);
      finish();
      expect(await answer).toMatchObject({ status: 200, close: true });
      await stopped;
      await closed;
      await test.host.stop();
      expect(test.registry.closed).toBe(1);
      expect(test.stream.text).not.toContain('cut off');
      expect(test.stream.lines().filter(({ request }) => request)).toHaveLength(2);
      agent.destroy();
    });

    it('waits so long and no longer, and says what it cut off', async () => {
      const impatient = await startTestHost(new TestRegistry(demo), { drainTimeoutMs: 20 });
      let started = false;
      get = () => {
        started = true;
        return new Promise<void>(() => undefined);
      };
      const answer = impatient.get(USER, TOKEN).catch((error: NodeJS.ErrnoException) => error.code);
      await until(() => started);
      await impatient.stop();
      expect(await answer).toBe('ECONNRESET');
      expect(impatient.stream.lines().find(({ message }) => message.includes('cut off'))).toMatchObject({
        level: 'warn',
        requests: 1,
      });
      expect(impatient.registry.closed).toBe(1);
    });
  });
});
