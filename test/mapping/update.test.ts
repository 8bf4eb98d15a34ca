/** Which paths PUT and PATCH change (decision 11). */
import { DN } from '../../src/directory/dn';
import { Entry, type Value } from '../../src/directory/entry';
import { resourceOf } from '../../src/mapping/attributes';
import { noReferences } from '../../src/mapping/reference';
import { group, objectType, references } from './objectTypes';
import { entry, onFace, remove, replace, same, update, urn, user } from './updates';

describe('two faces, one owner', () => {
  const before = entry({ title: 'Dr', description: ['a', 'b'], employeeNumber: '1' });

  test.each<[string, readonly unknown[], Record<string, readonly Value[]>]>([
    ['nothing', [replace('title', 'Dr')], {}],
    ['the core face', [replace('title', 'Prof')], { title: ['Prof'] }],
    ['the directory’s face', [replace(onFace('title'), 'Prof')], { title: ['Prof'] }],
    ['both, the same', [replace('title', 'Prof'), replace(onFace('title'), 'Prof')], { title: ['Prof'] }],
    ['both, as good as the same', [replace('title', 'PROF'), replace(onFace('title'), 'prof')], { title: ['prof'] }],
    ['an alias', [replace(onFace('surname'), 'M')], { sn: ['M'] }],
    ['a removal', [remove('title')], { title: [] }],
  ])('%s', (_name, patch, changed) => {
    expect(update(user, before, { patch })).toEqual({ ...same, changed });
  });

  test.each<[string, readonly unknown[]]>([
    ['two values', [replace('title', 'a'), replace(onFace('title'), 'b')]],
    ['a value and none', [remove('title'), replace(onFace('title'), 'b')]],
  ])('%s are a contradiction that names both', (_name, patch) => {
    expect(() => update(user, before, { patch })).toThrow(
      expect.objectContaining({
        status: 400,
        scimType: 'invalidValue',
        message: expect.stringMatching(/title.*title.*different/),
      }),
    );
  });

  test('values in another order are no contradiction', () => {
    const type = objectType({
      mappings: [
        { kind: 'direct', source: 'userName', target: 'uid' },
        { kind: 'direct', source: 'emails.value', target: 'mail' },
      ],
    });
    const patch = [replace('emails', [{ value: 'a@b' }, { value: 'c@d' }]), replace(onFace('mail'), ['c@d', 'a@b'])];
    expect(update(type, entry(), { patch }).changed.mail).toHaveLength(2);
  });

  test('several users of one value', () => {
    const type = objectType({
      mappings: [
        { kind: 'direct', source: 'userName', target: 'mail' },
        { kind: 'direct', source: 'emails[type eq "work"].value', target: 'mail' },
      ],
    });
    const named = entry({ mail: 'a@b' });
    expect(update(type, named, { patch: [replace('userName', 'c@d')] }).changed).toEqual({ mail: ['c@d'] });
    expect(() => update(type, named, { patch: [replace('userName', 'c@d'), remove('emails')] })).toThrow(/different/);
  });
});

describe('PUT', () => {
  const before = entry({
    title: 'Dr',
    description: ['a'],
    displayName: 'Ada',
    manager: 'cn=unknown,dc=x',
    only: '1',
    constructor: 'x',
  });
  const core = { userName: 'ada', name: { familyName: 'L', formatted: 'Ada L' } };

  test('of the core face leaves the directory’s own attributes alone', () => {
    expect(update(user, before, { put: core })).toEqual({ ...same, changed: { title: [], displayName: [] } });
  });

  test('of the directory’s face clears what it leaves out, and only that', () => {
    const put = { [urn]: { title: 'Dr', sn: 'L' } };
    // cn, uid and sn are the entry's: mandatory, or its name. A reference that nobody knows survives every replace.
    expect(update(user, before, { put })).toEqual({
      ...same,
      changed: { description: [], displayName: [], only: [], constructor: [] },
    });
  });

  test('of both as they were read clears what is missing on one of them', () => {
    const face = {
      _distinguishedName: 'uid=ada,ou=people,dc=example,dc=com',
      title: 'Dr',
      only: '1',
      description: ['a'],
    };
    const whole = { ...face, displayName: 'Ada', constructor: 'x' };
    const put = { ...core, id: 'x', displayName: 'Ada', [urn]: whole };
    expect(update(user, before, { put }).changed).toEqual({ title: [] });
    const other = { ...put, title: 'Dr', [urn]: { ...whole, title: undefined } };
    expect(update(user, before, { put: other }).changed).toEqual({ title: [] });
    // Who has read nothing has taken nothing out: the other face says what there is.
    expect(update(user, before, { put: { ...put, id: undefined } }).changed).toEqual({});
  });

  test('of both clears what neither has', () => {
    const put = { ...core, title: 'Dr', [urn]: { description: 'a', only: '1', constructor: 'x' } };
    expect(update(user, before, { put }).changed).toEqual({ displayName: [] });
  });

  test('of what was read changes nothing', () => {
    const known = references({ boss: 'cn=unknown,dc=x' });
    for (const references_ of [noReferences, known]) {
      const input = { id: 'x', references: references_, stored: {}, spelled: new Map() };
      const put = resourceOf(user, before, input);
      expect(update(user, before, { put }, references_)).toEqual({ ...same, changed: {} });
    }
  });

  test('keeps object classes, and what only a create makes', () => {
    const type = objectType({
      mappings: [
        { kind: 'direct', source: 'userName', target: 'uid' },
        { kind: 'direct', source: 'title', target: 'title' },
        { kind: 'constant', constant: '9', target: 'employeeNumber', apply: 'onCreate' },
      ],
    });
    const put = { [type.urn]: { uid: 'ada' } };
    expect(update(type, entry({ employeeNumber: '1', title: 'Dr' }), { put }).changed).toEqual({ title: [] });
  });

  test('writes a password where there is one, and clears none', () => {
    expect(update(user, entry({}), { put: core }).secrets).toEqual([]);
    expect(update(user, entry({}), { put: { ...core, password: 'x' } }).secrets).toEqual(['userPassword=x']);
    const patch = [replace(onFace('export_password'), 'y')];
    expect(update(user, entry({}), { patch }).secrets).toEqual(['userPassword=y']);
    const both = [replace('password', 'geheim1'), replace(onFace('export_password'), 'geheim2')];
    expect(() => update(user, entry({}), { patch: both })).toThrow(
      expect.not.objectContaining({ message: expect.stringContaining('geheim') }),
    );
  });
});

describe('references', () => {
  const staff = group();
  const known = references({ ada: 'uid=ada,dc=x', bob: 'uid=bob,dc=x' });
  const before = new Entry(DN.parse('cn=g,dc=x'), {
    objectClass: 'groupOfNames',
    cn: 'g',
    member: ['UID=ada, dc=x', 'cn=unknown,dc=x'],
  });

  test('that nobody knows survive what the core face does', () => {
    expect(update(staff, before, { put: { displayName: 'g', members: [{ value: 'bob' }] } }, known).changed).toEqual({
      member: ['uid=bob,dc=x', 'cn=unknown,dc=x'],
    });
    expect(update(staff, before, { put: { displayName: 'g' } }, known).changed).toEqual({});
    expect(update(staff, before, { patch: [remove('members')] }, known).changed).toEqual({
      member: ['cn=unknown,dc=x'],
    });
  });

  test('are taken as they are said on the directory’s face', () => {
    const patch = [replace(`${staff.urn}:member`, ['ada'])];
    expect(update(staff, before, { patch }, known).changed).toEqual({ member: ['uid=ada,dc=x'] });
  });

  test('may be names, and are said once', () => {
    const members = [{ value: 'ada' }, { value: 'UID=Ada,DC=x' }, { value: 'CN=unknown,dc=x' }];
    expect(update(staff, before, { put: { displayName: 'g', members } }, known).changed.member).toEqual([
      'uid=ada,dc=x',
      'CN=unknown,dc=x',
    ]);
  });

  test('to nobody are refused by name', () => {
    expect(() =>
      update(staff, before, { patch: [{ op: 'add', path: 'members', value: [{ value: 'eve' }] }] }, known),
    ).toThrow(/members.value refers to a resource that is not known: there is none with id "eve"/);
  });

  test('a new manager takes the place of one that nobody knows', () => {
    const manager = `urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager`;
    const led = entry({ manager: 'cn=unknown,dc=x' });
    expect(update(user, led, { patch: [replace(manager, 'bob')] }, known).changed).toEqual({
      manager: ['uid=bob,dc=x'],
    });
  });
});

describe('one-way mappings', () => {
  const type = objectType({
    auxiliaryClasses: ['oddities'],
    mappings: [
      { kind: 'direct', source: 'userName', target: 'uid' },
      { kind: 'direct', source: 'name.familyName', target: 'sn' },
      { kind: 'direct', source: 'title', target: 'title' },
      { kind: 'expression', expression: 'ToUpper([title])', target: 'description', apply: 'always' },
      { kind: 'expression', expression: 'ToUpper([title])', target: 'userPassword', apply: 'always' },
      { kind: 'expression', expression: 'ToUpper([title])', target: 'employeeNumber', apply: 'onCreate' },
      { kind: 'constant', constant: 'ada', target: 'cn', apply: 'onCreate' },
    ],
  });

  test('follow their sources; a secret is never compared', () => {
    expect(update(type, entry({ title: 'a', description: 'A' }), { patch: [replace('title', 'b')] })).toEqual({
      ...same,
      changed: { title: ['b'], description: ['B'] },
      secrets: ['userPassword=B'],
    });
    expect(
      update(type, entry({ title: 'a', description: 'A' }), { patch: [replace('name.familyName', 'M')] }).changed,
    ).toEqual({ sn: ['M'] });
  });

  test('give way to what a client states', () => {
    const patch = [replace('title', 'b'), replace(onFace('description'), ['mine'])];
    expect(update(type, entry(), { patch }).changed).toEqual({ title: ['b'], description: ['mine'] });
  });
});

test('a new name that is longer than names are read is refused', () => {
  const patch = [replace('userName', 'u'.repeat(65_536))];
  expect(() => update(user, entry(), { patch })).toThrow(expect.objectContaining({ scimType: 'invalidValue' }));
});

test('a change costs what it touches, whatever the schema has: its attributes are not walked', () => {
  const type = objectType({});
  const before = entry({ title: 'Dr', description: ['a'] });
  const patch = [replace('title', 'Prof'), replace(onFace('description'), ['b'])];
  const first = update(type, before, { patch });
  const refuse = () => {
    throw new Error('the attributes of the schema were walked');
  };
  for (const walk of ['values', 'keys', 'entries', 'forEach', Symbol.iterator] as const)
    Object.defineProperty(type.attributes, walk, { value: refuse });
  expect(update(type, before, { patch })).toEqual(first);
});
