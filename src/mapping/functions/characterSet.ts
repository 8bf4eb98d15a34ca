/** Sets of characters as .NET regular expressions name them: classes, categories, ranges, and their differences. */
import { FunctionFault } from './value';

/** Whether a character (one code point) is in the set. */
export type CharacterSet = (character: string) => boolean;

/** What a pattern is read with: the pattern as code points, and how far it has been read. */
export interface Reader {
  readonly characters: readonly string[];
  position: number;
}

const fromExpression =
  (expression: RegExp): CharacterSet =>
  (character) =>
    expression.test(character);

const DIGIT = fromExpression(/^\p{Nd}$/u);
const WORD = fromExpression(/^[\p{L}\p{Mn}\p{Nd}\p{Pc}]$/u);
const SPACE = fromExpression(/^[\f\n\r\t\v\x85\p{Z}]$/u);

const not =
  (set: CharacterSet): CharacterSet =>
  (character) =>
    !set(character);

const CLASSES: ReadonlyMap<string, CharacterSet> = new Map([
  ['d', DIGIT],
  ['D', not(DIGIT)],
  ['w', WORD],
  ['W', not(WORD)],
  ['s', SPACE],
  ['S', not(SPACE)],
]);

const CONTROLS: ReadonlyMap<string, string> = new Map(
  Object.entries({ t: '\t', n: '\n', r: '\r', f: '\f', v: '\v', a: '\u0007', e: '\u001b', '0': '\0' }),
);

/** Whether a character counts as part of a word, for `\b`. */
export const isWordCharacter: CharacterSet = WORD;

export const isCharacter =
  (wanted: string, ignoreCase: boolean): CharacterSet =>
  (character) =>
    character === wanted || (ignoreCase && character.toLowerCase() === wanted.toLowerCase());

export function fault(message: string): FunctionFault {
  return new FunctionFault(`the pattern ${message}`, 2);
}

/** What an escape stands for (the backslash has been read): one character, or a set. */
export function readEscape(reader: Reader): string | CharacterSet {
  const letter = reader.characters[reader.position++];
  if (letter === undefined) throw fault('ends in a backslash');
  const set = CLASSES.get(letter);
  if (set) return set;
  if (letter === 'p' || letter === 'P') return readCategory(reader, letter === 'P');
  if (letter === 'x') return readHex(reader, 2);
  if (letter === 'u') return readHex(reader, 4);
  const control = CONTROLS.get(letter);
  if (control !== undefined) return control;
  if (/^[A-Za-z1-9]$/.test(letter)) throw fault(`has \\${letter}, which is not supported`);
  return letter;
}

function readHex(reader: Reader, length: number): string {
  const digits = reader.characters.slice(reader.position, reader.position + length).join('');
  if (digits.length !== length || !/^[0-9a-f]+$/i.test(digits))
    throw fault(`needs ${length} hexadecimal digits after the escape`);
  reader.position += length;
  return String.fromCharCode(Number.parseInt(digits, 16));
}

/** `\p{L}`, `\p{Lu}`: the general categories of Unicode. */
function readCategory(reader: Reader, negated: boolean): CharacterSet {
  const end = reader.characters.indexOf('}', reader.position);
  const name = reader.characters.slice(reader.position + 1, end).join('');
  if (
    reader.characters[reader.position] !== '{' ||
    !/^(?:[CLMNPSZ]|C[cfnos]|L[lmotu]|M[cen]|N[dlo]|P[cdefios]|S[ckmo]|Z[lps])$/.test(name)
  ) {
    throw fault('has a category that is none of Unicode, such as \\p{L} or \\p{Nd}');
  }
  reader.position = end + 1;
  return fromExpression(new RegExp(`^\\${negated ? 'P' : 'p'}{${name}}$`, 'u'));
}

/** A class in brackets (the opening one has been read), with ranges, escapes and one subtracted class: `[a-z-[aeiou]]`. */
export function readClass(reader: Reader, ignoreCase: boolean, depth = 0): CharacterSet {
  if (depth > 5) throw fault('subtracts classes too deeply');
  const negated = reader.characters[reader.position] === '^';
  if (negated) reader.position++;
  const members: CharacterSet[] = [];
  for (let first = true; ; first = false) {
    const character = reader.characters[reader.position++];
    if (character === undefined) throw fault('has a [ that is not closed');
    if (character === ']' && !first) break;
    if (character === '-' && reader.characters[reader.position] === '[' && !first) {
      reader.position++;
      const except = readClass(reader, ignoreCase, depth + 1);
      if (reader.characters[reader.position++] !== ']') throw fault('has something after a subtracted class');
      return (candidate) => members.some((set) => set(candidate)) !== negated && !except(candidate);
    }
    members.push(readMember(reader, character, ignoreCase));
  }
  return (candidate) => members.some((set) => set(candidate)) !== negated;
}

function readMember(reader: Reader, character: string, ignoreCase: boolean): CharacterSet {
  const from = character === '\\' ? readClassEscape(reader) : character;
  if (typeof from !== 'string') return from;
  const next = reader.characters[reader.position + 1];
  if (reader.characters[reader.position] !== '-' || next === undefined || next === ']' || next === '[') {
    return isCharacter(from, ignoreCase);
  }
  reader.position += 2;
  const to = next === '\\' ? readClassEscape(reader) : next;
  if (typeof to !== 'string' || codePoint(to) < codePoint(from))
    throw fault('has a range whose ends are in the wrong order');
  const within: CharacterSet = (candidate) =>
    codePoint(candidate) >= codePoint(from) && codePoint(candidate) <= codePoint(to);
  if (!ignoreCase) return within;
  return (candidate) => within(candidate) || within(candidate.toLowerCase()) || within(candidate.toUpperCase());
}

/** In a class, `\b` is the backspace. */
function readClassEscape(reader: Reader): string | CharacterSet {
  if (reader.characters[reader.position] !== 'b') return readEscape(reader);
  reader.position++;
  return '\b';
}

function codePoint(character: string): number {
  return character.codePointAt(0) ?? 0;
}
