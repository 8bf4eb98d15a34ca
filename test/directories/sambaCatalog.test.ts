/** The Global Catalog of a Samba AD, the real server: imports and look-ups, and no writes. */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'jsonc-parser';
import { Attribute, Change, Client } from 'ldapts';
import { type ServerUnderTest, startDirectoryServer } from '../support/directoryServer';
import { eventually, HostProcess, program } from '../support/hostProcess';
import { CORE_USER } from '../support/scimClient';
import { exampleFor } from './scim';

const START_MS = 240_000;
const TAKES_NONE = /is a Global Catalog .*takes no changes.* another connector for a domain controller/;

describe('Global Catalog', () => {
  let server: ServerUnderTest;
  let host: HostProcess;
  let outside: Client;
  jest.setTimeout(120_000);

  const below = (names: string) => `${names},${server.suffix}`;
  const addUser = (name: string, more: object = {}) =>
    outside.add(below(`CN=${name},OU=people`), { objectClass: 'user', sAMAccountName: name, ...more });
  const client = () => host.client('catalog');
  const run = (...args: string[]) =>
    spawnSync(process.execPath, [program, ...args], { cwd: host.folder, encoding: 'utf8', timeout: 60_000 });

  beforeAll(async () => {
    const started = await startDirectoryServer('samba');
    if (!started) throw new Error('Samba AD is not installed here: docs/directories.md says how');
    server = started;
    outside = new Client({ url: server.ldapsUrl, tlsOptions: { ca: readFileSync(server.caFile) } });
    await outside.bind(server.connector.dn, server.connector.password);
    await addUser('Ada', { mail: 'ada@example.com', displayName: 'Ada Byron', sn: 'Byron' });
    await outside.add(below('CN=crew,OU=groups'), {
      objectClass: 'group',
      sAMAccountName: 'crew',
      member: below('CN=Ada,OU=people'),
    });
    const runs = { properties: { autosyncTimer: 0 }, runProfiles: { deltaImport: { interval: 1 } } };
    // Deleted objects are shown to administrators.
    const following = { ...catalogExample(server, server.connector), ...runs };
    host = await HostProcess.start({
      connectors: { catalog: catalogExample(server, server.reader), following },
      secrets: [server.reader.password, server.connector.password],
    });
    await host.imported(['catalog', 'following']);
  }, START_MS);
  afterAll(async () => {
    await outside?.unbind();
    await host?.stop();
    await server?.stop();
  }, START_MS);

  test('people and groups of its forest are looked up and listed', async () => {
    const [ada] = await client().find('emails[type eq "work"].value eq "ada@example.com"');
    expect(ada).toMatchObject({ userName: 'Ada', displayName: 'Ada Byron', name: { familyName: 'Byron' } });
    expect((await client().find('userName eq "ADA"')).map(({ id }) => id)).toEqual([ada?.id]);
    const [crew] = await client().find('displayName eq "crew"', '/Groups');
    expect(crew?.members).toMatchObject([{ value: ada?.id }]);
  });

  test('what is changed at its domain controller arrives by delta imports', async () => {
    const follower = host.client('following');
    const names = async () => (await follower.find('userName pr')).map(({ userName }) => userName);
    await addUser('Bea');
    await eventually(async () => expect(await names()).toContain('Bea'));
    const modification = new Attribute({ type: 'displayName', values: ['Bea Two'] });
    await outside.modify(below('CN=Bea,OU=people'), new Change({ operation: 'replace', modification }));
    await eventually(async () =>
      expect((await follower.find('userName eq "Bea"')).map(({ displayName }) => displayName)).toEqual(['Bea Two']),
    );
    await outside.del(below('CN=Bea,OU=people'));
    await eventually(async () => expect(await names()).not.toContain('Bea'));
  });

  test('creates, changes and deletes are refused: which server, why, and what to use instead', async () => {
    const [ada] = await client().find('userName eq "Ada"');
    const path = `/Users/${ada?.id}`;
    const answers = [
      await client().post('/Users', { schemas: [CORE_USER], userName: 'new' }),
      await client().patch(path, { op: 'replace', path: 'displayName', value: 'Other' }),
      await client().put(path, { schemas: [CORE_USER], userName: 'Ada', displayName: 'Other' }),
      await client().delete(path),
    ];
    for (const { status, body } of answers)
      expect([status, body.detail]).toEqual([403, expect.stringMatching(TAKES_NONE)]);
    expect((await client().get(path)).body).toMatchObject({ displayName: 'Ada Byron' });
    expect((await client().get('/ServiceProviderConfig')).body).toMatchObject({
      patch: { supported: false },
      bulk: { supported: false },
      changePassword: { supported: false },
      filter: { supported: true },
    });
  });

  test('check and discover say so, and what discover proposes writes nothing', async () => {
    const checked = run('check', 'catalog', '--connect');
    expect([checked.status, checked.stderr]).toEqual([0, '']);
    expect(checked.stdout).toMatch(TAKES_NONE);
    // To an account that is shown no deleted objects, deletes are not promised.
    expect(checked.stdout).toMatch(/time stamps/);
    expect(run('check', 'following', '--connect').stdout).toMatch(/\(uSNChanged\) tells what changed/);
    const account = ['--user-name', server.reader.dn, '--password-file', server.reader.passwordFile];
    const discover = (url: string, file: string) =>
      run('discover', url, '--ca', server.caFile, ...account, '--write', file);
    const found = discover(`ldaps://localhost:${server.catalogTlsPort}`, 'connectors/found.json');
    expect([found.status, found.stderr]).toEqual([0, '']);
    expect(found.stdout).toMatch(/^product +Active Directory, Global Catalog \(Samba/m);
    expect(found.stdout).toMatch(TAKES_NONE);
    const proposed = parse(readFileSync(join(host.folder, 'connectors/found.json'), 'utf8'));
    expect(proposed.runProfiles).toMatchObject({ export: { enabled: false } });
    expect(run('check', 'found', '--connect').status).toBe(0);
    // Its domain controller is one, on the other port of the same server.
    expect(discover(`ldaps://localhost:${server.tlsPort}`, 'dc.json').stdout).toMatch(/^product +Samba AD/m);
  });

  test('a connector to Active Directory DS says that it is a source', async () => {
    const { password, ...rest } = exampleFor(server).connectivity as Record<string, unknown>;
    const file = { ...exampleFor(server), connectivity: { ...rest, password, product: 'ad' } };
    writeFileSync(join(host.folder, 'connectors/ad.json'), JSON.stringify(file));
    const { status, stdout } = run('check', 'ad', '--connect');
    expect([status, stdout]).toEqual([0, expect.stringMatching(/meant as a source here/)]);
  });
});

/** `connectors/adgc.example.json` on the port of this server's catalog, with one of its accounts. */
function catalogExample(server: ServerUnderTest, { dn, passwordFile }: ServerUnderTest['reader']) {
  const file = parse(readFileSync(join(__dirname, '../../connectors/adgc.example.json'), 'utf8'));
  const connectivity = {
    ...file.connectivity,
    port: server.catalogTlsPort,
    userName: dn,
    password: `file:${passwordFile}`,
    certificate: { ca: server.caFile },
  };
  return { ...file, $schema: undefined, connectivity };
}
