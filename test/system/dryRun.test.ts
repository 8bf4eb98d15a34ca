/** Dry runs: by the connector file for a client, and by an administrator for one request. */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { askAdmin, command } from '../support/administrator';
import { people } from '../support/connectorFiles';
import { eventually, secret } from '../support/hostProcess';
import { CORE_USER, ECMA_USER } from '../support/scimClient';
import { describeOnSlapd, type System, startSystem, startTimeout } from '../support/system';

const PEOPLE = 'ou=people,dc=example,dc=com';
const disableFlow = { action: 'setAttribute', values: { employeeType: 'Left' } };

let system: System;
beforeAll(async () => {
  system = await startSystem({
    connectors: (slapd) => ({
      tried: people(
        slapd,
        {
          deprovisioning: { disableFlow },
          mappings: [
            { source: 'userName', target: 'uid' },
            { expression: 'ToLower([userName])', target: 'cn' },
            { source: 'name.familyName', target: 'sn' },
            { source: 'title', target: 'title' },
            { expression: 'NextNumber(100, 999)', target: 'employeeNumber', apply: 'onCreate' },
          ],
        },
        { runProfiles: { export: { dryRun: ['create', 'delete'] } } },
      ),
      hr: people(slapd, { deprovisioning: { disableFlow } }, { guardRails: { delete: 0 } }),
      plain: people(slapd, { deprovisioning: { disableFlow } }, { changeLog: { sensitiveAttributes: ['roomNumber'] } }),
    }),
    args: ['--admin-port', '0'],
  });
}, startTimeout);
afterAll(() => system?.stop());

const userNamed = (userName: string, more: object = {}) => ({
  schemas: [CORE_USER],
  userName,
  name: { familyName: 'Dry' },
  ...more,
});

async function idOf(userName: string, connector: string): Promise<string> {
  const filter = encodeURIComponent(`userName eq "${userName}"`);
  const { body } = await system.host.client(connector).get(`/Users?filter=${filter}`);
  return String((body.Resources as unknown as { id: string }[])[0]?.id);
}

describeOnSlapd('dry runs', () => {
  test('a client whose connector only tries an operation is told that nothing was written; other operations go on', async () => {
    const client = system.host.client('tried');
    const password = secret('of-a-dry-run');
    const answers = [
      await client.post('/Users', userNamed('dry-1', { password })),
      await client.post('/Users', userNamed('dry-1')),
    ];
    for (const { status, body, headers } of answers)
      expect([status, body.detail, headers['x-dry-run']]).toEqual([
        403,
        expect.stringMatching(/^Dry run: nothing was written. The connector would create "/),
        'true',
      ]);
    expect(await system.look.find('(uid=dry-1)')).toEqual([]);
    const emi = await idOf('emi', 'tried');
    expect((await client.delete(`/Users/${emi}`)).status).toBe(403);
    expect((await client.patch(`/Users/${emi}`, { op: 'replace', path: 'title', value: 'Real' })).status).toBe(200);
    expect(await system.look.at(`uid=emi,${PEOPLE}`)).toMatchObject({ title: ['Real'] });
    const ldif = system.host.output.split('\n').filter((line) => line.includes('"dryRun"'));
    expect(ldif).toHaveLength(3);
    expect(ldif[0]).toContain('changetype: add');
    expect(ldif[0]).toContain('# userPassword: [secret]');
    // The number was not used up by the first one.
    const [first, second] = ldif.map((line) => /employeeNumber: (\d+)/.exec(line)?.[1]);
    expect(second).toBe(first);
    await eventually(async () => {
      const args = ['changes', 'list', '--outcome', 'dryRun', '--connector', 'tried', '--json'];
      const { stdout } = await command(system.host, args);
      expect(
        stdout
          .trim()
          .split('\n')
          .map((line) => JSON.parse(line).operation),
      ).toEqual(['delete', 'create', 'create']);
    });
    expect((await command(system.host, ['changes', 'list', '--open', '--json'])).stdout).toBe('');
  });

  test('what would be refused is refused in a dry run too', async () => {
    const client = system.host.client('tried');
    expect((await client.post('/Users', userNamed('alice'))).status).toBe(409);
    expect((await client.post('/Users', { schemas: [CORE_USER], userName: 'dry-2' })).status).toBe(400);
  });

  test('an administrator tries one request of a connector that writes, and gets the LDIF', async () => {
    const { host, look } = system;
    const dry = (path: string, method: string, body?: unknown) =>
      askAdmin(host, `/connectors/hr/dry-run${path}`, method, body);
    const create = await dry('/Users', 'POST', userNamed('dry-3', { password: secret('given-to-a-dry-run') }));
    expect(create.status).toBe(200);
    expect(create.body).toMatchObject({ operation: 'create', detail: 'Dry run: nothing was written.' });
    expect(create.body.ldif).toMatch(/^version: 1\n\ndn: .*dry-3.*\nchangetype: add\n/);
    expect(create.body.ldif).toContain('# userPassword: [secret]');
    const before = await look.at(`uid=chloe,${PEOPLE}`);
    const id = await idOf('chloe', 'hr');
    const patch = (...operations: object[]) =>
      dry(`/Users/${id}`, 'PATCH', {
        schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
        Operations: operations,
      });
    const modify = await patch({ op: 'replace', path: 'title', value: 'Dry' });
    expect(modify.body.ldif).toContain('changetype: modify\nadd: title\ntitle: Dry\n-\n');
    const disable = await patch({ op: 'replace', path: 'active', value: false });
    expect(disable.body).toMatchObject({ operation: 'disable', id });
    const rail = await dry(`/Users/${id}`, 'DELETE');
    expect([rail.status, rail.body.detail]).toEqual([403, expect.stringContaining('guardRails.delete is 0')]);
    expect((await askAdmin(host, '/connectors/hr/guard-rails')).body.guardRails[0].state).toBe('open');
    expect(await look.at(`uid=chloe,${PEOPLE}`)).toEqual(before);
    expect(await look.find('(uid=dry-3)')).toEqual([]);
    expect((await dry('/Users?count=0', 'GET')).status).toBe(200);
    expect((await askAdmin(host, '/connectors/nobody/dry-run/Users', 'POST', {})).status).toBe(404);
    expect((await host.client('hr').post('/Users', userNamed('dry-3'))).status).toBe(201);
  });

  test('ldapmodify makes of the LDIF what the export makes of the request', async () => {
    const { host, look } = system;
    const client = host.client('plain');
    const dry = (path: string, method: string, body?: unknown) =>
      askAdmin(host, `/connectors/plain/dry-run${path}`, method, body);
    /** What both twins are, without what tells them apart. */
    const twins = async () => {
      const both = await Promise.all(['ldif-one', 'ldif-two'].map((name) => look.find(`(sn=${name})`)));
      return both.map((found) =>
        found.map(({ dn, values }) => {
          const seen = Object.entries(values).filter(
            ([name]) => !/^(entry|create|modif|structural|subschema|has)/.test(name),
          );
          return JSON.parse(JSON.stringify([dn, Object.fromEntries(seen)]).replaceAll(/ldif-(one|two)/g, 'twin'));
        }),
      );
    };
    const user = (name: string) => ({
      ...userNamed(name, { title: 'Grüße, Ä', [ECMA_USER]: { roomNumber: '4711' } }),
      name: { familyName: name, givenName: ' blank' },
      emails: [{ type: 'work', value: `${name}@example.com` }],
    });
    const { body: made } = await dry('/Users', 'POST', user('ldif-one'));
    expect(made.ldif).toContain('# roomNumber: [secret]');
    ldapmodify(made.ldif.replace('# roomNumber: [secret]', 'roomNumber: 4711'));
    expect((await client.post('/Users', user('ldif-two'))).status).toBe(201);
    const [one, two] = await twins();
    expect(one).toHaveLength(1);
    expect(one).toEqual(two);

    const ids = [await idOf('ldif-one', 'plain'), await idOf('ldif-two', 'plain')];
    const face = (name: string) => `${ECMA_USER}:${name}`;
    const replace = (path: string, value: unknown) => ({ op: 'replace', path, value });
    const steps: readonly [expected: RegExp, (name: string) => object[]][] = [
      [/changetype: modify\nreplace: title\n/, () => [replace('title', 'x'.repeat(200))]],
      // The old naming value goes: what the server removes by itself must not be removed again.
      [/changetype: modrdn\nnewrdn: uid=.*\ndeleteoldrdn: 1\n/, (name) => [replace('userName', `${name}-new`)]],
      // The entry keeps its uid, under another name.
      [
        /changetype: modrdn\nnewrdn: cn=.*\ndeleteoldrdn: 0\n(.*\n)*changetype: modify\n/,
        (name) => [replace(face('-dn-'), `cn=${name}-named,${PEOPLE}`), replace('title', 'Named')],
      ],
      // One of two values goes with the old name, another one comes with the new one.
      [/newrdn: cn=.*-again\n/, (name) => [replace(face('-dn-'), `cn=${name}-again,${PEOPLE}`)]],
      [/newsuperior: ou=former,/, (name) => [replace(face('-dn-'), `cn=${name}-named,ou=former,dc=example,dc=com`)]],
      [/employeeType/, () => [replace('active', false)]],
      [
        /# replace: roomNumber\n# roomNumber: \[secret\]\n# -/,
        () => [replace(face('roomNumber'), '4711-new'), replace('title', 'Boss')],
      ],
    ];
    for (const [expected, operations] of steps) {
      const answer = await dry(`/Users/${ids[0]}`, 'PATCH', {
        schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
        Operations: operations('ldif-one'),
      });
      expect([answer.status, answer.body.ldif]).toEqual([200, expect.stringMatching(expected)]);
      ldapmodify(answer.body.ldif.replace(/# (replace: .*)\n# (.*): \[secret\]\n# -/, '$1\n$2: 4711-new\n-'));
      expect((await client.patch(`/Users/${ids[1]}`, ...operations('ldif-two'))).status).toBe(200);
      const [asLdif, asExport] = await twins();
      expect(asLdif).toHaveLength(1);
      expect(asLdif).toEqual(asExport);
    }
    const password = await dry(`/Users/${ids[0]}`, 'PATCH', {
      schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
      Operations: [replace('password', secret('of-an-ldif'))],
    });
    // Nothing is left to be done, and above all no password is taken away.
    expect(password.body.ldif).toMatch(/^version: 1\n\n(# .*\n)+$/);
    ldapmodify((await dry(`/Users/${ids[0]}`, 'DELETE')).body.ldif);
    expect((await client.delete(`/Users/${ids[1]}`)).status).toBe(204);
    expect(await twins()).toEqual([[], []]);
  });
});

/** Sends an LDIF as an administrator would. */
function ldapmodify(ldif: string): void {
  const { url, folder, connectorDN } = system.slapd;
  const file = join(folder, 'changes.ldif');
  writeFileSync(file, ldif);
  // -y takes the file as it is, line end included.
  const password = join(folder, 'ldapmodify.password');
  writeFileSync(password, system.slapd.connectorPassword, { mode: 0o600 });
  const args = ['-x', '-H', url, '-D', connectorDN, '-y', password, '-f', file];
  const { status, stderr } = spawnSync('ldapmodify', args, { encoding: 'utf8' });
  expect([status, stderr]).toEqual([0, '']);
}
