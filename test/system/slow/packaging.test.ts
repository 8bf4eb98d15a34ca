/** What is published, installed into an empty folder as a stranger would, and run from there. */
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = join(__dirname, '../../..');

describe('the package', () => {
  const folder = mkdtempSync(join(tmpdir(), 'package-'));
  const empty = join(folder, 'empty');
  const run = (command: string, ...args: string[]) =>
    execFileSync(command, args, { cwd: empty, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });

  beforeAll(() => {
    mkdirSync(empty);
    // Packing builds first; installing runs no script of anybody.
    execFileSync('npm', ['pack', '--pack-destination', folder], { cwd: root, stdio: 'ignore' });
    const [archive = ''] = readdirSync(folder).filter((name) => name.endsWith('.tgz'));
    writeFileSync(join(empty, 'package.json'), '{}');
    const flags = ['--omit=dev', '--ignore-scripts', '--no-audit', '--no-fund'];
    execFileSync('npm', ['install', ...flags, join(folder, archive)], { cwd: empty, stdio: 'ignore' });
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test('holds what runs and what is read, and nothing else', () => {
    const own = join(empty, 'node_modules/connector-host');
    const allowed =
      /^(dist|connectors|docs|scripts|packaging|package\.json|README\.md|LICENSE|CHANGELOG\.md|SECURITY\.md)$/;
    expect(readdirSync(own).filter((name) => !allowed.test(name) && name !== 'node_modules')).toEqual([]);
    const installed = readdirSync(join(empty, 'node_modules'));
    for (const name of ['typescript', 'jest', '@biomejs', 'fast-check']) expect(installed).not.toContain(name);
    expect(readFileSync(join(own, 'dist/main.js'), 'utf8')).toMatch(/^#!\/usr\/bin\/env node\n/);
  });

  test('says what to do in an empty folder, and serves after init', async () => {
    expect(() => run('npx', 'connector-host', 'serve')).toThrow(/does not exist: make it \(connector-host init/);
    expect(run('npx', 'connector-host', 'init')).toMatch(/^Written: .*demo\.json/);
    const program = join(empty, 'node_modules/.bin/connector-host');
    const host = spawn(program, ['serve', '--port', '0', '--log-format', 'json'], { cwd: empty });
    try {
      const port = await new Promise<number>((resolve, reject) => {
        let said = '';
        host.stdout.on('data', (chunk) => {
          said += chunk;
          const found = /"message":"(?:the host listens|listening)","port":(\d+)/.exec(said)?.[1];
          if (found !== undefined) resolve(Number(found));
        });
        host.once('close', () => reject(new Error(`The host ended: ${said}`)));
      });
      const certs = join(empty, 'certs');
      const status = await new Promise<number | undefined>((resolve, reject) => {
        const token = readFileSync(join(certs, 'demo.token'), 'utf8').split('\n')[0];
        const options = {
          ca: readFileSync(join(certs, 'self-signed.crt')),
          headers: { Authorization: `Bearer ${token}` },
        };
        const url = `https://localhost:${port}/ecma2host_demo/scim/Users?count=1`;
        request(url, options, (response) => resolve(response.resume().statusCode))
          .on('error', reject)
          .end();
      });
      expect(status).toBe(200);
      const test = join(empty, 'node_modules/connector-host/scripts/test-connection.js');
      const places = ['--port', String(port), '--certs', certs, '--connectors', join(empty, 'connectors')];
      const token = ['--secret-token-file', join(certs, 'demo.token')];
      expect(run('node', test, '--connector-name', 'demo', ...places, ...token).length).toBeGreaterThan(9);
    } finally {
      const ended = new Promise((resolve) => host.once('close', resolve));
      host.kill('SIGTERM');
      expect(await ended).toBe(0);
    }
  });
});
