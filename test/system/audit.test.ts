/** The audit of access: who was refused, what has changed in the configuration, what commands did beside the host. */
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { commandLine } from '../cli/commandLine';
import { adminUrl, metricsOf } from '../support/administrator';
import { people } from '../support/connectorFiles';
import { eventually, HostProcess } from '../support/hostProcess';
import { startTimeout } from '../support/system';

let host: HostProcess;
beforeAll(async () => {
  host = await HostProcess.start({
    connectors: { hr: people(undefined) },
    args: ['--admin-port', '0', '--audit-file', 'audit.jsonl'],
  });
}, startTimeout);
afterAll(() => host?.stop());

const folders = ({ folder }: HostProcess) =>
  ['connectors', 'certs', 'state'].flatMap((name) => [`--${name}`, join(folder, name)]);

test('the audit file says who was refused, what has changed in which connector file, and what commands did without the host', async () => {
  const file = join(host.folder, 'audit.jsonl');
  const admin = (token: string) =>
    fetch(adminUrl(host, '/connectors'), { headers: { Authorization: `Bearer ${token}` } });
  const own = await commandLine(['token', 'hr', ...folders(host)]);
  expect(own.code).toBe(0);
  const token = readFileSync(join(host.folder, 'certs/hr.token'), 'utf8').trim();
  expect((await admin(token)).status).toBe(403);
  expect((await host.client('nobody', token).get('/Users')).status).toBe(401);
  expect((await host.client('hr').get(`/Users?access_token=${token}`)).status).toBe(400);

  host.writeConnector('hr', { ...people(undefined), guardRails: { delete: 7 }, changeLog: { retention: 9 } });
  host.writeConnector('added', people(undefined));
  const audit = ['--audit-file', file];
  const rolled = await commandLine(['token', 'hr', '--roll', ...folders(host), ...audit]);
  expect([rolled.code, rolled.stderr]).toEqual([0, '']);
  const renewed = await commandLine(['certificate', 'renew', ...folders(host), ...audit]);
  expect([renewed.code, renewed.stderr]).toEqual([0, '']);
  const listed = async (...flags: string[]) => {
    const { code, stdout } = await commandLine(['changes', 'audit', '--json', ...flags, ...folders(host), ...audit]);
    expect(code).toBe(0);
    return stdout
      .trimEnd()
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line));
  };
  await eventually(async () => {
    const configuration = (await listed('--kind', 'configuration')).flatMap(({ connectors = [] }) => connectors);
    expect(configuration).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ connector: 'added', change: 'added' }),
        expect.objectContaining({
          connector: 'hr',
          change: 'changed',
          paths: expect.arrayContaining(['guardRails.delete', 'changeLog.retention']),
        }),
        expect.objectContaining({ connector: 'hr', files: [join(host.folder, 'certs/hr.token')] }),
      ]),
    );
    const acts = await listed('--kind', 'administration');
    expect(acts).toEqual(
      expect.arrayContaining([
        expect.objectContaining({
          command: 'token --roll',
          connector: 'hr',
          validTokens: 2,
          outcome: 'success',
          chain: expect.anything(),
        }),
        expect.objectContaining({ command: 'certificate renew', outcome: 'success', chain: expect.anything() }),
      ]),
    );
    expect(readdirSync(`${file}.spool`)).toEqual([]);
  });
  rmSync(join(host.folder, 'connectors/added.json'));
  await eventually(async () =>
    expect((await listed('--connector', 'added'))[0].connectors).toEqual([{ connector: 'added', change: 'removed' }]),
  );
  const refused = await listed('--kind', 'authentication', '--limit', '3');
  expect(refused).toMatchObject([
    { status: 400, path: '/ecma2host_hr/scim/Users' },
    { status: 401, path: '/ecma2host_nobody/scim/Users' },
    { status: 403, path: '/admin/connectors', connector: 'hr' },
  ]);
  const text = readFileSync(file, 'utf8');
  for (const line of readFileSync(join(host.folder, 'certs/hr.token'), 'utf8').trim().split('\n'))
    expect(text).not.toContain(line);
  expect((await commandLine(['changes', 'verify', file])).code).toBe(0);
  expect(await metricsOf(host)).toContain('connector_host_audit_file_failing 0');
});

test('a command leaves its line also while no host runs, and does nothing where it cannot be kept', async () => {
  const file = join(host.folder, 'audit.jsonl');
  await host.end();
  const renewed = await commandLine(['certificate', 'renew', ...folders(host), '--audit-file', file]);
  expect(renewed.code).toBe(0);
  const waiting = await commandLine(['changes', 'audit', '--limit', '1', ...folders(host), '--audit-file', file]);
  expect(waiting.stdout).toContain('command=certificate renew');
  writeFileSync(join(`${file}.spool`, '9-broken.json'), '{');
  const broken = await commandLine(['changes', 'audit', '--limit', '1', ...folders(host), '--audit-file', file]);
  expect([broken.stdout, broken.stderr]).toEqual([
    waiting.stdout,
    expect.stringContaining('9-broken.json is left out'),
  ]);
  rmSync(join(`${file}.spool`, '9-broken.json'));
  const certificate = readFileSync(join(host.folder, 'certs/self-signed.crt'), 'utf8');
  const blocked = await commandLine([
    'certificate',
    'renew',
    ...folders(host),
    '--audit-file',
    join(file, 'no-folder'),
  ]);
  expect([blocked.code, blocked.stderr]).toEqual([2, expect.stringContaining('Nothing was done')]);
  expect(readFileSync(join(host.folder, 'certs/self-signed.crt'), 'utf8')).toBe(certificate);
  const unnamed = await commandLine(['changes', 'audit', ...folders(host)]);
  expect([unnamed.code, unnamed.stderr]).toEqual([2, expect.stringContaining('--audit-file')]);
  await host.restart();
  await eventually(async () => expect(readdirSync(`${file}.spool`)).toEqual([]));
  expect(readFileSync(file, 'utf8').match(/"command":"certificate renew"/g)).toHaveLength(2);
  expect((await commandLine(['changes', 'verify', file])).code).toBe(0);
});
