import fc from 'fast-check';
import { demoSchema } from '../../src/directory/demoSchema';
import { Schema } from '../../src/directory/schema';
import { checkSyntax, parseGeneralizedTime, Syntax } from '../../src/directory/syntax';

describe('matching', () => {
  const schema = demoSchema();
  test.each([
    ['cn', ' Jane  DOE ', 'jane doe'],
    ['cn', 'Jane\u00a0\tDoe', 'jane doe'],
    ['cn', 'ＪＡＮＥ', 'jane'],
    ['cn', 'ZOE\u0308', 'zo\u00eb'],
    ['cn', 'ΟΔΟΣ', 'οδοσ'],
    ['cn', Buffer.from('Ünal'), 'ünal'],
    ['loginShell', ' /bin/SH ', '/bin/SH'],
    ['mail', 'A@Example.COM', 'a@example.com'],
    ['internationalISDNNumber', '12 34', '1234'],
    ['telephoneNumber', '+1 (555) 010-2030', '+1(555)0102030'],
    ['uidNumber', '007', '7'],
    ['uidNumber', '-0', '0'],
    ['pwdReset', 'true', 'TRUE'],
    ['member', 'UID=Jane , OU=\\50eople', 'userid=jane,2.5.4.11=people'],
    ['uniqueMember', "CN=A,DC=B#'01'B", "cn=a, dc=b#'01'B"],
    ['createTimestamp', '20261231235959.500Z', '20270101005959,5+0100'],
    ['createTimestamp', '2026123123.5Z', '20261231233000Z'],
    ['entryUUID', '5A0C98F8-0C6B-4F9A-9D2E-8E6B1F0E0001', '5a0c98f8-0c6b-4f9a-9d2e-8e6b1f0e0001'],
    ['objectClass', '2.16.840.1.113730.3.2.2', 'INETORGPERSON'],
    ['postalAddress', '1 Main  Street $ Town', '1 main street$town'],
    ['userPassword', 'secret', Buffer.from('secret')],
    ['nope', 'A', 'a'],
  ])('%s: %j matches %j', (name, a, b) => {
    expect(schema.normalize(name, a)).toBe(schema.normalize(name, b));
  });

  test.each([
    ['cn', 'ab', 'a b'],
    ['cn', 'strasse', 'straße'],
    ['cn', ' ', ''],
    ['cn', Buffer.from([0xff]), 'ÿ'],
    ['loginShell', '/bin/SH', '/bin/sh'],
    ['uidNumber', '1', '-1'],
    ['uidNumber', '1', 'one'],
    ['member', 'cn=a,dc=b', 'cn=a'],
    ['member', 'not a dn', 'no dn'],
    ['createTimestamp', '20261231235959Z', '20261231235959.1Z'],
    ['userPassword', 'Secret', 'secret'],
    ['userPassword', Buffer.from([0xc3, 0xa9]), Buffer.from([0xe9])],
    ['jpegPhoto', 'a ', 'a'],
    ['x;binary', 'A', 'a'],
  ])('%s: %j does not match %j', (name, a, b) => {
    expect(schema.normalize(name, a)).not.toBe(schema.normalize(name, b));
  });

  test('a server that publishes no rules is matched by syntax', () => {
    const types = Object.entries({ cis: 15, ces: 26, dn: 12, int: 27, oct: 40, tel: 50 });
    const edirectory = Schema.parse({
      objectClasses: [],
      attributeTypes: types.map(
        ([name, n], i) => `( 1.${i} NAME '${name}' SYNTAX 1.3.6.1.4.1.1466.115.121.1.${n}{64} )`,
      ),
    });
    const same = (name: string, a: string, b: string) =>
      edirectory.normalize(name, a) === edirectory.normalize(name, b);
    expect(['cis', 'ces', 'dn', 'oct'].map((name) => same(name, 'CN=a', 'cn=a'))).toEqual([true, false, true, false]);
    expect([same('int', '01', '1'), same('tel', '1-2', '12')]).toEqual([true, true]);
    expect(edirectory.ordering('cis', 'a', 'B')).toBeLessThan(0);
  });

  test('equal keys mean equal values, whatever they are', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        for (const name of ['cn', 'loginShell', 'uidNumber', 'member', 'createTimestamp', 'telephoneNumber']) {
          expect(schema.normalize(name, Buffer.from(text))).toBe(schema.normalize(name, text));
        }
        const key = schema.normalize('cn', text);
        expect(schema.normalize('cn', `  ${text} `)).toBe(text === '' ? ' ' : key);
      }),
    );
  });

  test('ordering', () => {
    const sorted = (name: string, values: string[]) =>
      [...values].sort((a, b) => schema.ordering(name, a, b) ?? Number.NaN);
    expect(sorted('uidNumber', ['10', '9', '-10', '-9', '0'])).toEqual(['-10', '-9', '0', '9', '10']);
    expect(sorted('createTimestamp', ['20270101000000Z', '20261231235959.95Z', '20261231235959.9Z'])).toEqual([
      '20261231235959.9Z',
      '20261231235959.95Z',
      '20270101000000Z',
    ]);
    expect(schema.ordering('uidNumber', '1', 'x')).toBeUndefined();
    expect(schema.ordering('cn', 'a', 'b')).toBeUndefined();
    expect(schema.ordering('nope', 'a', 'b')).toBeUndefined();
  });
});

describe('syntaxes', () => {
  const accepted: [keyof typeof Syntax, (string | Buffer)[]][] = [
    ['boolean', ['TRUE', 'FALSE', Buffer.from('TRUE')]],
    ['integer', ['0', '-1', '12345678901234567890']],
    ['dn', ['', 'cn=a', 'cn=Doe\\, Jane+uid=x,dc=example']],
    ['directoryString', ['x', ' ', 'Zoë', '\0']],
    ['ia5String', ['', 'a@b', '\x00']],
    ['printableString', ["A-z 0'()+,./:=?"]],
    ['numericString', ['0 1 2']],
    ['telephoneNumber', ['+1 555 010', '(0)30-1/2']],
    ['facsimileNumber', ['+1 555$fineResolution']],
    [
      'generalizedTime',
      [
        '2026010100Z',
        '202601010000Z',
        '20260101000000Z',
        '20260101000000.123456789Z',
        '20240229000000-0830',
        '20261231235960Z',
      ],
    ],
    ['oid', ['cn', '2.5.4.3', 'foo-bar', '0']],
    ['uuid', ['5a0c98f8-0c6b-4f9a-9d2e-8e6b1f0e0001']],
    ['countryString', ['DE']],
    ['postalAddress', ['1 Main$Town', '$']],
    ['jpeg', ['', Buffer.from([0xff, 0xd8, 0])]],
    ['octetString', ['', Buffer.from([0xff])]],
    ['bitString', ["'0101'B", "''B"]],
    ['nameAndOptionalUID', ["cn=a#'01'B", 'cn=a']],
    ['otherMailbox', ['smtp$a@b']],
    ['telexNumber', ['12$de$a']],
    ['utcTime', ['9901010000Z', '990101000000+0100']],
    ['adLargeInteger', ['-9223372036854775808']],
  ];
  test.each(accepted)('%s accepts', (syntax, values) => {
    for (const value of values) expect([value, checkSyntax(Syntax[syntax], value)]).toEqual([value, undefined]);
  });

  const refused: [keyof typeof Syntax, (string | Buffer)[], string][] = [
    ['boolean', ['true', '1', ''], 'TRUE or FALSE'],
    ['integer', ['', '01', '-0', '1.0', '1e3', ' 1', '٣'], 'not an integer'],
    ['dn', ['jane', 'cn', '=a', 'cn=a,'], 'not a DN'],
    ['directoryString', [''], 'empty'],
    ['directoryString', [Buffer.from([0xc3])], 'UTF-8'],
    ['ia5String', ['ä'], 'ASCII'],
    ['printableString', ['', 'a*b', 'a@b', 'ä', 'a\n'], 'printable'],
    ['numericString', ['1-2', ''], 'numeric'],
    ['telephoneNumber', ['call me @ home', '1_2'], 'telephone number'],
    [
      'generalizedTime',
      [
        '',
        '2026',
        '20260230000000Z',
        '20261301000000Z',
        '20260101240000Z',
        '20260101000000',
        '20260101006000Z',
        '20260101000061Z',
        '20260101000000.Z',
        '20230229000000Z',
      ],
      'generalized time',
    ],
    ['oid', ['', '1..2', '-a', 'a b'], 'OID'],
    ['uuid', ['5a0c98f80c6b4f9a9d2e8e6b1f0e0001'], 'UUID'],
    ['countryString', ['DEU', 'D', 'Ä1'], 'country'],
    ['bitString', ['0101', "'2'B"], 'bit string'],
    ['nameAndOptionalUID', ["jane#'01'B"], 'not a DN'],
    ['otherMailbox', ['a@b', '$a'], 'mailbox'],
    ['telexNumber', ['12', '1$2$3$4'], 'telex'],
    ['utcTime', ['99', '20260101000000Z'], 'UTC'],
  ];
  test.each(refused)('%s refuses %j', (syntax, values, reason) => {
    for (const value of values)
      expect([value, checkSyntax(Syntax[syntax], value)]).toEqual([value, expect.stringContaining(reason)]);
  });

  test('unknown syntaxes accept everything', () => {
    expect(checkSyntax('1.2.3', Buffer.from([0xff]))).toBeUndefined();
  });

  test('every time that a Date can print is read as the same instant', () => {
    const max = Date.UTC(9999, 11, 31);
    fc.assert(
      fc.property(fc.date({ min: new Date(0), max: new Date(max), noInvalidDate: true }), (date) => {
        const instant = parseGeneralizedTime(date.toISOString().replace(/[-:T]/g, ''));
        expect(instant && instant.seconds * 1000 + Number(`0.${instant.fraction}0`) * 1000).toBeCloseTo(
          date.getTime(),
          3,
        );
      }),
    );
  });
});
