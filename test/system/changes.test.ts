/** The change log, as exports leave it and as operators read it: on a real OpenLDAP, by command and over /admin. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { commandLine } from '../cli/commandLine';
import { askAdmin, command } from '../support/administrator';
import { connectivity, people } from '../support/connectorFiles';
import { eventually, secret } from '../support/hostProcess';
import { CORE_USER, type ScimClient } from '../support/scimClient';
import { describeOnSlapd, type System, startSystem, startTimeout } from '../support/system';

const PEOPLE = 'ou=people,dc=example,dc=com';

let system: System;
let client: ScimClient;
beforeAll(async () => {
  system = await startSystem({
    connectors: (slapd) => ({
      hr: people(
        slapd,
        { deprovisioning: { disableFlow: { action: 'setAttribute', values: { employeeType: 'Left' } } } },
        { changeLog: { sensitiveAttributes: ['employeeNumber'] } },
      ),
      reader: people(
        slapd,
        {},
        { connectivity: { ...connectivity(slapd), userName: slapd.readerDN, password: slapd.readerPassword } },
      ),
    }),
    args: ['--admin-port', '0', '--audit-file', 'audit.jsonl'],
  });
  client = system.host.client('hr');
}, startTimeout);
afterAll(() => system?.stop());

const userNamed = (userName: string, more: object = {}) => ({
  schemas: [CORE_USER],
  userName,
  name: { familyName: 'Logged' },
  emails: [{ type: 'work', value: `${userName}@example.com` }],
  ...more,
});

interface Line {
  readonly number: number;
  readonly operation: string;
  readonly outcome: string;
  readonly [name: string]: unknown;
}

async function listed(...flags: string[]): Promise<Line[]> {
  const { code, stdout, stderr } = await command(system.host, ['changes', 'list', '--json', ...flags]);
  expect([code, stderr]).toEqual([0, expect.anything()]);
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
}

/** The lines of one resource, oldest first, when there are so many. */
const linesOf = (id: string, count: number) =>
  eventually(async () => {
    const lines = await listed('--connector', 'hr', '--id', id);
    expect(lines).toHaveLength(count);
    return lines.reverse();
  });

describeOnSlapd('the change log', () => {
  test('says who has done what to an entry from its create to its delete, and no secret', async () => {
    const password = secret('of-the-log');
    const made = await client.post(
      '/Users',
      userNamed('log-a', {
        password,
        'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User': { employeeNumber: '4711' },
      }),
    );
    expect(made.status).toBe(201);
    const id = String(made.body.id);
    const patch = (path: string, value: unknown) => client.patch(`/Users/${id}`, { op: 'replace', path, value });
    for (const [path, value] of [
      ['title', 'Boss'],
      ['title', 'Boss'],
      ['userName', 'log-b'],
      ['password', secret('changed')],
      ['active', false],
      ['active', true],
    ] as const)
      expect((await patch(path, value)).status).toBe(200);
    expect((await client.delete(`/Users/${id}`)).status).toBe(204);
    const lines = await linesOf(id, 7);
    expect(lines.map(({ operation, outcome }) => `${operation} ${outcome}`)).toEqual(
      ['create', 'modify', 'rename', 'password', 'disable', 'enable', 'delete'].map(
        (operation) => `${operation} success`,
      ),
    );
    const [create, modify, rename, changed, disable] = lines;
    expect(create).toMatchObject({
      connector: 'hr',
      actor: 'connector hr',
      objectType: 'User',
      id,
      dn: expect.stringContaining(PEOPLE),
      result: 'success',
      requestId: made.headers['x-request-id'],
      attributes: expect.arrayContaining([
        { name: 'sn', added: ['Logged'] },
        { name: 'employeeNumber', sensitive: true },
        { name: 'userPassword', sensitive: true },
      ]),
    });
    expect(modify).toMatchObject({ attributes: [{ name: 'title', added: ['Boss'] }] });
    expect(rename?.newDN).not.toEqual(rename?.dn);
    expect(changed).toMatchObject({ attributes: [{ name: 'userPassword', sensitive: true }] });
    expect(disable).toMatchObject({ attributes: [{ name: 'employeeType', added: ['Left'] }] });
    expect(JSON.stringify(lines)).not.toContain('4711');
  });

  test('an export that the directory refuses stands there with its result; what was never going to be written does not', async () => {
    const reader = system.host.client('reader');
    expect((await reader.post('/Users', userNamed('log-refused'))).status).toBe(403);
    const lines = await listed('--connector', 'reader');
    expect(lines).toEqual([
      expect.objectContaining({ operation: 'create', outcome: 'failed', result: 'insufficientAccessRights' }),
    ]);
    expect(lines[0]?.detail).toContain('give the account the right');
    expect(
      (await reader.post('/Users', { schemas: [CORE_USER], userName: 'log-invalid', active: 'perhaps' })).status,
    ).toBe(400);
    expect((await reader.post('/Users', userNamed('alice'))).status).toBe(409);
    expect(await listed('--connector', 'reader', '--outcome', 'failed')).toHaveLength(1);
  });

  test('reads as text, as CSV, by number, and over /admin, page by page', async () => {
    const made = await client.post('/Users', userNamed('log-c'));
    const id = String(made.body.id);
    await client.patch(`/Users/${id}`, { op: 'replace', path: 'title', value: '=cmd()' });
    const [create, modify] = await linesOf(id, 2);
    const text = await command(system.host, ['changes', 'list', '--id', id]);
    expect(text.stdout).toMatch(
      new RegExp(`^\\S+  hr ${modify?.number}  modify    success  .*log-c.*\n\\S+  hr ${create?.number}  create`),
    );
    const csv = await command(system.host, ['changes', 'list', '--id', id, '--csv']);
    expect(csv.stdout).toContain('time,connector,number,actor,operation');
    expect(csv.stdout).toContain('title: +=cmd()');
    const shown = await command(system.host, ['changes', 'show', String(modify?.number), '--connector', 'hr']);
    expect(shown.stdout).toContain('  title: +=cmd()');
    const missing = await command(system.host, ['changes', 'show', '999999', '--connector', 'hr']);
    expect([missing.code, missing.stderr]).toEqual([1, expect.stringContaining('has no change 999999')]);
    expect((await command(system.host, ['changes', 'list', '--since', 'yesterday'])).code).toBe(2);

    const first = await admin(`/connectors/hr/changes?id=${id}&limit=1`);
    expect(first).toMatchObject({ changes: [{ number: modify?.number }], before: modify?.number });
    const second = await admin(`/connectors/hr/changes?id=${id}&limit=1&before=${first.before}`);
    expect(second.changes).toEqual([create]);
    expect(await admin(`/connectors/hr/changes/${create?.number}`)).toEqual(create);
    expect(await admin('/connectors/hr/changes?operation=paint')).toMatchObject({ status: '400' });
    expect(await admin('/connectors/hr/changes?since=yesterday')).toMatchObject({ status: '400' });
    expect(await admin('/connectors/hr/changes/999999')).toMatchObject({ status: '404' });
  });

  test('the audit file has exports, refusals and what administrators did, and shows when a line is gone', async () => {
    const { host } = system;
    const file = join(host.folder, 'audit.jsonl');
    expect((await host.client('hr', 'S3cret-but-wrong').get('/Users')).status).toBe(401);
    await askAdmin(host, '/log-level', 'PUT', { level: 'info' });
    const lines = await eventually(async () => {
      const all = readFileSync(file, 'utf8').trimEnd().split('\n');
      const kinds = new Set(all.map((line) => JSON.parse(line).kind));
      expect(kinds).toEqual(new Set(['export', 'authentication', 'administration']));
      return all;
    });
    expect(lines.map((line) => JSON.parse(line))).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ kind: 'export', connector: 'hr', operation: 'create', actor: 'connector hr' }),
        expect.objectContaining({ kind: 'authentication', outcome: 'refused', status: 401 }),
        expect.objectContaining({ kind: 'administration', actor: 'administrator', path: '/admin/log-level' }),
      ]),
    );
    const good = await commandLine(['changes', 'verify', file, '--json']);
    expect([good.code, JSON.parse(good.stdout)]).toEqual([0, { lines: lines.length }]);
    const copy = join(host.folder, 'copy.jsonl');
    writeFileSync(copy, `${lines.toSpliced(2, 1).join('\n')}\n`);
    const bad = await commandLine(['changes', 'verify', copy]);
    expect([bad.code, bad.stdout]).toEqual([1, expect.stringContaining('line 3: it was changed, or a line before')]);
    expect((await commandLine(['changes', 'verify', join(host.folder, 'missing.jsonl')])).code).toBe(2);
  });

  test('what was exported before the host was killed is there afterwards', async () => {
    const { body } = await client.post('/Users', userNamed('log-killed'));
    await linesOf(String(body.id), 1);
    await system.host.restart('SIGKILL');
    client = system.host.client('hr');
    expect(await linesOf(String(body.id), 1)).toHaveLength(1);
  });
});

const admin = async (path: string) => (await askAdmin(system.host, path)).body;
