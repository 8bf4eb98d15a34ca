/** Reads .NET regular expressions into a tree; what cannot be run in linear time is refused by name. */
import {
  type CharacterSet,
  fault,
  isCharacter,
  isWordCharacter,
  type Reader,
  readClass,
  readEscape,
} from './characterSet';

/** Whether an anchor holds between the characters before and at a position. */
export type Assertion = (text: readonly string[], position: number) => boolean;

export type Item =
  | { readonly kind: 'sequence' | 'alternatives'; readonly items: readonly Item[] }
  | { readonly kind: 'character'; readonly matches: CharacterSet }
  | { readonly kind: 'assert'; readonly holds: Assertion }
  | { readonly kind: 'group'; readonly name: string; readonly item: Item }
  | {
      readonly kind: 'repeat';
      readonly item: Item;
      readonly min: number;
      readonly max: number;
      readonly lazy: boolean;
    };

export interface ParsedPattern {
  readonly item: Item;
  /** The names of the groups as .NET numbers them: the whole match, the groups without a name, then the others. */
  readonly groups: readonly string[];
}

interface Flags {
  readonly ignoreCase: boolean;
  readonly multiline: boolean;
  readonly singleline: boolean;
}

const MAX_DEPTH = 30;
const MAX_REPEAT = 1000;

const start: Assertion = (_, position) => position === 0;
const end: Assertion = (text, position) => position === text.length;
const lastLineEnd: Assertion = (text, position) =>
  position === text.length || (position === text.length - 1 && text[position] === '\n');
const lineStart: Assertion = (text, position) => position === 0 || text[position - 1] === '\n';
const lineEnd: Assertion = (text, position) => position === text.length || text[position] === '\n';
const wordBoundary: Assertion = (text, position) =>
  isWordCharacter(text[position - 1] ?? '') !== isWordCharacter(text[position] ?? '');

const ANCHORS: ReadonlyMap<string, Assertion> = new Map([
  ['A', start],
  ['z', end],
  ['Z', lastLineEnd],
  ['b', wordBoundary],
  ['B', (text, position) => !wordBoundary(text, position)],
]);

/** Parses a pattern. Throws a `FunctionFault`. */
export function parsePattern(text: string): ParsedPattern {
  return new PatternParser(text).parse();
}

class PatternParser implements Reader {
  readonly characters: readonly string[];
  position = 0;
  #depth = 0;
  #unnamed = 0;
  readonly #named = new Set<string>();

  constructor(text: string) {
    this.characters = [...text];
  }

  parse(): ParsedPattern {
    const item = this.#alternatives({ ignoreCase: false, multiline: false, singleline: false });
    if (this.position < this.characters.length) throw fault('has a ) that closes nothing');
    const unnamed = Array.from({ length: this.#unnamed + 1 }, (_, index) => String(index));
    return { item, groups: [...new Set([...unnamed, ...this.#named])] };
  }

  /** Everything up to a closing parenthesis or the end. */
  #alternatives(outer: Flags): Item {
    if (++this.#depth > MAX_DEPTH) throw fault(`has groups more than ${MAX_DEPTH} deep`);
    let flags = outer;
    const branches: Item[][] = [[]];
    for (;;) {
      const character = this.characters[this.position];
      if (character === undefined || character === ')') break;
      this.position++;
      const inline = character === '(' ? this.#inlineFlags(flags) : undefined;
      if (inline) flags = inline;
      else if (character === '|') branches.push([]);
      else {
        const atom = this.#atom(character, flags);
        if (atom) branches.at(-1)?.push(this.#quantified(atom));
      }
    }
    this.#depth--;
    const sequences = branches.map((items): Item => ({ kind: 'sequence', items }));
    return { kind: 'alternatives', items: sequences };
  }

  /** One element; undefined for a comment. */
  #atom(character: string, flags: Flags): Item | undefined {
    switch (character) {
      case '(':
        return this.#group(flags);
      case '[':
        return { kind: 'character', matches: readClass(this, flags.ignoreCase) };
      case '.':
        return { kind: 'character', matches: flags.singleline ? () => true : (candidate) => candidate !== '\n' };
      case '^':
        return { kind: 'assert', holds: flags.multiline ? lineStart : start };
      case '$':
        return { kind: 'assert', holds: flags.multiline ? lineEnd : lastLineEnd };
      case '\\':
        return this.#escape(flags);
      case '*':
      case '+':
      case '?':
        throw fault(`has a ${character} with nothing before it to repeat`);
      default:
        return { kind: 'character', matches: isCharacter(character, flags.ignoreCase) };
    }
  }

  #escape(flags: Flags): Item {
    const anchor = ANCHORS.get(this.characters[this.position] ?? '');
    if (anchor) {
      this.position++;
      return { kind: 'assert', holds: anchor };
    }
    if (/^[1-9k]$/.test(this.characters[this.position] ?? ''))
      throw fault('refers back to a group, which is not supported');
    const read = readEscape(this);
    return { kind: 'character', matches: typeof read === 'string' ? isCharacter(read, flags.ignoreCase) : read };
  }

  /** `(?i)`, `(?m-s)`: for the rest of the group; undefined, with nothing read, where it is something else. */
  #inlineFlags(flags: Flags): Flags | undefined {
    const [text, rest] = this.#match(/^\?([a-z-]+)\)/) ?? [];
    if (text === undefined || rest === undefined) return undefined;
    this.position += text.length;
    return withFlags(flags, rest);
  }

  #group(flags: Flags): Item | undefined {
    if (this.#match(/^\?(?:<?[=!]|>|\(|<\w*-)/)) {
      throw fault('has look-around, or an atomic, conditional or balancing group, which is not supported');
    }
    const [comment] = this.#match(/^\?#[^)]*\)/) ?? [];
    if (comment !== undefined) {
      this.position += comment.length;
      return undefined;
    }
    const [plain, letters = ''] = this.#match(/^\?([a-z-]*):/) ?? [];
    const [named, inAngles, inQuotes] = this.#match(/^\?(?:<(\w+)>|'(\w+)')/) ?? [];
    const name = inAngles ?? inQuotes;
    if (plain === undefined && name === undefined && this.characters[this.position] === '?') {
      throw fault('has a group of an unknown kind');
    }
    this.position += (plain ?? named ?? '').length;
    if (name !== undefined) this.#named.add(name);
    const number = plain === undefined && name === undefined ? String(++this.#unnamed) : undefined;
    const item = this.#alternatives(plain === undefined ? flags : withFlags(flags, letters));
    if (this.characters[this.position++] !== ')') throw fault('has a ( that is not closed');
    const group = name ?? number;
    return group === undefined ? item : { kind: 'group', name: group, item };
  }

  /** The element with the quantifier that follows it. */
  #quantified(item: Item): Item {
    const [text, digits, comma, limit] = this.#match(/^(?:[*+?]|\{(\d{1,4})(,)?(\d{1,4})?\})/) ?? [];
    if (text === undefined) return item;
    this.position += text.length;
    const min = text === '+' ? 1 : Number(digits ?? 0);
    const unlimited = text === '*' || text === '+' || (comma !== undefined && limit === undefined);
    const max = unlimited ? Number.POSITIVE_INFINITY : text === '?' ? 1 : Number(limit ?? digits);
    if (max < min || Math.max(min, unlimited ? 0 : max) > MAX_REPEAT) {
      throw fault(`repeats something in a range that is not within 0 to ${MAX_REPEAT}`);
    }
    const lazy = this.characters[this.position] === '?';
    if (lazy) this.position++;
    if (this.#match(/^(?:[*+?]|\{\d{1,4}(?:,\d{0,4})?\})/)) throw fault('has a quantifier after a quantifier');
    return { kind: 'repeat', item, min, max, lazy };
  }

  /** Matches what comes next; the expressions are ours, and short. */
  #match(expression: RegExp): RegExpExecArray | null {
    return expression.exec(this.characters.slice(this.position, this.position + 80).join(''));
  }
}

function withFlags(flags: Flags, letters: string): Flags {
  if (!/^[ims]*(?:-[ims]*)?$/.test(letters)) throw fault('has an option other than i, m and s');
  const [on = '', off = ''] = letters.split('-');
  const setting = (letter: string, before: boolean): boolean =>
    (before || on.includes(letter)) && !off.includes(letter);
  return {
    ignoreCase: setting('i', flags.ignoreCase),
    multiline: setting('m', flags.multiline),
    singleline: setting('s', flags.singleline),
  };
}
