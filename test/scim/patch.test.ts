import { compilePatch } from '../../src/scim/patch';
import { formatPath } from '../../src/scim/path';
import { frozen, type Operation, patched, person } from './patched';
import { ecma, enterprise, userType } from './resourceTypes';

/** The core attributes and faces that differ from `person`. */
function difference(operations: Operation[]): Record<string, unknown> {
  const after = patched(operations);
  const names = new Set([...Object.keys(person), ...Object.keys(after)]);
  return Object.fromEntries(
    [...names]
      .filter((name) => JSON.stringify(after[name]) !== JSON.stringify(person[name]))
      .map((name) => [name, after[name]]),
  );
}

const work = 'emails[type eq "work"]';

describe('single values', () => {
  it.each<[string, Operation, Record<string, unknown>]>([
    ['add', { op: 'Add', path: 'nickName', value: 'n' }, { nickName: 'n' }],
    ['replace', { op: 'Replace', path: 'title', value: 'u' }, { title: 'u' }],
    ['a list of one', { op: 'replace', path: 'title', value: ['u'] }, { title: 'u' }],
    ['a boolean as text', { op: 'Replace', path: 'active', value: 'False' }, { active: false }],
    ['remove', { op: 'REMOVE', path: 'title' }, { title: undefined }],
    ['remove what is not there', { op: 'remove', path: 'nickName' }, {}],
    ['null', { op: 'replace', path: 'title', value: null }, { title: undefined }],
    ['an empty string', { op: 'Add', path: 'title', value: '' }, { title: undefined }],
    [
      'a sub-attribute',
      { op: 'replace', path: 'name.givenName', value: 'G' },
      { name: { givenName: 'G', familyName: 'f' } },
    ],
    ['remove a sub-attribute', { op: 'remove', path: 'name.givenName' }, { name: { familyName: 'f' } }],
    [
      'a complex value merges',
      { op: 'replace', path: 'name', value: { givenName: 'G', familyName: null } },
      { name: { givenName: 'G' } },
    ],
    [
      'a new complex value',
      { op: 'add', path: 'urn:ietf:params:scim:schemas:core:2.0:User:name.middleName', value: 'm' },
      { name: { ...(person.name as object), middleName: 'm' } },
    ],
    [
      'an extension attribute',
      { op: 'Add', path: `${ecma}:mail`, value: 'm' },
      { [ecma]: { ...(person[ecma] as object), mail: 'm' } },
    ],
    [
      'a bare extension attribute',
      { op: 'replace', path: 'surname', value: 'z' },
      { [ecma]: { ...(person[ecma] as object), sn: 'z' } },
    ],
    [
      'a bare id for a reference',
      { op: 'add', path: `${enterprise}:manager`, value: 'M2' },
      { [enterprise]: { manager: { value: 'M2' }, department: 'd' } },
    ],
    [
      'a list for a reference',
      { op: 'Add', path: 'manager', value: [{ $ref: 'http://x/M2', value: 'M2' }] },
      { [enterprise]: { manager: { value: 'M2', $ref: 'http://x/M2' }, department: 'd' } },
    ],
    ['the same reference', { op: 'replace', path: 'manager', value: 'M1' }, {}],
    [
      'a $ref without a value',
      { op: 'replace', path: 'manager', value: { $ref: 'https://x/scim/Users/M%202/?a=b' } },
      { [enterprise]: { manager: { value: 'M 2', $ref: 'https://x/scim/Users/M%202/?a=b' }, department: 'd' } },
    ],
    [
      'a path to its $ref',
      { op: 'replace', path: 'manager.$ref', value: '../Users/M2' },
      { [enterprise]: { manager: { value: 'M2' }, department: 'd' } },
    ],
    ['no reference', { op: 'Replace', path: 'manager', value: '' }, { [enterprise]: { department: 'd' } }],
    [
      'a reference to nothing',
      { op: 'Replace', path: 'manager', value: { value: null } },
      { [enterprise]: { department: 'd' } },
    ],
    ['a whole extension', { op: 'remove', path: enterprise }, { [enterprise]: undefined }],
    [
      'into an extension',
      { op: 'add', path: enterprise, value: { Department: 'D' } },
      { [enterprise]: { ...(person[enterprise] as object), department: 'D' } },
    ],
  ])('%s', (_, operation, expected) => {
    expect(difference([operation])).toEqual(expected);
  });
});

describe('without a path', () => {
  it.each<[string, Record<string, unknown>]>([
    ['only what is readOnly', { id: '9', groups: [{ value: 'g' }], meta: { version: 'x' } }],
    ['unknown names without values', { surname: null, nickname: '', ims: [], name: { surname: null } }],
    ['an empty extension', { [ecma]: {} }],
  ])('%s changes nothing and is no fault', (_, value) => {
    expect(difference([{ op: 'add', value }])).toEqual({});
  });

  it('takes nested, dotted and URN keys, and leaves readOnly and unknown ones out', () => {
    const change = compilePatch(
      {
        Operations: [
          {
            op: 'replace',
            value: {
              id: '9',
              schemas: [],
              'name.givenName': 'G',
              [`${enterprise}:department`]: 'D',
              [ecma]: { Surname: 'S', nothing: 1 },
              [`${work}.value`]: 'n@x',
              unheard: 1,
            },
          },
        ],
      },
      userType,
    );
    expect(change.ignored).toEqual([`${ecma}:nothing`, 'unheard']);
    expect([...change.spelledAs]).toEqual([[`${ecma}:sn`, 'surname']]);
    expect(change.apply(frozen(person))).toMatchObject({
      id: '1',
      name: { givenName: 'G', familyName: 'f' },
      emails: [{ type: 'work', value: 'n@x', primary: true }, { type: 'home' }],
      [enterprise]: { department: 'D', manager: { value: 'M1' } },
      [ecma]: { sn: 'S' },
    });
    expect(change.needs.map(formatPath)).toEqual(['name', `${enterprise}:department`, `${ecma}:sn`, 'emails']);
  });

  it('clears by null', () => {
    expect(difference([{ op: 'Replace', value: { title: null, emails: [], name: { givenName: '' } } }])).toEqual({
      title: undefined,
      emails: undefined,
      name: { familyName: 'f' },
    });
  });

  it('ignores the path of schemas, which follow from what there is', () => {
    expect(difference([{ op: 'add', path: 'schemas', value: [ecma] }])).toEqual({});
  });
});

describe('several values', () => {
  const home = { type: 'home', value: 'h@x' };
  const office = { type: 'work', value: 'w@x', primary: true };

  it.each<[string, Operation, unknown]>([
    [
      'add',
      { op: 'add', path: 'emails', value: [{ type: 'other', value: 'o@x' }] },
      [office, home, { type: 'other', value: 'o@x' }],
    ],
    [
      'add one that is there',
      { op: 'add', path: 'emails', value: { value: 'H@X', type: 'home' } },
      [office, { type: 'home', value: 'H@X' }],
    ],
    [
      'add the same value of another type',
      { op: 'add', path: 'emails', value: { value: 'h@x', type: 'work' } },
      [office, home, { value: 'h@x', type: 'work' }],
    ],
    [
      'add a primary one',
      { op: 'add', path: 'emails', value: { value: 'o@x', primary: true } },
      [{ ...office, primary: false }, home, { value: 'o@x', primary: true }],
    ],
    ['add nothing', { op: 'add', path: 'emails', value: [] }, [office, home]],
    ['replace', { op: 'replace', path: 'emails', value: [{ value: 'o@x' }] }, [{ value: 'o@x' }]],
    ['replace by nothing', { op: 'replace', path: 'emails', value: [] }, undefined],
    ['remove', { op: 'remove', path: 'emails' }, undefined],
    ['remove null', { op: 'remove', path: 'emails', value: null }, undefined],
    ['remove some', { op: 'Remove', path: 'emails', value: [{ value: 'W@x' }] }, [home]],
    ['remove none', { op: 'Remove', path: 'emails', value: [] }, [office, home]],
    [
      'remove the same value of another type',
      { op: 'Remove', path: 'emails', value: [{ value: 'w@x', type: 'home' }] },
      [office, home],
    ],
    ['remove by filter', { op: 'remove', path: work }, [home]],
    ['remove by a filter without a match', { op: 'remove', path: 'emails[type eq "x"]' }, [office, home]],
    ['a part', { op: 'Replace', path: `${work}.value`, value: 'n@x' }, [{ ...office, value: 'n@x' }, home]],
    [
      'a part given as objects',
      { op: 'Add', path: `${work}.value`, value: [{ value: 'n@x' }] },
      [{ ...office, value: 'n@x' }, home],
    ],
    [
      'a part of a value not yet there',
      { op: 'Replace', path: 'emails[type eq "other" and primary eq true].value', value: 'n@x' },
      [{ ...office, primary: false }, home, { type: 'other', primary: true, value: 'n@x' }],
    ],
    [
      'no part of a value not there',
      { op: 'Replace', path: 'emails[type eq "other"].value', value: '' },
      [office, home],
    ],
    ['an emptied value', { op: 'Replace', path: `${work}.value`, value: '' }, [home]],
    ['a removed part', { op: 'remove', path: `${work}.primary` }, [{ type: 'work', value: 'w@x' }, home]],
    [
      'replace by filter',
      { op: 'replace', path: work, value: { value: 'n@x' } },
      [home, { type: 'work', value: 'n@x' }],
    ],
    ['add by filter', { op: 'add', path: work, value: { display: 'n' } }, [{ ...office, display: 'n' }, home]],
    [
      'add by filter, not yet there',
      { op: 'add', path: 'emails[type eq "other"]', value: { value: 'n@x' } },
      [office, home, { type: 'other', value: 'n@x' }],
    ],
    [
      'a part of all',
      { op: 'replace', path: 'emails.primary', value: false },
      [
        { ...office, primary: false },
        { ...home, primary: false },
      ],
    ],
    [
      'a part of all that makes them the same',
      { op: 'replace', path: 'emails.type', value: 'work' },
      [office, { ...home, type: 'work' }],
    ],
  ])('%s', (_, operation, expected) => {
    expect(patched([operation]).emails).toEqual(expected);
  });

  it.each<[string, Operation, unknown]>([
    [
      'add objects',
      { op: 'Add', path: `${ecma}:objectClass`, value: [{ value: 'x' }, { value: 'TOP' }] },
      ['top', 'person', 'x'],
    ],
    ['remove by filter', { op: 'remove', path: `${ecma}:objectClass[value eq "TOP"]` }, ['person']],
    ['remove by another filter', { op: 'remove', path: `${ecma}:objectClass[value sw "p"]` }, ['top']],
    ['replace by filter', { op: 'replace', path: `${ecma}:objectClass[value eq "top"]`, value: 'x' }, ['person', 'x']],
    ['remove objects', { op: 'remove', path: `${ecma}:objectClass`, value: [{ value: 'person' }] }, ['top']],
  ])('simple: %s', (_, operation, expected) => {
    expect(patched([operation])[ecma]).toMatchObject({ objectClass: expected });
  });

  it('makes what later operations of the same request complete', () => {
    const operations = [
      { op: 'Add', path: 'phoneNumbers[type eq "mobile"].primary', value: 'True' },
      { op: 'Add', path: 'phoneNumbers[type eq "mobile"].value', value: '1' },
      { op: 'Add', path: 'phoneNumbers[type eq "fax"].primary', value: 'False' },
    ];
    expect(patched(operations).phoneNumbers).toEqual([{ type: 'mobile', primary: true, value: '1' }]);
  });
});
