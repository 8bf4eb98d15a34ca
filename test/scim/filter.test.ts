import fc from 'fast-check';
import { type Filter, formatFilter, parseFilter } from '../../src/scim/filter';
import { instantOf, matcher } from '../../src/scim/filterEvaluate';
import type { Resource } from '../../src/scim/resource';
import { ecma, enterprise, refusal, userType } from './resourceTypes';

const barbara: Resource = {
  id: 'a1',
  externalId: 'bj',
  userName: 'Barbara@example.org',
  name: { familyName: 'O\'Malley "B"', givenName: 'Barbara' },
  title: 'Tour guide',
  active: true,
  emails: [
    { type: 'work', value: 'Barbara@work.example', primary: true },
    { type: 'home', value: 'babs@home.example' },
  ],
  meta: { resourceType: 'User', lastModified: '2026-05-13T04:42:34Z', version: 'W/"1"' },
  [enterprise]: { employeeNumber: '007', manager: { value: 'M1' } },
  [ecma]: {
    '-dn-': 'cn=Barbara,ou=x\\, y,dc=example',
    objectClass: ['top', 'inetOrgPerson'],
    sn: 'Malley',
    uidNumber: 1001,
    'msDS-UserAccountDisabled': false,
    'userCertificate;binary': ['QUJD'],
    '1.2.840.113556.1.4.1': 'long',
  },
};

function found(text: string, resource = barbara): boolean {
  return matcher(parseFilter(text, userType))(resource);
}

describe('filters that match', () => {
  test.each([
    'userName eq "barbara@EXAMPLE.org"',
    'UserName Eq "barbara@example.org"',
    'userName eq barbara@example.org',
    'id eq "a1"',
    'name.familyName eq "O\'Malley \\"B\\""',
    'name.familyName co "\\u0042"',
    'userName sw "Bar" and userName ew ".ORG"',
    'title pr',
    'nickName eq null',
    'title ne null',
    'not (nickName pr)',
    'nickName ne "x"',
    'emails eq "barbara@work.example"',
    'emails co "home.example"',
    'emails.type eq "home"',
    'emails[type eq "work" and value co "@work"]',
    'emails[type eq "work"].value eq "barbara@work.example"',
    'emails[type eq "work" and not (value co "@home")] and active eq "True"',
    'active eq true',
    'manager eq "M1"',
    'id eq "a1" and manager eq "M1"',
    `${enterprise}:employeeNumber eq 007`,
    `${enterprise}:manager.value eq "M1"`,
    `${ecma}:objectClass eq "INETORGPERSON"`,
    `${ecma}:objectClass[value eq "top"]`,
    `${ecma}:-dn- eq "cn=Barbara,ou=x\\\\, y,dc=example"`,
    `${ecma}:uidNumber eq "1001"`,
    'uidNumber gt 1000 and uidNumber le 1001',
    'surname eq "malley"',
    'userCertificate;binary eq "QUJD"',
    '1.2.840.113556.1.4.1 sw "lo"',
    'meta.lastModified gt "2026-05-13T00:00:00+00:00"',
    'meta.lastModified eq "2026-05-13T06:42:34.000+02:00"',
    'meta.lastModified lt "2026-05-14"',
    'userName eq "nobody" or (title co "guide" and (active eq true))',
    'title eq "x" or title eq "y" or title eq "Tour guide" and active eq true',
    '  ( (title pr) )  ',
    'not(active eq false)',
    'msDS-UserAccountDisabled eq "False"',
  ])('%s', (text) => {
    expect(found(text)).toBe(true);
  });
});

describe('filters that do not match', () => {
  test.each([
    'PLACEHOLDER eq "8646d011"',
    'PLACEHOLDER ne "8646d011"',
    'not (PLACEHOLDER eq "8646d011")',
    'not (PLACEHOLDER eq "x" and title pr)',
    'PLACEHOLDER[x eq "1"]',
    'PLACEHOLDER pr',
    'PLACEHOLDER eq "x" and title pr',
    'nickName pr or PLACEHOLDER eq "x"',
    'emails[nothing eq "1"]',
    'id eq "A1"',
    'emails[type eq "home" and value co "@work"]',
    'title eq null',
    'nickName eq ""',
    'emails ne "babs@home.example"',
    `${ecma}:-dn- eq "cn=barbara,ou=x\\\\, y,dc=example"`,
    'active eq "maybe"',
    'uidNumber co "10"',
    'name eq "Barbara"',
    'constructor pr',
    `${ecma}:title pr`,
    '(title eq "x" or title eq "Tour guide") and active eq false',
  ])('%s', (text) => {
    expect(found(text)).toBe(false);
  });

  it('does not let an unknown attribute decide what others have decided', () => {
    expect(found('PLACEHOLDER eq "x" or title pr')).toBe(true);
    expect(found('not (PLACEHOLDER eq "x" and nickName pr)')).toBe(true);
  });
});

describe('texts that are no filters', () => {
  test.each([
    ['', 1],
    ['userName', 9],
    ['userName eq', 12],
    ['userName xx "a"', 10],
    ['userName eq "a', 13],
    ['userName eq "a\\x"', 13],
    ['userName eq "a" and', 20],
    ['userName eq "a" userName', 17],
    ['(userName eq "a"', 17],
    ['userName eq "a")', 16],
    ['emails[type eq "work"', 22],
    ['emails[type eq "work"]]', 23],
    ['emails[emails[type eq "work"]]', 8],
    ["userName eq 'a'", 13],
    ['"userName" eq "a"', 1],
    ['active gt true', 8],
    ['title gt null', 7],
    ['password eq "x"', 1],
    [`${ecma}:export_password sw "x"`, 1],
  ])('%s, at character %d', (text, character) => {
    const error = refusal(() => parseFilter(text, userType));
    expect(error).toMatchObject({ status: 400, scimType: 'invalidFilter' });
    expect(error.detail).toContain(`at character ${character}.`);
  });

  it('bounds nesting, not length', () => {
    const nested = (depth: number) => `${'('.repeat(depth)}title pr${')'.repeat(depth)}`;
    expect(found(nested(31))).toBe(true);
    expect(refusal(() => parseFilter(nested(100_000), userType)).scimType).toBe('invalidFilter');
    const long = Array.from({ length: 20_000 }, (_, i) => `title eq "${i}"`).join(' or ');
    expect(found(`${long} or title pr`)).toBe(true);
  });
});

describe('filters as text', () => {
  const leaf = fc.oneof(
    fc
      .record({
        name: fc.constantFrom('userName', 'title', 'emails.type', `${ecma}:sn`, `${ecma}:-dn-`, 'unknown', 'manager'),
        operator: fc.constantFrom('eq', 'ne', 'co', 'sw', 'ew'),
        value: fc.string({ unit: 'grapheme' }),
      })
      .map(({ name, operator, value }) => `${name} ${operator} ${JSON.stringify(value)}`),
    fc.constantFrom(
      'title pr',
      'active eq true',
      'uidNumber ge 12',
      'nickName eq null',
      'emails[type eq "a" or value pr]',
    ),
  );
  const { filter } = fc.letrec<{ filter: string }>((tie) => ({
    filter: fc.oneof(
      { maxDepth: 4, depthIdentifier: 'filter' },
      leaf,
      fc
        .tuple(tie('filter'), fc.constantFrom('and', 'or', 'AND'), tie('filter'))
        .map(([a, op, b]) => `(${a}) ${op} (${b})`),
      tie('filter').map((inner) => `not (${inner})`),
      tie('filter').map((inner) => `( ${inner} )`),
    ),
  }));

  const bare = (value: unknown): unknown =>
    JSON.parse(JSON.stringify(value, (key, inner) => (key === 'spelled' ? undefined : inner)));

  it('parses back to the same tree', () => {
    fc.assert(
      fc.property(filter, (text) => {
        const tree: Filter = parseFilter(text, userType);
        const again = parseFilter(formatFilter(tree), userType);
        expect(bare(again)).toEqual(bare(tree));
        expect(matcher(again)(barbara)).toBe(matcher(tree)(barbara));
      }),
      { numRuns: 300 },
    );
  });

  it('never fails otherwise than with invalidFilter', () => {
    const soup = fc.array(
      fc.oneof(
        fc.constantFrom('title', 'eq', '"a"', '(', ')', '[', ']', 'and', 'not', 'pr', '"', '\\', '.value'),
        fc.string(),
      ),
    );
    fc.assert(
      fc.property(soup, (parts) => {
        try {
          matcher(parseFilter(parts.join(' '), userType))(barbara);
        } catch (error) {
          expect(error).toMatchObject({ status: 400, scimType: 'invalidFilter' });
        }
      }),
      { numRuns: 500 },
    );
  });
});

it('reads dates without an offset as UTC, and nothing else as a date', () => {
  expect(instantOf('2026-01-01T00:00:00')).toBe(Date.UTC(2026, 0, 1));
  expect(instantOf('2026-01-01')).toBe(Date.UTC(2026, 0, 1));
  expect(instantOf('2026-01-01T01:00:00.5+01:00')).toBe(Date.UTC(2026, 0, 1, 0, 0, 0, 500));
  for (const text of ['', 'Testing, 1, 2', '2026', '2026-13-01', '20260101000000Z'])
    expect(instantOf(text)).toBeUndefined();
});
