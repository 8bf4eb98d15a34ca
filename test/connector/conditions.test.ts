/** What is believed of a condition that the directory refuses. */
import { Conditions, type Known } from '../../src/connector/conditional';
import type { Entries, Found } from '../../src/connector/entries';
import type { ExportRequest } from '../../src/connector/exporting';
import { DN } from '../../src/directory/dn';
import { Entry } from '../../src/directory/entry';
import { LdapError, ResultCode } from '../../src/directory/error';
import { present } from '../../src/directory/filter';
import { Schema } from '../../src/directory/schema';
import type { ObjectType } from '../../src/mapping/objectType';
import { ScimError } from '../../src/scim/error';
import type { Change } from '../../src/scim/handler';

const row = (revision: string): Found => {
  const entry = new Entry(DN.parse('uid=ada,dc=example'), [
    { name: 'entryUUID', values: ['u'] },
    { name: 'entryCSN', values: [revision] },
  ]);
  return { id: 'ada', anchor: 'u', normalizedDN: 'uid=ada,dc=example', entry, readAt: 0, objectType: 'User' };
};
const schema = Schema.parse({ attributeTypes: [], objectClasses: [] });
const objectType = {
  schema,
  urn: 'urn:face',
  anchor: 'entryUUID',
  filter: present('objectClass'),
  revisionAttribute: 'entryCSN',
} as Partial<ObjectType> as ObjectType;
const change: Change = { kind: 'patch', valueChanges: [], needs: [], apply: (resource) => resource };
const request = { exporting: { isDry: () => false, drop: () => undefined } } as unknown as ExportRequest;
const conditionsOn = (known: Found | undefined) =>
  new Conditions({ supports: () => true }, { believed: async () => known } as unknown as Entries, objectType);
const refused = () => Promise.reject(new LdapError(ResultCode.assertionFailed, 'modify', 'uid=ada,dc=example', ''));

async function missed(conditions: Conditions): Promise<Known | undefined> {
  return (await conditions.attempt('ada', change, request, refused)).known;
}

test('an entry that has changed meanwhile takes a look, and the next change tries again', async () => {
  const conditions = conditionsOn(row('1'));
  const known = await missed(conditions);
  if (known === undefined) throw new Error('nothing was tried');
  conditions.looked(known, row('2'));
  expect(await missed(conditions)).toBeDefined();
});

test('a directory that refuses what is true is not asked again', async () => {
  const conditions = conditionsOn(row('1'));
  const known = await missed(conditions);
  if (known === undefined) throw new Error('nothing was tried');
  conditions.looked(known, row('1'));
  expect(await missed(conditions)).toBeUndefined();
});

test('what was concluded from a row is looked at again, and what nobody knows the outcome of is not', async () => {
  const conditions = conditionsOn(row('1'));
  const attempt = (error: Error) => conditions.attempt('ada', change, request, () => Promise.reject(error));
  expect(await attempt(ScimError.noTarget('nothing there'))).toEqual({});
  const lost = new LdapError('connectionLost', 'modify', 'uid=ada,dc=example', '', true);
  await expect(attempt(lost)).rejects.toBe(lost);
});

test('a control that is refused is not sent again', async () => {
  const conditions = conditionsOn(row('1'));
  let sent = 0;
  const attempt = () =>
    conditions.attempt('ada', change, request, () => {
      sent += 1;
      throw new LdapError(ResultCode.unavailableCriticalExtension, 'modify', 'uid=ada,dc=example', '');
    });
  expect([await attempt(), await attempt(), sent]).toEqual([{}, {}, 1]);
});

test('nothing is tried of an entry that is not known, and by a replace', async () => {
  const make = () => Promise.reject(new Error('not to be called'));
  expect(await conditionsOn(undefined).attempt('ada', change, request, make)).toEqual({});
  expect(await conditionsOn(row('1')).attempt('ada', { ...change, kind: 'replace' }, request, make)).toEqual({});
});
