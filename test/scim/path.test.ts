import fc from 'fast-check';
import { formatFilter } from '../../src/scim/filter';
import { formatPath, parsePath, schemaPaths } from '../../src/scim/path';
import { ecma, enterprise, groupType, refusal, userType } from './resourceTypes';

describe('attribute paths', () => {
  test.each([
    ['userName', 'userName'],
    ['USERNAME', 'userName'],
    ['name.familyname', 'name.familyName'],
    ['urn:ietf:params:scim:schemas:core:2.0:User:name.givenName', 'name.givenName'],
    [`${ecma}:-dn-`, `${ecma}:-dn-`],
    [`${ecma}:_distinguishedName`, `${ecma}:_distinguishedName`],
    [`${ecma.toLowerCase()}:msds-useraccountdisabled`, `${ecma}:msDS-UserAccountDisabled`],
    [`${ecma}:userCertificate;binary`, `${ecma}:userCertificate;binary`],
    [`${ecma}:1.2.840.113556.1.4.1`, `${ecma}:1.2.840.113556.1.4.1`],
    [`${ecma}:longname`, `${ecma}:1.2.840.113556.1.4.1`],
    [`${ecma}.mail`, `${ecma}:mail`],
    [`${enterprise}:manager.value`, `${enterprise}:manager.value`],
    ['manager.$ref', `${enterprise}:manager.$ref`],
    ['mail', `${ecma}:mail`],
    [`${ecma}:objectClass.value`, `${ecma}:objectClass`],
    // In both extensions: the standard one comes first.
    ['department', `${enterprise}:department`],
    ['title', 'title'],
    ['meta.lastModified', 'meta.lastModified'],
  ])('%s', (text, canonical) => {
    expect(formatPath(parsePath(text, userType)!)).toBe(canonical);
  });

  test.each(['PLACEHOLDER', 'name.nothing', `${ecma}:nothing`, '__proto__', 'toString', 'userName.first', ''])(
    'nothing is called %p',
    (text) => {
      const path = text === '' ? refusal(() => parsePath(text, userType)).scimType : parsePath(text, userType);
      expect(path).toBe(text === '' ? 'invalidPath' : undefined);
    },
  );

  it('keeps what the client wrote, and the alias that it used', () => {
    expect(parsePath(`${ecma}:Surname`, userType)).toMatchObject({
      attribute: 'sn',
      alias: 'surname',
      spelled: `${ecma}:Surname`,
      extension: true,
    });
    expect(parsePath('SN', userType)).not.toHaveProperty('alias');
  });

  it('reads a value filter relative to one value', () => {
    const path = parsePath('emails[Type eq "work" and primary eq "True"].value', userType);
    expect(path).toMatchObject({ attribute: 'emails', subAttribute: 'value' });
    expect(path?.valueFilter).toMatchObject({
      kind: 'and',
      filters: [
        { path: { subAttribute: 'type' }, value: 'work' },
        { path: { subAttribute: 'primary' }, value: true },
      ],
    });
    expect(parsePath('members[value eq "x"]', groupType)).not.toHaveProperty('subAttribute');
    expect(parsePath('nothing[value eq "x"].y', userType)).toBeUndefined();
    expect(parsePath('emails[type eq "work"].nothing', userType)).toBeUndefined();
  });

  test.each([
    'emails[',
    'emails[type eq "work"',
    'emails[type eq "work"]value',
    'emails[type eq "work"] .value',
    'emails]',
    'a b',
    'emails[emails[type pr]]',
  ])('%s is no path', (text) => {
    expect(refusal(() => parsePath(text, userType))).toMatchObject({ status: 400, scimType: 'invalidPath' });
  });

  it('takes the longest URN that it knows', () => {
    const [short, mail] = [
      userType.extensions[1]!,
      userType.extensions[1]!.attributes.filter(({ name }) => name === 'mail'),
    ];
    const more = { ...short, id: `${ecma}:More`, attributes: mail };
    for (const extensions of [
      [short, more],
      [more, short],
    ]) {
      const type = { ...userType, extensions };
      expect(parsePath(`${ecma}:More:mail`, type)).toMatchObject({ schema: more.id, attribute: 'mail' });
      expect(parsePath(`${ecma}:mail`, type)).toMatchObject({ schema: ecma, attribute: 'mail' });
    }
  });

  it('parses what it prints: every attribute and sub-attribute, in any case, with and without a filter', () => {
    const paths = [userType.schema, ...userType.extensions].flatMap(({ id }) => schemaPaths(id, userType) ?? []);
    const any = fc.constantFrom(...paths).chain((path) =>
      fc.record({
        path: fc.constant(path),
        subAttribute: fc.constantFrom(undefined, ...(path.definition.subAttributes ?? []).map(({ name }) => name)),
        value: fc.option(fc.string({ unit: 'grapheme' }), { nil: undefined }),
        upper: fc.boolean(),
      }),
    );
    fc.assert(
      fc.property(any, ({ path, subAttribute, value, upper }) => {
        const filtered = value !== undefined && path.definition.multiValued;
        const cased = (text: string) => (upper ? text.toUpperCase() : text);
        const filter = filtered ? `[value eq ${JSON.stringify(value)}]` : '';
        const sub = subAttribute === undefined ? '' : cased(`.${subAttribute}`);
        const parsed = parsePath(`${cased(formatPath(path))}${filter}${sub}`, userType)!;
        expect(formatPath(parsed)).toBe(formatPath({ ...path, subAttribute }));
        if (!filtered) return;
        const printed = `${formatPath(path)}[${formatFilter(parsed.valueFilter!).replace(/^[^ ]+ /, 'value ')}]${sub}`;
        expect(formatPath(parsePath(printed, userType)!)).toBe(formatPath(parsed));
        expect(parsePath(printed, userType)?.valueFilter).toMatchObject({ operator: 'eq', value });
      }),
    );
  });

  it('lists the attributes of a schema', () => {
    expect(schemaPaths(enterprise.toUpperCase(), userType)?.map(formatPath)).toContain(`${enterprise}:manager`);
    expect(schemaPaths('urn:nothing', userType)).toBeUndefined();
  });
});
