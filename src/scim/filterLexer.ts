/** Tokens of filters and attribute paths (RFC 7644 §3.4.2.2, figure 1). */

/** What is wrong with a filter or a path, and where. */
export class SyntaxFault extends Error {
  override readonly name = 'SyntaxFault';

  /** `position` counts characters from 0. */
  constructor(
    readonly position: number,
    message: string,
  ) {
    super(message);
  }

  /** One sentence for the client; people count from 1. */
  describe(): string {
    return `${this.message} at character ${this.position + 1}`;
  }
}

export interface Token {
  readonly kind: '(' | ')' | '[' | ']' | 'word' | 'string' | 'end';
  /** The token as written; of a string, its value. */
  readonly text: string;
  readonly position: number;
  /** Whether nothing stands between this token and the one before. */
  readonly adjacent: boolean;
}

const wordEnd = /[\s()[\]"]/g;

/** Reads one token after another; looks one ahead. */
export class FilterLexer {
  #next: Token;
  #offset = 0;

  constructor(readonly source: string) {
    this.#next = this.#read();
  }

  /** The next token, which stays the next. */
  peek(): Token {
    return this.#next;
  }

  /** The next token, which is thereby done with. */
  take(): Token {
    const token = this.#next;
    this.#next = this.#read();
    return token;
  }

  /** Whether the next token is this word, in any case. */
  isWord(word: string): boolean {
    return this.#next.kind === 'word' && this.#next.text.toLowerCase() === word;
  }

  /** Takes the next token if it is of this kind, else says what was expected. */
  expect(kind: Token['kind'], what: string): Token {
    if (this.#next.kind !== kind) throw this.unexpected(what);
    return this.take();
  }

  unexpected(expected: string): SyntaxFault {
    const { kind, text, position } = this.#next;
    const found = kind === 'end' ? 'the end' : kind === 'string' ? 'a string' : `"${text.slice(0, 40)}"`;
    return new SyntaxFault(position, `${expected} expected but ${found} found`);
  }

  /** Whether an opening parenthesis follows the next token, as in `not (`. */
  parenthesisFollows(): boolean {
    return /^\s*\(/.test(this.source.slice(this.#offset, this.#offset + 64));
  }

  #read(): Token {
    const { source } = this;
    const start = this.#offset;
    let position = start;
    while (position < source.length && isBlank(source.charCodeAt(position))) position++;
    const adjacent = position === start && start > 0;
    const character = source[position];
    if (character === undefined) return { kind: 'end', text: '', position, adjacent };
    if (character === '(' || character === ')' || character === '[' || character === ']') {
      this.#offset = position + 1;
      return { kind: character, text: character, position, adjacent };
    }
    if (character === '"') return { kind: 'string', text: this.#string(position), position, adjacent };
    wordEnd.lastIndex = position;
    this.#offset = wordEnd.exec(source)?.index ?? source.length;
    return { kind: 'word', text: source.slice(position, this.#offset), position, adjacent };
  }

  /** A JSON string (RFC 8259 §7) that opens at `start`. */
  #string(start: number): string {
    const { source } = this;
    let end = start + 1;
    while (end < source.length && source[end] !== '"') end += source[end] === '\\' ? 2 : 1;
    if (end >= source.length) throw new SyntaxFault(start, 'A string without its closing quotation mark');
    this.#offset = end + 1;
    try {
      return JSON.parse(source.slice(start, end + 1));
    } catch {
      throw new SyntaxFault(start, 'A string with an escape or a control character that JSON does not allow');
    }
  }
}

function isBlank(code: number): boolean {
  return code === 0x20 || (code >= 0x09 && code <= 0x0d);
}
