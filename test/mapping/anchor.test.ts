/** Anchors and ids, values and their encodings, and what an error of the directory means. */
import fc from 'fast-check';
import { DN } from '../../src/directory/dn';
import { Entry } from '../../src/directory/entry';
import { LdapError, ResultCode } from '../../src/directory/error';
import { anchorFilter, anchorOf, anchorOfId, idOfAnchor, isDNAnchor } from '../../src/mapping/anchor';
import { toScimError } from '../../src/mapping/error';
import { dateTimeOf, fromDirectory, toDirectory, ValueFault } from '../../src/mapping/syntax';
import { ScimError } from '../../src/scim/error';

describe('an id', () => {
  const anchors = fc.oneof(
    fc.uuid(),
    fc.integer().map(String),
    fc.string({ unit: 'binary' }),
    fc.string(),
    fc.constantFrom(
      '.',
      '..',
      '.search',
      '~',
      '~YQ',
      'a/b',
      'cn=a,dc=b',
      'a b',
      '%41',
      'ä',
      'A',
      'a',
      '-',
      ''.padEnd(900, 'ü'),
    ),
    fc.stringMatching(/^[0-9a-f]{32}$/),
  );
  const attributes = fc.constantFrom('entryUUID', 'nsUniqueId', 'objectGUID', 'uidNumber', 'GUID');

  test('is safe in a URL however often it is encoded, and leads back to its anchor alone', () => {
    fc.assert(
      fc.property(
        anchors.filter((anchor) => anchor !== ''),
        attributes,
        (anchor, attribute) => {
          const id = idOfAnchor(anchor, attribute);
          expect(id).toMatch(/^[A-Za-z0-9_~-][A-Za-z0-9._~-]*$/);
          expect(encodeURIComponent(encodeURIComponent(id))).toBe(id);
          expect(new URL(`http://h/Users/${id}`).pathname).toBe(`/Users/${id}`);
          expect(anchorOfId(id, attribute)).toBe(anchor);
        },
      ),
      { numRuns: 2000 },
    );
  });

  test('is of no other anchor', () => {
    fc.assert(
      fc.property(anchors, anchors, attributes, (a, b, attribute) => {
        expect(idOfAnchor(a, attribute) === idOfAnchor(b, attribute)).toBe(a === b);
      }),
      { numRuns: 2000 },
    );
    // An anchor that looks like what another one turns into.
    const guid = idOfAnchor('00112233445566778899aabbccddeeff', 'objectGUID');
    expect(idOfAnchor(guid, 'objectGUID')).not.toBe(guid);
  });

  test('that no anchor has is nobody’s', () => {
    fc.assert(
      fc.property(fc.string(), attributes, (id, attribute) => {
        const anchor = anchorOfId(id, attribute);
        if (anchor !== undefined) expect(idOfAnchor(anchor, attribute)).toBe(id);
      }),
    );
    for (const id of ['', '.', '..', 'a/b', '~', '~ä', '~YR', 'ab cd', `~${'YWFh'.repeat(5000)}`])
      expect([id, anchorOfId(id, 'entryUUID')]).toEqual([id, id === '~' ? '' : undefined]);
    expect(anchorOfId('33221100-5544-7766-8899-AABBCCDDEEFF', 'objectGUID')).toBeUndefined();
    expect(anchorOfId('00112233445566778899aabbccddeeff', 'objectGUID')).toBeUndefined();
  });

  test('of an objectGUID is the GUID as Microsoft writes it', () => {
    const octets = Buffer.from('00112233445566778899aabbccddeeff', 'hex');
    const entry = new Entry(DN.root, { objectGUID: octets });
    const anchor = anchorOf(entry, 'objectGUID') ?? '';
    expect(idOfAnchor(anchor, 'objectguid')).toBe('33221100-5544-7766-8899-aabbccddeeff');
    expect(anchorFilter(anchor, 'objectGUID', true)).toEqual({
      kind: 'equality',
      attribute: 'objectGUID',
      value: octets,
    });
    expect(anchorFilter('abcd', 'uid', false)).toEqual({ kind: 'equality', attribute: 'uid', value: 'abcd' });
  });

  test('needs an anchor with a value', () => {
    const entry = new Entry(DN.root, { a: '', b: Buffer.alloc(0) });
    expect(['a', 'b', 'c'].map((name) => anchorOf(entry, name))).toEqual([undefined, undefined, undefined]);
    expect(['DN', '-dn-', '_distinguishedName', 'distinguishedname', 'entryDN'].map(isDNAnchor)).toEqual([
      true,
      true,
      true,
      true,
      false,
    ]);
  });
});

describe('values', () => {
  test.each([
    ['boolean', true, 'TRUE'],
    ['boolean', 'False', 'FALSE'],
    ['integer', -0, '0'],
    ['integer', ' +007 ', '7'],
    ['integer', '-18446744073709551616', '-18446744073709551616'],
    ['dateTime', '2026-11-21T08:30:00Z', '20261121083000Z'],
    ['dateTime', '2026-11-21T08:30:00.25+01:00', '20261121073000.250Z'],
    ['dateTime', '2026-11-21T08:30', '20261121083000Z'],
    ['dateTime', '2026-11-21', '20261121000000Z'],
    ['dateTime', '000001010000Z', '000001010000Z'],
    ['string', 12, '12'],
    ['string', false, 'false'],
  ] as const)('%s %j is %s in the directory', (type, json, expected) => {
    expect(toDirectory(json, type)).toBe(expected);
  });

  test.each([
    ['boolean', 'yes'],
    ['boolean', 1],
    ['integer', 1.5],
    ['integer', 2 ** 53],
    ['integer', '0x10'],
    ['integer', ''],
    ['dateTime', 'tomorrow'],
    ['dateTime', '2026-13-01T00:00:00Z'],
    ['binary', 'a'],
    ['binary', 'YQ=a'],
    ['binary', {}],
    ['string', {}],
    ['string', []],
    ['string', null],
  ] as const)('%s does not take %j, and the message does not repeat it', (type, json) => {
    expect(() => toDirectory(json, type)).toThrow(ValueFault);
    expect(() => toDirectory(json, type)).toThrow(/^must be /);
  });

  test.each([
    ['202601010000Z', '2026-01-01T00:00:00Z'],
    ['2026010110Z', '2026-01-01T10:00:00Z'],
    ['2026010110.5Z', '2026-01-01T10:30:00Z'],
    ['202601011000,25Z', '2026-01-01T10:00:15Z'],
    ['20260101100000.123456789-0130', '2026-01-01T11:30:00.123Z'],
    ['20260101100000+02', '2026-01-01T08:00:00Z'],
    ['00010101000000Z', '0001-01-01T00:00:00Z'],
    ['000001010000Z', undefined],
    ['20261301000000Z', undefined],
    ['20260101', undefined],
    [`2026${'0'.repeat(100_000)}`, undefined],
  ])('the time %.30s is %s', (value, expected) => {
    expect(dateTimeOf(value)).toBe(expected);
  });

  test('a time is the same however its offset says UTC', () => {
    const digits = (from: number, to: number, length = 2) =>
      fc.integer({ min: from, max: to }).map((value) => String(value).padStart(length, '0'));
    const parts = [digits(0, 9999, 4), digits(0, 13), digits(0, 32), digits(0, 25), digits(0, 61), digits(0, 61)];
    fc.assert(
      fc.property(fc.tuple(...parts), (time) => {
        expect(dateTimeOf(`${time.join('')}Z`)).toBe(dateTimeOf(`${time.join('')}+00`));
      }),
      { numRuns: 5000 },
    );
  });

  test('what breaks its own syntax comes back as the text it is', () => {
    expect(fromDirectory('0x10', 'integer')).toBe('0x10');
    expect(fromDirectory('1e3', 'integer')).toBe('1e3');
    expect(fromDirectory('', 'integer')).toBe('');
    expect(fromDirectory('9007199254740992', 'integer')).toBe('9007199254740992');
    expect(fromDirectory('maybe', 'boolean')).toBe('maybe');
    expect(fromDirectory('true', 'boolean')).toBe(true);
    expect(fromDirectory('000001010000Z', 'dateTime')).toBe('000001010000Z');
    expect(fromDirectory('ä', 'binary')).toBe(Buffer.from('ä').toString('base64'));
  });
});

describe('an error of the directory', () => {
  const secret = 'userPassword: hunter2';
  const translated = (result: LdapError['result'], operation = 'modify', dn = 'cn=a,dc=x'): ScimError => {
    const error = toScimError(new LdapError(result, operation, dn, secret));
    if (!(error instanceof ScimError)) throw new Error('not translated');
    return error;
  };
  const shown = ({ status, scimType, headers }: ScimError) => [status, scimType, headers['Retry-After']];
  const again = [503, undefined, '5'];
  const later = [503, undefined, '60'];
  const denied = [403, undefined, undefined];
  const invalid = [400, 'invalidValue', undefined];
  const unexpected = [502, undefined, undefined];

  // RFC 4511 appendix A, and 118 to 123 of RFC 3909, RFC 4528 and RFC 4370.
  test.each<[LdapError['result'], unknown[]]>([
    [0, unexpected],
    [1, again],
    [2, unexpected],
    [3, again],
    [4, [400, 'tooMany', undefined]],
    [5, unexpected],
    [6, unexpected],
    [7, later],
    [8, later],
    [10, later],
    [11, again],
    [12, unexpected],
    [13, later],
    [14, unexpected],
    [16, invalid],
    [17, invalid],
    [18, invalid],
    [19, invalid],
    [20, [409, 'uniqueness', undefined]],
    [21, invalid],
    [32, [404, undefined, undefined]],
    [33, unexpected],
    [34, invalid],
    [36, unexpected],
    [48, later],
    [49, later],
    [50, denied],
    [51, again],
    [52, again],
    [53, denied],
    [54, again],
    [64, invalid],
    [65, invalid],
    [66, [409, undefined, undefined]],
    [67, invalid],
    [68, [409, 'uniqueness', undefined]],
    [69, invalid],
    [71, denied],
    [80, unexpected],
    [118, again],
    [119, unexpected],
    [120, unexpected],
    [121, unexpected],
    [122, [412, undefined, undefined]],
    [123, denied],
    [4096, unexpected],
    ['timeout', again],
    ['connectionLost', again],
    ['cancelled', again],
  ])('%s', (result, expected) => {
    const error = translated(result);
    expect(shown(error)).toEqual(expected);
    expect(JSON.stringify(error)).not.toMatch(/hunter2|result code/);
    expect(error.detail).toMatch(/^[A-Z"].*[^.]\.$/s);
    expect(error.cause).toBeInstanceOf(LdapError);
  });

  test('32 says what is missing, by operation; never 404 for an outage', () => {
    expect(shown(translated(32, 'add'))).toEqual(invalid);
    expect(shown(translated(32, 'modifyDN'))).toEqual(invalid);
    expect(translated(32, 'add').detail).toContain('The container above "cn=a,dc=x"');
    expect(shown(translated(32, 'search'))).toEqual(again);
    expect(shown(translated(32, 'delete'))).toEqual([404, undefined, undefined]);
  });

  test('a refused bind is never the request’s fault', () => {
    for (const result of Object.values(ResultCode))
      expect([result, translated(result, 'bind').status]).toEqual([result, 503]);
    expect(translated(ResultCode.constraintViolation, 'bind').detail).toContain('own account');
    // StartTLS, before there is an account.
    expect(translated(ResultCode.unwillingToPerform, 'extended', '').status).toBe(503);
  });

  test('long names are cut, other errors pass', () => {
    expect(translated(32, 'delete', `cn=${'x'.repeat(10_000)}`).detail.length).toBeLessThan(400);
    const other = new TypeError('x');
    expect(toScimError(other)).toBe(other);
  });
});
