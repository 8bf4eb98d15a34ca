import * as fc from 'fast-check';
import {
  ExpressionEvaluationError,
  ExpressionSyntaxError,
  evaluate,
  parseExpression,
} from '../../src/mapping/expression';
import { functionNames } from '../../src/mapping/expressionFunctions';
import { attributes, scopeOf } from './evaluation';

describe('what is known of an expression before it is evaluated', () => {
  test('sources are kept verbatim, functions named once, redaction noticed', () => {
    const expression = parseExpression(
      'Join(" ", [name.givenName], [emails[type eq "wo]rk"].value], [urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department], Redact(Join("", [name.givenName])))',
    );
    expect(expression.sources).toEqual([
      'name.givenName',
      'emails[type eq "wo]rk"].value',
      'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department',
    ]);
    expect(expression.functions).toEqual(['Join', 'Redact']);
    expect(expression.redacted).toBe(true);
    expect(expression.allocation).toBeUndefined();
  });

  test('SelectUniqueValue keeps its candidates', () => {
    const expression = parseExpression(
      'SelectUniqueValue( Join(".", [given], [surname]), Append(Redact([given]), "1") )',
    );
    expect(expression.sources).toEqual(['given', 'surname']);
    expect(expression.functions).toEqual(['SelectUniqueValue', 'Join', 'Append', 'Redact']);
    expect(expression.redacted).toBe(true);
    const { allocation } = expression;
    if (allocation?.kind !== 'selectUnique') throw new Error('no candidates');
    expect(allocation.candidates.map(({ text }) => text)).toEqual([
      'Join(".", [given], [surname])',
      'Append(Redact([given]), "1")',
    ]);
    expect(allocation.candidates.map((candidate) => evaluate(candidate, scopeOf(attributes)))).toEqual([
      { kind: 'value', value: 'John.Doe' },
      { kind: 'value', value: 'John1' },
    ]);
    expect(() => evaluate(expression, scopeOf())).toThrow(TypeError);
  });

  test('NextNumber keeps its range', () => {
    expect(parseExpression('NextNumber(10000, 30000)').allocation).toEqual({
      kind: 'nextNumber',
      from: 10000,
      to: 30000,
    });
  });

  test.each([
    ['', 0, /ends where a value is expected/],
    ['tolower([a])', 0, /no function "tolower"; did you mean ToLower\?/],
    ['Left(Rigth([a], 1), 2)', 5, /no function "Rigth" \(/],
    ['Joim("", [a])', 0, /did you mean Join\?/],
    ['constructor("")', 0, /no function/],
    ['Left([a])', 0, /count is missing in Left\(text, count\)/],
    ['Left([a], 1, 2)', 0, /too many arguments in Left/],
    ['Guid(1)', 0, /too many arguments in Guid\(\)/],
    ['Join()', 0, /separator is missing/],
    ['Join("", "x', 9, /no closing quotation mark/],
    ['Join("", [x', 9, /not closed/],
    ['Join("", [])', 9, /no name/],
    ['Join("", [x]', 4, /parenthesis of Join is not closed/],
    ['Join("" [x])', 8, /comma or a closing parenthesis is expected, not "\["/],
    ['[a] [b]', 4, /after the end/],
    ['Append([a], “x”)', 12, /straight double quotation marks/],
    ['mail', 0, /"mail" is neither/],
    ['IIF([a]="1"="2", "", "")', 11, /only two values/],
    ['Switch([a], "", "k")', 16, /every key needs a value/],
    ['Switch([a], "", "k", "v", "k2")', 26, /every key needs a value/],
    ['Replace([a], "x")', 0, /none of: oldValue/],
    ['Replace([a], , "(?<x>a)", "y", "b", , )', 26, /no group of this name/],
    ['DateAdd("dd", 1, [a])', 8, /interval is one of/],
    ['FormatDateTime([a], "Roundtrip", "s", "s")', 20, /date style/],
    ['FormatDateTime([a], , "ffffffff", "s")', 22, /at most seven/],
    ['FormatDateTime([a], , "yyyy\'", "s")', 22, /not closed/],
    ['ToLower([a], "not a culture")', 13, /language tag/],
    ['Join("", NextNumber(1, 2))', 9, /only stand at the top/],
    ['NextNumber(2, 1)', 0, /smaller one first/],
    ['NextNumber([a], 1)', 0, /two integers/],
    ['SelectUniqueValue([a])', 0, /two candidates/],
    ['SelectUniqueValue([a], )', 23, /candidate of SelectUniqueValue is empty/],
    ['SelectUniqueValue', 17, /in parentheses/],
    [`Join("", "${'x'.repeat(10_000)}")`, 10_000, /at most 10000/],
    [`${'Not('.repeat(60)}true${')'.repeat(60)}`, 200, /more than 50 deep/],
  ])('%.50s is refused at its position', (text, position, message) => {
    let error: unknown;
    try {
      parseExpression(text);
    } catch (caught) {
      error = caught;
    }
    expect(error).toBeInstanceOf(ExpressionSyntaxError);
    expect((error as ExpressionSyntaxError).message).toMatch(message);
    expect((error as ExpressionSyntaxError).position).toBe(position);
  });

  test('parsing throws nothing but ExpressionSyntaxError, and evaluating nothing but ExpressionEvaluationError', () => {
    const token = fc.oneof(
      fc.constantFrom(...functionNames),
      fc.constantFrom(
        '(',
        ')',
        ',',
        ' ',
        '"',
        '\\',
        '[',
        ']',
        '=',
        '<>',
        '1',
        '-3',
        '&HF',
        'true',
        '"@"',
        '[a]',
        '[l]',
        '"(a+)"',
        '"s"',
      ),
      fc.string({ unit: 'binary', maxLength: 5 }),
    );
    const scope = scopeOf({ a: 'x@y', l: ['p', 'q'], n: 3 });
    // Half of them calls that are nearly right, so that evaluation is reached as well.
    const argument = fc.constantFrom(
      '',
      '[a]',
      '[l]',
      '[n]',
      '[none]',
      '"@"',
      '1',
      '-1',
      'true',
      'Split("a,b", ",")',
      'Now()',
    );
    const call = fc
      .tuple(fc.constantFrom(...functionNames), fc.array(argument, { maxLength: 7 }))
      .map(([name, args]) => `${name}(${args.join(',')})`);
    const text = fc.oneof(
      fc.array(token, { maxLength: 20 }).map((parts) => parts.join('')),
      call,
    );
    fc.assert(
      fc.property(text, (candidate) => {
        try {
          const expression = parseExpression(candidate);
          if (!expression.allocation) evaluate(expression, scope);
        } catch (error) {
          if (!(error instanceof ExpressionSyntaxError) && !(error instanceof ExpressionEvaluationError)) throw error;
        }
      }),
      { numRuns: 5000 },
    );
  });

  test('a text that grows without bound is refused', () => {
    const grow = (inner: string): string => `Replace(${inner}, "a", , , "${'a'.repeat(200)}", , )`;
    expect(() => evaluate(parseExpression(grow(grow(grow(grow('"a"'))))), scopeOf())).toThrow(/longer than 100000/);
    const many = `Join("", ${Array.from({ length: 20 }, () => '[big]').join(',')})`;
    expect(() => evaluate(parseExpression(many), scopeOf({ big: 'x'.repeat(10_000) }))).toThrow(/longer than 100000/);
  });
});
