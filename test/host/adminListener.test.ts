import { X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { isLoopback, listenForAdmin } from '../../src/host/adminListener';
import { openCertificate } from '../../src/host/certificate';

const folders: string[] = [];

function certificateFor(hostName: string) {
  const directory = mkdtempSync(join(tmpdir(), 'admin-listener-'));
  folders.push(directory);
  return openCertificate({ directory, hostName });
}

afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

test.each([
  ['127.0.0.1', true],
  ['127.255.0.9', true],
  ['::1', true],
  ['LocalHost', true],
  ['0.0.0.0', false],
  ['::', false],
  ['10.0.0.1', false],
  ['localhost.example.com', false],
  ['', false],
])('only this machine reaches %j: %p', (address, expected) => {
  expect(isLoopback(address)).toBe(expected);
});

test('a port that is taken is said in one sentence, with the flag that chooses another', async () => {
  const certificate = await certificateFor('localhost');
  const first = await listenForAdmin({ port: 0, address: '127.0.0.1' }, certificate, () => undefined);
  const taken = { port: first.port, address: '127.0.0.1' };
  await expect(listenForAdmin(taken, certificate, () => undefined)).rejects.toMatchObject({
    name: 'HostError',
    message: expect.stringMatching(new RegExp(`port ${first.port} of 127.0.0.1; it is in use already.*--admin-port`)),
  });
  await first.close(0);
});

test('new connections get a renewed certificate', async () => {
  const [old, renewed] = await Promise.all([certificateFor('old.example.com'), certificateFor('new.example.com')]);
  const listener = await listenForAdmin({ port: 0, address: '0.0.0.0' }, old, () => undefined);
  const named = () =>
    new Promise<string | undefined>((resolve, reject) => {
      const socket = connect({ port: listener.port, host: '127.0.0.1', rejectUnauthorized: false }, () => {
        resolve(new X509Certificate(socket.getPeerCertificate().raw).subjectAltName);
        socket.destroy();
      }).on('error', reject);
    });
  expect(listener.url).toBe(`https://0.0.0.0:${listener.port}`);
  expect(await named()).toContain('old.example.com');
  listener.renew(renewed.cert, renewed.key);
  expect(await named()).toContain('new.example.com');
  await listener.close(0);
});

test('closing lets a request in flight finish, and cuts off one that does not', async () => {
  const certificate = await certificateFor('localhost');
  let answer: () => void = () => undefined;
  let requests = 0;
  let arrive: () => void = () => undefined;
  const arrived = new Promise<void>((resolve) => {
    arrive = resolve;
  });
  const listener = await listenForAdmin({ port: 0, address: '127.0.0.1' }, certificate, (request, response) => {
    if (request.url === '/slow') answer = () => void response.end('done');
    requests += 1;
    if (requests === 2) arrive();
  });
  const ask = (path: string) =>
    new Promise<string>((resolve) => {
      get(`${listener.url}${path}`, (response) => {
        response.on('data', (chunk: Buffer) => resolve(chunk.toString()));
      }).on('error', () => resolve('cut off'));
    });
  const slow = ask('/slow');
  const stuck = ask('/stuck');
  await arrived;
  const closed = listener.close(200);
  answer();
  expect(await slow).toBe('done');
  await closed;
  expect(await stuck).toBe('cut off');
});
