import * as fc from 'fast-check';
import { ExpressionSyntaxError, evaluate, parseExpression } from '../../src/mapping/expression';
import { run, scopeOf } from './evaluation';

describe('Replace', () => {
  test.each<[expression: string, expected: unknown]>([
    ['Replace([mail],"@contoso.com", , ,"", ,)', 'john.doe'],
    ['Replace("a.b.a","a", , ,"$&", , )', '$&.b.$&'],
    ['Replace([unknown],"a", , ,"b", , )', null],
    ['Replace([mail],[unknown], , ,"b", , )', 'john.doe@contoso.com'],
    ['Replace("jsmith","<username>", , , , , "<username>@contoso.com")', 'jsmith@contoso.com'],
    ['Replace([unknown],"<username>", , , , , "<username>@contoso.com")', null],
    [`Replace([phone], , "\\\\+(?<isdCode>\\\\d* )(?<phoneNumber>\\\\d{10})", , "\${phoneNumber}", , )`, `9998887777`],
    ['Replace("+1 (999) 888-7777", , "[()\\\\s-]+", , "", , )', '+19998887777'],
    ['Replace("545 Tremont Street", ,"(?<streetNumber>^\\\\d*)","streetNumber", "888", , )', '888 Tremont Street'],
    ['Replace("jsmith@contoso.com", , "(?<Suffix>@(.)*)", "Suffix", "", , )', 'jsmith'],
    [
      'Replace([unknown], , "\\\\+(?<isdCode>\\\\d* )(?<phoneNumber>\\\\d{10})", "phoneNumber" , , [phone], )',
      '9998887777',
    ],
    ['Replace([mail], , "(?<x>.)", "x" , , [phone], )', 'john.doe@contoso.com'],
    ['Replace([unknown], , "(?<x>z)", "x" , , [phone], )', null],
    ['Replace("john_doe72", , "[a-zA-Z_]*", , "", , )', '72'],
    [`Replace("Smith, John", , "(\\w+), (\\w+)", , "$2 $1 $$ $9 \${no}", , )`, `John Smith $ $9 \${no}`],
    ['Replace("ab", , "(a)(?<n>b)", , "$2$1", , )', 'ba'],
    ['Replace("ab", , "(?<n>a)(b)", , "$1", , )', 'b'],
    ['Replace("abc", , "b", , [yes], , )', 'aTruec'],
    ['Replace([proxies], "smtp:", , , "", , )', ['a@x', 'b@x', 'a@x']],
  ])('%s', (text, expected) => {
    expect(run(text)).toEqual(expected);
  });
});

describe('patterns', () => {
  const replaced = (source: string, pattern: string, by = '<$&>'): unknown => {
    const quote = (text: string): string => `"${text.replace(/["\\]/g, '\\$&')}"`;
    const result = evaluate(
      parseExpression(`Replace([s], , ${quote(pattern)}, , ${quote(by)}, , )`),
      scopeOf({ s: source }),
    );
    return result.kind === 'value' ? result.value : result;
  };

  test.each([
    ['aXbX', 'x', 'aXbX'],
    ['aXbX', '(?i)x', 'a<X>b<X>'],
    ['aXbx', '(?i:X)', 'a<X>b<x>'],
    ['aB', '(?i)[a-b]+', '<aB>'],
    ['ab\ncd', '(?m)^.', '<a>b\n<c>d'],
    ['ab\n', 'b$', 'a<b>\n'],
    ['ab\n', 'b\\z', 'ab\n'],
    ['a\nb', '(?s)a.b', '<a\nb>'],
    ['a\nb', 'a.b', 'a\nb'],
    ['foo bar', '\\bb', 'foo <b>ar'],
    ['foo', '\\Bo', 'f<o><o>'],
    ['aaa', 'a{2}', '<aa>a'],
    ['aaaa', 'a{1,3}', '<aaa><a>'],
    ['aaaa', 'a{2,}?', '<aa><aa>'],
    ['<<a>>', '<.*?>', '<<<a>>>'],
    ['ab', '(a|ab)(c|bcd)?', '<a>b'],
    ['a{b}', '{b}', 'a<{b}>'],
    ['x-y', '[\\w-]+', '<x-y>'],
    ['x]y', '[]x]', '<x><]>y'],
    ['hello', '[a-z-[aeiou]]+', '<h>e<ll>o'],
    ['é1٣', '\\p{L}\\d\\d', '<é1٣>'],
    ['A1', '\\P{Lu}', 'A<1>'],
    ['a\tb', '\\x61\\t\\u0062', '<a\tb>'],
    ['😀a', '.', '<😀><a>'],
    ['ab', '(?#comment)a', '<a>b'],
    ['ab', '', '<>a<>b<>'],
    ['aab', 'a*', '<aa><>b<>'],
    ['aac', '(?:a|b*)*c', '<aac>'],
    ['baa', '(?:|a)+', '<>b<aa><>'],
    ['2021-07', "(?'y'\\d+)-(?<m>\\d+)", '<2021-07>'],
  ])('%j matched by %s', (source, pattern, expected) => {
    expect(replaced(source, pattern)).toBe(expected);
  });

  test('agree with the regular expressions of JavaScript', () => {
    const atom = fc.constantFrom('a', 'b', '.', '[ab]', '[^a]', '(a|b)', '(ab|a)', '(?:b|)', 'a?', '(a*)');
    const quantified = fc
      .tuple(atom, fc.constantFrom('', '', '*', '+', '?', '*?', '{1,2}'))
      .map(([a, q]) => (/[*?+]$/.test(a) ? a : a + q));
    const pattern = fc.array(quantified, { minLength: 1, maxLength: 5 }).map((parts) => parts.join(''));
    const branches = fc.array(pattern, { minLength: 1, maxLength: 2 }).map((parts) => parts.join('|'));
    fc.assert(
      fc.property(branches, fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 8 }), (expression, text) => {
        expect(replaced(text, expression, '<$&>')).toBe(text.replace(new RegExp(expression, 'gu'), '<$&>'));
      }),
      { numRuns: 1000 },
    );
  });

  test.each([
    ['(', /not closed/],
    ['a)', /closes nothing/],
    ['[a', /not closed/],
    ['*a', /nothing before/],
    ['a**', /quantifier after/],
    ['(?=a)', /not supported/],
    ['(?<!a)', /not supported/],
    ['(?>a)', /not supported/],
    ['(a)\\1', /not supported/],
    ['(?x)a', /option/],
    ['[b-a]', /wrong order/],
    ['\\p{Foo}', /category/],
    ['a{2,1}', /range/],
    ['\\', /ends in a backslash/],
    ['(?:(?:a{900}){900}){900}', /too large/],
    ['('.repeat(200), /deep/],
    ['a'.repeat(1001), /longer/],
  ])('%.20s is refused when the expression is parsed', (pattern, message) => {
    expect(() => replaced('', pattern)).toThrow(ExpressionSyntaxError);
    expect(() => replaced('', pattern)).toThrow(message);
  });

  test('nested quantifiers cost no more than others, and too much work is refused', () => {
    expect(replaced(`${'a'.repeat(20_000)}!`, '^(a+)+$')).toBe(`${'a'.repeat(20_000)}!`);
    expect(replaced('', '(?:(?:(?:(?:(?:){1000}){1000}){1000}){1000}){1000}', '')).toBe('');
    expect(() => replaced('a'.repeat(90_000), '(a|b|c){100}x')).toThrow(/too long for this pattern/);
  });

  test('a value that is put in place of a match is no template', () => {
    const expression = parseExpression('Replace("ab", , "(a)", , [new], , )');
    expect(evaluate(expression, scopeOf({ new: '$1$&' }))).toEqual({ kind: 'value', value: '$1$&b' });
  });
});
