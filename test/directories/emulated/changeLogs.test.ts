/**
 * The change logs of products that cannot be had, played by slapd in the words of each vendor (`vendorChangeLog.ts`): found
 * without being configured, followed by the tests of every source, and by a host. What a real one logs is not proved here.
 */
import { readFileSync } from 'node:fs';
import { Client } from 'ldapts';
import { runChangeSourceTests } from '../../conformance/changeSource';
import { openDialect } from '../../conformance/followedServer';
import { type ServerUnderTest, startDirectoryServer } from '../../support/directoryServer';
import { eventually, HostProcess } from '../../support/hostProcess';
import { dialects, playChangeLog, type VendorServer } from '../../support/vendorChangeLog';
import { exampleFor } from '../scim';

const START_MS = 240_000;

/** By product: the id of its entries. Where that is the name, slapd's own id tells whether they are the same still. */
const ids: Readonly<Record<keyof typeof dialects, string>> = {
  dsee: 'nsUniqueId',
  ibm: 'ibm-entryuuid',
  isode: 'entryUUID',
  opendj: 'entryUUID',
  opends: 'entryUUID',
  radiantone: 'entryUUID',
};

const products = Object.keys(dialects) as (keyof typeof dialects)[];

for (const product of products)
  runChangeSourceTests(`${product} (emulated) by its change log`, async () => {
    const source = await openDialect(product, { anchor: ids[product], keepsReferences: true, hasMemberOf: true });
    expect(source.directory.description).toMatchObject({ product, changeLog: 'cn=changelog' });
    expect(source.directory.changes.methods[0]).toBe('changeLog');
    return source;
  });

describe.each(products)('a host that follows %s (emulated) by its change log', (product) => {
  let server: ServerUnderTest;
  let vendor: VendorServer;
  let host: HostProcess;
  let outside: Client;
  jest.setTimeout(120_000);

  beforeAll(async () => {
    const started = await startDirectoryServer(product, { changeLog: true });
    if (!started) throw new Error('slapd is not installed here: docs/directories.md says how');
    server = started;
    vendor = await playChangeLog(server, dialects[product]);
    outside = new Client({ url: server.ldapsUrl, tlsOptions: { ca: readFileSync(server.caFile) } });
    await outside.bind(server.admin.dn, server.admin.password);
    await outside.add(`uid=before,ou=people,${server.suffix}`, person('before'));
    const file = exampleFor(server);
    const { certificate: _, ...connectivity } = file.connectivity as Record<string, unknown>;
    const plain = { ...connectivity, port: vendor.port, binding: 'Basic' };
    const runs = { properties: { autosyncTimer: 0 }, runProfiles: { deltaImport: { interval: 1 } } };
    host = await HostProcess.start({
      connectors: { example: { ...file, connectivity: plain, ...runs } },
      secrets: [server.connector.password],
    });
    await host.imported(['example']);
  }, START_MS);
  afterAll(async () => {
    await outside?.unbind();
    await host?.stop();
    await vendor?.close();
    await server?.stop();
  }, START_MS);

  const person = (uid: string) => ({ objectClass: 'inetOrgPerson', uid, cn: uid, sn: uid, mail: `${uid}@example.com` });
  const named = (uid: string) => `uid=${uid},ou=people,${server.suffix}`;
  const users = async () => {
    const found = await host.client('example').find('userName pr');
    return new Map(found.map(({ userName, id }) => [String(userName), String(id)]));
  };

  test('adds, renames and deletes arrive in its lists', async () => {
    await outside.add(named('one'), person('one'));
    const before = await eventually(async () => {
      const found = await users();
      expect(found.has('one')).toBe(true);
      return found;
    });
    await outside.modifyDN(named('one'), named('two'));
    await eventually(async () => {
      const found = await users();
      expect([found.has('one'), found.has('two')]).toEqual([false, true]);
      // By a log without renames, and where the id is the name, it is another one.
      const keepsId = (file: Record<string, unknown>) =>
        (file.objectTypes as { anchor?: string }[])[0]?.anchor !== 'dn';
      if (keepsId(exampleFor(server))) expect(found.get('two')).toBe(before.get('one'));
    });
    await outside.del(named('two'));
    await eventually(async () => expect([...(await users()).keys()]).not.toContain('two'));
  });
});
