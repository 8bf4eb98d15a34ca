import type { Modification } from '../../src/directory/directory';
import { parseFilter } from '../../src/directory/filter';
import type { MemoryDirectory } from '../../src/directory/memoryDirectory';
import {
  ANNA,
  type Attributes,
  change,
  dn,
  entry,
  find,
  GROUPS,
  group,
  names,
  opened,
  PEOPLE,
  person,
  read,
  refused,
  SUFFIX,
  unit,
} from './memoryFixture';

describe('add', () => {
  it('gives operational attributes and returns names as the schema spells them', async () => {
    const directory = await opened({ clock: () => new Date('2026-02-03T04:05:06.789Z') });
    const answer = await directory.add(
      person(ANNA, { sn: [], surname: 'S', GIVENNAME: 'Anna', 'description;lang-fr': 'é', userCertificate: [] }),
      { postRead: ['*', '+'] },
    );
    expect(Object.fromEntries([...(answer?.attributes() ?? [])].map(({ name, values }) => [name, values]))).toEqual({
      objectClass: ['inetOrgPerson'],
      cn: ['Anna'],
      sn: ['S'],
      givenName: ['Anna'],
      'description;lang-fr': ['é'],
      entryUUID: [expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)],
      createTimestamp: ['20260203040506Z'],
      modifyTimestamp: ['20260203040506Z'],
      entryDN: [ANNA],
      subschemaSubentry: ['cn=Subschema'],
    });
  });

  it('adds the values of the RDN that the attributes lack, and keeps octets as octets', async () => {
    const directory = await opened();
    const name = `cn=Anna+uid=a\\2Cb,${PEOPLE}`;
    await directory.add(entry(name, { objectClass: 'inetOrgPerson', cn: 'Other', sn: 'a\0b', jpegPhoto: 'ASCII' }));
    const anna = await read(directory, name);
    expect(anna?.values('cn')).toEqual(['Other', 'Anna']);
    expect(anna?.values('uid')).toEqual(['a,b']);
    expect(anna?.values('sn')).toEqual(['a\0b']);
    expect(anna?.values('jpegPhoto')).toEqual([Buffer.from('ASCII')]);
  });

  it.each<[string, number, string, Attributes]>([
    ['no parent', 32, `cn=x,ou=none,${SUFFIX}`, {}],
    ['outside the suffix', 53, 'cn=x,dc=example,dc=org', {}],
    ['the root', 53, '', {}],
    ['exists', 68, `CN=ANNA,ou=People,dc=example,dc=com`, { cn: 'Anna' }],
    ['missing MUST', 65, `cn=x,${PEOPLE}`, { sn: [] }],
    ['no class', 65, `cn=x,${PEOPLE}`, { objectClass: [] }],
    ['abstract class only', 65, `cn=x,${PEOPLE}`, { objectClass: 'top' }],
    ['two structural classes', 65, `cn=x,${PEOPLE}`, { objectClass: ['inetOrgPerson', 'groupOfNames'], member: ANNA }],
    ['not allowed', 65, `cn=x,${PEOPLE}`, { member: ANNA }],
    ['unknown attribute', 17, `cn=x,${PEOPLE}`, { noSuchAttribute: 'x' }],
    ['prototype', 17, `cn=x,${PEOPLE}`, { constructor: 'x' }],
    ['unknown class', 21, `cn=x,${PEOPLE}`, { objectClass: ['inetOrgPerson', 'noSuchClass'] }],
    ['syntax', 21, `cn=x,${PEOPLE}`, { manager: 'nobody' }],
    ['empty value', 21, `cn=x,${PEOPLE}`, { title: '' }],
    ['repeated value', 20, `cn=x,${PEOPLE}`, { mail: ['a@b', 'A@B'] }],
    ['two values of a single-valued type', 19, `cn=x,${PEOPLE}`, { employeeNumber: ['1', '2'] }],
    ['read-only attribute', 19, `cn=x,${PEOPLE}`, { entryUUID: '11111111-1111-4111-8111-111111111111' }],
    ['unknown type in the RDN', 34, `foo=x,${PEOPLE}`, { cn: 'x' }],
    ['empty RDN value', 34, `cn=,${PEOPLE}`, { cn: 'x' }],
    ['RDN type without equality', 64, `jpegPhoto=x,${PEOPLE}`, { cn: 'x' }],
  ])('refuses %s with %i', async (_what, code, name, more) => {
    const directory = await opened({}, person(ANNA));
    const added = entry(name, { objectClass: 'inetOrgPerson', cn: 'x', sn: 's', ...more });
    expect(await refused(directory.add(added))).toBe(code);
    expect(await names(directory, '(objectClass=*)')).toEqual([SUFFIX, PEOPLE, GROUPS, ANNA]);
  });
});

describe('modify', () => {
  it.each<[string, number, Modification[]]>([
    ['a value that exists', 20, [change('add', 'mail', 'A@EXAMPLE.COM')]],
    ['a value twice', 20, [change('replace', 'title', 'x', 'X')]],
    ['no value to add', 2, [change('add', 'title')]],
    ['a value that is not there', 16, [change('delete', 'mail', 'b@example.com')]],
    ['an attribute that is not there', 16, [change('delete', 'title')]],
    ['an unknown attribute', 17, [change('replace', 'noSuchAttribute', 'x')]],
    ['a prototype', 17, [change('replace', '__proto__', 'x')]],
    ['an unknown class', 21, [change('add', 'objectClass', 'noSuchClass')]],
    ['a bad value', 21, [change('replace', 'manager', 'nobody')]],
    ['an empty value', 21, [change('replace', 'title', '')]],
    ['a second value', 19, [change('add', 'employeeNumber', '2')]],
    ['a read-only attribute', 19, [change('replace', 'modifyTimestamp', '20260101000000Z')]],
    ['the removal of the RDN value', 64, [change('replace', 'cn', 'Bea')]],
    ['the removal of the RDN attribute', 64, [change('delete', 'cn')]],
    ['the removal of a MUST', 65, [change('delete', 'sn')]],
    ['an attribute that no class allows', 65, [change('add', 'member', ANNA)]],
    ['a second structural class', 65, [change('add', 'objectClass', 'account')]],
    ['another structural class', 69, [change('replace', 'objectClass', 'residentialPerson'), change('add', 'l', 'x')]],
    ['the removal of all classes', 65, [change('delete', 'objectClass')]],
  ])('refuses %s with %i, and none of it happens', async (_what, code, modifications) => {
    const directory = await opened({}, person(ANNA, { mail: 'a@example.com', employeeNumber: '1' }));
    const before = await read(directory, ANNA);
    const result = await refused(
      directory.modify(dn(ANNA), [change('replace', 'description', 'new'), ...modifications]),
    );
    expect(result).toBe(code);
    expect(await read(directory, ANNA)).toEqual(before);
  });

  it('applies modifications one after the other, by any name of an attribute', async () => {
    let now = new Date('2026-01-01T00:00:00Z');
    const directory = await opened({ clock: () => now }, person(ANNA, { mail: ['a', 'b'], employeeNumber: '1' }));
    now = new Date('2026-01-02T00:00:00Z');
    const answer = await directory.modify(
      dn(`CN=anna, ${PEOPLE}`),
      [
        change('delete', 'employeeNumber', '1'),
        change('add', 'employeeNumber', '2'),
        change('add', 'rfc822Mailbox', 'c'),
        change('delete', 'MAIL', 'A'),
        change('replace', 'title', 'x'),
        change('delete', 'title'),
        change('replace', 'description'),
        change('add', 'objectClass', 'posixAccount'),
        change('replace', 'uid', 'anna'),
        change('replace', 'uidNumber', '1'),
        change('replace', 'gidNumber', '1'),
        change('replace', 'homeDirectory', '/'),
      ],
      { postRead: ['mail', 'employeeNumber', 'title', 'description', 'modifyTimestamp', 'createTimestamp'] },
    );
    expect([...(answer?.attributes() ?? [])].map(({ name, values }) => [name, ...values])).toEqual([
      ['mail', 'b', 'c'],
      ['employeeNumber', '2'],
      ['createTimestamp', '20260101000000Z'],
      ['modifyTimestamp', '20260102000000Z'],
    ]);
    expect(await names(directory, '(&(objectClass=posixAccount)(uidNumber>=1))')).toEqual([ANNA]);
  });

  it('answers 32 for an entry that is not there, and 122 where the assertion does not hold', async () => {
    const directory = await opened({}, person(ANNA));
    const modification = [change('replace', 'title', 'x')];
    expect(await refused(directory.modify(dn(`cn=No,${PEOPLE}`), modification))).toBe(32);
    for (const assertion of ['(sn=other)', '(noSuch=x)', '(!(noSuch=x))'].map(parseFilter)) {
      expect(await refused(directory.modify(dn(ANNA), modification, { assertion }))).toBe(122);
      expect(await refused(directory.modifyDN(dn(ANNA), dn(`cn=B,${PEOPLE}`), { assertion, deleteOldRdn: true }))).toBe(
        122,
      );
    }
    expect(await refused(directory.add(person(`cn=B,${PEOPLE}`), { assertion: parseFilter('(cn=C)') }))).toBe(122);
    expect(await names(directory, '(title=*)')).toEqual([]);
    await directory.modify(dn(ANNA), modification, { assertion: parseFilter('(&(sn=s)(!(title=*)))') });
    expect(await names(directory, '(title=x)')).toEqual([ANNA]);
  });

  it('keeps one change of a large group apart from its other members', async () => {
    const members = Array.from({ length: 5000 }, (_, i) => `cn=${i},${PEOPLE}`);
    const directory = await opened({}, group(`cn=g,${GROUPS}`, ...members));
    const name = dn(`cn=g,${GROUPS}`);
    await directory.modify(name, [change('add', 'member', ANNA), change('delete', 'member', `CN=7,${PEOPLE}`)]);
    expect(await refused(directory.modify(name, [change('add', 'member', `CN=8,${PEOPLE}`)]))).toBe(20);
    expect(await refused(directory.modify(name, [change('add', 'member', 'nobody')]))).toBe(21);
    expect(await refused(directory.modify(name, [change('delete', 'member')]))).toBe(65);
    expect(await names(directory, `(member=${ANNA.toUpperCase()})`)).toEqual([name.toString()]);
    expect((await read(directory, name.toString()))?.values('member')).toHaveLength(5000);
  });
});

describe('modifyDN', () => {
  const rename = (directory: MemoryDirectory, from: string, to: string, deleteOldRdn = true) =>
    directory.modifyDN(dn(from), dn(to), { deleteOldRdn, postRead: ['*', 'entryDN'] });

  it('changes the naming values', async () => {
    const directory = await opened({}, person(ANNA, { uid: 'anna' }));
    expect((await rename(directory, ANNA, `cn=Bea,${PEOPLE}`))?.values('cn')).toEqual(['Bea']);
    expect((await rename(directory, `cn=Bea,${PEOPLE}`, `cn=Cleo,${PEOPLE}`, false))?.values('cn')).toEqual([
      'Bea',
      'Cleo',
    ]);
    const both = await rename(directory, `cn=Cleo,${PEOPLE}`, `cn=Cleo+uid=c,${PEOPLE}`);
    expect([both?.values('cn'), both?.values('uid')]).toEqual([
      ['Bea', 'Cleo'],
      ['anna', 'c'],
    ]);
    const uid = await rename(directory, `uid=c+cn=Cleo,${PEOPLE}`, `uid=anna,${PEOPLE}`);
    expect([uid?.values('cn'), uid?.values('uid')]).toEqual([['Bea'], ['anna']]);
    expect(await names(directory, '(sn=s)')).toEqual([`uid=anna,${PEOPLE}`]);
  });

  it('changes the case of a name and nothing else', async () => {
    const directory = await opened({}, person(ANNA), group(`cn=g,${GROUPS}`, ANNA));
    const answer = await rename(directory, ANNA, `cn=ANNA,${PEOPLE}`);
    expect([answer?.dn.toString(), answer?.first('cn'), answer?.first('entryDN')]).toEqual([
      `cn=ANNA,${PEOPLE}`,
      'ANNA',
      `cn=ANNA,${PEOPLE}`,
    ]);
    expect((await read(directory, `cn=g,${GROUPS}`))?.values('member')).toEqual([`cn=ANNA,${PEOPLE}`]);
  });

  it('takes the subtree and what refers to it along', async () => {
    const sub = `ou=sub,${PEOPLE}`;
    const directory = await opened(
      {},
      unit(sub),
      person(`cn=A,${sub}`, { manager: `cn=B,${sub}` }),
      person(`cn=B,${sub}`, { seeAlso: [ANNA, sub] }),
      group(`cn=g,${GROUPS}`, `cn=B,${sub}`, ANNA, `CN=a,${sub}`),
      entry(`cn=u,${GROUPS}`, { objectClass: 'groupOfUniqueNames', cn: 'u', uniqueMember: `cn=A,${sub}` }),
    );
    const id = (await read(directory, `cn=A,${sub}`))?.first('entryUUID');
    await rename(directory, sub, `ou=Moved\\, away,${GROUPS}`);
    const moved = `ou=Moved\\, away,${GROUPS}`;
    expect(await refused(read(directory, sub))).toBe(32);
    expect(await refused(read(directory, `cn=A,${sub}`))).toBe(32);
    const a = await read(directory, `cn=A,${moved}`);
    expect([a?.first('entryUUID'), a?.first('entryDN'), a?.first('manager')]).toEqual([
      id,
      `cn=A,${moved}`,
      `cn=B,${moved}`,
    ]);
    expect((await read(directory, `cn=B,${moved}`))?.values('seeAlso')).toEqual([ANNA, moved]);
    expect((await read(directory, `cn=g,${GROUPS}`))?.values('member')).toEqual([
      `cn=B,${moved}`,
      ANNA,
      `cn=A,${moved}`,
    ]);
    expect((await read(directory, `cn=u,${GROUPS}`))?.values('uniqueMember')).toEqual([`cn=A,${moved}`]);
    expect(await names(directory, '(sn=*)', GROUPS)).toEqual([`cn=A,${moved}`, `cn=B,${moved}`]);
    expect(await names(directory, '(sn=*)', PEOPLE)).toEqual([]);
  });

  it.each<[string, number, string, string]>([
    ['an entry that is not there', 32, `cn=No,${PEOPLE}`, `cn=B,${PEOPLE}`],
    ['a superior that is not there', 32, ANNA, `cn=Anna,ou=none,${SUFFIX}`],
    ['a name that is taken', 68, ANNA, `CN=TAKEN,${PEOPLE}`],
    ['a place below itself', 53, PEOPLE, `ou=people,${PEOPLE}`],
    ['a place below itself, deeper', 53, PEOPLE, `ou=x,${ANNA}`],
    ['the suffix', 71, SUFFIX, 'dc=other,dc=com'],
    ['a place outside the suffix', 71, ANNA, 'cn=Anna,dc=other'],
    ['the root', 71, ANNA, ''],
    ['an unknown type', 34, ANNA, `foo=Anna,${PEOPLE}`],
    ['an empty value', 34, ANNA, `cn=,${PEOPLE}`],
    ['a name without what its class requires', 65, ANNA, `uid=anna,${PEOPLE}`],
    ['a name that its class does not allow', 65, PEOPLE, `cn=people,${SUFFIX}`],
    ['a second value of a single-valued type', 19, ANNA, `cn=Anna+employeeNumber=2,${PEOPLE}`],
    ['a read-only attribute', 19, ANNA, `cn=Anna+entryUUID=11111111-1111-4111-8111-111111111111,${PEOPLE}`],
  ])('refuses %s with %i', async (_what, code, from, to) => {
    const directory = await opened({}, person(ANNA, { employeeNumber: '1' }), person(`cn=Taken,${PEOPLE}`));
    const before = await find(directory, { attributes: ['*', '+'] });
    expect(await refused(rename(directory, from, to))).toBe(code);
    expect(await find(directory, { attributes: ['*', '+'] })).toEqual(before);
  });
});

describe('delete', () => {
  it('refuses what is not there or has entries below, unless the tree is meant', async () => {
    const directory = await opened({}, person(ANNA));
    expect(await refused(directory.delete(dn(`cn=No,${PEOPLE}`)))).toBe(32);
    expect(await refused(directory.delete(dn(PEOPLE)))).toBe(66);
    await directory.delete(dn(PEOPLE), { tree: true });
    expect(await names(directory, '(objectClass=*)')).toEqual([SUFFIX, GROUPS]);
    await directory.delete(dn(GROUPS));
    await directory.add(unit(PEOPLE));
    expect(await names(directory, '(objectClass=*)')).toEqual([SUFFIX, PEOPLE]);
  });

  it('removes what referred to the entry; a last required member becomes the zero-length DN', async () => {
    const directory = await opened(
      {},
      person(ANNA, { manager: ANNA }),
      person(`cn=B,${PEOPLE}`, { manager: ANNA }),
      group(`cn=two,${GROUPS}`, ANNA, `cn=B,${PEOPLE}`),
      group(`cn=one,${GROUPS}`, ANNA.toUpperCase()),
    );
    await directory.delete(dn(ANNA));
    expect((await read(directory, `cn=B,${PEOPLE}`))?.has('manager')).toBe(false);
    expect((await read(directory, `cn=two,${GROUPS}`))?.values('member')).toEqual([`cn=B,${PEOPLE}`]);
    expect((await read(directory, `cn=one,${GROUPS}`))?.values('member')).toEqual(['']);
  });
});
