/** Work on very many values lets others go first. */
import { hasMany, paced } from '../../src/connector/pacing';
import { DN } from '../../src/directory/dn';
import { Entry } from '../../src/directory/entry';
import { resourceOf, resourceSteps } from '../../src/mapping/attributes';
import { noReferences } from '../../src/mapping/reference';
import { user } from '../mapping/updates';

test('a resource of 10,000 values is the same in steps, with turns for others between them', async () => {
  const description = Array.from({ length: 10_000 }, (_, index) => `Value ${index}`);
  const entry = new Entry(DN.parse('uid=ada,dc=x'), { objectClass: 'inetOrgPerson', uid: 'ada', description });
  const input = { id: 'x', references: noReferences, stored: {}, spelled: new Map() };
  let turns = 0;
  let isDone = false;
  const count = () => {
    turns += 1;
    if (!isDone) setImmediate(count);
  };
  setImmediate(count);
  const resource = await paced(resourceSteps(user, entry, input));
  isDone = true;
  expect(turns).toBeGreaterThanOrEqual(9);
  expect(resource).toEqual(resourceOf(user, entry, input));
  expect(hasMany(entry)).toBe(true);
  expect(hasMany(entry.with([{ name: 'description', values: description.slice(0, 1_000) }]))).toBe(false);
});
