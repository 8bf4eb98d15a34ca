/** 389 Directory Server, the real server: the tests that every directory must pass, users and groups over SCIM, and lists. */
import type { SearchNotice } from '../../src/directory/directory';
import { DN, RDN } from '../../src/directory/dn';
import { Entry } from '../../src/directory/entry';
import { equality } from '../../src/directory/filter';
import { all } from '../conformance/testbed';
import { openOn, testProduct } from './product';
import { runScimTests } from './scim';

testProduct('389 Directory Server', '389ds', (server, open) => {
  runScimTests(server, { disabledBinds: false });

  test('virtual list views, in the place of pages', async () => {
    const directory = await open();
    const lists = await openOn(server(), { withheld: ['1.2.840.113556.1.4.319'], pageSize: 7 });
    const base = DN.parse(`ou=listed,${server().suffix}`);
    try {
      await directory.add(new Entry(base, { objectClass: 'organizationalUnit', ou: 'listed' }));
      const names = Array.from({ length: 40 }, (_, n) => base.child(new RDN([{ type: 'uid', value: `listed${n}` }])));
      for (const dn of names) await directory.add(new Entry(dn, { objectClass: 'inetOrgPerson', cn: 'L', sn: 'L' }));
      const notices: SearchNotice[] = [];
      const request = { base, scope: 'sub', filter: equality('sn', 'L'), attributes: ['uid'] } as const;
      const found: string[] = [];
      for await (const { dn } of lists.search(request, { notice: (told) => notices.push(told) }))
        found.push(dn.toString());
      expect([found.sort(), notices]).toEqual([names.map(String).sort(), []]);
    } finally {
      for (const { dn } of await all(directory, { base, scope: 'one', filter: equality('sn', 'L'), attributes: [] }))
        await directory.delete(dn);
      await directory.delete(base);
      await lists.close();
      await directory.close();
    }
  });
});
