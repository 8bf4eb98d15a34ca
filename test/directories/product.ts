/** One server of a product for all tests of a file: the tests that every directory must pass, and what is its own. */
import { readFileSync } from 'node:fs';
import type { Directory } from '../../src/directory/directory';
import { DN } from '../../src/directory/dn';
import { type LdapOptions, openLdapDirectory } from '../../src/directory/ldapDirectory';
import { runDirectoryTests, temporaryOU } from '../conformance/directory';
import { type Product, type ServerUnderTest, startDirectoryServer } from '../support/directoryServer';

const START_MS = 180_000;

/** Opens the port on a server as its connector, over StartTLS. */
export function openOn(server: ServerUnderTest, more: Partial<LdapOptions> = {}): Promise<Directory> {
  return openLdapDirectory({
    hosts: [{ host: server.host, port: server.port }],
    binding: 'TLS',
    userName: server.connector.dn,
    password: () => server.connector.password,
    tls: { ca: readFileSync(server.caFile) },
    connectionTimeoutMs: 30_000,
    operationTimeoutMs: 60_000,
    pageSize: 500,
    ...more,
  });
}

/** Starts the server before all tests of this file and ends it after them; `more` defines tests of the product's own. */
export function testProduct(
  name: string,
  product: Product,
  more: (server: () => ServerUnderTest, open: () => Promise<Directory>) => void,
): void {
  let running: ServerUnderTest | undefined;
  const server = (): ServerUnderTest => {
    // Never silently: whoever asks for these tests wants the servers.
    if (running === undefined) throw new Error(`${name} is not installed here: docs/directories.md says how`);
    return running;
  };
  describe(name, () => {
    beforeAll(async () => {
      running = await startDirectoryServer(product);
    }, START_MS);
    afterAll(async () => running?.stop(), START_MS);

    runDirectoryTests(name, async () => {
      const directory = await openOn(server());
      const { base, remove } = await temporaryOU(directory, DN.parse(server().suffix));
      return {
        directory,
        base,
        close: async () => {
          await remove();
          await directory.close();
        },
      };
    });
    more(server, () => openOn(server()));
  });
}
