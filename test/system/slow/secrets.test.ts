/**
 * No secret is ever shown. Every command, the host itself and its administration run with recognisable secrets in every
 * place that may hold one, faults among them; then all that was said and written is searched.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { request as requestPlain } from 'node:http';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { people } from '../../support/connectorFiles';
import { eventually, program, secret } from '../../support/hostProcess';
import { invocations } from '../../support/invocations';

const folder = mkdtempSync(join(tmpdir(), 'secrets-'));
const marker = secret('').slice(0, 6);
let said = '';

const variables = {
  LDAP_PASSWORD: secret('ldap-variable'),
  SECRET_TOKEN: secret('token-variable'),
  CONNECTOR_HOST_LDAP_PASSWORD: secret('discover'),
};
const env = { ...process.env, ...variables };

const unreachable = (password: string, more: object = {}) =>
  people(
    undefined,
    {},
    {
      connectivity: {
        host: '127.0.0.1',
        port: 1,
        binding: 'Basic',
        userName: 'cn=connector',
        password,
        connectionTimeout: 1,
      },
      ...more,
    },
  );

function write(name: string, content: unknown): void {
  const text = typeof content === 'string' ? content : JSON.stringify(content, undefined, 2);
  writeFileSync(join(folder, name), text);
}

function run(args: readonly string[], input = ''): { status: number | null; stdout: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...args], {
    cwd: folder,
    env,
    input,
    encoding: 'utf8',
    timeout: 120_000,
  });
  said += `\n$ ${args[0]} …\n${stdout}${stderr}`;
  return { status, stdout };
}

/** The commands that there are, from the help itself, so that none can be forgotten here. */
function commandsOf(...path: string[]): string[] {
  const list =
    run([...path, '--help'])
      .stdout.split('\nCommands:\n')[1]
      ?.split('\n\n', 1)[0] ?? '';
  const found = [...list.matchAll(/^ {2}([a-z][\w-]*)/gm)].map(([, name = '']) => name);
  const names = found.filter((name) => name !== 'help');
  return names.length === 0 ? [path.join(' ')] : names.flatMap((name) => commandsOf(...path, name));
}

beforeAll(() => {
  for (const name of ['connectors', 'strays', 'certs', 'state', 'secrets']) mkdirSync(join(folder, name));
  write('secrets/ldap', `${secret('ldap-file')}\n${secret('second-line')}\n`);
  write('connectors/memory.json', people(undefined));
  write(
    'connectors/plain.json',
    unreachable(secret('ldap-plain'), { properties: { secretToken: secret('token-plain') } }),
  );
  write(
    'connectors/variable.json',
    unreachable('env:LDAP_PASSWORD', { properties: { secretToken: 'env:SECRET_TOKEN' } }),
  );
  write('connectors/file.json', unreachable('file:../secrets/ldap'));
  const sealed = run(['secret', 'seal'], `${secret('sealed')}\n`).stdout.trim();
  expect(sealed).toMatch(/^enc:1\./);
  write('connectors/sealed.json', unreachable(sealed, { properties: { secretToken: [sealed, secret('shared')] } }));
  write('connectors/foreign.json', unreachable(`enc:1.01234567.${secret('foreign')}${'A'.repeat(60)}`));
  write('connectors/digest.json', unreachable(`sha256:${secret('digest')}`));
  write('connectors/wrong.json', {
    ...unreachable(secret('beside-a-fault')),
    properties: { secretToken: { value: secret('in-an-object') }, autosyncTimer: 'never' },
  });
  // In places where no secret belongs: only what is wrong with them is said.
  write('strays/stray.json', {
    ...unreachable('env:LDAP_PASSWORD', { properties: { autosyncTimer: secret('for-a-number') } }),
    partitions: secret('for-a-list'),
    runProfiles: { export: secret('for-an-object'), fullImport: { accidentLimit: secret('for-a-share') } },
    unknown: secret('under-an-unknown-key'),
  });
  write('connectors/torn.json', `{ "connectivity": { "password": "${secret('torn')}" "x": `);
  write('host.json', {
    admin: { port: 0, token: secret('administrator') },
    logFile: 'host.log',
    logLevel: 'debug',
    auditFile: 'audit.jsonl',
    // Nobody listens on port 1.
    mail: {
      server: '127.0.0.1',
      port: 1,
      security: 'none',
      from: 'host@example.com',
      to: 'ops@example.com',
      userName: 'host',
      password: secret('smtp'),
    },
    webhook: { url: 'http://127.0.0.1:1/hook', token: secret('hook') },
  });
});

const children = new Set<ChildProcess>();
afterAll(() => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

test('every command', () => {
  write(
    'broken-host.json',
    `{ "admin": { "token": "${secret('broken-host')}", "x": 1 }, "port": "${secret('port')}" }`,
  );
  expect(Object.keys(invocations).sort()).toEqual(commandsOf().sort());
  for (const [command, list] of Object.entries(invocations)) {
    for (const args of list) run([...command.split(' '), ...args], `${secret('typed')}\n`);
  }
  run(['secret', secret('as-a-command')]);
  // Later runs must not have failed for want of anything: these are the ones that have to work.
  expect(run(['certificate', 'show']).status).toBe(0);
  expect(run(['token', 'memory', '--json']).status).toBe(0);
  expectSilence();
}, 600_000);

test('the host, its log, and what it answers', async () => {
  // The plain file without its faults opens as far as a directory that is not there allows.
  const child = spawn(process.execPath, [program, 'serve', '--port', '0', '--log-format', 'json'], {
    cwd: folder,
    env,
  });
  children.add(child);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (text: Buffer) => {
      output += text.toString();
      said += text.toString();
    });
  }
  const found = await eventually(async () => {
    const port = /"message":"the host listens","port":(\d+)/.exec(output)?.[1];
    const admin = /"message":"the administration listens","url":"([^"]+)"/.exec(output)?.[1];
    if (port === undefined || admin === undefined) throw new Error(`not yet: ${output}`);
    return { port, admin };
  });
  const ca = readFileSync(join(folder, 'certs/self-signed.crt'));
  const hear = (url: string, token: string, method = 'GET', body?: string) => fetchText(url, token, ca, method, body);
  const base = `https://localhost:${found.port}`;
  const asked = [secret('token-plain'), secret('token-variable'), secret('wrong')].flatMap((token) =>
    ['memory', 'plain', 'variable', 'sealed', 'nobody'].flatMap((name) => {
      const path = `${base}/ecma2host_${name}/scim/Users`;
      return [
        hear(`${path}?count=1`, token),
        hear(`${path}?access_token=${secret('in-the-query')}`, token),
        hear(path, token, 'POST', `{ "password": "${secret('in-a-body')}", `),
      ];
    }),
  );
  // Those whose token is refused are kept waiting, and are let go when the host stops.
  const answered = Promise.allSettled(asked);
  const token = secret('administrator');
  for (const path of ['', '/health', '/version', '/log-level', '/connectors', '/nothing'])
    expect(await hear(`${found.admin}/admin${path}`, token)).toBeDefined();
  for (const name of ['memory', 'plain', 'variable', 'sealed', 'wrong', 'torn']) {
    await hear(`${found.admin}/admin/connectors/${name}`, token);
    await hear(`${found.admin}/admin/connectors/${name}/runs`, token);
  }
  expect(await hear(`${found.admin}/admin/connectors/plain`, token)).toContain('"name":"plain"');
  await hear(`${found.admin}/admin/connectors`, secret('token-plain'));
  await hear(`${found.admin}/admin/log-level`, token, 'PUT', `{ "level": "${secret('level')}" }`);
  await hear(`${found.admin}/metrics`, token);

  write('connectors/plain.json', unreachable(secret('changed'), { properties: { secretToken: 5 } }));
  write('host.json', { admin: { port: 0, token: [secret('changed-administrator')] } });
  write('secrets/ldap', `${secret('renewed')}\n`);
  if (process.platform !== 'win32') child.kill('SIGHUP');
  await eventually(async () => expect(output).toContain('"path":"admin.token"'));
  await eventually(async () => expect(output).toContain('"path":"properties.secretToken"'));
  const ended = new Promise((resolve) => child.once('close', resolve));
  child.kill('SIGTERM');
  await ended;
  await answered;
  expect(statSync(join(folder, 'host.log')).size).toBeGreaterThan(1_000);
  expectSilence();
});

/** Nothing that was printed, logged, answered or kept has a secret in it, as it is or in another form. */
function expectSilence(): void {
  const token = /^.*$/m.exec(readFileSync(join(folder, 'certs/memory.token'), 'utf8'))?.[0] ?? '';
  const key = readFileSync(join(folder, 'secrets/seal.key'), 'utf8').split('\n')[1] ?? '';
  expect([token.length, key.length]).toEqual([43, 43]);
  const words = [
    marker,
    Buffer.from(marker).toString('base64').slice(0, 7),
    Buffer.from(marker).toString('hex'),
    token,
    key,
  ];
  const places: [string, string][] = [['said', said], ...written()];
  const leaks = places.flatMap(([place, text]) =>
    words.flatMap((word) => {
      const at = text.indexOf(word);
      return at < 0 ? [] : [`${place}: ${text.slice(Math.max(0, at - 120), at + 40)}`];
    }),
  );
  expect(leaks).toEqual([]);
}

/** Files that the program has written; those that this test has written are no news. */
function written(): [string, string][] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !/\/(connectors|strays|certs|secrets)\/|host\.json$/.test(path.slice(folder.length)))
    .map((path) => {
      const octets = readFileSync(path);
      return [path, (path.endsWith('.gz') ? gunzipSync(octets) : octets).toString('latin1')];
    });
}

function fetchText(url: string, token: string, ca: Buffer, method: string, body?: string): Promise<string> {
  const secure = url.startsWith('https:');
  const headers = {
    Authorization: `Bearer ${token}`,
    ...(body === undefined ? {} : { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) }),
  };
  return new Promise((resolve, reject) => {
    const open = secure ? request : requestPlain;
    const sent = open(url, { method, headers, ...(secure ? { ca } : {}) }, (response) => {
      let text = JSON.stringify(response.headers);
      response.on('data', (chunk) => {
        text += chunk;
      });
      response.on('end', () => {
        said += text;
        resolve(text);
      });
    });
    sent.once('error', reject);
    sent.end(body);
  });
}
