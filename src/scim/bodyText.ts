/** The text of a JSON body before it is parsed: how deep it nests, and where it is at fault. */
import { ScimError } from './error';

/** Objects and lists within one another; a bulk request of extensions with complex values has ten. */
export const maxNesting = 32;

/** A body that nests deeper than that. */
export function tooDeep(): ScimError {
  return ScimError.invalidSyntax(
    `The body has more than ${maxNesting} objects and lists within one another: no SCIM message nests that deep.`,
  );
}

/** Whether a text nests deeper than any message does: whoever walks what nests as deep as it is long exhausts the stack. */
export function nestsTooDeep(text: string): boolean {
  let depth = 0;
  for (let position = 0; position < text.length; position++) {
    const character = text.charCodeAt(position);
    if (character === quote) {
      position = closingQuote(text, position);
      if (position < 0) return false;
    } else if (character === openBrace || character === openBracket) {
      if (++depth > maxNesting) return true;
    } else if (character === closeBrace || character === closeBracket) depth--;
  }
  return false;
}

const [quote, backslash, openBrace, closeBrace, openBracket, closeBracket] = [0x22, 0x5c, 0x7b, 0x7d, 0x5b, 0x5d];

/** Where the string that opens at `start` ends; -1 when it does not. */
export function closingQuote(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end >= 0; end = text.indexOf('"', end + 1)) {
    let escapes = 0;
    while (text.charCodeAt(end - 1 - escapes) === backslash) escapes++;
    if (escapes % 2 === 0) return end;
  }
  return -1;
}

const scalar = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.+-])|(?:true|false|null)(?!\w)/y;
const blanks = /[ \t\r\n]*/y;

/** The character at which a text stops being JSON (RFC 8259). Does not recurse: the text may nest as deep as it is long. */
export function faultPosition(text: string): number {
  const open: string[] = [];
  let position = skip(text, 0);
  let expected: 'value' | 'firstName' | 'name' | 'first' | 'separator' = 'value';
  while (position < text.length) {
    const character = text[position] ?? '';
    if (expected === 'separator') {
      const container = open.at(-1);
      if (container === undefined) return position;
      if (character === ',') expected = container === '{' ? 'name' : 'value';
      else if (character !== (container === '{' ? '}' : ']')) return position;
      else open.pop();
      position = skip(text, position + 1);
    } else if ((expected === 'first' && character === ']') || (expected === 'firstName' && character === '}')) {
      open.pop();
      expected = 'separator';
      position = skip(text, position + 1);
    } else if (expected === 'name' || expected === 'firstName') {
      const end = character === '"' ? stringEnd(text, position) : undefined;
      if (end === undefined) return position;
      const colon = skip(text, end);
      if (text[colon] !== ':') return colon;
      expected = 'value';
      position = skip(text, colon + 1);
    } else if (character === '{' || character === '[') {
      open.push(character);
      expected = character === '{' ? 'firstName' : 'first';
      position = skip(text, position + 1);
    } else {
      const end = character === '"' ? stringEnd(text, position) : scalarEnd(text, position);
      if (end === undefined) return position;
      expected = 'separator';
      position = skip(text, end);
    }
  }
  return position;
}

function skip(text: string, position: number): number {
  blanks.lastIndex = position;
  blanks.exec(text);
  return blanks.lastIndex;
}

function scalarEnd(text: string, position: number): number | undefined {
  scalar.lastIndex = position;
  return scalar.test(text) ? scalar.lastIndex : undefined;
}

function stringEnd(text: string, start: number): number | undefined {
  let end = start + 1;
  while (end < text.length && text[end] !== '"') end += text[end] === '\\' ? 2 : 1;
  if (end >= text.length) return undefined;
  try {
    JSON.parse(text.slice(start, end + 1));
    return end + 1;
  } catch {
    return undefined;
  }
}
