/** The embedded directory against the tests that every directory must pass. */
import { DN } from '../../src/directory/dn';
import { openMemoryDirectory } from '../../src/directory/memoryDirectory';
import { runDirectoryTests, temporaryOU } from './directory';

runDirectoryTests('memory', async () => {
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
});
