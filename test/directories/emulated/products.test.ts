/** Products that cannot be had, played by slapd from what has been published of them. What a real one does is not proved here. */
import type { EmulatedProduct } from '../../../scripts/directories/servers';
import { testProduct } from '../product';
import { runScimTests } from '../scim';

const anchors: Readonly<Record<Exclude<EmulatedProduct, 'adlds'>, string>> = {
  dsee: 'nsUniqueId',
  edirectory: 'GUID',
  ibm: 'ibm-entryuuid',
  isode: 'dn',
  opendj: 'entryUUID',
  opends: 'entryUUID',
  radiantone: 'dn',
};

for (const [product, anchor] of Object.entries(anchors) as [keyof typeof anchors, string][]) {
  testProduct(`${product} (emulated)`, product, (server, open) => {
    test('is detected, with its unique id', async () => {
      const directory = await open();
      try {
        expect(directory.description).toMatchObject({ product, proposedAnchor: anchor });
      } finally {
        await directory.close();
      }
    });
    // slapd binds whoever has the right password, whatever the product's attribute says.
    runScimTests(server, { disabledBinds: true });
  });
}
