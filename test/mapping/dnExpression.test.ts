import * as fc from 'fast-check';
import { DN } from '../../src/directory/dn';
import { DNExpressionError, evaluateDN } from '../../src/mapping/dnExpression';
import { type AttributeValue, evaluate, parseExpression, type Scope } from '../../src/mapping/expression';

function scopeOf(attributes: Record<string, AttributeValue>): Scope {
  return {
    attribute: (name) => (Object.hasOwn(attributes, name) ? attributes[name] : undefined),
    now: () => new Date('2021-07-02T15:33:38Z'),
    random: (length) => Uint8Array.from({ length }, (_, index) => 40 + index),
  };
}

function dn(text: string, attributes: Record<string, AttributeValue> = {}): DN {
  return evaluateDN(parseExpression(text), scopeOf(attributes));
}

/** Types and values, leaf first. */
function shape(name: DN): string[][] {
  return name.rdns.map((rdn) => rdn.parts.map(({ type, value }) => `${type}=${value}`));
}

function fault(text: string, attributes: Record<string, AttributeValue> = {}): DNExpressionError {
  try {
    dn(text, attributes);
  } catch (error) {
    if (error instanceof DNExpressionError) return error;
    throw error;
  }
  throw new Error(`${text} gave a DN`);
}

const nasty = 'Doe, John+UID=1\\41 "x" <#;>= ';

describe('evaluateDN', () => {
  test.each<[expression: string, attributes: Record<string, AttributeValue>, expected: string[][]]>([
    [
      'Join("", "CN=", Word([upn], 1, "@"), ",CN=CloudUsers,CN=App,DC=Contoso,DC=lab")',
      { upn: 'ada@contoso.com' },
      [['CN=ada'], ['CN=CloudUsers'], ['CN=App'], ['DC=Contoso'], ['DC=lab']],
    ],
    ['Join("", "CN=", [x], ",DC=b")', { x: nasty }, [[`CN=${nasty}`], ['DC=b']]],
    ['Join("", "CN=", EscapeDNComponent([x]), ",DC=b")', { x: nasty }, [[`CN=${nasty}`], ['DC=b']]],
    [
      'Join("", "CN=", EscapeDNComponent(Join(", ", [sn], [x])), ",DC=b")',
      { x: 'J+', sn: 'Doe' },
      [['CN=Doe, J+'], ['DC=b']],
    ],
    [
      'Join(",", EscapeDNComponent(Join("", "cn=", [x], ", the first")), "DC=b")',
      { x: 'a,b' },
      [['cn=a,b, the first'], ['DC=b']],
    ],
    ['Append(Join("=", "CN", [x]), ",DC=b")', { x: 'a,b' }, [['CN=a,b'], ['DC=b']]],
    ['Replace([x], "<x>", , , , , "CN=<x>+UID=<x>,DC=b")', { x: 'a,b' }, [['CN=a,b', 'UID=a,b'], ['DC=b']]],
    ['Replace("CN=<x>,DC=b", "<x>", , , [x], , )', { x: 'a,b' }, [['CN=a,b'], ['DC=b']]],
    ['ToLower(Join("", "CN=", [x], ",DC=B"))', { x: 'A,B' }, [['cn=a,b'], ['dc=b']]],
    ['Join("", "CN=", ToLower(Replace([x], ",", , , "+", , )), ",DC=b")', { x: 'A,B' }, [['CN=a+b'], ['DC=b']]],
    [
      'Join("", "CN=", [x], IIF([x]="a,b", ",OU=yes", ",OU=no"), Switch([y], ",DC=c", "1", ",DC=b"))',
      { x: 'a,b', y: '1' },
      [['CN=a,b'], ['OU=yes'], ['DC=b']],
    ],
    ['Join("", "CN=", Coalesce([y], [x]), ",DC=b")', { x: 'a,b' }, [['CN=a,b'], ['DC=b']]],
    ['Join("", "CN=", Item(Split([x], ","), 2), ",DC=b")', { x: 'a,b=' }, [['CN=b='], ['DC=b']]],
    ['Join("", "CN=", [x], ",DC=b")', { x: ['only,one'] }, [['CN=only,one'], ['DC=b']]],
    ['Join("", "CN=", [many], ",DC=b")', { many: ['a', 'b,'] }, [['CN=ab,'], ['DC=b']]],
    ['Join("", "CN=", 1000, [n], [t], ",DC=b")', { n: 1e21, t: true }, [['CN=10001e+21True'], ['DC=b']]],
    ['Join("", "CN=", Guid(), ",DC=b")', {}, [['CN=28292a2b-2c2d-4e2f-b031-323334353637'], ['DC=b']]],
    ['Join("", "CN=a\\\\,b ", [x], ",DC=b")', { x: 'c' }, [['CN=a,b c'], ['DC=b']]],
    ['Join("", "CN=\\"a, ", [x], "\\",DC=b")', { x: '"c' }, [['CN=a, "c'], ['DC=b']]],
    ['Join("", "CN=", [x], [none], ",DC=b")', { x: 'c' }, [['CN=c'], ['DC=b']]],
    ['"CN=Admin,DC=b"', {}, [['CN=Admin'], ['DC=b']]],
    ['Join("", "CN=", [x], ",DC=b")', { x: '\ud800' }, [['CN=\ufffd'], ['DC=b']]],
  ])('%s', (text, attributes, expected) => {
    expect(shape(dn(text, attributes))).toEqual(expected);
  });

  test('whatever an attribute holds, it is the value of one RDN', () => {
    const syntax = fc.string({ unit: fc.constantFrom(...'",+;<>=#\\ \0\n41aZé😀'), minLength: 1, maxLength: 12 });
    const value = fc.oneof(fc.string({ unit: 'binary', minLength: 1 }), syntax);
    const wraps: readonly ((inner: string) => string)[] = [
      (inner) => inner,
      (inner) => `EscapeDNComponent(${inner})`,
      (inner) => `Left(${inner}, 1000)`,
      (inner) => `Coalesce([none], ${inner})`,
      (inner) => `Item(Split(Join("", ${inner}), ""), 1)`,
      (inner) => `Replace(${inner}, , "(?<all>[^,]*)", , "\${all}", , )`,
      (inner) => `Replace(${inner}, ",", , , ",", , )`,
      (inner) => `Replace(${inner}, "@", , , , , "@")`,
    ];
    fc.assert(
      fc.property(value, fc.constantFrom(...wraps), (x, wrap) => {
        const name = dn(`Join("", "CN=", ${wrap('[x]')}, ",OU=a,DC=b")`, { x });
        expect(shape(name).slice(1)).toEqual([['OU=a'], ['DC=b']]);
        expect(name.rdn?.parts).toEqual([{ type: 'CN', value: x }]);
        expect(DN.parse(name.toString()).equals(name)).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });

  test('outside of a DN expression, EscapeDNComponent makes the same name', () => {
    const value = fc.oneof(
      fc.string({ unit: 'binary', minLength: 1 }),
      fc.string({ unit: fc.constantFrom(...'",+;<>=#\\ \0a'), minLength: 1 }),
    );
    fc.assert(
      fc.property(value, (x) => {
        const expression = parseExpression('Join("", "CN=", EscapeDNComponent([x]), ",DC=b")');
        const result = evaluate(expression, scopeOf({ x }));
        if (result.kind !== 'value' || typeof result.value !== 'string') throw new Error('no text');
        expect(DN.parse(result.value).rdn?.parts).toEqual([{ type: 'CN', value: x }]);
      }),
    );
  });
});

describe('what is no DN is said in terms of the expression', () => {
  test.each<[expression: string, attributes: Record<string, AttributeValue>, message: string, sources: string[]]>([
    ['Join("", "CN=", Word([upn], 1, "@"), ",DC=b")', {}, 'the RDN value of CN is empty: [upn] has no value', ['upn']],
    [
      'Join("", "CN=", Word([upn], 3, "@"), ",DC=b")',
      { upn: 'a@b' },
      'the RDN value of CN is empty: nothing is left of [upn]',
      ['upn'],
    ],
    [
      'Join("", "CN=", Coalesce([a], [b]), ",DC=b")',
      { b: '' },
      'the RDN value of CN is empty: [a], [b] have no value',
      ['a', 'b'],
    ],
    [
      'Join("", "CN=", IIF([a]="x", [b], [c]), ",OU=", [d])',
      { a: 'x', b: 'y' },
      'the RDN value of OU is empty: [d] has no value',
      ['d'],
    ],
    ['Join(",", Join("=", "CN", [a]), "DC=b")', {}, 'the RDN value of CN is empty: [a] has no value', ['a']],
    ['Join("", "CN=,DC=b")', {}, 'the RDN value of CN is empty', []],
    ['Switch([a], [b], "x", "y")', {}, 'the expression gives no text: [a], [b] have no value', ['a', 'b']],
    ['Join("", [a])', {}, 'the expression gives no text: [a] has no value', ['a']],
    [
      'IgnoreFlowIfNullOrEmpty([a])',
      {},
      'IgnoreFlowIfNullOrEmpty has left nothing to make a DN of: [a] has no value',
      ['a'],
    ],
    ['[many]', { many: ['CN=a', 'CN=b'] }, 'the expression gives several values, and a DN is one', ['many']],
    ['Join("", "CN=a", [x])', { x: '😀'.repeat(5001) }, 'the text of "CN=a[x]" is longer than 20000 octets', ['x']],
    [
      'CStr([many])',
      { many: ['CN=a', 'CN=b'] },
      'CStr of [many]: several values where one is expected; choose one with Item or unite them with Join',
      ['many'],
    ],
    [
      'Join("", "CN=", [x], ",ou,DC=b")',
      { x: 'secret' },
      '"CN=[x],ou,DC=b" is not a DN: it cannot be read from ",DC=b" on',
      ['x'],
    ],
    [
      'Join("", "CN=#", [x], ",DC=b")',
      { x: 'secret' },
      '"CN=#[x],DC=b" is not a DN: it cannot be read from "#" on',
      ['x'],
    ],
    [
      'Join("", "CN=a\\\\", [x], ",DC=b")',
      { x: 'secret' },
      'in "CN=a\\[x],DC=b", a backslash stands before an attribute\'s text',
      ['x'],
    ],
    ['"no name at all"', {}, '"no name at all" is not a DN: it cannot be read from "name at all" on', []],
  ])('%s', (text, attributes, message, sources) => {
    const error = fault(text, attributes);
    expect(error.message).toBe(message);
    expect(error.sources).toEqual(sources);
  });

  test.each([
    ['[x]', '"[x]"'],
    ['Join("", [x], ",DC=b")', '"[x],DC=b"'],
    ['Join("", "CN=a,", [x])', '"CN=a,[x]"'],
    ['Join("", "CN=a+", [x])', '"CN=a+[x]"'],
    ['Join("", "CN=", Join(", ", "Doe", [x]), ",DC=b")', '"CN=Doe, [x],DC=b"'],
    ['Left(Join("", "CN=", [x]), 100)', '"[x]"'],
    ['Replace([x], "a", , , "CN=a,DC=b", , )', '"[x]"'],
    ['Join("", "CN", [x], "=a")', '"CN[x]=a"'],
  ])('data is no syntax: %s', (text, rendered) => {
    const error = fault(text, { x: 'CN=a' });
    expect(error.message).toContain(
      `in ${rendered}, text from [x] stands where an attribute type (such as "CN=") is expected`,
    );
    expect(error.message).toContain('EscapeDNComponent');
    expect(error.sources).toEqual(['x']);
  });

  test('text of the host stands in no place of syntax either', () => {
    expect(fault('RandomString(8, 1, 1, 1, 1)').message).toContain('in "[…]", generated text stands where');
  });
});
