/** Replace, whose arguments decide which of five things it does. Text from a pattern is matched case-sensitively. */
import { type Constant, type Context, type Evaluate, type FunctionDefinition, onValues } from './definition';
import { compilePattern, cost, type Match, matchesOf, type Pattern } from './pattern';
import {
  ABSENT,
  assertLength,
  concatenate,
  derived,
  FunctionFault,
  isEmpty,
  isList,
  literal,
  textOf,
  type Value,
} from './value';

/** Positions of the arguments. */
const SOURCE = 0;
const OLD = 1;
const PATTERN = 2;
const GROUP = 3;
const NEW = 4;
const ATTRIBUTE = 5;
const TEMPLATE = 6;

type Values = readonly (Value | undefined)[];
/** Works on one source value. */
type Mode = (source: Value, values: Values, context: Context) => Value;

/**
 * Puts a value in place of every occurrence of a text. Pieces of a literal stay literal around it; in data they all become
 * data, because what stands next to what is then decided by the data.
 */
function substitute(text: Value, old: Value | undefined, replacement: Value): Value {
  const haystack = textOf(text.plain);
  const sought = textOf(old?.plain ?? null);
  if (haystack === null || !sought) return text;
  const pieces = haystack.split(sought);
  const inserted = textOf(replacement.plain) ?? '';
  assertLength(haystack.length + (pieces.length - 1) * inserted.length);
  if (text.data) return derived(pieces.join(inserted), [text, replacement]);
  return concatenate(
    pieces.flatMap((piece, index) => (index === 0 ? [literal(piece)] : [replacement, literal(piece)])),
  );
}

const replaceText: Mode = (source, values) => substitute(source, values[OLD], values[NEW] ?? ABSENT);

const fillTemplate: Mode = (source, values) =>
  isEmpty(source.plain) ? source : substitute(values[TEMPLATE] ?? ABSENT, values[OLD], source);

/** Calls `replacement` for each match and puts its text in its place; `undefined` leaves the match as it is. */
function rewrite(
  text: string,
  pattern: Pattern,
  context: Context,
  replacement: (characters: readonly string[], match: Match) => string,
): string {
  const characters = [...text];
  context.spend(cost(pattern, characters.length));
  let result = '';
  let position = 0;
  for (const match of matchesOf(pattern, characters)) {
    result += characters.slice(position, match.start).join('') + replacement(characters, match);
    position = match.end;
    assertLength(result.length);
  }
  return result + characters.slice(position).join('');
}

const between = (characters: readonly string[], range: { start: number; end: number } | undefined): string =>
  range ? characters.slice(range.start, range.end).join('') : '';

const REFERENCE = /\$(?:\$|&|(\d{1,3})|\{(\w{1,100})\})/g;

/** Fills `$1`, `${name}`, `$&` and `$$`; what refers to no group stays as it is. */
function expand(template: string, pattern: Pattern, characters: readonly string[], match: Match): string {
  return template.replace(REFERENCE, (reference: string, number?: string, name?: string) => {
    if (reference === '$$') return '$';
    const group = reference === '$&' ? 0 : pattern.names.get(name ?? number ?? '');
    return group === undefined ? reference : between(characters, match.group(group));
  });
}

function patternModes(pattern: (values: Values) => Pattern): Record<'all' | 'group' | 'extract', Mode> {
  const groupNumber = (values: Values, compiled: Pattern): number => {
    const number = compiled.names.get(textOf(values[GROUP]?.plain ?? null) ?? '');
    if (number === undefined) throw new FunctionFault('the pattern has no group of this name', GROUP);
    return number;
  };
  const onText = (source: Value, others: Values, change: (text: string) => string): Value => {
    const text = textOf(source.plain);
    return text === null ? source : derived(change(text), [source, ...others.filter((value) => value !== undefined)]);
  };
  return {
    all: (source, values, context) =>
      onText(source, [values[NEW]], (text) => {
        const compiled = pattern(values);
        const replacement = values[NEW] ?? ABSENT;
        const template = textOf(replacement.plain) ?? '';
        // A replacement that is data is taken as it is: a `$` in it names no group.
        return rewrite(text, compiled, context, (characters, match) =>
          replacement.data ? template : expand(template, compiled, characters, match),
        );
      }),
    group: (source, values, context) =>
      onText(source, [values[NEW]], (text) => {
        const compiled = pattern(values);
        const number = groupNumber(values, compiled);
        const replacement = textOf(values[NEW]?.plain ?? null) ?? '';
        return rewrite(text, compiled, context, (characters, match) => {
          const group = match.group(number);
          if (!group) return between(characters, match);
          const before = between(characters, { start: match.start, end: group.start });
          return before + replacement + between(characters, { start: group.end, end: match.end });
        });
      }),
    extract: (source, values, context) => {
      if (!isEmpty(source.plain)) return source;
      const other = values[ATTRIBUTE] ?? ABSENT;
      const compiled = pattern(values);
      const number = groupNumber(values, compiled);
      const characters = [...(textOf(other.plain) ?? '')];
      context.spend(cost(compiled, characters.length));
      const [match] = matchesOf(compiled, characters);
      return derived(match ? between(characters, match.group(number)) : null, [source, other]);
    },
  };
}

/** The mode that the given arguments ask for. */
function modeOf(constants: readonly Constant[]): Mode {
  const given = (index: number): boolean => constants[index]?.given ?? false;
  if (given(OLD) && given(TEMPLATE)) return fillTemplate;
  if (given(OLD) && given(NEW)) return replaceText;
  if (given(PATTERN)) {
    const text = constants[PATTERN]?.text;
    const compiled = text === undefined ? undefined : compilePattern(text);
    const group = constants[GROUP]?.text;
    if (compiled && group !== undefined && !compiled.names.has(group)) {
      throw new FunctionFault('the pattern has no group of this name', GROUP);
    }
    const modes = patternModes((values) => compiled ?? compilePattern(textOf(values[PATTERN]?.plain ?? null) ?? ''));
    if (given(GROUP) && given(ATTRIBUTE)) return modes.extract;
    if (given(GROUP) && given(NEW)) return modes.group;
    if (given(NEW)) return modes.all;
  }
  throw new FunctionFault(
    'the arguments are none of: oldValue and replacementValue; oldValue and template; regexPattern and replacementValue; ' +
      'regexPattern, regexGroupName and replacementValue; regexPattern, regexGroupName and replacementAttributeName',
  );
}

function evaluateWith(mode: Mode): Evaluate {
  return onValues((values, context) => {
    const source = values[SOURCE] ?? ABSENT;
    const { plain } = source;
    if (!isList(plain) || plain.length === 0) return mode(source, values, context);
    const results = plain.map((item) => mode({ ...source, plain: item }, values, context));
    return derived(
      results.flatMap((result) => textOf(result.plain) ?? []),
      results,
    );
  });
}

export const replaceFunction: FunctionDefinition = {
  name: 'Replace',
  parameters: [
    'source',
    'oldValue?',
    'regexPattern?',
    'regexGroupName?',
    'replacementValue?',
    'replacementAttributeName?',
    'template?',
  ],
  bind: (constants) => evaluateWith(modeOf(constants)),
};
