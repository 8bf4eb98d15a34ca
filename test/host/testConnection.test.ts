import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ScimError } from '../../src/scim/error';
import { startTestHost, TestConnector, type TestHost, TestRegistry, TOKEN, testProvider } from './fixtures';

const SCRIPT = join(__dirname, '../../scripts/test-connection.js');

/** The script as somebody would run it, against a host. */
describe('test-connection', () => {
  let test: TestHost;
  let demo: TestConnector;
  let folder: string;
  let connectors: string;

  interface Outcome {
    readonly code: number | null;
    readonly stdout: string;
    readonly stderr: string;
  }

  async function run(args: readonly string[] = [], token = TOKEN): Promise<Outcome> {
    const { PATH } = process.env;
    const defaults = {
      '--connector-name': 'demo',
      '--port': String(test.host.port),
      '--certs': test.certs,
      '--connectors': connectors,
    };
    const given = Object.entries(defaults).flatMap(([name, value]) => (args.includes(name) ? [] : [name, value]));
    const child = spawn(process.execPath, [SCRIPT, ...given, ...args], {
      env: { PATH, ...(token && { SECRET_TOKEN: token }) },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (chunk) => {
      stdout += chunk;
    });
    child.stderr.on('data', (chunk) => {
      stderr += chunk;
    });
    const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
    return { code, stdout, stderr };
  }

  const sentence = /^[A-Z][^\n]*[:.][^\n]*\.\n$/;

  beforeAll(async () => {
    demo = new TestConnector(
      'demo',
      [TOKEN],
      testProvider(() => undefined),
    );
    test = await startTestHost(new TestRegistry(demo), { address: '0.0.0.0' });
    folder = mkdtempSync(join(tmpdir(), 'connection-'));
    connectors = join(folder, 'connectors');
    mkdirSync(connectors);
    for (const name of ['demo', 'hr', 'openldap.example']) writeFileSync(join(connectors, `${name}.json`), '{}');
  });
  beforeEach(() => {
    demo.told = { state: 'serving' };
    demo.entries = ['[{"dn":"cn=a"}', ',{"dn":"cn=b"}', ']'];
    demo.cacheError = undefined;
  });
  afterAll(async () => {
    await test.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it('prints what the connector knows', async () => {
    const { code, stdout, stderr } = await run(['--object-type-path', 'cache']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(JSON.parse(stdout)).toHaveLength(2);
    expect(stdout.length).toBeGreaterThan(9);
  });

  it('takes the token from a file too, and asks for other paths', async () => {
    const file = join(folder, 'token');
    writeFileSync(file, `${TOKEN}\r\n`);
    const { code, stdout } = await run(['--secret-token-file', file, '--object-type-path', '/Users/7/'], 'wrong');
    expect({ code, id: JSON.parse(stdout).id }).toEqual({ code: 0, id: '7' });
  });

  it.each<[string, Partial<TestConnector>, number, RegExp]>([
    ['nothing is in scope', { entries: ['[]'] }, 9, /nothing in scope: .*partitions/],
    [
      'the first import is running',
      {
        told: { state: 'serving', import: { running: true } },
        cacheError: ScimError.unavailable('12 entries seen so far.', 30),
      },
      8,
      /still running its first import \(12 entries seen so far\): wait/,
    ],
    [
      'the directory is gone',
      {
        told: { state: 'serving', directoryReachable: false },
        cacheError: ScimError.unavailable('Nothing is known.', 30),
      },
      7,
      /has not reached its directory \(Nothing is known\): check/,
    ],
    [
      'the directory was never reached',
      { told: { state: 'opening', detail: 'ldap://x refuses.' } },
      7,
      /not reached.*ldap:\/\/x refuses\)/,
    ],
    ['the connector is faulty', { told: { state: 'faulty', detail: 'line 3' } }, 10, /is faulty .*line 3/],
    ['the connector is inactive', { told: { state: 'inactive' } }, 10, /is inactive/],
    ['the host is broken', { cacheError: new Error('hunter2') }, 1, /answered 500 .*log/],
    [
      'the answer breaks off',
      {
        entries: (function* () {
          yield `["${'x'.repeat(100_000)}"`;
          throw new Error('disk');
        })() as never,
      },
      1,
      /broke off/,
    ],
  ])('says that %s', async (_case, connector, exit, text) => {
    Object.assign(demo, connector);
    const { code, stdout, stderr } = await run();
    expect(stderr).toMatch(text);
    expect(stderr).toMatch(sentence);
    expect(code).toBe(exit);
    expect(exit === 1 || stdout.length <= 9).toBe(true);
  });

  it.each<[string, string[], string, number, RegExp]>([
    ['the token is wrong', [], 'wrong-token', 5, /refuses the secret token for connector "demo": compare/],
    [
      'there is no such connector',
      ['--connector-name', 'nobody'],
      TOKEN,
      6,
      /no connector "nobody" in .* \(it has demo, hr\)/,
    ],
    ['the name is in another case', ['--connector-name', 'Demo'], TOKEN, 6, /did you mean "demo"/],
    ['either may be wrong', ['--connectors', '/nowhere'], 'wrong', 5, /and the name too/],
    [
      'nothing listens',
      ['--port', '1'],
      TOKEN,
      3,
      /No connector host answers at localhost:1 \(ECONNREFUSED\): start it/,
    ],
    ['the certificate is not trusted', ['--certs', '/nowhere'], TOKEN, 4, /not trusted .*--certs/],
    ['the certificate is for another name', ['--host', '127.0.0.2'], TOKEN, 4, /does not name "127\.0\.0\.2"/],
    ['there is no CA', ['--ca', '/nowhere'], TOKEN, 2, /cannot be read/],
    ['there is no token file', ['--secret-token-file', '/nowhere'], TOKEN, 2, /cannot be read from \/nowhere/],
    ['the token has blanks', [], 'a b', 2, /contains blanks/],
    ['there is nobody to ask', [], '', 2, /no terminal .*SECRET_TOKEN/],
    ['a token does not belong there', ['--secret-token', TOKEN], TOKEN, 2, /command line can be read by everybody/],
    ['nor there', [`--SecretToken=${TOKEN}`], TOKEN, 2, /command line can be read by everybody/],
  ])('says that %s', async (_case, args, token, exit, text) => {
    const { code, stdout, stderr } = await run(args, token);
    expect(stderr).toMatch(text);
    expect(stderr).toMatch(sentence);
    expect(stderr).not.toContain(TOKEN);
    expect({ code, stdout }).toEqual({ code: exit, stdout: '' });
  });

  it('says that something else listens', async () => {
    const plain: Server = createServer((_request, response) => response.end('hello'));
    await new Promise<void>((resolve) => plain.listen(0, '127.0.0.1', resolve));
    const { code, stderr } = await run([
      '--host',
      '127.0.0.1',
      '--port',
      String((plain.address() as AddressInfo).port),
    ]);
    plain.close();
    expect({ code, stderr }).toEqual({ code: 3, stderr: expect.stringMatching(/does not speak HTTPS/) });
  });

  it('refuses wrong usage with the same code', async () => {
    for (const args of [['--port', '70000'], ['--object-type-path', 'a/../b'], ['--nonsense'], ['extra']]) {
      const { code, stderr } = await run(args);
      expect([args, code, stderr.startsWith('error: ')]).toEqual([args, 2, true]);
    }
    expect((await run(['--help'])).code).toBe(0);
    expect(readdirSync(connectors)).toHaveLength(3);
  });
});
