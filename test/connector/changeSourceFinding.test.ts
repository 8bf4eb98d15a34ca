/** What a directory is said to offer to follow its changes by. */
import { findChangeSources } from '../../src/connector/changeSourceFinding';
import type { Directory, SearchRequest } from '../../src/directory/directory';
import { DN } from '../../src/directory/dn';
import { Entry } from '../../src/directory/entry';
import { LdapError, ResultCode } from '../../src/directory/error';

const SUFFIX = 'DC=example,DC=com';

/** An Active Directory, of whose deleted objects an account sees the container, its name, an empty answer or nothing. */
function activeDirectory(deleted: 'shown' | 'named' | 'filtered' | 'hidden'): Directory {
  return {
    description: { namingContexts: [SUFFIX] },
    supports: () => false,
    search: async function* ({ base, showDeleted }: SearchRequest) {
      if (base.toString() === '') yield new Entry(DN.root, { highestCommittedUSN: '5', namingContexts: SUFFIX });
      else if (!showDeleted || deleted === 'hidden')
        throw new LdapError(ResultCode.noSuchObject, 'search', base.toString(), '');
      else if (deleted !== 'filtered') yield new Entry(base, deleted === 'shown' ? { isDeleted: 'TRUE' } : {});
    },
  } as unknown as Directory;
}

test('update sequence numbers are readable where deleted objects are', async () => {
  expect(await findChangeSources(activeDirectory('shown'))).toEqual([
    { name: 'update sequence numbers (uSNChanged)', readable: true },
  ]);
});

test.each(['filtered', 'hidden', 'named'] as const)(
  'deleted objects that are %s are named as what is missing',
  async (deleted) => {
    expect(await findChangeSources(activeDirectory(deleted))).toEqual([
      { name: `update sequence numbers (uSNChanged, with CN=Deleted Objects,${SUFFIX})`, readable: false },
    ]);
  },
);
