/** Changes of Samba AD, the real server, by update sequence numbers and by time stamps: the tests of every source, and a host that follows it. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { Attribute, Change, Client } from 'ldapts';
import { runChangeSourceTests } from '../conformance/changeSource';
import { openProduct } from '../conformance/followedServer';
import { type ServerUnderTest, startDirectoryServer } from '../support/directoryServer';
import { eventually, HostProcess, program } from '../support/hostProcess';
import type { Json } from '../support/scimClient';
import { exampleFor } from './scim';

const START_MS = 240_000;

// Of a groupOfNames this server lets nobody remove a member.
const facts = { anchor: 'objectGUID', keepsReferences: true, hasMemberOf: true, groupClass: 'group' };
for (const method of ['usnChanged', 'timeStamp'] as const)
  runChangeSourceTests(`Samba AD by ${method}`, () => openProduct('samba', method, facts));

describe('a host that follows a Samba AD', () => {
  let server: ServerUnderTest;
  let host: HostProcess;
  let outside: Client;
  jest.setTimeout(120_000);

  beforeAll(async () => {
    const started = await startDirectoryServer('samba');
    if (!started) throw new Error('Samba AD is not installed here: docs/directories.md says how');
    server = started;
    outside = new Client({ url: server.ldapsUrl, tlsOptions: { ca: readFileSync(server.caFile) } });
    await outside.bind(server.connector.dn, server.connector.password);
    const runs = { properties: { autosyncTimer: 0 }, runProfiles: { deltaImport: { interval: 1 } } };
    const connectors = { example: { ...exampleFor(server), ...runs } };
    host = await HostProcess.start({ connectors, secrets: [server.connector.password] });
    await host.imported(['example']);
  }, START_MS);
  afterAll(async () => {
    await outside?.unbind();
    await host?.stop();
    await server?.stop();
  }, START_MS);

  const below = (names: string) => `${names},${server.suffix}`;
  const users = async () => {
    const found = await host.client('example').find('userName pr');
    return new Map(found.map(({ userName, id }) => [String(userName), String(id)]));
  };
  const addUser = (name: string, parent: string) =>
    outside.add(below(`CN=${name},${parent}`), { objectClass: 'user', sAMAccountName: name });
  const membersOf = async (displayName: string) => {
    const { body } = await host.client('example').get('/Groups');
    const groups = body.Resources as unknown as Json[];
    const members = groups.find((group) => String(group.displayName) === displayName)?.members as unknown as
      | Json[]
      | undefined;
    return (members ?? []).map(({ value }) => value).sort();
  };

  test('check says so', () => {
    const options = { cwd: host.folder, encoding: 'utf8', timeout: 60_000 } as const;
    const { stdout, stderr, status } = spawnSync(process.execPath, [program, 'check', 'example', '--connect'], options);
    expect([status, stderr, stdout]).toEqual([
      0,
      '',
      expect.stringContaining('(uSNChanged) tells what changed, deletes included: delta imports every 1 s'),
    ]);
  });

  test('adds, renames of entries and of what is above them, and deletes arrive in its lists', async () => {
    await outside.add(below('OU=unit,OU=people'), { objectClass: 'organizationalUnit', ou: 'unit' });
    for (const name of ['stays', 'goes']) await addUser(name, 'OU=unit,OU=people');
    await outside.add(below('CN=crew,OU=groups'), {
      objectClass: 'group',
      sAMAccountName: 'crew',
      member: ['stays', 'goes'].map((name) => below(`CN=${name},OU=unit,OU=people`)),
    });
    const before = await eventually(async () => {
      const found = await users();
      expect([...found.keys()].sort()).toEqual(['goes', 'stays']);
      expect(await membersOf('crew')).toEqual([...found.values()].sort());
      return found;
    });

    await outside.modifyDN(below('OU=unit,OU=people'), below('OU=former,OU=people'));
    const modification = new Attribute({ type: 'sAMAccountName', values: ['new'] });
    await outside.modify(below('CN=stays,OU=former,OU=people'), new Change({ operation: 'replace', modification }));
    await outside.modifyDN(below('CN=stays,OU=former,OU=people'), below('CN=new,OU=people'));
    await outside.del(below('CN=goes,OU=former,OU=people'));
    await eventually(async () => {
      expect([...(await users())]).toEqual([['new', before.get('stays')]]);
      expect(await membersOf('crew')).toEqual([before.get('stays')]);
    });

    await outside.modifyDN(below('CN=new,OU=people'), below('CN=new,CN=Users'));
    await eventually(async () => expect([...(await users())]).toEqual([]));
  });
});
