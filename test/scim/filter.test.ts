import { parseFilter } from '../../src/scim/filter';
import { instantOf } from '../../src/scim/filterEvaluate';
import { found } from './filtered';
import { ecma, enterprise, refusal, userType } from './resourceTypes';

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
    'uidNumber lt 9223372036854775807',
    'uidNumber eq 1.001e3',
    'accountExpires gt 5',
    'accountExpires gt 10000000000000000',
    'accountExpires eq "9223372036854775807"',
    'accountExpires eq 9223372036854775807',
    'accountExpires ne 9223372036854775806',
    'accountExpires le 9223372036854775807',
    'accountExpires lt 10000000000000000000',
    'accountExpires lt 1e300',
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
    'uidNumber gt 9223372036854775807',
    'uidNumber eq 1e400',
    'accountExpires lt 10000000000000000',
    'accountExpires eq 9223372036854775806',
    'accountExpires eq true',
    'accountExpires gt "9"and accountExpires lt "90"',
    '2.5.4.99 eq "x"',
    'urn:some:other:2.0:Thing:a.b.c eq "x"',
    `${enterprise}.nothing eq "x"`,
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
    ['.title eq "x"', 1],
    ['title. eq "x"', 1],
    ['title pr and name..givenName eq "x"', 14],
    ['name.first.second eq "x"', 1],
    ['1st eq "x"', 1],
    ['tïtle eq "x"', 1],
    ['userName=="x"', 1],
    ['{"title"', 1],
    ['emails[.type eq "x"]', 8],
    ['emails[type pr] .value eq "x"', 17],
    ['urn: eq "x"', 1],
    [`${ecma}: eq "x"`, 1],
    ['password eq "x"', 1],
    [`${ecma}:export_password sw "x"`, 1],
  ])('%s, at character %d', (text, character) => {
    const error = refusal(() => parseFilter(text, userType));
    expect(error).toMatchObject({ status: 400, scimType: 'invalidFilter' });
    expect(error.detail).toContain(`at character ${character}.`);
  });

  it('bounds nesting and the number of comparisons, not length', () => {
    const nested = (depth: number) => `${'('.repeat(depth)}title pr${')'.repeat(depth)}`;
    expect(found(nested(31))).toBe(true);
    expect(refusal(() => parseFilter(nested(100_000), userType)).scimType).toBe('invalidFilter');
    const long = (terms: number) => Array.from({ length: terms }, (_, i) => `title eq "${i}"`).join(' or ');
    expect(found(`${long(4_999)} or title pr`)).toBe(true);
    const more = refusal(() => parseFilter(`${long(5_000)} or title pr`, userType));
    expect(more).toMatchObject({ scimType: 'invalidFilter', detail: expect.stringContaining('5000 comparisons') });
    expect(found(`title eq "${'x'.repeat(500_000)}" or title pr`)).toBe(true);
  });
});

it('reads dates without an offset as UTC, and nothing else as a date', () => {
  expect(instantOf('2026-01-01T00:00:00')).toBe(Date.UTC(2026, 0, 1));
  expect(instantOf('2026-01-01')).toBe(Date.UTC(2026, 0, 1));
  expect(instantOf('2026-01-01T01:00:00.5+01:00')).toBe(Date.UTC(2026, 0, 1, 0, 0, 0, 500));
  for (const text of ['', 'Testing, 1, 2', '2026', '2026-13-01', '20260101000000Z'])
    expect(instantOf(text)).toBeUndefined();
});
