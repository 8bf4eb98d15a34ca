/** Users and groups of a real server over SCIM, by the built program and the connector file that we ship for it. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'jsonc-parser';
import { Client } from 'ldapts';
import type { ServerUnderTest } from '../support/directoryServer';
import { HostProcess, program, secret } from '../support/hostProcess';
import { CORE_USER, type Json, type ScimClient } from '../support/scimClient';

const CORE_GROUP = 'urn:ietf:params:scim:schemas:core:2.0:Group';
const START_MS = 240_000;

export interface ScimExpectations {
  /** Whether a user who is disabled by the example's flow can still bind. */
  readonly disabledBinds: boolean;
  /** False: the server takes passwords and nobody can bind with them, so nothing is asked about them. */
  readonly passwords?: boolean;
}

/** `connectors/<product>.example.json` on the ports and with an account of this server. */
export function exampleFor(server: ServerUnderTest, account = server.connector): Record<string, unknown> {
  const file = parse(readFileSync(join(__dirname, `../../connectors/${server.product}.example.json`), 'utf8'));
  const { host, port, certificate, password, ...connectivity } = file.connectivity;
  expect([host, typeof port, password]).toEqual(['localhost', 'number', expect.stringMatching(/^file:/)]);
  expect(certificate.ca).toContain(server.product);
  return {
    ...file,
    $schema: undefined,
    connectivity: {
      ...connectivity,
      host: 'localhost',
      port: server.port,
      ...(account === server.connector ? {} : { userName: account.dn }),
      password: `file:${account.passwordFile}`,
      certificate: { ca: server.caFile },
    },
  };
}

/** Defines the tests. */
export function runScimTests(
  server: () => ServerUnderTest,
  { disabledBinds, passwords = true }: ScimExpectations,
): void {
  describe('over SCIM', () => {
    let host: HostProcess;
    let client: ScimClient;
    jest.setTimeout(120_000);
    beforeAll(async () => {
      const { connector, reader } = server();
      const connectors = { example: exampleFor(server()), reader: exampleFor(server(), reader) };
      host = await HostProcess.start({ connectors, secrets: [connector.password, reader.password] });
      await host.imported(['example']);
      client = host.client('example');
    }, START_MS);
    afterAll(() => host?.stop(), START_MS);

    const binds = (dn: string, password: string) => canBind(server(), dn, password);
    runLifecycleTests(() => client);
    runDisableTest(() => client, passwords ? { binds, disabledBinds } : undefined);
    if (passwords) runPasswordTest(() => client, binds);
    runGroupTest(() => client);

    test('an account that may only read is told which right it lacks', async () => {
      const { status, body } = await host.client('reader').post('/Users', user('refused', {}));
      expect([status, body.detail]).toEqual([403, expect.stringMatching(/give the account the right to add entries/)]);
    });

    test('check accepts the connector file, and what discover writes', async () => {
      // Somebody whom discover can go by.
      expect((await client.post('/Users', user('resident', {}))).status).toBe(201);
      const run = (...args: string[]) =>
        spawnSync(process.execPath, [program, ...args], { cwd: host.folder, encoding: 'utf8', timeout: 60_000 });
      const checked = run('check', 'example', '--connect');
      expect([checked.status, checked.stderr, checked.stdout]).toEqual([0, '', expect.stringMatching(/: ok\n$/)]);
      const { ldapsUrl, caFile, connector, port } = server();
      expect(ldapsUrl).toMatch(/^ldaps:/);
      const account = ['--user-name', connector.dn, '--password-file', connector.passwordFile];
      const url = [`ldap://localhost:${port}`, '--starttls', '--ca', caFile];
      const found = run('discover', ...url, ...account, '--write', 'connectors/found.json');
      expect([found.status, found.stderr]).toEqual([0, '']);
      const proposed = run('check', 'found', '--connect');
      expect([proposed.status, proposed.stdout]).toEqual([0, expect.stringMatching(/found\.json: ok\n$/)]);
    });

    test('what discover has written serves', async () => {
      await host.restart();
      await host.ready();
      const discovered = host.client('found');
      const found = await discovered.find('emails[type eq "work"].value eq "resident@example.com"');
      const resident = await host.client('example').find('userName eq "resident"');
      expect([found.map(({ id }) => id), found.length]).toEqual([resident.map(({ id }) => id), 1]);
    });
  });
}

const user = (userName: string, more: object) => ({
  schemas: [CORE_USER],
  userName,
  displayName: `Person ${userName}`,
  name: { givenName: 'Zoë', familyName: 'Ångström, Jr.' },
  emails: [{ type: 'work', value: `${userName}@example.com` }],
  ...more,
});

const create = async (client: ScimClient, userName: string, more: object = {}): Promise<Json> => {
  const { status, body } = await client.post('/Users', user(userName, more));
  expect([status, body.detail]).toEqual([201, undefined]);
  return body;
};

const dnOf = async (client: ScimClient, id: unknown): Promise<string> => {
  const { body } = await client.get(`/Users/${id}`);
  return String((body['urn:ietf:params:scim:schemas:extension:ECMA2Host:2.0:User'] as Json)['-dn-']);
};

type Binds = (dn: string, password: string) => Promise<boolean>;

function runLifecycleTests(client: () => ScimClient): void {
  test('create, look up, patch, rename, delete', async () => {
    const made = await create(client(), 'walker', { title: 'One' });
    expect(made.name).toMatchObject({ givenName: 'Zoë', familyName: 'Ångström, Jr.' });
    const again = await client().post('/Users', user('walker', {}));
    expect([again.status, again.body.scimType]).toEqual([409, 'uniqueness']);
    for (const filter of ['userName eq "WALKER"', 'emails[type eq "work"].value eq "walker@example.com"'])
      expect((await client().find(filter)).map(({ id }) => id)).toEqual([made.id]);
    expect(await client().find('userName eq "nobody"')).toEqual([]);
    const patched = await client().patch(
      `/Users/${made.id}`,
      { op: 'replace', path: 'title', value: 'Two' },
      { op: 'add', path: 'phoneNumbers[type eq "work"].value', value: '+1 555 0100' },
    );
    expect([patched.status, patched.body.title]).toEqual([200, 'Two']);
    const renamed = await client().patch(`/Users/${made.id}`, { op: 'replace', path: 'userName', value: 'runner' });
    expect([renamed.status, renamed.body.userName, renamed.body.id]).toEqual([200, 'runner', made.id]);
    expect((await client().find('userName eq "runner"')).map(({ id }) => id)).toEqual([made.id]);
    expect(await client().find('userName eq "walker"')).toEqual([]);
    expect((await client().delete(`/Users/${made.id}`)).status).toBe(204);
    expect((await client().get(`/Users/${made.id}`)).status).toBe(404);
  });

  test('moves by -dn-, and keeps the id', async () => {
    const { id } = await create(client(), 'mover');
    const [rdn, ...parent] = (await dnOf(client(), id)).split(/(?<!\\),/);
    expect(rdn).toMatch(/mover/i);
    const name = String(rdn).replace(/mover/i, 'Moved Ω=1');
    const moved = await client().patch(`/Users/${id}`, {
      op: 'replace',
      path: 'urn:ietf:params:scim:schemas:extension:ECMA2Host:2.0:User:-dn-',
      value: [name.replace('=1', '\\=1'), ...parent].join(','),
    });
    expect([moved.status, moved.body.detail, moved.body.id]).toEqual([200, undefined, id]);
    expect(await dnOf(client(), id)).toMatch(/Moved Ω\\=1/i);
    expect((await client().delete(`/Users/${id}`)).status).toBe(204);
  });
}

function runPasswordTest(client: () => ScimClient, binds: Binds): void {
  test('a password that is set can be bound with, and a changed one too', async () => {
    const [first, second] = [secret('First-1'), secret('Second-2')];
    const { id } = await create(client(), 'locksmith', { password: first });
    const dn = await dnOf(client(), id);
    expect(await binds(dn, first)).toBe(true);
    expect((await client().patch(`/Users/${id}`, { op: 'replace', path: 'password', value: second })).status).toBe(200);
    expect([await binds(dn, first), await binds(dn, second)]).toEqual([false, true]);
    expect((await client().delete(`/Users/${id}`)).status).toBe(204);
  });
}

/** `passwords`: what to expect of binds. */
function runDisableTest(
  client: () => ScimClient,
  passwords: { readonly binds: Binds; readonly disabledBinds: boolean } | undefined,
): void {
  test('disable and enable', async () => {
    const password = secret('Gone-3');
    const { id } = await create(client(), 'leaver', passwords ? { password } : {});
    const binds = async () => passwords?.binds(await dnOf(client(), id), password);
    const off = await client().patch(`/Users/${id}`, { op: 'replace', path: 'active', value: false });
    expect([off.status, off.body.detail, off.body.active]).toEqual([200, undefined, false]);
    expect((await client().find('userName eq "leaver"')).map(({ active }) => active)).toEqual([false]);
    expect(await binds()).toBe(passwords?.disabledBinds);
    const on = await client().patch(`/Users/${id}`, { op: 'replace', path: 'active', value: true });
    expect([on.status, on.body.active]).toEqual([200, true]);
    expect(await binds()).toBe(passwords && true);
    expect((await client().delete(`/Users/${id}`)).status).toBe(204);
  });
}

function runGroupTest(client: () => ScimClient): void {
  test('a group and its members, over rename and delete', async () => {
    const [one, other] = [await create(client(), 'member1'), await create(client(), 'member2')];
    const members = (body: Json) => ((body.members ?? []) as unknown as Json[]).map(({ value }) => value).sort();
    const group = await client().post('/Groups', {
      schemas: [CORE_GROUP],
      displayName: 'Walkers',
      members: [{ value: one.id }],
    });
    expect([group.status, group.body.detail, members(group.body)]).toEqual([201, undefined, [one.id]]);
    const path = `/Groups/${group.body.id}`;
    const grown = await client().patch(path, { op: 'add', path: 'members', value: [{ value: other.id }] });
    expect([grown.status, grown.body.detail]).toEqual([200, undefined]);
    expect(members((await client().get(path)).body)).toEqual([one.id, other.id].sort());
    await client().patch(`/Users/${one.id}`, { op: 'replace', path: 'userName', value: 'member-one' });
    expect(members((await client().get(path)).body)).toEqual([one.id, other.id].sort());
    expect((await client().delete(`/Users/${one.id}`)).status).toBe(204);
    expect(members((await client().get(path)).body)).toEqual([other.id]);
    const emptied = await client().patch(path, { op: 'remove', path: `members[value eq "${other.id}"]` });
    expect([emptied.status, emptied.body.detail, members(emptied.body)]).toEqual([200, undefined, []]);
    expect((await client().delete(path)).status).toBe(204);
    expect((await client().delete(`/Users/${other.id}`)).status).toBe(204);
  });
}

async function canBind({ ldapsUrl, caFile }: ServerUnderTest, dn: string, password: string): Promise<boolean> {
  const client = new Client({ url: ldapsUrl, tlsOptions: { ca: readFileSync(caFile) } });
  try {
    await client.bind(dn, password);
    return true;
  } catch {
    return false;
  } finally {
    await client.unbind().catch(() => {});
  }
}
