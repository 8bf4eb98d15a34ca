/**
 * Reads the text of an expression into a tree. It owns the grammar and every fault that can be found before a value is
 * known; it never evaluates. Grammar: calls `Name(argument, …)` with arguments that may be empty, `[attribute]`,
 * `"text"` with `\"` and `\\`, numbers, `&H` numbers, `true`, `false`, and one comparison between two of these.
 */
import { ALLOCATIONS, functionNamed, suggestionFor } from './expressionFunctions';
import { bindCall, ExpressionSyntaxError, type Node, type ParsedArgument, type Root } from './expressionTree';
import type { Operator } from './functions/logic';
import { literal, type Value } from './functions/value';

/** The longest expression, in UTF-16 code units; it is also the identity provider's limit. */
export const MAX_EXPRESSION = 10_000;
const MAX_DEPTH = 50;

/** Parses an expression. Throws {@link ExpressionSyntaxError} and nothing else. */
export function parseTree(text: string): Root {
  if (text.length > MAX_EXPRESSION) {
    throw new ExpressionSyntaxError(MAX_EXPRESSION, `an expression has at most ${MAX_EXPRESSION} characters`);
  }
  return new ExpressionParser(text).parse();
}

const BLANK = /\s/;
const NAME = /[A-Za-z_][A-Za-z0-9_]*/y;
const NUMBER = /&H[0-9A-Fa-f]{1,12}|-?\d{1,40}(?:\.\d{1,20})?/y;
const OPERATOR = /<>|<=|>=|[=<>]/y;
/** Words that stand for themselves, e.g. the compare types of InStr. */
const WORDS: ReadonlyMap<string, Value> = new Map([
  ['true', literal(true)],
  ['True', literal(true)],
  ['false', literal(false)],
  ['False', literal(false)],
  ['vbTextCompare', literal('vbTextCompare')],
  ['vbBinaryCompare', literal('vbBinaryCompare')],
]);

class ExpressionParser {
  readonly #text: string;
  #position = 0;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
  }

  parse(): Root {
    const root = this.#allocation() ?? this.#expression();
    this.#skipBlanks();
    if (this.#position < this.#text.length) this.#fail(`${this.#found()} stands after the end of the expression`);
    return root;
  }

  /** SelectUniqueValue and NextNumber, which stand at the top only. */
  #allocation(): Root | undefined {
    this.#skipBlanks();
    const start = this.#position;
    const name = ALLOCATIONS.find((known) => this.#match(NAME) === known);
    if (name === undefined) return undefined;
    this.#position += name.length;
    const args = this.#arguments(name);
    return name === 'NextNumber' ? nextNumber(args, start) : this.#selectUnique(args, start);
  }

  #selectUnique(args: readonly ParsedArgument[], start: number): Root {
    if (args.length < 2) this.#fail('SelectUniqueValue needs at least two candidates', start);
    const candidates = args.map(({ node, start: from, end }) => {
      if (!node) this.#fail('a candidate of SelectUniqueValue is empty', from);
      return { text: this.#text.slice(from, end).trim(), node };
    });
    return { kind: 'selectUnique', candidates };
  }

  /** An operand, or a comparison of two. */
  #expression(): Node {
    const left = this.#operand();
    this.#skipBlanks();
    const operator = this.#match(OPERATOR) as Operator | undefined;
    if (operator === undefined) return left;
    this.#position += operator.length;
    const right = this.#operand();
    this.#skipBlanks();
    if (this.#match(OPERATOR) !== undefined) this.#fail('only two values can be compared; nest IIF for more');
    return { kind: 'comparison', operator, left, right };
  }

  #operand(): Node {
    this.#skipBlanks();
    const start = this.#position;
    const character = this.#text.charAt(start);
    if (character === '[') return { kind: 'attribute', name: this.#attribute() };
    if (character === '"') return { kind: 'literal', value: literal(this.#string()) };
    const number = this.#match(NUMBER);
    if (number !== undefined) {
      this.#position += number.length;
      return { kind: 'literal', value: literal(numberLiteral(number)) };
    }
    const name = this.#match(NAME);
    if (name === undefined) {
      this.#fail(
        character === ''
          ? 'the expression ends where a value is expected'
          : `a value is expected, not ${this.#found()}`,
      );
    }
    this.#position += name.length;
    this.#skipBlanks();
    const word = WORDS.get(name);
    if (this.#text.charAt(this.#position) === '(') return this.#call(name, start);
    if (word) return { kind: 'literal', value: word };
    return this.#fail(`"${shortened(name)}" is neither a function call, nor an [attribute], nor a "text"`, start);
  }

  #call(name: string, start: number): Node {
    const definition = functionNamed(name);
    if (!definition) {
      if (ALLOCATIONS.some((known) => known === name))
        this.#fail(`${name} can only stand at the top of an expression`, start);
      const suggestion = suggestionFor(name);
      this.#fail(
        `there is no function "${shortened(name)}"${suggestion ? `; did you mean ${suggestion}?` : ''}`,
        start,
      );
    }
    if (++this.#depth > MAX_DEPTH) this.#fail(`calls are nested more than ${MAX_DEPTH} deep`, start);
    const parsed = this.#arguments(name);
    this.#depth--;
    return bindCall(definition, parsed, start);
  }

  /** The arguments in parentheses; an empty one has no node. */
  #arguments(name: string): ParsedArgument[] {
    this.#skipBlanks();
    const open = this.#position;
    if (this.#text.charAt(open) !== '(') this.#fail(`the arguments of ${name} are expected in parentheses`);
    this.#position++;
    const args: ParsedArgument[] = [];
    for (;;) {
      this.#skipBlanks();
      const start = this.#position;
      const empty = /^[,)]$/.test(this.#text.charAt(start));
      const node = empty ? undefined : this.#expression();
      const end = this.#position;
      this.#skipBlanks();
      const next = this.#text.charAt(this.#position);
      if (next === '') this.#fail(`the parenthesis of ${name} is not closed`, open);
      if (next !== ',' && next !== ')')
        this.#fail(`a comma or a closing parenthesis is expected, not ${this.#found()}`);
      this.#position++;
      if (next === ')' && empty && args.length === 0) return args;
      args.push({ node, start, end });
      if (next === ')') return args;
    }
  }

  /** Up to the bracket that closes the first one: brackets and quoted texts inside belong to the path. */
  #attribute(): string {
    const start = this.#position;
    let depth = 0;
    let quoted = false;
    for (; this.#position < this.#text.length; this.#position++) {
      const character = this.#text.charAt(this.#position);
      if (character === '"') quoted = !quoted;
      else if (quoted && character === '\\') this.#position++;
      else if (!quoted && character === '[') depth++;
      else if (!quoted && character === ']' && --depth === 0) break;
    }
    if (this.#position >= this.#text.length) this.#fail('the [ of an attribute is not closed', start);
    this.#position++;
    const name = this.#text.slice(start + 1, this.#position - 1);
    if (name.trim() === '') this.#fail('an attribute has no name', start);
    return name;
  }

  /** A backslash before anything but a quotation mark or a backslash stands for itself. */
  #string(): string {
    const start = this.#position++;
    let result = '';
    for (; this.#position < this.#text.length; this.#position++) {
      const character = this.#text.charAt(this.#position);
      const next = this.#text.charAt(this.#position + 1);
      if (character === '"') {
        this.#position++;
        return result;
      }
      const escaped = character === '\\' && (next === '"' || next === '\\');
      if (escaped) this.#position++;
      result += escaped ? next : character;
    }
    return this.#fail('a text has no closing quotation mark', start);
  }

  #skipBlanks(): void {
    while (BLANK.test(this.#text.charAt(this.#position))) this.#position++;
  }

  #match(expression: RegExp): string | undefined {
    expression.lastIndex = this.#position;
    return expression.exec(this.#text)?.[0];
  }

  /** What stands here, for a message. */
  #found(): string {
    const character = String.fromCodePoint(this.#text.codePointAt(this.#position) ?? 0x20);
    return /[“”„‟«»‘’']/.test(character)
      ? `${character} (texts stand in straight double quotation marks)`
      : `"${character}"`;
  }

  #fail(message: string, position = this.#position): never {
    throw new ExpressionSyntaxError(position, message);
  }
}

/** Integers that a double cannot hold keep their digits. */
function numberLiteral(text: string): number | string {
  const number = Number(text.startsWith('&H') ? `0x${text.slice(2)}` : text);
  return Number.isInteger(number) && !Number.isSafeInteger(number) ? text : number;
}

function nextNumber(args: readonly ParsedArgument[], start: number): Root {
  const [from, to] = args.map(({ node }) => (node?.kind === 'literal' ? node.value.plain : undefined));
  if (args.length !== 2 || !Number.isSafeInteger(from) || !Number.isSafeInteger(to) || Number(from) > Number(to)) {
    throw new ExpressionSyntaxError(start, 'NextNumber(from, to) takes two integers, the smaller one first');
  }
  return { kind: 'nextNumber', from: Number(from), to: Number(to) };
}

function shortened(name: string): string {
  return name.length > 40 ? `${name.slice(0, 40)}…` : name;
}
