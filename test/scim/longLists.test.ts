/** Lists of very many values are read in steps, and mean what they mean when they are read at once. */
import { ReadList } from '../../src/scim/attributeValue';
import { canonicalize } from '../../src/scim/dialect';
import { ScimError } from '../../src/scim/error';
import { withListsRead, withOperationsRead } from '../../src/scim/longLists';
import { compilePatch } from '../../src/scim/patch';
import type { Resource } from '../../src/scim/resource';
import type { ResourceType } from '../../src/scim/resourceType';
import { ecma, groupType, userType } from './resourceTypes';

const many = 2_500;
const members = Array.from({ length: many }, (_, index) => ({
  value: `m${index % (many - 100)}`,
  ...(index % 7 === 0 && { type: 'User', nonsense: 'x' }),
}));
const ids = members.map(({ value }) => value);
const group: Resource = { id: 'g', displayName: 'G', members: members.slice(1_000, 2_200) };

async function outcomeOf<T>(work: () => T | Promise<T>): Promise<unknown> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof ScimError) return [error.status, error.scimType, error.detail];
    throw error;
  }
}

/** What stands where: `read`, `list` for one that was left as it came, and anything else as it is. */
function standing(value: unknown): unknown {
  if (value instanceof ReadList) return 'read';
  if (Array.isArray(value)) return value.length > 1_000 ? 'list' : value.map(standing);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, standing(part)]));
}

const names = Array.from({ length: many }, (_, index) => `n${index}`);
/** Two values of the same address, of which only one says its type. */
const emails = names.flatMap((name) => [{ type: 'work', value: name }, { value: name }]);
const wrong = [...names, { a: 1 }, [1, 2]];

describe('a body', () => {
  it('has what was read in the place of each long list that is known', async () => {
    expect(standing(await withListsRead({ MEMBERS: members, displayName: 'G', unknown: ids }, groupType))).toEqual({
      MEMBERS: 'read',
      displayName: 'G',
      unknown: 'list',
    });
    const body = { seeAlso: names, groups: names, [ecma]: { objectClass: names, nobody: names, sn: names, mail: 'm' } };
    expect(standing(await withListsRead(body, userType))).toEqual({
      seeAlso: 'list',
      groups: 'list',
      [ecma]: { objectClass: 'read', nobody: 'list', sn: 'list', mail: 'm' },
    });
    // What the core schema calls so is nothing to the extension.
    expect(standing(await withListsRead({ [ecma]: { objectClass: names, emails } }, userType))).toEqual({
      [ecma]: { objectClass: 'read', emails: 'list' },
    });
  });

  it.each<[string, unknown]>([
    ['with an extension', { userName: 'u', [ecma]: { objectClass: names, seeAlso: names } }],
    ['with a wrong value in an extension', { userName: 'u', [ecma]: { objectClass: wrong } }],
    ['with a name of an extension outside of it', { userName: 'u', seeAlso: wrong }],
    ['with what nobody can write', { userName: 'u', groups: wrong }],
    ['with two primary values', { userName: 'u', emails: emails.map((email) => ({ ...email, primary: true })) }],
  ])('of a user %s', async (_, body) => {
    const read = await outcomeOf(async () => canonicalize(await withListsRead(body, userType), userType));
    expect(read).toEqual(await outcomeOf(() => canonicalize(body, userType)));
  });

  it.each<[string, unknown]>([
    ['with members', { displayName: 'G', members }],
    ['with ids', { displayName: 'G', members: ids }],
    ['that spells them otherwise', { DISPLAYNAME: 'G', MEMBERS: members }],
    ['that names the schema', { 'urn:ietf:params:scim:schemas:core:2.0:Group': { displayName: 'G', members } }],
    ['with a wrong value', { displayName: 'G', members: [...members, 5, [1, 2]] }],
    ['with nothing in them', { displayName: 'G', members: members.map(() => ({ value: '' })) }],
    ['with many names for one thing', { displayName: 'G', displayname: ids }],
    ['with many of what nobody knows', { displayName: 'G', unknown: members }],
    ['with __proto__', JSON.parse(`{"displayName":"G","__proto__":${JSON.stringify(members)}}`)],
    ['with few', { displayName: 'G', members: members.slice(0, 3) }],
    ['that is none', members],
  ])('%s', async (_, body) => {
    const read = await outcomeOf(async () => canonicalize(await withListsRead(body, groupType), groupType));
    expect(read).toEqual(await outcomeOf(() => canonicalize(body, groupType)));
  });
});

describe('a PATCH', () => {
  it.each<[string, object[]]>([
    ['adds', [{ op: 'Add', path: 'members', value: members }]],
    [
      'adds what is there, and more',
      [
        { op: 'add', path: 'members', value: ids },
        { op: 'add', path: 'members', value: 'x' },
      ],
    ],
    ['removes', [{ op: 'remove', path: 'members', value: members.slice(0, 1_500) }]],
    [
      'replaces',
      [
        { op: 'replace', path: 'MEMBERS', value: ids },
        { op: 'replace', path: 'displayName', value: 'H' },
      ],
    ],
    ['has no path', [{ op: 'replace', value: { displayName: 'H', members } }]],
    ['has a wrong value', [{ op: 'add', path: 'members', value: [...members, { value: {} }] }]],
    ['names a part', [{ op: 'add', path: 'members.value', value: ids }]],
    ['names what has one value', [{ op: 'add', path: 'displayName', value: ids }]],
    ['names nothing', [{ op: 'add', path: 'unknown', value: ids }]],
    ['says nothing that is known', [{ op: 'add', path: 'members', value: ids.map(() => ({ nonsense: 1 })) }]],
  ])('%s', (_, Operations) => expectSame(Operations, groupType, group));

  const user: Resource = { id: 'u', userName: 'u', emails: [{ type: 'home', value: 'n7' }, ...emails.slice(0, 50)] };

  it.each<[string, object[]]>([
    ['removes each value for itself', [{ op: 'REMOVE', path: 'emails', value: emails }]],
    ['adds values of which only some say their type', [{ op: 'add', path: 'emails', value: emails }]],
    [
      'adds two primary values',
      [{ op: 'Add', path: 'emails', value: emails.map((one) => ({ ...one, primary: true })) }],
    ],
    ['names the schema', [{ op: 'replace', path: `${ecma}:objectClass`, value: names }]],
    ['has a wrong value in an extension', [{ op: 'replace', value: { [ecma]: { objectClass: wrong } } }]],
    ['names what nobody can write', [{ op: 'replace', value: { emails, groups: wrong } }]],
  ])('of a user %s', (_, Operations) => expectSame(Operations, userType, user));

  it('has what was read in the place of each long list that is known', async () => {
    const Operations = [
      { op: 'add', path: 'members', value: members },
      { op: 'replace', path: 'displayName', value: 'H' },
      { op: 'replace', value: { Members: ids, displayName: 'H' } },
      { op: 'add', path: '', value: { members } },
      { op: 'remove', path: 'members', value: ids },
      { op: 'add', path: 'unknown', value: ids },
    ];
    expect(standing(await withOperationsRead({ Operations }, groupType))).toEqual({
      Operations: [
        { op: 'add', path: 'members', value: 'read' },
        { op: 'replace', path: 'displayName', value: 'H' },
        { op: 'replace', path: undefined, value: { Members: 'read', displayName: 'H' } },
        { op: 'add', path: '', value: { members: 'read' } },
        { op: 'remove', path: 'members', value: 'read' },
        { op: 'add', path: 'unknown', value: 'list' },
      ],
    });
    const short = { Operations: [{ op: 'add', path: 'members', value: members.slice(0, 3) }] };
    expect(await withOperationsRead(short, groupType)).toBe(short);
  });

  async function expectSame(Operations: object[], type: ResourceType, current: Resource): Promise<void> {
    const body = { schemas: [], Operations };
    const read = await outcomeOf(async () => {
      const { applyInSteps, ...change } = compilePatch(await withOperationsRead(body, type), type);
      let pauses = 0;
      const steps = applyInSteps?.(current);
      for (let step = steps?.next(); ; step = steps?.next()) {
        if (step?.done !== false) return { ...change, apply: undefined, after: step?.value, isLong: pauses > 0 };
        pauses += 1;
      }
    });
    const expected = await outcomeOf(() => {
      const { applyInSteps: _steps, ...change } = compilePatch(body, type);
      return { ...change, apply: undefined, after: change.apply(current), isLong: true };
    });
    expect(read).toEqual(expected);
  }
});
