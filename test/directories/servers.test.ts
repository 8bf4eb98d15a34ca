/** Starting, ending and starting again: what tests and `npm run directories:up` rely on. */
import { readFileSync } from 'node:fs';
import { Client } from 'ldapts';
import { productsNamed, realProducts } from '../../scripts/directories/servers';
import { type Product, startDirectoryServer } from '../support/directoryServer';

jest.setTimeout(240_000);

const products: readonly Product[] = [...realProducts.filter((product) => product !== 'openldap'), 'adlds'];

test.each(products)('%s serves over LDAPS, keeps its entries over a restart and ends', async (product) => {
  const server = await startDirectoryServer(product);
  if (!server) throw new Error(`${product} is not installed here: docs/directories.md says how`);
  try {
    const entry = await baseEntry(server.ldapsUrl, readFileSync(server.caFile), server);
    expect(entry?.dn.toLowerCase()).toBe(`ou=people,${server.suffix}`.toLowerCase());
    await server.restart();
    expect(await baseEntry(server.url, undefined, server)).toEqual(entry);
  } finally {
    await server.stop();
  }
  await expect(baseEntry(server.url, undefined, server)).rejects.toThrow(/ECONNREFUSED/);
});

test('names of products', () => {
  expect(productsNamed([])).toEqual(['openldap']);
  expect(productsNamed(['all'])).toEqual(['openldap', '389ds', 'samba', 'apacheds']);
  expect(() => productsNamed(['389ds', 'toString'])).toThrow(/There is no server "toString": name openldap, 389ds/);
});

async function baseEntry(
  url: string,
  ca: Buffer | undefined,
  {
    suffix,
    connector,
  }: { readonly suffix: string; readonly connector: { readonly dn: string; readonly password: string } },
) {
  const client = new Client({ url, ...(ca ? { tlsOptions: { ca } } : {}) });
  try {
    await client.bind(connector.dn, connector.password);
    const { searchEntries } = await client.search(`ou=people,${suffix}`, { scope: 'base', attributes: ['ou'] });
    return searchEntries[0];
  } finally {
    await client.unbind().catch(() => {});
  }
}
