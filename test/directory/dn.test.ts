import fc from 'fast-check';
import { DN, DNSyntaxError, defaultRules, RDN } from '../../src/directory/dn';
import { parseDN } from '../../src/directory/dnParser';

/** Any sequence of UTF-16 units, lone surrogates included, with the characters that matter over-represented. */
const anyText = fc
  .array(
    fc.oneof(
      fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)),
      fc.constantFrom(' ', '#', '\\', '"', ',', '+', ';', '<', '>', '=', '\0', '\n', '👩‍🚀', 'é', 'A1', '\\41'),
    ),
    { maxLength: 12 },
  )
  .map((units) => units.join(''));
const anyValue = fc.oneof(
  anyText,
  fc.uint8Array({ maxLength: 8 }).map((octets) => Buffer.from(octets)),
);
const anyType = fc.constantFrom('cn', 'OU', 'uid', '2.5.4.3', 'x-my_type', 'oid');
const anyDN = fc
  .array(
    fc
      .array(fc.record({ type: anyType, value: anyValue }), { minLength: 1, maxLength: 3 })
      .map((parts) => new RDN(parts)),
    { maxLength: 4 },
  )
  .map((rdns) => new DN(rdns));

const piece = fc.constantFrom(
  'uid',
  'CN',
  '2.5.4.3',
  '=',
  ',',
  '+',
  ' ',
  '\\,',
  '\\20',
  'Ada',
  'a  b',
  '#41',
  '"x"',
  ';',
  'é',
  'ou=p,dc=x',
);
const outcome = <T>(work: () => T): T | string => {
  try {
    return work();
  } catch (error) {
    return String(error);
  }
};
/** Names, and what is none. */
const texts = fc.oneof(
  anyDN.map(String),
  fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join('')),
  fc.array(piece, { maxLength: 8 }).map((pieces) => `uid=${pieces.join('')}`),
);

const parts = (text: string) => DN.parse(text).rdns.map((rdn) => rdn.parts.map(({ type, value }) => [type, value]));

describe('DN.parse', () => {
  it.each<[string, unknown[]]>([
    ['', []],
    ['  ', []],
    ['UID=jsmith,DC=example,DC=net', [[['UID', 'jsmith']], [['DC', 'example']], [['DC', 'net']]]],
    [
      'OU=Sales+CN=J.  Smith,DC=example',
      [
        [
          ['OU', 'Sales'],
          ['CN', 'J.  Smith'],
        ],
        [['DC', 'example']],
      ],
    ],
    ['CN=James \\"Jim\\" Smith\\, III,DC=net', [[['CN', 'James "Jim" Smith, III']], [['DC', 'net']]]],
    ['CN=Before\\0dAfter', [[['CN', 'Before\rAfter']]]],
    ['SN=Lu\\C4\\8Di\\C4\\87', [[['SN', 'Lučić']]]],
    ['CN=\\F0\\9F\\98\\80x', [[['CN', '😀x']]]],
    ['1.3.6.1.4.1.1466.0=#04024869', [[['1.3.6.1.4.1.1466.0', 'Hi']]]],
    ['cn=#0c03e282ac', [[['cn', '€']]]],
    ['cn=#1302 , dc=x', [[['cn', '\x13\x02']], [['dc', 'x']]]],
    ['cn=#0481024869', [[['cn', 'Hi']]]],
    ['cn=#0402ffd8', [[['cn', Buffer.from([0xff, 0xd8])]]]],
    ['cn=#8102ffd8', [[['cn', Buffer.from([0x81, 0x02, 0xff, 0xd8])]]]],
    ['cn=a\\ff\\fe', [[['cn', Buffer.from([0x61, 0xff, 0xfe])]]]],
    ['oid.2.5.4.3=a', [[['2.5.4.3', 'a']]]],
    ['OID.2.5.4.3=a', [[['2.5.4.3', 'a']]]],
    ['oid=a', [[['oid', 'a']]]],
    [' cn = Spaced  Out , ou = x ;dc=y ', [[['cn', 'Spaced  Out']], [['ou', 'x']], [['dc', 'y']]]],
    ['cn="a, b; \\"c\\" + d " ,dc=x', [[['cn', 'a, b; "c" + d ']], [['dc', 'x']]]],
    ['cn=\\  a \\ ,dc=x', [[['cn', '  a  ']], [['dc', 'x']]]],
    ['cn=a\\\\ ,dc=x', [[['cn', 'a\\']], [['dc', 'x']]]],
    ['cn=,dc=x', [[['cn', '']], [['dc', 'x']]]],
    ['cn=a=b<c>', [[['cn', 'a=b<c>']]]],
    ['cn=b#', [[['cn', 'b#']]]],
  ])('%j', (text, expected) => {
    expect(parts(text)).toEqual(expected);
  });

  it.each<[string, number, RegExp]>([
    ['cn', 2, /"=" is expected/],
    ['=x', 0, /attribute type/],
    ['cn=a,', 5, /attribute type is expected, not the end/],
    ['cn=a,,dc=b', 5, /attribute type is expected, not ","/],
    ['cn=a+', 5, /attribute type/],
    ['cn=a"b', 4, /must be escaped/],
    ['cn=a\0b', 4, /must be escaped/],
    ['cn="a', 3, /no closing/],
    ['cn="a"b', 6, /"," or the end/],
    ['cn=#', 3, /hexadecimal/],
    ['cn=#0', 3, /hexadecimal/],
    ['cn=#04024869zz', 12, /"," or the end/],
    ['cn=a\\', 4, /backslash/],
    ['cn=a\\4', 4, /backslash/],
    ['cn=a\\z', 4, /backslash/],
    ['c n=a', 2, /"=" is expected/],
    ['1.=a', 1, /"=" is expected/],
    ['Jane Doe', 5, /"=" is expected/],
  ])('refuses %j at %i', (text, position, message) => {
    expect(() => DN.parse(text)).toThrow(message);
    expect(() => DN.parse(text)).toThrow(expect.objectContaining({ name: 'DNSyntaxError', position }));
  });

  it('refuses what is too long or too deep, and nothing but DNSyntaxError leaves it', () => {
    expect(() => DN.parse(`cn=${'a'.repeat(70_000)}`)).toThrow(DNSyntaxError);
    expect(() => DN.parse('cn=a,'.repeat(2000).slice(0, -1))).toThrow(/more than 512 RDNs/);
    fc.assert(
      fc.property(
        fc.oneof(
          anyText,
          anyText.map((text) => `cn=${text}`),
        ),
        (text) => {
          try {
            DN.parse(text);
          } catch (error) {
            expect(error).toBeInstanceOf(DNSyntaxError);
          }
        },
      ),
    );
  });

  it('takes no other parts from a parent that it knows', () => {
    fc.assert(
      fc.property(texts, fc.constantFrom('uid=ada', 'CN=a  b', 'cn=a ', 'x'), (above, own) => {
        const text = `${own},${above}`;
        const alone = outcome(() => parseDN(text));
        for (const one of [text, `uid=before,${above}`, text]) outcome(() => DN.parse(one));
        expect(outcome(() => DN.parse(text).rdns.map((rdn) => rdn.parts))).toEqual(alone);
        const dn = typeof alone === 'string' ? undefined : new DN(alone.map((each) => new RDN(each)));
        expect(outcome(() => DN.parse(text).toString())).toEqual(dn?.toString() ?? alone);
        expect(outcome(() => DN.parse(text).normalized())).toEqual(dn?.normalized() ?? alone);
      }),
      { numRuns: 2_000 },
    );
    expect(DN.parse('uid=a,dc=x').rdns).toHaveLength(2);
    expect(() => DN.parse(`uid=${'a'.repeat(70_000)},dc=x`)).toThrow('longer than');
  });
});

describe('DN.toString', () => {
  it.each<[string | Buffer, string]>([
    ['Smith, Jane', 'cn=Smith\\, Jane'],
    ['a+b;c<d>e"f\\g', 'cn=a\\+b\\;c\\<d\\>e\\"f\\\\g'],
    ['a=b', 'cn=a\\=b'],
    ['#1 fan', 'cn=\\#1 fan'],
    [' a  ', 'cn=\\20a \\20'],
    [' ', 'cn=\\20'],
    ['a\0b\r\u0085', 'cn=a\\00b\\0D\\C2\\85'],
    ['Zoë 👩‍🚀', 'cn=Zoë 👩‍🚀'],
    [Buffer.from('Zoë'), 'cn=Zoë'],
    [Buffer.from([0xff, 0x00]), 'cn=\\FF\\00'],
    ['\ud800x', 'cn=\ufffdx'],
    ['', 'cn='],
  ])('%j', (value, expected) => {
    expect(new RDN([{ type: 'cn', value }]).toString()).toBe(expected);
  });

  it('is read back as the same name, whatever the values are', () => {
    fc.assert(
      fc.property(anyDN, (dn) => {
        const back = DN.parse(dn.toString());
        expect(back.rdns.map((rdn) => rdn.parts)).toEqual(dn.rdns.map((rdn) => rdn.parts));
        expect(back.toString()).toBe(dn.toString());
        expect(back.equals(dn)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it('never lets a value become syntax', () => {
    fc.assert(
      fc.property(anyValue, (value) => {
        const dn = DN.parse('ou=people,dc=example,dc=com').child(new RDN([{ type: 'cn', value }]));
        expect(DN.parse(dn.toString()).rdns).toHaveLength(4);
      }),
    );
  });
});

describe('comparison', () => {
  it.each([
    ['CN=Jane Doe,DC=X', 'cn=jane  doe , dc=x', true],
    ['cn=a+sn=b,dc=x', 'SN=B+CN=A,dc=x', true],
    ['cn=a\\2Cdc\\3Dx', 'cn=a,dc=x', false],
    ['cn=a\\+sn\\3Db', 'cn=a+sn=b', false],
    ['cn=\\20', 'cn=', false],
    ['cn=\\ffaa', 'cn=\\#ff6161', false],
    ['cn=#0401ff', 'cn=\\#ff', false],
    ['cn=\\#ff', 'cn=\\#\\#ff', false],
  ])('%s and %s: %s', (a, b, same) => {
    expect(DN.parse(a).equals(DN.parse(b))).toBe(same);
    expect(DN.parse(a).normalized() === DN.parse(b).normalized()).toBe(same);
  });

  it('gives a key to one name only', () => {
    const exact = { canonicalName: (n: string) => n.toLowerCase(), normalize: defaultRules.normalize };
    const identity = (dn: DN) =>
      JSON.stringify(
        dn.rdns.map((rdn) =>
          rdn.parts
            .map(({ type, value }) => [type.toLowerCase(), exact.normalize(type, value)].join('\u{10ffff}'))
            .sort(),
        ),
      );
    fc.assert(
      fc.property(anyDN, anyDN, (a, b) => {
        expect(a.normalized() === b.normalized()).toBe(identity(a) === identity(b));
      }),
      { numRuns: 500 },
    );
  });

  it('is found from the text alone, or the text is refused alike', () => {
    fc.assert(
      fc.property(texts, (text) => {
        const parsed = outcome(() => DN.parse(text).normalized());
        const found = outcome(() => DN.keyOf(text));
        // Where the fault is counted from differs, that there is one does not.
        expect(found.startsWith('DNSyntaxError') ? 'DNSyntaxError' : found).toBe(
          parsed.startsWith('DNSyntaxError') ? 'DNSyntaxError' : parsed,
        );
      }),
      { numRuns: 2_000 },
    );
  });

  it('takes the rules that it is given, and does not mix up their keys', () => {
    const caseExact = { canonicalName: () => 'x', normalize: (_: string, value: unknown) => String(value) };
    const dn = DN.parse('cn=A');
    expect(dn.equals(DN.parse('commonName=A'), caseExact)).toBe(true);
    expect(dn.equals(DN.parse('cn=a'), caseExact)).toBe(false);
    expect(dn.equals(DN.parse('cn=a'))).toBe(true);
    expect(dn.normalized(caseExact)).toBe('x=A');
  });

  it('knows what lies within what', () => {
    const base = DN.parse('ou=People,dc=example,dc=com');
    expect(DN.parse('cn=a, OU=people,DC=EXAMPLE,dc=com').isWithin(base)).toBe(true);
    expect(base.isWithin(base)).toBe(true);
    expect(base.isWithin(DN.root)).toBe(true);
    expect(DN.parse('dc=example,dc=com').isWithin(base)).toBe(false);
    expect(DN.parse('cn=a,ou=xpeople,dc=example,dc=com').isWithin(base)).toBe(false);
    expect(DN.parse('cn=a\\,ou=people,dc=example,dc=com').isWithin(base)).toBe(false);
  });
});

describe('parts', () => {
  it('walks up to the root and down again', () => {
    const dn = DN.parse('cn=a+uid=b,dc=x');
    expect(dn.parent?.toString()).toBe('dc=x');
    expect(dn.parent?.parent).toMatchObject({ isRoot: true });
    expect(DN.root.parent).toBeUndefined();
    expect(DN.root.rdn).toBeUndefined();
    expect(dn.rdn?.value('UID')).toBe('b');
    expect(dn.rdn?.value('sn')).toBeUndefined();
    expect(dn.parent?.child(new RDN([{ type: 'ou', value: 'p,q' }])).toString()).toBe('ou=p\\,q,dc=x');
    expect(() => new RDN([])).toThrow(TypeError);
  });
});
