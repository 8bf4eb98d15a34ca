/** Directories that note in `memberOf` of entries which groups have them as members: OpenLDAP by its overlay, the embedded one by itself. */
import type { Modification } from '../../src/directory/directory';
import type { DN } from '../../src/directory/dn';
import { Entry } from '../../src/directory/entry';
import { equality } from '../../src/directory/filter';
import type { Testbed } from './testbed';

export function runMembershipTests(t: Testbed): void {
  describe('memberships', () => {
    const addGroup = async (cn: string, ...members: DN[]) => {
      const dn = t.dn(cn);
      await t.directory.add(new Entry(dn, { objectClass: ['top', 'groupOfNames'], cn, member: members.map(String) }));
      return dn;
    };
    const change = (dn: DN, operation: Modification['operation'], ...members: DN[]) =>
      t.directory.modify(dn, [{ operation, attribute: 'member', values: members.map(String) }]);
    const groupsOf = (dn: DN) => t.values(dn, 'memberOf');

    test('are noted as members come and go', async () => {
      const [ada, bob] = [await t.add('Noted Ada'), await t.add('Noted Bob')];
      const group = await addGroup('Noted', ada);
      expect([await groupsOf(ada), await groupsOf(bob)]).toEqual([[group.toString()], []]);
      await change(group, 'add', bob);
      await change(group, 'delete', ada);
      expect([await groupsOf(ada), await groupsOf(bob)]).toEqual([[], [group.toString()]]);
      await change(group, 'replace', ada);
      expect([await groupsOf(ada), await groupsOf(bob)]).toEqual([[group.toString()], []]);
      const other = await addGroup('Noted Too', ada, group);
      expect(await groupsOf(ada)).toEqual([group, other].map(String).sort());
      expect(await groupsOf(group)).toEqual([other.toString()]);
    });

    test('follow the group, and go with it', async () => {
      const ada = await t.add('Following Ada');
      const group = await addGroup('Followed', ada);
      const renamed = t.dn('Followed Elsewhere');
      await t.directory.modifyDN(group, renamed, { deleteOldRdn: true });
      expect(await groupsOf(ada)).toEqual([renamed.toString()]);
      await t.directory.delete(renamed);
      expect(await groupsOf(ada)).toEqual([]);
    });

    test('can be searched for, and are shown to those who name them', async () => {
      const [ada] = [await t.add('Searched Ada'), await t.add('Searched Bob')];
      const group = await addGroup('Searched', ada);
      expect(await t.names({ filter: equality('memberOf', group.toString()) })).toEqual(['Searched Ada']);
      expect((await t.read(ada))?.values('memberOf')).toEqual([]);
    });

    test('cannot be written', async () => {
      const ada = await t.add('Written Ada');
      const values = [t.dn('Written').toString()];
      await expect(t.directory.modify(ada, [{ operation: 'add', attribute: 'memberOf', values }])).rejects.toThrow();
    });
  });
}
