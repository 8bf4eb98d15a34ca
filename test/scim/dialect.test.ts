import fc from 'fast-check';
import { canonicalize, missingRequired } from '../../src/scim/dialect';
import { compileReplace } from '../../src/scim/replace';
import type { Resource } from '../../src/scim/resource';
import { ecma, enterprise, groupType, refusal, userType } from './resourceTypes';

function canonical(body: unknown): Resource {
  return canonicalize(body, userType).resource;
}

/** The value of one attribute after canonicalization. */
function native(name: string, value: unknown): unknown {
  return (canonical({ [ecma]: { [name]: value } })[ecma] as Record<string, unknown> | undefined)?.[name];
}

describe('names', () => {
  it.each([
    ['any case', { USERNAME: 'a', Name: { FAMILYNAME: 'b' } }, { userName: 'a', name: { familyName: 'b' } }],
    [
      'dotted keys',
      { 'name.givenName': 'a', name: { familyName: 'b' } },
      { name: { givenName: 'a', familyName: 'b' } },
    ],
    ['URN keys', { [`${ecma}:sn`]: 'a', [`${ecma}:-dn-`]: 'cn=a' }, { [ecma]: { sn: 'a', '-dn-': 'cn=a' } }],
    ['a URN as key in any case', { [ecma.toUpperCase()]: { SN: 'a' } }, { [ecma]: { sn: 'a' } }],
    ['the core URN as key', { 'urn:ietf:params:scim:schemas:core:2.0:User': { title: 'a' } }, { title: 'a' }],
    [
      'an extension that schemas does not list',
      { schemas: [], [enterprise]: { department: 'a' } },
      { [enterprise]: { department: 'a' } },
    ],
    ['URN and sub-attribute', { [`${enterprise}:manager.value`]: 'm' }, { [enterprise]: { manager: { value: 'm' } } }],
    [
      'a name with a semicolon',
      { [ecma]: { 'USERCERTIFICATE;BINARY': 'QUJD' } },
      { [ecma]: { 'userCertificate;binary': ['QUJD'] } },
    ],
    ['a name with dots', { [ecma]: { '1.2.840.113556.1.4.1': 'x' } }, { [ecma]: { '1.2.840.113556.1.4.1': 'x' } }],
    ['the same twice', { userName: 'a', username: 'a' }, { userName: 'a' }],
  ])('%s', (_, body, resource) => {
    expect(canonical(body)).toEqual(resource);
  });

  it('takes an alias for its attribute and tells which was used', () => {
    const { resource, spelledAs } = canonicalize({ [ecma]: { Surname: 'a', mail: 'b' } }, userType);
    expect(resource).toEqual({ [ecma]: { sn: 'a', mail: 'b' } });
    expect([...spelledAs]).toEqual([[`${ecma}:sn`, 'surname']]);
  });

  it('refuses one attribute under two names with different values', () => {
    const error = refusal(() => canonical({ [ecma]: { sn: 'a', surname: 'b' } }));
    expect(error).toMatchObject({ status: 400, scimType: 'invalidValue' });
    expect(error.detail).toContain(`"${ecma}:sn"`);
    expect(refusal(() => canonical({ 'name.givenName': 'a', name: { givenName: 'b' } })).scimType).toBe('invalidValue');
  });

  it('ignores and lists what the resource type does not have', () => {
    const body = {
      nothing: 1,
      [ecma]: { nothing: 1 },
      'urn:x:y': {},
      name: { nothing: 1, givenName: 'a' },
      department: null,
    };
    expect(canonicalize(body, userType)).toMatchObject({
      resource: { name: { givenName: 'a' } },
      ignored: ['nothing', `${ecma}:nothing`, 'urn:x:y', 'name.nothing', 'department'],
    });
  });

  it('does not take a core name for an attribute of the directory', () => {
    expect(canonical({ mail: 'a@b', sn: 'x' })).toEqual({});
  });

  it('drops what is readOnly', () => {
    const body = { id: '1', meta: { resourceType: 'User' }, groups: [{ value: 'g' }], userName: 'a' };
    const extension = { manager: { value: 'm', displayName: 'M' } };
    expect(canonical({ ...body, [enterprise]: extension })).toEqual({
      userName: 'a',
      [enterprise]: { manager: { value: 'm' } },
    });
  });

  it('is not polluted by __proto__, and knows constructor as a name like any other', () => {
    const body =
      JSON.parse(`{"__proto__":{"polluted":1},"constructor":{"a":1},"name":{"__proto__":{"polluted":1},"givenName":"a"},
      "${ecma}":{"__proto__":{"polluted":1},"constructor":"x"}}`);
    const resource = canonical(body);
    expect(resource).toEqual({ name: { givenName: 'a' }, [ecma]: { constructor: 'x' } });
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
    expect((resource.name as Record<string, unknown>).polluted).toBeUndefined();
    expect(canonical({ [ecma]: { sn: 'a' } })).toEqual({ [ecma]: { sn: 'a' } });
  });
});

describe('values', () => {
  it.each<[string, string, unknown, unknown]>([
    ['"False" for a boolean', 'msDS-UserAccountDisabled', 'False', false],
    ['"true" for a boolean', 'msDS-UserAccountDisabled', 'true', true],
    ['a number as text', 'uidNumber', '1001', 1001],
    ['a number', 'uidNumber', -5, -5],
    ['a 64-bit number as text', 'uidNumber', '9223372036854775807', '9223372036854775807'],
    ['a number for a string', 'sn', 42, '42'],
    ['null', 'sn', null, undefined],
    ['an empty string', 'sn', '', undefined],
    ['an empty list', 'sn', [], undefined],
    ['a list of one', 'sn', ['a'], 'a'],
    ['an object with a value', 'sn', { value: 'a' }, 'a'],
    ['a list of one object with a value', 'sn', [{ Value: 'a' }], 'a'],
    ['an object whose value is null', 'sn', { value: null }, undefined],
    ['an object with nothing but a value', 'sn', { $ref: null, value: 'a', type: null }, 'a'],
    ['one value for several', 'objectClass', 'top', ['top']],
    ['objects for several simple values', 'objectClass', [{ value: 'top' }, { value: 'person' }], ['top', 'person']],
    ['values that are the same', 'objectClass', ['top', 'TOP', 'person', ''], ['top', 'person']],
    ['an empty list of several', 'objectClass', [], undefined],
    ['nothing but empty values', 'objectClass', ['', null], undefined],
    ['base64 in lines', 'userCertificate;binary', 'QUJD\r\nREVG\n', ['QUJDREVG']],
    ['a date', 'whenHired', '2026-01-31T12:00:00+01:00', '2026-01-31T12:00:00+01:00'],
  ])('%s', (_, name, value, expected) => {
    expect(native(name, value)).toEqual(expected);
  });

  it.each<[string, unknown, string]>([
    ['msDS-UserAccountDisabled', 'maybe', 'true or false'],
    ['sn', true, 'a string but got a boolean'],
    ['sn', { value: 'x', type: 'work', primary: false }, 'a string but got an object'],
    ['uidNumber', '12a', 'an integer'],
    ['uidNumber', 1.5, 'an integer'],
    ['uidNumber', 2 ** 60, 'an integer'],
    ['sn', ['a', 'b'], 'one value but got 2'],
    ['sn', 2 ** 60, 'a string but got a number that JSON does not keep exactly'],
    ['sn', Number.POSITIVE_INFINITY, 'a number that JSON does not keep exactly'],
    ['sn', { other: 'a' }, 'a string but got an object'],
    ['objectClass', [['top', 'x']], 'a string but got a list of 2'],
    ['userCertificate;binary', '%%', 'base64'],
    ['whenHired', 'Testing, 1, 2', 'a date and time'],
  ])('%s can not be %j', (name, value, reason) => {
    const error = refusal(() => native(name, value));
    expect(error).toMatchObject({ status: 400, scimType: 'invalidValue' });
    expect(error.detail).toContain(`"${ecma}:${name}"`);
    expect(error.detail).toContain(reason);
  });

  it('never repeats a value in an error', () => {
    expect(refusal(() => canonical({ password: ['hunter2', 'hunter3'] })).detail).not.toContain('hunter');
    expect(refusal(() => canonical({ password: { a: 'hunter2' } })).detail).not.toContain('hunter');
  });

  it.each([
    ['a bare id', 'M1'],
    ['an object', { value: 'M1' }],
    ['a list of one', [{ $ref: null, value: 'M1' }]],
    ['a list of one bare id', ['M1']],
  ])('a manager as %s', (_, manager) => {
    expect(canonical({ [enterprise]: { manager } })).toEqual({ [enterprise]: { manager: { value: 'M1' } } });
  });

  it('reads complex values of any number', () => {
    expect(canonical({ emails: { Value: 'a@b', Primary: 'True', type: 'work', display: null } })).toEqual({
      emails: [{ value: 'a@b', primary: true, type: 'work' }],
    });
    expect(canonical({ emails: ['a@b', { value: 'a@b' }] })).toEqual({ emails: [{ value: 'a@b' }] });
    expect(
      canonical({
        emails: [
          { value: 'a@b', type: 'work' },
          { value: 'a@b', type: 'home' },
        ],
      }).emails,
    ).toHaveLength(2);
    expect(canonical({ phoneNumbers: [{ type: 'work', primary: true, value: null }], roles: [], name: {} })).toEqual(
      {},
    );
    expect(canonical({ addresses: [{ type: 'work', locality: 'x' }] })).toEqual({
      addresses: [{ type: 'work', locality: 'x' }],
    });
    expect(canonicalize({ members: [] }, groupType).resource).toEqual({});
  });

  it.each([
    [
      {
        emails: [
          { value: 'a', primary: true },
          { value: 'b', primary: true },
        ],
      },
      'primary',
    ],
    [{ name: 'Barbara' }, '"name" takes an object'],
    [{ [ecma]: 'x' }, ecma],
    [{ userName: ' \t' }, '"userName" is required'],
    [{ emails: [[['a']]] }, '"emails'],
  ])('%j is refused', (body, reason) => {
    const error = refusal(() => canonical(body));
    expect(error).toMatchObject({ status: 400, scimType: 'invalidValue' });
    expect(error.detail).toContain(reason);
  });

  it.each([[null], [[]], ['x'], [1]])('%j is no resource', (body) => {
    expect(refusal(() => canonical(body)).scimType).toBe('invalidSyntax');
  });

  it('is done once it has been done', () => {
    const value = fc.oneof(fc.string(), fc.constantFrom('True', '12', '', null), fc.array(fc.string()), fc.integer());
    const body = fc.record(
      {
        userName: fc.string().filter((text) => text === '' || text.trim() !== ''),
        active: fc.constantFrom('True', false, null),
        emails: fc.array(fc.record({ value: fc.string(), type: fc.constantFrom('work', 'home') }), { maxLength: 4 }),
        [ecma]: fc.record({ objectClass: value, surname: fc.string(), sn: fc.constant(undefined) }),
        'name.givenName': fc.string(),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(body, (sent) => {
        const once = canonical(JSON.parse(JSON.stringify(sent)));
        expect(canonical(once)).toEqual(once);
      }),
    );
  });
});

it('names required attributes that are missing', () => {
  expect(missingRequired({ [ecma]: {} }, userType)).toEqual(['userName']);
  expect(missingRequired({ userName: 'a' }, userType)).toEqual([]);
});

describe('replace', () => {
  const current: Resource = {
    id: '1',
    externalId: 'e',
    userName: 'a',
    title: 't',
    groups: [{ value: 'g' }],
    [ecma]: {
      '-dn-': 'cn=a',
      sn: 's',
      entryUUID: 'u',
      export_password: 'p',
      userPassword: 'q',
      _distinguishedName: 'cn=a',
    },
  };
  const put = (body: unknown): Resource => {
    const { resource, faces } = canonicalize(body, userType);
    return compileReplace(resource, userType, faces).apply(current);
  };

  it('clears what can be written, within the faces of the body only', () => {
    expect(put({ userName: 'b' })).toEqual({ id: '1', userName: 'b', groups: [{ value: 'g' }], [ecma]: current[ecma] });
    expect(put({ [ecma]: { mail: 'm' } })).toEqual({
      ...current,
      [ecma]: { mail: 'm', entryUUID: 'u', export_password: 'p', userPassword: 'q', _distinguishedName: 'cn=a' },
    });
    expect(current.title).toBe('t');
  });

  it('takes an empty attribute, or an empty extension, for its face', () => {
    expect(put({ title: null })).toEqual({ id: '1', groups: [{ value: 'g' }], [ecma]: current[ecma] });
    expect(put({ [ecma]: {} })[ecma]).toEqual({
      entryUUID: 'u',
      export_password: 'p',
      userPassword: 'q',
      _distinguishedName: 'cn=a',
    });
  });

  it('takes common and readOnly attributes for no face', () => {
    expect(put({ schemas: [], id: '9', meta: {}, externalId: 'f', groups: [] })).toEqual({
      ...current,
      externalId: 'f',
    });
  });

  it('refuses to change what is immutable', () => {
    expect(put({ [ecma]: { entryUUID: 'u' } })[ecma]).toMatchObject({ entryUUID: 'u' });
    const error = refusal(() => put({ [ecma]: { entryUUID: 'v' } }));
    expect(error).toMatchObject({ status: 400, scimType: 'mutability' });
    expect(error.detail).toContain(`"${ecma}:entryUUID"`);
  });

  it('finds the faces itself where nobody tells', () => {
    const change = compileReplace({ [ecma]: { sn: 'x' } }, userType);
    expect(change).toMatchObject({ kind: 'replace', valueChanges: [] });
    expect([...(change.faces ?? [])]).toEqual([ecma]);
    expect(change.needs.every((path) => path.schema === ecma)).toBe(true);
  });
});
