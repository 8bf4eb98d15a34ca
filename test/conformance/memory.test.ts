/** The embedded directory against the tests that every directory must pass. */
import { DN, RDN } from '../../src/directory/dn';
import { Entry } from '../../src/directory/entry';
import { present } from '../../src/directory/filter';
import { openMemoryDirectory } from '../../src/directory/memoryDirectory';
import { runDirectoryTests, temporaryOU } from './directory';
import { all, Testbed } from './testbed';

async function open() {
  const directory = openMemoryDirectory({ seed: 'empty', suffix: 'dc=example,dc=com' });
  const { base, remove } = await temporaryOU(directory, DN.parse('dc=example,dc=com'));
  return {
    directory,
    base,
    close: async () => {
      await remove();
      await directory.close();
    },
  };
}

runDirectoryTests('memory', open, { notesMemberships: true });

describe('memory as a directory', () => {
  describe('memberships', () => {
    const t = new Testbed(() => opened);
    let opened: Awaited<ReturnType<typeof open>>;
    beforeAll(async () => {
      opened = await open();
    });
    afterAll(() => opened.close());

    test('those of groupOfUniqueNames, and of groups whose container is renamed', async () => {
      const ada = await t.add('Ada');
      const unit = await t.addUnit('groups');
      const named = (cn: string) => t.dn(cn, unit);
      for (const [cn, objectClass, attribute] of [
        ['Unique', 'groupOfUniqueNames', 'uniqueMember'],
        ['Plain', 'groupOfNames', 'member'],
      ] as const)
        await t.directory.add(
          new Entry(named(cn), { objectClass: ['top', objectClass], cn, [attribute]: ada.toString() }),
        );
      expect(await t.values(ada, 'memberOf')).toEqual(['Plain', 'Unique'].map((cn) => named(cn).toString()));
      const moved = t.base.child(new RDN([{ type: 'ou', value: 'moved' }]));
      await t.directory.modifyDN(unit, moved, { deleteOldRdn: true });
      expect(await t.values(ada, 'memberOf')).toEqual(['Plain', 'Unique'].map((cn) => t.dn(cn, moved).toString()));
      await t.directory.delete(moved, { tree: true });
      expect(await t.values(ada, 'memberOf')).toEqual([]);
    });

    test('those of the people of a first run', async () => {
      const directory = openMemoryDirectory({ seed: 'demo' });
      const filter = present('memberOf');
      const found = await all(directory, {
        base: DN.parse('dc=example,dc=com'),
        scope: 'sub',
        filter,
        attributes: ['memberOf'],
      });
      expect(found.length).toBeGreaterThan(0);
    });
  });
});
