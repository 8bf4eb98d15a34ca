/**
 * Reads schema descriptions (RFC 4512 §4.1) as servers really publish them: vendor extensions, quoted OIDs, names
 * without quotes or parentheses, quotes inside descriptions, missing blanks. What cannot be understood is a
 * {@link SchemaSyntaxError} that says where; it is for the caller to report it and go on with the next line.
 */

/** A description that cannot be read; `position` counts characters from 0. */
export class SchemaSyntaxError extends Error {
  override readonly name = 'SchemaSyntaxError';

  constructor(
    reason: string,
    readonly position: number,
  ) {
    super(`${reason} at character ${position + 1}`);
  }
}

/** A description taken apart: its OID, and the values of each keyword (upper case); a flag has no values. */
export interface Description {
  readonly oid: string;
  readonly fields: ReadonlyMap<string, readonly string[]>;
}

interface Token {
  readonly kind: '(' | ')' | '$' | 'quoted' | 'word';
  readonly text: string;
  readonly position: number;
}

const FLAGS = new Set([
  'OBSOLETE',
  'SINGLE-VALUE',
  'COLLECTIVE',
  'NO-USER-MODIFICATION',
  'ABSTRACT',
  'STRUCTURAL',
  'AUXILIARY',
]);
const VALUED = new Set([
  'NAME',
  'DESC',
  'SUP',
  'EQUALITY',
  'ORDERING',
  'SUBSTR',
  'SYNTAX',
  'USAGE',
  'MUST',
  'MAY',
  'AUX',
  'NOT',
]);

const isKeyword = (word: string): boolean => {
  const upper = word.toUpperCase();
  return FLAGS.has(upper) || VALUED.has(upper) || upper.startsWith('X-');
};

/** Takes one description apart. One pass over the text, no recursion. */
export function parseDescription(text: string): Description {
  const tokens = tokenize(text);
  let index = tokens[0]?.kind === '(' ? 1 : 0;
  const opened = index === 1;
  const first = tokens[index];
  let oid = '';
  if (first && (first.kind === 'quoted' || (first.kind === 'word' && !isKeyword(first.text)))) {
    oid = first.text;
    index++;
  }
  const fields = new Map<string, readonly string[]>();
  for (;;) {
    const token = tokens[index];
    if (!token) {
      if (opened) throw new SchemaSyntaxError('The closing parenthesis is missing', text.length);
      break;
    }
    if (token.kind === ')') break;
    if (token.kind !== 'word') throw new SchemaSyntaxError('A keyword is expected', token.position);
    index++;
    const keyword = token.text.toUpperCase();
    const values: string[] = [];
    if (!FLAGS.has(keyword)) index = readValues(tokens, index, VALUED.has(keyword), values);
    fields.set(keyword, fields.has(keyword) ? [...(fields.get(keyword) ?? []), ...values] : values);
  }
  const name = oid || fields.get('NAME')?.[0];
  if (!name) throw new SchemaSyntaxError('There is neither an OID nor a name', 0);
  return { oid: name, fields };
}

/** Reads the values of one keyword and returns the index after them: a list in parentheses, or what stands for one. */
function readValues(tokens: readonly Token[], start: number, required: boolean, values: string[]): number {
  let index = start;
  const first = tokens[index];
  if (first?.kind === '(') {
    for (index++; tokens[index]?.kind !== ')'; index++) {
      const token = tokens[index];
      if (!token || token.kind === '(') throw new SchemaSyntaxError('A list is not closed', first.position);
      if (token.kind !== '$') values.push(token.text);
    }
    return index + 1;
  }
  // A known keyword must have a value, so the next word is one even if it looks like a keyword (an attribute named "not").
  const isValue = first && (first.kind === 'quoted' || (first.kind === 'word' && (required || !isKeyword(first.text))));
  if (!isValue) {
    if (required) throw new SchemaSyntaxError('A value is missing', first?.position ?? tokens.at(-1)?.position ?? 0);
    return index;
  }
  values.push(first.text);
  index++;
  for (;;) {
    const token = tokens[index];
    const next = tokens[index + 1];
    if (token?.kind === '$' && next && (next.kind === 'word' || next.kind === 'quoted')) {
      values.push(next.text);
      index += 2;
    } else if (token?.kind === 'quoted' || (token?.kind === 'word' && token.text.startsWith('{'))) {
      values.push(token.text);
      index++;
    } else return index;
  }
}

const isBlank = (code: number): boolean => code <= 0x20;
/** A quote closes only before one of these: so `'the user's name'` is one string, as some servers write it. */
const endsString = (code: number): boolean => Number.isNaN(code) || isBlank(code) || code === 0x29 || code === 0x24;

function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  let index = 0;
  while (index < text.length) {
    const code = text.charCodeAt(index);
    const character = text[index];
    if (isBlank(code)) index++;
    else if (character === '(' || character === ')' || character === '$') {
      tokens.push({ kind: character, text: character, position: index });
      index++;
    } else if (character === "'") {
      const end = closingQuote(text, index);
      tokens.push({ kind: 'quoted', text: unescapeQuoted(text.slice(index + 1, end)), position: index });
      index = end + 1;
    } else {
      const start = index;
      while (index < text.length && !isBlank(text.charCodeAt(index)) && !"()$'".includes(text.charAt(index))) index++;
      tokens.push({ kind: 'word', text: text.slice(start, index), position: start });
    }
  }
  return tokens;
}

function closingQuote(text: string, start: number): number {
  for (let end = text.indexOf("'", start + 1); end !== -1; end = text.indexOf("'", end + 1)) {
    if (endsString(text.charCodeAt(end + 1))) return end;
  }
  throw new SchemaSyntaxError('A quoted string is not closed', start);
}

/** `\27` and `\5C` are the only escapes of RFC 4512 §4.1; a bare backslash stands for itself. */
function unescapeQuoted(text: string): string {
  return text.includes('\\')
    ? text.replace(/\\(27|5[Cc]|')/g, (_all, code) => (code.startsWith('5') ? '\\' : "'"))
    : text;
}
