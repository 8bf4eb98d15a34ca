/** How an entry is called after a change. */
import type { Entry, Value } from '../../src/directory/entry';
import type { MappingOptions } from '../../src/mapping/options';
import { objectType } from './objectTypes';
import { type Attributes, entry, onFace, remove, replace, same, update, user } from './updates';

describe('the name', () => {
  const byCn = (name: string, attributes: Attributes = {}) => entry(attributes, `${name},dc=x`);
  const cn = (value: unknown) => ({ patch: [replace(onFace('cn'), value)] });
  const free = objectType({ auxiliaryClasses: ['oddities'], mappings: [] });

  test.each<[string, Entry, Parameters<typeof update>[2], string, Record<string, readonly Value[]>]>([
    ['follows the only value', byCn('cn=Ada'), cn(['Eve']), 'cn=Eve,dc=x', { cn: ['Eve'] }],
    ['follows a respelling', byCn('cn=ada'), cn(['Ada']), 'cn=Ada,dc=x', { cn: ['Ada'] }],
    [
      'follows under its alias',
      byCn('commonName=Ada', { cn: 'Ada' }),
      cn(['Eve']),
      'commonName=Eve,dc=x',
      { cn: ['Eve'] },
    ],
    ['stays while its value is there', byCn('cn=Ada'), cn(['Eve', 'ada']), 'cn=ada,dc=x', { cn: ['Eve', 'ada'] }],
    [
      'goes to the first where its value has gone',
      byCn('cn=Ada', { cn: ['Ada', 'B'] }),
      cn(['C', 'B']),
      'cn=C,dc=x',
      { cn: ['C', 'B'] },
    ],
    ['of several parts changes in part', byCn('cn=Ada+sn=L'), cn(['Eve']), 'cn=Eve+sn=L,dc=x', { cn: ['Eve'] }],
    ['is data', byCn('cn=Ada'), cn(['a,b+c=d']), 'cn=a\\,b\\+c\\=d,dc=x', { cn: ['a,b+c=d'] }],
  ])('%s', (_name, before, change, dn, changed) => {
    expect(update(free, before, change)).toEqual({ dn, changed, secrets: [] });
  });

  test('is kept from removal, and says how it can change', () => {
    expect(() => update(free, byCn('cn=Ada'), { patch: [remove(onFace('cn'))] })).toThrow(
      /cn names the entry \(cn=Ada,dc=x\), so it cannot be removed: .* -dn-/,
    );
  });

  test('of an attribute of which clients see another value is not theirs to change', () => {
    const before = entry({ uid: ['ada', 'ada@x'] });
    expect(update(user, before, { patch: [replace('userName', 'eve@x')] })).toEqual({
      ...same,
      changed: { uid: ['eve@x', 'ada'] },
    });
    expect(update(user, before, { patch: [replace('userName', 'ada')] })).toEqual({
      ...same,
      changed: { uid: ['ada'] },
    });
    const alias = entry({ uid: ['ada', 'ada@x'] }, 'userid=ada,dc=x');
    expect(update(user, alias, { patch: [replace('userName', 'eve@x')] }).dn).toBe('userid=ada,dc=x');
    expect(update(user, entry(), { patch: [replace('userName', 'eve')] }).dn).toBe(
      'uid=eve,ou=people,dc=example,dc=com',
    );
  });

  test.each<[string, string, Record<string, readonly Value[]>]>([
    ['uid=ada,ou=people,dc=example,dc=com', same.dn, {}],
    ['UID=ada , OU=People,dc=example,dc=COM', same.dn, {}],
    ['userid=ada,ou=people,dc=example,dc=com', same.dn, {}],
    ['uid=Ada,ou=people,dc=example,dc=com', 'uid=Ada,ou=people,dc=example,dc=com', { uid: ['Ada'] }],
    ['uid=eve,ou=people,dc=example,dc=com', 'uid=eve,ou=people,dc=example,dc=com', { uid: ['eve'] }],
    ['uid=ada,ou=staff,dc=example,dc=com', 'uid=ada,ou=staff,dc=example,dc=com', {}],
    // What named the entry stays unless it is taken away: it may be mandatory.
    ['cn=Ada L,ou=people,dc=example,dc=com', 'cn=Ada L,ou=people,dc=example,dc=com', {}],
    ['cn=Eve,ou=people,dc=example,dc=com', 'cn=Eve,ou=people,dc=example,dc=com', { cn: ['Ada L', 'Eve'] }],
  ])('-dn- %s', (given, dn, changed) => {
    expect(update(user, entry(), { patch: [replace(onFace('-dn-'), given)] })).toEqual({ dn, changed, secrets: [] });
  });

  test('and an attribute together: the name as given, the values as stated', () => {
    const patch = [replace(onFace('-dn-'), 'uid=eve,dc=x'), replace(onFace('uid'), 'eve'), replace('title', 'Dr')];
    expect(update(user, entry(), { patch })).toEqual({
      dn: 'uid=eve,dc=x',
      changed: { uid: ['eve'], title: ['Dr'] },
      secrets: [],
    });
    const other = [replace(onFace('-dn-'), 'uid=eve,dc=x'), replace('userName', 'eve@x')];
    expect(update(user, entry(), { patch: other })).toMatchObject({
      dn: 'uid=eve,dc=x',
      changed: { uid: ['eve@x', 'eve'] },
    });
    // A name that is only written otherwise is no name: the attribute decides.
    const respelled = [replace(onFace('-dn-'), 'UID=ada,OU=people,dc=example,dc=com'), replace('userName', 'eve')];
    expect(update(user, entry(), { patch: respelled }).dn).toBe('uid=eve,ou=people,dc=example,dc=com');
  });

  test.each(['not a name', '', 'cn=a,,dc=x'])('-dn- "%s" is refused or says nothing', (given) => {
    const change = { patch: [replace(onFace('-dn-'), given)] };
    if (given === '') expect(update(user, entry(), change)).toEqual({ ...same, changed: {} });
    else expect(() => update(user, entry(), change)).toThrow(/-dn- is not a distinguished name/);
  });

  describe('by an expression', () => {
    const mappings: MappingOptions[] = [
      { kind: 'direct', source: 'userName', target: 'uid' },
      { kind: 'direct', source: 'name.formatted', target: 'cn' },
      { kind: 'direct', source: 'title', target: 'title' },
    ];
    const type = objectType({ dn: 'Join("", "cn=", [userName], ",dc=x")', mappings });
    const following = entry({ uid: 'ada', cn: 'ada' }, 'cn=ada,dc=x');

    test('moves on with it', () => {
      expect(update(type, following, { patch: [replace('userName', 'eve')] })).toEqual({
        dn: 'cn=eve,dc=x',
        changed: { uid: ['eve'], cn: ['eve'] },
        secrets: [],
      });
    });

    test('does not move for anything else', () => {
      expect(update(type, following, { patch: [replace('name.formatted', 'Ada L')] })).toEqual({
        dn: 'cn=ada,dc=x',
        changed: { cn: ['Ada L', 'ada'] },
        secrets: [],
      });
      expect(() => update(type, following, { patch: [remove('name.formatted')] })).toThrow(/names the entry/);
    });

    test('is left alone where somebody has named the entry otherwise', () => {
      expect(update(type, entry({ uid: 'ada' }, 'cn=Other,dc=x'), { patch: [replace('userName', 'eve')] })).toEqual({
        dn: 'cn=Other,dc=x',
        changed: { uid: ['eve'] },
        secrets: [],
      });
    });
  });
});
