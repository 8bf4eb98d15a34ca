/** Versions of resources: the same for the same values, and for nothing else. */
import { versionSteps } from '../../src/connector/version';
import { atOnce } from '../../src/mapping/steps';
import type { Resource } from '../../src/scim/resource';

const urn = 'urn:ietf:params:scim:schemas:extension:ECMA2Host:2.0:Group';
const ids = Array.from({ length: 2_345 }, (_, index) => `id-${index}`);
const group = (values: readonly string[], more: Resource = {}): Resource => ({
  id: 'g',
  displayName: 'G',
  ...more,
  members: values.map((value) => ({ value })),
  [urn]: { cn: 'G', member: [...values] },
});
const version = (resource: Resource) => atOnce(versionSteps(resource));

test('very many values are the same in any order, and stamps say nothing', () => {
  const stamped = group(ids.toReversed(), { meta: { resourceType: 'Group', lastModified: '2026-01-01T00:00:00Z' } });
  expect(version(stamped)).toBe(version(group(ids)));
});

test.each<[string, Resource]>([
  ['one less', group(ids.slice(1))],
  ['another one', group([...ids.slice(1), 'id-x'])],
  ['one of them twice', group([...ids, 'id-0'])],
  ['two that have swapped their ends', group(['id-00', 'id-', ...ids.slice(2)])],
  ['another name', group(ids, { displayName: 'H' })],
  ['one more attribute', group(ids, { externalId: 'x' })],
  ['members on one face only', { ...group(ids), [urn]: { cn: 'G' } }],
  ['members under another name', { ...group(ids), members: undefined, owners: ids.map((value) => ({ value })) }],
  ['another value beside the members', { ...group(ids), [urn]: { cn: 'H', member: ids } }],
])('%s is another version', (_, other) => {
  expect(version(other)).not.toBe(version(group(ids)));
});

test('few values are compared in their order', () => {
  expect(version(group(['a', 'b']))).not.toBe(version(group(['b', 'a'])));
  expect(version(group(['a', 'b']))).toBe(version(group(['a', 'b'])));
});
