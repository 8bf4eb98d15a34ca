/** Lists of very many values are read in steps, and mean what they mean when they are read at once. */
import { canonicalize } from '../../src/scim/dialect';
import { ScimError } from '../../src/scim/error';
import { withListsRead, withOperationsRead } from '../../src/scim/longLists';
import { compilePatch } from '../../src/scim/patch';
import type { Resource } from '../../src/scim/resource';
import { groupType } from './resourceTypes';

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

describe('a body', () => {
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
  ])('%s', async (_, Operations) => {
    const body = { schemas: [], Operations };
    const read = await outcomeOf(async () => {
      const { applyInSteps, ...change } = compilePatch(await withOperationsRead(body, groupType), groupType);
      let pauses = 0;
      const steps = applyInSteps?.(group);
      for (let step = steps?.next(); ; step = steps?.next()) {
        if (step?.done !== false) return { ...change, apply: undefined, after: step?.value, isLong: pauses > 0 };
        pauses += 1;
      }
    });
    const expected = await outcomeOf(() => {
      const { applyInSteps: _steps, ...change } = compilePatch(body, groupType);
      return { ...change, apply: undefined, after: change.apply(group), isLong: true };
    });
    expect(read).toEqual(expected);
  });
});
