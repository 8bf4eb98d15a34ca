/**
 * A host that is killed in the middle of delta imports by the change log of 389 Directory Server and by the update
 * sequence numbers of Samba AD, the real servers. OpenLDAP's methods are in test/system/slow.
 */
import { readFileSync } from 'node:fs';
import { type ServerUnderTest, startDirectoryServer } from '../support/directoryServer';
import { HostProcess } from '../support/hostProcess';
import { runKilledImports, settle, standardWorld, type World } from '../support/killedImports';
import { type LdapLook, lookBy } from '../support/ldapLook';
import { exampleFor } from './scim';

const RESIDENTS = 100;

const worlds: Readonly<Record<'389ds' | 'samba', (suffix: string) => World>> = {
  '389ds': standardWorld,
  samba: (suffix) => ({
    dnOf: (uid) => `CN=${uid},OU=people,${suffix}`,
    groupDN: `CN=team,OU=groups,${suffix}`,
    name: 'cn',
    person: (uid) => ({ objectClass: 'user', sAMAccountName: uid, sn: uid }),
    group: { objectClass: 'group', sAMAccountName: 'team' },
    selections: {
      User: ['(&(objectClass=user)(!(objectClass=computer)))', `OU=people,${suffix}`],
      Group: ['(objectClass=group)', `OU=groups,${suffix}`],
    },
  }),
};

describe.each([
  ['389ds', 'changeLog', 20],
  ['samba', 'usnChanged', 12],
] as const)('a host that is killed while it follows %s by %s', (product, method, rounds) => {
  let server: ServerUnderTest | undefined;
  let look: LdapLook | undefined;
  let host: HostProcess | undefined;

  afterAll(async () => {
    await look?.close();
    await host?.stop();
    await server?.stop();
  }, 240_000);

  test(`${rounds} times`, async () => {
    server = await startDirectoryServer(product);
    if (server === undefined) throw new Error(`${product} is not installed here: docs/directories.md says how`);
    const world = worlds[product](server.suffix);
    const tlsOptions = { ca: readFileSync(server.caFile) };
    look = await lookBy({ url: server.ldapsUrl, tlsOptions }, server.suffix, server.admin);
    await settle(look, world, RESIDENTS);
    const more = {
      properties: { autosyncTimer: '0 3 1 1 *' },
      runProfiles: { deltaImport: { interval: 1 } },
      global: { deltaImport: { method } },
    };
    const connectors = { [product]: { ...exampleFor(server), ...more } };
    host = await HostProcess.start({ connectors, secrets: [server.connector.password] });
    await host.imported([product]);
    await runKilledImports({
      rounds,
      residents: RESIDENTS,
      connectors: { [product]: 'deltas' },
      host,
      look,
      world,
      readAnew: () => {},
    });
  }, 600_000);
});
