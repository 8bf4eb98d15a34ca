/** Sources of changes against the tests that each of them must pass: the embedded directory, and the access log of an OpenLDAP. */
import { DN } from '../../src/directory/dn';
import { openMemoryDirectory } from '../../src/directory/memoryDirectory';
import { runChangeSourceTests } from './changeSource';
import { openSlapd } from './followedServer';
import { temporaryOU } from './testbed';

runChangeSourceTests('the embedded directory', async () => {
  const directory = openMemoryDirectory();
  const { base, remove } = await temporaryOU(directory, DN.parse('dc=example,dc=com'));
  return { directory, base, close: remove, anchor: 'entryUUID', keepsReferences: true, hasMemberOf: true };
});

runChangeSourceTests('OpenLDAP by accessLog', () => openSlapd('accessLog'));
