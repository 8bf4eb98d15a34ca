/** Mails of the whole program, as they arrive at a real SMTP server; and that no password stays behind. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { command } from '../support/administrator';
import { people } from '../support/connectorFiles';
import { eventually, HostProcess, program, secret } from '../support/hostProcess';
import { MailServer } from '../support/mailServer';
import { CORE_USER } from '../support/scimClient';
import { startTimeout } from '../support/system';

let server: MailServer;
let host: HostProcess;
let folder: string;
let settings: string[];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'mail-'));
  writeFileSync(join(folder, 'password'), secret('smtp'));
  server = await MailServer.start({
    disabledCommands: ['STARTTLS'],
    allowInsecureAuth: true,
    onAuth: ({ username, password }, _session, done) =>
      password === secret('smtp') ? done(null, { user: username }) : done(new Error('refused')),
  });
  settings = [
    ...['--mail-server', '127.0.0.1', '--mail-port', String(server.port), '--mail-security', 'none'],
    ...['--mail-user-name', 'host', '--mail-password', `file:${join(folder, 'password')}`],
    ...['--mail-from', 'host@example.com', '--mail-to', 'ops@example.com, second@example.com'],
  ];
  // Nobody listens where somebody has just ceased to.
  const closed = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => closed.once('listening', resolve));
  const { port } = closed.address() as { port: number };
  await new Promise((resolve) => closed.close(resolve));
  host = await HostProcess.start({
    connectors: {
      people: people(
        undefined,
        { password: { initial: 'random' } },
        { notifications: { to: ['people@example.com'], createdAccount: ['user'], completedRuns: true } },
      ),
      guarded: people(undefined, {}, { guardRails: { delete: 2 } }),
      away: people(undefined, {}, { connectivity: { host: '127.0.0.1', port, binding: 'Anonymous' } }),
    },
    args: [...settings, '--admin-port', '0', '--notifications-unreachable-after', '0'],
    until: 'listening',
  });
}, startTimeout);

afterAll(async () => {
  await host?.stop();
  await server?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const mailsTo = (address: string) =>
  server.arrived
    .filter(({ to }) => to.includes(address))
    .map(({ mail }) => ({ subject: mail.subject, text: mail.text }));

test('a directory that cannot be reached, and a run that was asked for', async () => {
  await eventually(async () => expect(mailsTo('ops@example.com')).toHaveLength(2));
  const subjects = mailsTo('ops@example.com').map(({ subject }) => subject?.replace(/^\[[^\]]+\] /, ''));
  expect(subjects.sort()).toEqual(['away: the directory cannot be reached', 'people: fullImport ended: success']);
  await eventually(async () => expect(mailsTo('second@example.com')).toHaveLength(2));
  await eventually(async () => expect(mailsTo('people@example.com')).toHaveLength(1));
  expect(server.arrived.every(({ user, from }) => user === 'host' && from === 'host@example.com')).toBe(true);
});

test('a guard rail that stops a runaway is told once, and told again when it was released', async () => {
  const client = host.client('guarded');
  await eventually(async () => expect((await client.get('/Users?count=0')).status).toBe(200));
  const { body } = await client.get('/Users?count=5&attributes=userName');
  const ids = (body.Resources as unknown as { id: string }[]).map(({ id }) => id);
  expect(ids).toHaveLength(5);
  const statuses: number[] = [];
  for (const id of ids) statuses.push((await client.delete(`/Users/${id}`)).status);
  expect(statuses).toEqual([204, 204, 403, 403, 403]);
  const about = () => mailsTo('ops@example.com').filter(({ subject }) => subject?.includes('guarded: '));
  await eventually(async () => expect(about()).toHaveLength(1));
  expect(about()[0]).toMatchObject({
    subject: expect.stringContaining('delete'),
    text: expect.stringContaining('connector-host changes release guarded --operation delete'),
  });
  const released = await command(host, ['changes', 'release', 'guarded'], true);
  expect([released.code, released.stderr]).toEqual([0, '']);
  await eventually(async () => expect(about()).toHaveLength(2));
  expect((await client.delete(`/Users/${ids[2]}`)).status).toBe(204);
  // One mail for the three that were refused, one for the release.
  expect(about().map(({ subject }) => subject)).toEqual([
    expect.not.stringContaining('over'),
    expect.stringContaining('over'),
  ]);
});

test('a new account gets its password by mail, and nobody and nothing else has it', async () => {
  const client = host.client('people');
  await eventually(async () => expect((await client.get('/Users?count=0')).status).toBe(200));
  const created = await client.post('/Users', {
    schemas: [CORE_USER],
    userName: 'm-grace',
    name: { givenName: 'Grace', familyName: 'Hopper' },
    emails: [{ type: 'work', value: 'm-grace@example.com' }],
  });
  expect(created.status).toBe(201);
  await eventually(async () => expect(mailsTo('m-grace@example.com')).toHaveLength(1));
  const [mail] = mailsTo('m-grace@example.com');
  expect(mail?.subject).toBe('An account was created: m-grace');
  const password = /Single-use password:\s+(\S+)/.exec(mail?.text ?? '')?.[1] ?? '';
  expect(password).toHaveLength(24);
  expect(mailsTo('ops@example.com').some(({ text }) => text?.includes(password))).toBe(false);
  expect(host.output).not.toContain(password);
  expect(JSON.stringify(created.body)).not.toContain(password);
  // A password that the client brings is the client's to tell.
  const brought = await client.post('/Users', {
    schemas: [CORE_USER],
    userName: 'm-alan',
    password: secret('brought'),
    name: { familyName: 'Turing' },
    emails: [{ value: 'm-alan@example.com' }],
  });
  expect(brought.status).toBe(201);
  await host.end();
  expect(mailsTo('m-alan@example.com')).toEqual([]);
});

test('the command shows what was sent, and sends a test', () => {
  const run = (...args: string[]) => {
    const { stdout, stderr, status } = spawnSync(process.execPath, [program, 'notifications', ...args], {
      cwd: host.folder,
      encoding: 'utf8',
    });
    return { stdout, stderr, status };
  };
  const { stdout, status } = run();
  expect(status).toBe(0);
  expect(stdout).toMatch(/raised {3}away: the directory cannot be reached$/m);
  expect(stdout).toMatch(/sent {5}An account was created: m-grace {2}→ m-grace@example.com$/m);
  expect(run('--test')).toMatchObject({ status: 1, stderr: expect.stringContaining('mail.server or webhook.url') });
});
