import fc from 'fast-check';
import { demoSchema } from '../../src/directory/demoSchema';
import { DN, defaultRules } from '../../src/directory/dn';
import { Entry } from '../../src/directory/entry';
import {
  and,
  approx,
  equality,
  extensible,
  type Filter,
  FilterSyntaxError,
  filterToString,
  greaterOrEqual,
  lessOrEqual,
  matches,
  not,
  or,
  parseFilter,
  present,
  substrings,
} from '../../src/directory/filter';

const anyText = fc
  .array(
    fc.oneof(
      fc.integer({ min: 0, max: 0xd7ff }).map((unit) => String.fromCharCode(unit)),
      fc.constantFrom('*', '(', ')', '\\', '\0', ' ', '=', '😀', 'é'),
    ),
    { maxLength: 8 },
  )
  .map((units) => units.join(''));
const octets = fc.uint8Array({ maxLength: 6 }).map((bytes) => Buffer.concat([Buffer.from([0xff]), Buffer.from(bytes)]));
const anyValue = fc.oneof(anyText, octets);
const attribute = fc.constantFrom('cn', 'userCertificate;binary', '2.5.4.3', 'description;lang-fr', 'dn');
const { filter: anyFilter } = fc.letrec<{ filter: Filter; item: Filter }>((tie) => ({
  filter: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    tie('item'),
    fc.record({
      kind: fc.constantFrom('and' as const, 'or' as const),
      filters: fc.array(tie('filter'), { maxLength: 3 }),
    }),
    tie('filter').map(not),
  ),
  item: fc.oneof(
    attribute.map(present),
    fc.tuple(attribute, anyValue).map(([a, v]) => equality(a, v)),
    fc.tuple(attribute, anyValue).map(([a, v]) => greaterOrEqual(a, v)),
    fc.tuple(attribute, anyValue).map(([a, v]) => lessOrEqual(a, v)),
    fc.tuple(attribute, anyValue).map(([a, v]) => approx(a, v)),
    fc
      .tuple(attribute, anyText, fc.array(anyText, { maxLength: 3 }), anyText)
      .map(([a, initial, any, final]) => substrings(a, { initial, any, final })),
    fc
      .tuple(attribute, fc.option(fc.constantFrom('caseExactMatch', '2.5.13.5', 'dnMatch')), fc.boolean(), anyValue)
      .map(([a, rule, dnAttributes, value]) =>
        extensible({ attribute: a, ...(rule ? { rule } : {}), dnAttributes, value }),
      ),
    anyValue.map((value) => extensible({ rule: '2.5.13.2', dnAttributes: true, value })),
  ),
}));

describe('parseFilter', () => {
  it.each<[string, Filter]>([
    ['(cn=Babs Jensen)', equality('cn', 'Babs Jensen')],
    ['(!(cn=Tim Howes))', not(equality('cn', 'Tim Howes'))],
    [
      '(&(objectClass=Person)(|(sn=Jensen)(cn=Babs J*)))',
      and(equality('objectClass', 'Person'), or(equality('sn', 'Jensen'), substrings('cn', { initial: 'Babs J' }))),
    ],
    ['(o=univ*of*mich*)', substrings('o', { initial: 'univ', any: ['of', 'mich'] })],
    ['(seeAlso=)', equality('seeAlso', '')],
    [
      '(cn:caseExactMatch:=Fred Flintstone)',
      extensible({ attribute: 'cn', rule: 'caseExactMatch', value: 'Fred Flintstone' }),
    ],
    ['(cn:=Betty Rubble)', extensible({ attribute: 'cn', value: 'Betty Rubble' })],
    [
      '(sn:dn:2.4.6.8.10:=Barney Rubble)',
      extensible({ attribute: 'sn', rule: '2.4.6.8.10', dnAttributes: true, value: 'Barney Rubble' }),
    ],
    ['(o:dn:=Ace Industry)', extensible({ attribute: 'o', dnAttributes: true, value: 'Ace Industry' })],
    ['(:1.2.3:=Wilma Flintstone)', extensible({ rule: '1.2.3', value: 'Wilma Flintstone' })],
    ['(:DN:2.4.6.8.10:=Dino)', extensible({ rule: '2.4.6.8.10', dnAttributes: true, value: 'Dino' })],
    [
      '(o=Parens R Us \\28for all your parenthetical needs\\29)',
      equality('o', 'Parens R Us (for all your parenthetical needs)'),
    ],
    ['(cn=*\\2A*)', substrings('cn', { any: ['*'] })],
    ['(filename=C:\\5cMyFile)', equality('filename', 'C:\\MyFile')],
    ['(bin=\\00\\00\\00\\04)', equality('bin', '\0\0\0\x04')],
    ['(bin=\\ff\\d8x)', equality('bin', Buffer.from([0xff, 0xd8, 0x78]))],
    ['(sn=Lu\\c4\\8di\\c4\\87)', equality('sn', 'Lučić')],
    ['(1.3.6.1.4.1.1466.0=\\04\\02\\48\\69)', equality('1.3.6.1.4.1.1466.0', '\x04\x02Hi')],
    ['(cn=*)', present('cn')],
    ['(cn=**)', present('cn')],
    ['(cn=*a**b)', substrings('cn', { any: ['a'], final: 'b' })],
    ['(a>=5)', greaterOrEqual('a', '5')],
    ['(a<=5)', lessOrEqual('a', '5')],
    ['(a~=5)', approx('a', '5')],
    ['(a=b=c)', equality('a', 'b=c')],
    ['(&)', { kind: 'and', filters: [] }],
    ['(|)', { kind: 'or', filters: [] }],
    [' ( & (a=b) ( ! (c=d ) ) ) ', { kind: 'and', filters: [equality('a', 'b'), not(equality('c', 'd '))] }],
  ])('%s', (text, expected) => {
    expect(parseFilter(text)).toEqual(expected);
  });

  it.each<[string, number, RegExp]>([
    ['', 0, /"\(" is expected, not the end/],
    ['cn=a', 0, /"\(" is expected/],
    ['(cn=a', 5, /"\)" is expected/],
    ['(cn=a))', 6, /the end is expected/],
    ['(cn)', 3, /one of =/],
    ['(=a)', 2, /attribute is expected/],
    ['(:=a)', 3, /needs an attribute or a matching rule/],
    ['(:dn:=a)', 6, /needs an attribute or a matching rule/],
    ['(cn=a(b)', 5, /must be escaped/],
    ['(cn=a\0)', 5, /must be escaped/],
    ['(cn=a\\4)', 5, /hexadecimal/],
    ['(cn=a\\zz)', 5, /hexadecimal/],
    ['(cn=\\ff*)', 7, /not UTF-8/],
    ['(cn>=a*)', 6, /"\)" is expected/],
    ['(!(a=b)(c=d))', 7, /"\)" is expected/],
    ['(a b=c)', 2, /one of =/],
  ])('refuses %j at %i', (text, position, message) => {
    expect(() => parseFilter(text)).toThrow(message);
    expect(() => parseFilter(text)).toThrow(expect.objectContaining({ name: 'FilterSyntaxError', position }));
  });

  it('bounds nesting and length', () => {
    const nested = (depth: number) => `${'(!'.repeat(depth)}(a=b)${')'.repeat(depth)}`;
    expect(() => parseFilter(nested(99))).not.toThrow();
    expect(() => parseFilter(nested(100))).toThrow(/nested deeper/);
    expect(() => parseFilter(nested(100_000))).toThrow(FilterSyntaxError);
    expect(() => parseFilter(`(a=${'b'.repeat(1_100_000)})`)).toThrow(/longer/);
  });
});

describe('filterToString', () => {
  it('escapes what RFC 4515 demands and nothing else', () => {
    expect(filterToString(equality('cn', 'a*(b)\\\0é=&|!'))).toBe('(cn=a\\2a\\28b\\29\\5c\\00é=&|!)');
    expect(filterToString(equality('cn', Buffer.from([0xff, 0x2a])))).toBe('(cn=\\ff\\2a)');
    expect(filterToString(substrings('cn', { initial: 'a', any: ['*'], final: 'c' }))).toBe('(cn=a*\\2a*c)');
    expect(filterToString(extensible({ rule: '1.2', dnAttributes: true, value: 'x' }))).toBe('(:dn:1.2:=x)');
  });

  it('is read back as the same filter, whatever the values are', () => {
    fc.assert(
      fc.property(anyFilter, (filter) => {
        expect(parseFilter(filterToString(filter))).toEqual(filter);
      }),
      { numRuns: 500 },
    );
  });
});

describe('constructors', () => {
  it('keep a single member as it is and give meaning to none', () => {
    expect(and(present('a'))).toEqual(present('a'));
    expect(or(present('a'))).toEqual(present('a'));
    expect(filterToString(and())).toBe('(objectClass=*)');
    expect(filterToString(or())).toBe('(!(objectClass=*))');
    expect(substrings('cn', { initial: '', any: [''] })).toEqual(present('cn'));
  });
});

describe('matches', () => {
  const schema = demoSchema();
  const entry = new Entry(DN.parse('uid=jd,ou=people,dc=example,dc=com'), {
    objectClass: ['inetOrgPerson', 'posixAccount'],
    uid: 'jd',
    cn: ['Jane  Doe', 'JD'],
    'cn;lang-fr': 'Jeanne',
    sn: 'Doe',
    uidNumber: '1000',
    telephoneNumber: '+1 555-0101',
    manager: 'CN=Boss, OU=People,DC=example,DC=com',
    createTimestamp: '20260102030405Z',
    mail: 'Jane@Example.com',
    jpegPhoto: Buffer.from([0xff, 0xd8, 0x00]),
    description: ['star * (x)', ''],
    loginShell: '/bin/Bash',
    memberUid: 'AbC',
  });

  it.each<[string, boolean | undefined]>([
    ['(cn=jane doe)', true],
    ['(commonName=JANE DOE)', true],
    ['(2.5.4.3=jd)', true],
    ['(cn=jane)', false],
    ['(name=doe)', true],
    ['(cn=jeanne)', true],
    ['(cn;lang-fr=jeanne)', true],
    ['(cn;lang-fr=jd)', false],
    ['(cn;lang-de=*)', false],
    ['(cn=*)', true],
    ['(title=*)', false],
    ['(title=x)', false],
    ['(noSuch=x)', undefined],
    ['(noSuch=*)', undefined],
    ['(constructor=*)', undefined],
    ['(!(noSuch=x))', undefined],
    ['(&(cn=jd)(noSuch=x))', undefined],
    ['(&(cn=zz)(noSuch=x))', false],
    ['(|(cn=jd)(noSuch=x))', true],
    ['(|(cn=zz)(noSuch=x))', undefined],
    ['(&)', true],
    ['(|)', false],
    ['(objectClass=inetorgperson)', true],
    ['(objectClass=person)', true],
    ['(objectClass=2.5.6.6)', true],
    ['(objectClass=top)', true],
    ['(objectClass=groupOfNames)', false],
    ['(objectClass=noSuchClass)', false],
    ['(uidNumber=01000)', true],
    ['(uidNumber>=999)', true],
    ['(uidNumber>=1001)', false],
    ['(uidNumber<=1000)', true],
    ['(uidNumber<=999)', false],
    ['(gidNumber<=999)', false],
    ['(manager>=cn=a)', undefined],
    ['(createTimestamp>=20260101000000Z)', true],
    ['(createTimestamp<=20260101000000Z)', false],
    ['(telephoneNumber=+15550101)', true],
    ['(telephoneNumber=*555 01*)', true],
    ['(manager=cn=boss,ou=people,dc=example,dc=com)', true],
    ['(manager=cn=boss*)', undefined],
    ['(cn=j*doe)', true],
    ['(cn=jane *)', true],
    ['(cn=*e d*)', true],
    ['(cn=* doe)', true],
    ['(cn=*ane*oe*)', true],
    ['(cn=*oe*ane*)', false],
    ['(cn=jane d*doe)', false],
    ['(cn=*oe*oe)', false],
    ['(mail=jane@*)', true],
    ['(loginShell=/bin/bash)', false],
    ['(memberUid=A*C)', true],
    ['(memberUid=a*C)', false],
    ['(loginShell=/bin/Ba*)', undefined],
    ['(jpegPhoto=\\ff\\d8\\00)', true],
    ['(jpegPhoto=\\ff\\d8\\01)', false],
    ['(description=star \\2a \\28x\\29)', true],
    ['(cn~=jane doe)', true],
    ['(cn:=jane doe)', true],
    ['(cn:caseExactMatch:=jane doe)', false],
    ['(cn:2.5.13.5:=Jane Doe)', true],
    ['(loginShell:caseIgnoreMatch:=/BIN/BASH)', true],
    ['(uidNumber:integerMatch:=01000)', true],
    ['(cn:1.2.3.4:=jane doe)', undefined],
    ['(noSuch:=x)', undefined],
    ['(:caseIgnoreMatch:=DOE)', true],
    ['(:caseExactMatch:=DOE)', false],
    ['(ou:=people)', false],
    ['(ou:dn:=People)', true],
    ['(dc:dn:=com)', true],
    ['(:dn:caseIgnoreMatch:=PEOPLE)', true],
    ['(:dn:caseExactMatch:=PEOPLE)', false],
  ])('%s: %s', (text, expected) => {
    const filter = parseFilter(text);
    expect(matches(filter, entry, schema)).toBe(expected);
    expect(matches(not(filter), entry, schema)).toBe(expected === undefined ? undefined : !expected);
  });

  it('does without a schema: every attribute is known, nothing has an order', () => {
    expect(matches(parseFilter('(CN=jane doe)'), entry, defaultRules)).toBe(true);
    expect(matches(parseFilter('(noSuch=x)'), entry, defaultRules)).toBe(false);
    expect(matches(parseFilter('(cn=j*)'), entry, defaultRules)).toBe(true);
    expect(matches(parseFilter('(uidNumber>=1)'), entry, defaultRules)).toBeUndefined();
    expect(matches(parseFilter('(commonName=jd)'), entry, defaultRules)).toBe(false);
  });

  it('never throws, whatever the filter', () => {
    fc.assert(
      fc.property(anyFilter, (filter) => {
        expect([true, false, undefined]).toContain(matches(filter, entry, schema));
      }),
    );
  });
});
