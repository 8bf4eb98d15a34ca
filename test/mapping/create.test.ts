/** What a create makes beside what is stated. */

import { entryOf } from '../../src/mapping/create';
import type { ObjectType } from '../../src/mapping/objectType';
import { noReferences } from '../../src/mapping/reference';
import type { Resource } from '../../src/scim/resource';
import { clock, container, objectType } from './objectTypes';
import { urn, user } from './updates';

describe('create', () => {
  const create = (type: ObjectType, resource: Resource, allocated?: ReadonlyMap<string, string>) =>
    entryOf(type, resource, { ...clock, references: noReferences, container, ...(allocated && { allocated }) });

  test('a DN expression knows the values that mappings have made', () => {
    const type = objectType({
      dn: 'Join("", "uid=", [uid], ",dc=x")',
      mappings: [
        { kind: 'direct', source: 'userName', target: 'mail' },
        { kind: 'direct', source: 'name.familyName', target: 'sn' },
        { kind: 'expression', expression: 'SelectUniqueValue("a", "b")', target: 'uid', apply: 'onCreate' },
        { kind: 'constant', constant: 'c', target: 'cn', apply: 'onCreate' },
      ],
    });
    const made = create(type, { userName: 'a@b', name: { familyName: 'L' } }, new Map([['uid', 'b, c']]));
    expect(made.dn.toString()).toBe('uid=b\\, c,dc=x');
    expect(made.values('uid')).toEqual(['b, c']);
  });

  test('a name that is longer than names are read is refused', () => {
    const named = (length: number) => create(user, { userName: 'u'.repeat(length), name: { familyName: 'L' } });
    const rest = named(1).dn.toString().length - 1;
    expect(named(65_536 - rest).dn.toString()).toHaveLength(65_536);
    expect(() => named(65_537 - rest)).toThrow(
      expect.objectContaining({ status: 400, scimType: 'invalidValue', detail: expect.stringContaining('65537') }),
    );
  });

  test('the name fills its attribute before a default does', () => {
    const made = create(user, { displayName: 'Ada', name: { familyName: 'L' }, [urn]: { '-dn-': 'cn=x,dc=x' } });
    expect(made.values('cn')).toEqual(['x']);
  });

  test('the name wins over a mapping where there is room for one value, never over a client', () => {
    const type = objectType({
      auxiliaryClasses: ['oddities'],
      dn: 'Join("", "only=", [userName], ",dc=x")',
      mappings: [
        { kind: 'direct', source: 'userName', target: 'uid' },
        { kind: 'direct', source: 'name.familyName', target: 'sn' },
        { kind: 'constant', constant: 'other', target: 'only', apply: 'onCreate' },
        { kind: 'constant', constant: 'c', target: 'cn', apply: 'onCreate' },
      ],
    });
    const sent = { userName: 'a', name: { familyName: 'L' } };
    expect(create(type, sent).values('only')).toEqual(['a']);
    expect(() => create(type, { ...sent, [type.urn]: { only: 'mine' } })).toThrow(/only can have one value only/);
  });

  test('every fault is named at once, with the attribute of SCIM that would help; not thousands of them', () => {
    expect(() => create(user, { userName: 'a', [urn]: { flag: 'x' } })).toThrow(/flag must be true or false/);
    const own = objectType({
      mappings: [
        { kind: 'direct', source: 'userName', target: 'uid' },
        { kind: 'direct', source: 'name.familyName', target: 'sn' },
        { kind: 'constant', constant: 'c', target: 'cn', apply: 'onCreate' },
      ],
    });
    expect(() => create(own, { userName: 'a' })).toThrow(/sn is required by .* \(SCIM: name.familyName\)/);
    const objectClass = Array.from({ length: 3000 }, (_, index) => `class${index}`);
    let detail = '';
    try {
      create(user, { userName: 'a', name: { familyName: 'L' }, [urn]: { objectClass } });
    } catch (error) {
      detail = String(error);
    }
    expect(detail).toMatch(/class19 .*and 2980 more/);
    expect(detail.length).toBeLessThan(4000);
  });

  test('objects are named by their classes once, whatever they are called', () => {
    const sent = {
      userName: 'a',
      name: { familyName: 'L' },
      [urn]: { objectClass: ['TOP', 'INETORGPERSON', '2.5.6.6'] },
    };
    expect(create(user, sent).values('objectClass')).toEqual(['TOP', 'INETORGPERSON', '2.5.6.6', 'oddities']);
  });
});
