/**
 * What every implementation of the port `Directory` must do, whatever stands behind it: `runDirectoryTests` runs
 * unchanged against the embedded directory and against every real server. Where products are known to differ, the
 * tests allow the class of answers that they give, and nothing beyond it.
 */
import { runMembershipTests } from './memberships';
import { runRenameTests } from './renames';
import { runSearchTests } from './searches';
import { type OpenedDirectory, Testbed } from './testbed';
import { runWriteTests } from './writes';

export { type OpenedDirectory, temporaryOU } from './testbed';

/** Defines the tests. `open` is called once; its OU holds everything that the tests make. */
export function runDirectoryTests(
  name: string,
  open: () => Promise<OpenedDirectory>,
  { notesMemberships = false }: { readonly notesMemberships?: boolean } = {},
): void {
  describe(`${name} as a directory`, () => {
    let opened: OpenedDirectory | undefined;
    beforeAll(async () => {
      opened = await open();
    });
    afterAll(async () => {
      await opened?.close();
    });

    const testbed = new Testbed(() => {
      if (!opened) throw new Error('The directory did not open');
      return opened;
    });
    runDescriptionTests(testbed);
    runWriteTests(testbed);
    runRenameTests(testbed);
    runSearchTests(testbed);
    if (notesMemberships) runMembershipTests(testbed);
  });
}

function runDescriptionTests(t: Testbed): void {
  describe('description and schema', () => {
    test('the OU lies in a naming context', async () => {
      const { namingContexts, product, proposedAnchor } = t.directory.description;
      // eDirectory says one empty string, which holds everything.
      expect(namingContexts.some((context) => t.base.toString().toLowerCase().endsWith(context.toLowerCase()))).toBe(
        true,
      );
      expect(product).not.toBe('');
      expect(t.directory.supports('1.2.3.4.5.6.7.8.9')).toBe(false);
      expect(proposedAnchor).not.toBe('');
    });

    test('the schema knows persons and groups', () => {
      const { schema } = t.directory;
      expect(schema.isSubclassOf('inetOrgPerson', 'person')).toBe(true);
      expect(schema.objectClass('groupOfNames')).toBeDefined();
      expect(schema.attributeType('sn')).toMatchObject({ oid: '2.5.4.4' });
      // Active Directory has one name for each attribute.
      const [, alias] = schema.names('sn');
      expect(schema.canonicalName(alias ?? 'SN')).toBe(schema.canonicalName('sn'));
      expect(schema.requirements(['inetOrgPerson']).must.map(({ name }) => name.toLowerCase())).toContain('cn');
      expect([schema.isDN('member'), schema.isBinary('audio'), schema.isBinary('sn')]).toEqual([true, true, false]);
    });

    test('refresh keeps what it knew and the directory usable', async () => {
      const { product, namingContexts } = t.directory.description;
      await t.directory.refresh();
      expect(t.directory.description).toMatchObject({ product, namingContexts });
      expect(t.directory.schema.objectClass('inetOrgPerson')).toBeDefined();
      expect((await t.read(t.base))?.dn.equals(t.base, t.directory.schema)).toBe(true);
    });
  });
}
