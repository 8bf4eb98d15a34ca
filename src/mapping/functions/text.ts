/** The functions on texts, but for Replace. Those that change characters one by one keep the pieces of a joined text apart. */
import { type Evaluate, eachFunction, type FunctionDefinition, onValues, plainFunction } from './definition';
import {
  ABSENT,
  assertLength,
  concatenate,
  derived,
  FunctionFault,
  isEmpty,
  isList,
  mapText,
  partsOf,
  textOf,
  type Value,
} from './value';

/** Joins what has a value; an empty text counts as none (so `Join(", ", "", …)` begins without a separator). */
const join: Evaluate = onValues(([separator = ABSENT, ...sources]) => {
  const pieces: Value[] = [];
  let separate = false;
  for (const source of sources) {
    for (const item of itemsOf(source ?? ABSENT)) {
      const empty = isEmpty(item.plain);
      if (!empty && separate) pieces.push(separator);
      pieces.push(item);
      separate ||= !empty;
    }
    assertLength(pieces.length);
  }
  return concatenate(pieces);
});

/** The values of a multi-valued attribute as values of their own, one absent value where it has none. */
function itemsOf(value: Value): readonly Value[] {
  const { plain, ...origin } = value;
  if (!isList(plain)) return [value];
  const items = plain.filter((item) => item !== '');
  assertLength(items.length);
  return items.length === 0 ? [{ ...origin, plain: null }] : items.map((item) => ({ ...origin, plain: item }));
}

/** Without a source there is nothing to append to; without a suffix the source stays as it is. */
const append: Evaluate = onValues(([source = ABSENT, suffix = ABSENT]) =>
  textOf(source.plain) === null ? source : concatenate([source, suffix]),
);

/** The value passes; that the expression names the function is what keeps its result out of logs. */
const redact: Evaluate = onValues(([value = ABSENT]) => value);

/** Words are what stands between any of the delimiters; there are no empty words. */
function word(text: string | null, number: number, delimiters: string): string {
  if (text === null || number < 1) return '';
  const separators = new Set(delimiters);
  let current = '';
  let count = 0;
  for (const character of text) {
    if (!separators.has(character)) current += character;
    else if (current !== '') {
      if (++count === number) return current;
      current = '';
    }
  }
  return current !== '' && count + 1 === number ? current : '';
}

/** Counts code points, so that no character is cut in half. */
function slice(text: string | null, start: number, length: number): string {
  if (text === null) return '';
  return [...text].slice(Math.max(start, 0), Math.max(start + length, 0)).join('');
}

const COMPARISONS = ['vbTextCompare', 'vbBinaryCompare'];

/** The position from 1, in UTF-16 code units as Visual Basic counts; 0 where it is not found. */
function inStr(text: string | null, sought: string | null, start: number, comparison: string | null): number {
  if (comparison !== null && !COMPARISONS.includes(comparison)) {
    throw new FunctionFault(`the comparison is one of ${COMPARISONS.join(', ')}`, 3);
  }
  if (text === null || sought === null) return 0;
  const fold = (value: string): string => (comparison === 'vbTextCompare' ? changeCase(value, 'lower') : value);
  return fold(text).indexOf(fold(sought), Math.max(start - 1, 0)) + 1;
}

/**
 * The invariant culture maps characters one to one (sharp s has no capital); a named culture follows its own rules.
 * Throws {@link FunctionFault} for a culture name that is not well-formed.
 */
function changeCase(text: string, to: 'lower' | 'upper', culture?: string): string {
  if (culture) {
    try {
      return to === 'lower' ? text.toLocaleLowerCase(culture) : text.toLocaleUpperCase(culture);
    } catch {
      throw new FunctionFault('the culture is not a language tag such as en-US', 1);
    }
  }
  const change = (character: string): string => (to === 'lower' ? character.toLowerCase() : character.toUpperCase());
  return Array.from(text, (character) => {
    const changed = change(character);
    return [...changed].length === 1 ? changed : character;
  }).join('');
}

/** A function that changes a text character by character, piece by piece, value by value. */
function characterwise(
  name: string,
  parameters: readonly string[],
  change: (text: string, option?: string) => string,
): FunctionDefinition {
  const evaluate = onValues(([source = ABSENT, option]) => {
    const setting = option && textOf(option.plain);
    const apply = (text: string): string => change(text, setting ?? undefined);
    if (!isList(source.plain)) return mapText(source, apply);
    return derived(
      source.plain.map((item) => apply(textOf(item) ?? '')),
      [source],
    );
  });
  return {
    name,
    parameters,
    bind(constants) {
      const option = constants[1]?.text;
      if (option) change('', option);
      return evaluate;
    },
  };
}

/** What .NET takes for the end of a word; the apostrophe is part of one. */
const WORD = /\p{L}(?:'|[^\p{Z}\p{Cc}\p{Cf}\p{P}\p{S}])*/gu;

/** First characters of words to upper case, all others to lower case. */
function properCase(text: string, separators: string | undefined): string {
  const lower = changeCase(text, 'lower');
  if (!separators) return lower.replace(WORD, capitalized);
  const boundaries = new Set(separators);
  let start = true;
  return Array.from(lower, (character) => {
    const cased = start ? changeCase(character, 'upper') : character;
    start = boundaries.has(character);
    return cased;
  }).join('');
}

function capitalized(word: string): string {
  const [first = '', ...rest] = word;
  return changeCase(first, 'upper') + rest.join('');
}

/** Letters that have no decomposition, as the table of the documentation gives them. */
const LETTERS: ReadonlyMap<string, string> = new Map(
  Object.entries({ æ: 'ae', Æ: 'AE', œ: 'oe', Œ: 'OE', ø: 'oe', Ø: 'OE', ß: 'ss', ẞ: 'SS', ł: 'l', Ł: 'L', ı: 'i' }),
);

/** Latin letters without their marks; what is not Latin keeps them. */
function normalizeDiacritics(text: string): string {
  const bare = text.normalize('NFD').replace(/(\p{Script=Latin})\p{Mn}+/gu, '$1');
  return Array.from(bare, (character) => LETTERS.get(character) ?? character)
    .join('')
    .normalize('NFC');
}

/** The beginning of a name component, e.g. `cn=`. */
const TYPE = /^\s*[A-Za-z0-9][A-Za-z0-9.-]*\s*=$/;

/** Special characters of RFC 4514 §2.4, the leading `#`, and blanks at either end. */
const SPECIAL = /["+,;<>\\=]|^[ #]| $/g;

/**
 * In a DN expression its text becomes data, but for a leading `type=` literal; escaping is done where data lands in an RDN.
 * Anywhere else the text itself is escaped.
 */
const escapeDNComponent: Evaluate = onValues(([component = ABSENT], context) => {
  const [first = ABSENT, ...rest] = partsOf(component);
  const prefix = rest.length > 0 && !first.data && TYPE.test(textOf(first.plain) ?? '') ? [first] : [];
  const value = concatenate(prefix.length > 0 ? rest : [component]);
  const text = textOf(value.plain) ?? '';
  const escaped = context.dn ? text : text.replace(SPECIAL, '\\$&').replaceAll('\0', '\\00');
  return concatenate([...prefix, { plain: escaped, data: true, sources: value.sources }]);
});

export const textFunctions: readonly FunctionDefinition[] = [
  { name: 'Join', parameters: ['separator', 'source?', 'moreSources…'], bind: () => join },
  { name: 'Append', parameters: ['source', 'suffix'], bind: () => append },
  eachFunction('Word', ['text', 'number', 'delimiters'], (args) =>
    word(args.text(0), args.integer(1), args.text(2) ?? ''),
  ),
  eachFunction('Left', ['text', 'count'], (args) => {
    const count = args.integer(1);
    return slice(args.text(0), 0, count < 0 ? Number.POSITIVE_INFINITY : count);
  }),
  eachFunction('Mid', ['text', 'start', 'length'], (args) => slice(args.text(0), args.integer(1) - 1, args.integer(2))),
  plainFunction('InStr', ['text', 'sought', 'start?', 'compareType?'], (args) =>
    inStr(args.text(0), args.text(1), args.text(2) === null ? 1 : args.integer(2), args.text(3)),
  ),
  characterwise('ToLower', ['source', 'culture?'], (text, culture) => changeCase(text, 'lower', culture)),
  characterwise('ToUpper', ['source', 'culture?'], (text, culture) => changeCase(text, 'upper', culture)),
  eachFunction('PCase', ['source', 'wordSeparators?'], (args) => {
    const text = args.text(0);
    return text === null ? null : properCase(text, args.text(1) ?? undefined);
  }),
  characterwise('NormalizeDiacritics', ['source'], normalizeDiacritics),
  characterwise('StripSpaces', ['source'], (text) => text.replaceAll(' ', '')),
  { name: 'Redact', parameters: ['value'], bind: () => redact },
  { name: 'EscapeDNComponent', parameters: ['component'], bind: () => escapeDNComponent },
];
