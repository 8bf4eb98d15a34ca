/**
 * Search filters as values: parsed, printed and put together here and nowhere else (RFC 4511 §4.5.1.7, RFC 4515). What
 * a filter finds is `filterMatch.ts`. A value inside a filter can never become syntax, because printing escapes it.
 */
import type { Value } from './entry';
import { hexPairAt, octetsOf, textOrOctets } from './octets';

export { matches } from './filterMatch';

/** A filter. `and` and `or` without members are absolute true and false (RFC 4526), which some servers refuse. */
export type Filter =
  | { readonly kind: 'and' | 'or'; readonly filters: readonly Filter[] }
  | { readonly kind: 'not'; readonly filter: Filter }
  | { readonly kind: 'present'; readonly attribute: string }
  | {
      readonly kind: 'equality' | 'greaterOrEqual' | 'lessOrEqual' | 'approx';
      readonly attribute: string;
      readonly value: Value;
    }
  | SubstringsFilter
  | {
      readonly kind: 'extensible';
      readonly attribute?: string;
      /** Name or OID of a matching rule. */
      readonly rule?: string;
      /** Whether the attributes of the entry's DN count as well. */
      readonly dnAttributes: boolean;
      readonly value: Value;
    };

/** A substrings filter; at least one of its parts is there. */
export interface SubstringsFilter {
  readonly kind: 'substrings';
  readonly attribute: string;
  readonly initial?: string;
  readonly any: readonly string[];
  readonly final?: string;
}

/** All of them; one member stands for itself, none means every entry. */
export function and(...filters: readonly Filter[]): Filter {
  const [first] = filters;
  if (first === undefined) return present('objectClass');
  return filters.length === 1 ? first : { kind: 'and', filters };
}

/** One of them; one member stands for itself, none means no entry. */
export function or(...filters: readonly Filter[]): Filter {
  const [first] = filters;
  if (first === undefined) return not(present('objectClass'));
  return filters.length === 1 ? first : { kind: 'or', filters };
}

export function not(filter: Filter): Filter {
  return { kind: 'not', filter };
}

export function present(attribute: string): Filter {
  return { kind: 'present', attribute };
}

export function equality(attribute: string, value: Value): Filter {
  return { kind: 'equality', attribute, value };
}

export function greaterOrEqual(attribute: string, value: Value): Filter {
  return { kind: 'greaterOrEqual', attribute, value };
}

export function lessOrEqual(attribute: string, value: Value): Filter {
  return { kind: 'lessOrEqual', attribute, value };
}

export function approx(attribute: string, value: Value): Filter {
  return { kind: 'approx', attribute, value };
}

/** Empty parts say nothing and are left out; with no part at all, presence is what remains. */
export function substrings(
  attribute: string,
  parts: { readonly initial?: string; readonly any?: readonly string[]; readonly final?: string },
): Filter {
  const any = (parts.any ?? []).filter((part) => part !== '');
  if (!parts.initial && !parts.final && any.length === 0) return present(attribute);
  return {
    kind: 'substrings',
    attribute,
    ...(parts.initial ? { initial: parts.initial } : {}),
    any,
    ...(parts.final ? { final: parts.final } : {}),
  };
}

export function extensible(parts: {
  readonly attribute?: string;
  readonly rule?: string;
  readonly dnAttributes?: boolean;
  readonly value: Value;
}): Filter {
  return { kind: 'extensible', ...parts, dnAttributes: parts.dnAttributes ?? false };
}

const OPERATORS = { equality: '=', greaterOrEqual: '>=', lessOrEqual: '<=', approx: '~=' } as const;

/** The string form of RFC 4515 §3. Octets that are not text are written as escapes, so nothing is lost. */
export function filterToString(filter: Filter): string {
  switch (filter.kind) {
    case 'and':
      return `(&${filter.filters.map(filterToString).join('')})`;
    case 'or':
      return `(|${filter.filters.map(filterToString).join('')})`;
    case 'not':
      return `(!${filterToString(filter.filter)})`;
    case 'present':
      return `(${filter.attribute}=*)`;
    case 'substrings':
      return `(${filter.attribute}=${[filter.initial ?? '', ...filter.any, filter.final ?? ''].map(escapeAssertion).join('*')})`;
    case 'extensible': {
      const rule = filter.rule === undefined ? '' : `:${filter.rule}`;
      return `(${filter.attribute ?? ''}${filter.dnAttributes ? ':dn' : ''}${rule}:=${escapeAssertion(filter.value)})`;
    }
    default:
      return `(${filter.attribute}${OPERATORS[filter.kind]}${escapeAssertion(filter.value)})`;
  }
}

const ASSERTION_SYNTAX = /[*()\\\0]/g;

function escapeAssertion(value: Value): string {
  if (typeof value !== 'string') return hexEscapes(value);
  return value.replace(ASSERTION_SYNTAX, (c) => hexEscapes(octetsOf(c)));
}

function hexEscapes(octets: Buffer): string {
  return octets.toString('hex').replace(/../g, '\\$&');
}

/** Limits of what is read at all; a filter that a person or a client has a reason to write stays far below. */
const MAX_LENGTH = 1024 * 1024;
const MAX_DEPTH = 100;

/** Text that is no filter. The message says what is wrong and where; `position` counts UTF-16 units from 0. */
export class FilterSyntaxError extends Error {
  override readonly name = 'FilterSyntaxError';

  constructor(
    what: string,
    readonly position: number,
  ) {
    super(`Not an LDAP filter (RFC 4515): at position ${position}, ${what}`);
  }
}

/** Reads RFC 4515; blanks between components are forgiven. Throws {@link FilterSyntaxError}. */
export function parseFilter(text: string): Filter {
  return new Parser(text).whole();
}

const ATTRIBUTE = /(?:\d+(?:\.\d+)*|[a-z][a-z0-9_-]*)(?:;[a-z0-9_-]+)*/iy;
const OPERATOR = /(?:[~<>]?=|(:dn)?(?::(?!dn:)([a-z0-9][a-z0-9._-]*))?:=)/iy;
const KINDS = { '=': 'equality', '~=': 'approx', '>=': 'greaterOrEqual', '<=': 'lessOrEqual' } as const;

class Parser {
  #position = 0;

  constructor(private readonly text: string) {
    if (text.length > MAX_LENGTH) {
      throw new FilterSyntaxError(`the text is longer than ${MAX_LENGTH} characters`, MAX_LENGTH);
    }
  }

  whole(): Filter {
    const filter = this.#filter(1);
    this.#skipBlanks();
    if (this.#position < this.text.length) this.#fail(`the end is expected, not ${this.#here()}`);
    return filter;
  }

  #filter(depth: number): Filter {
    if (depth > MAX_DEPTH) this.#fail(`the filter is nested deeper than ${MAX_DEPTH} levels`);
    this.#expect('(');
    this.#skipBlanks();
    const filter = this.#component(depth);
    this.#expect(')');
    return filter;
  }

  #component(depth: number): Filter {
    const c = this.text[this.#position];
    if (c === '!') {
      this.#position++;
      return not(this.#filter(depth + 1));
    }
    if (c !== '&' && c !== '|') return this.#item();
    this.#position++;
    const filters: Filter[] = [];
    for (this.#skipBlanks(); this.text[this.#position] === '('; this.#skipBlanks()) {
      filters.push(this.#filter(depth + 1));
    }
    return { kind: c === '&' ? 'and' : 'or', filters };
  }

  #item(): Filter {
    const attribute = this.#match(ATTRIBUTE)?.[0];
    const operator = this.#match(OPERATOR);
    if (!operator) this.#fail(`an attribute and one of = ~= >= <= := are expected, not ${this.#here()}`);
    if (operator[0].endsWith(':=')) {
      const [, dn, rule] = operator;
      if (attribute === undefined && rule === undefined) this.#fail('":=" needs an attribute or a matching rule');
      return {
        kind: 'extensible',
        ...(attribute === undefined ? {} : { attribute }),
        ...(rule === undefined ? {} : { rule }),
        dnAttributes: dn !== undefined,
        value: this.#value(),
      };
    }
    if (attribute === undefined) this.#fail(`an attribute is expected before ${JSON.stringify(operator[0])}`);
    const kind = KINDS[operator[0] as keyof typeof KINDS];
    return kind === 'equality' ? this.#equality(attribute) : { kind, attribute, value: this.#value() };
  }

  /** After `=` stand a value, `*` alone, or a value with `*` in it. */
  #equality(attribute: string): Filter {
    const first = this.#value();
    if (this.text[this.#position] !== '*') return equality(attribute, first);
    const parts = [this.#textOnly(first)];
    while (this.text[this.#position] === '*') {
      this.#position++;
      parts.push(this.#textOnly(this.#value()));
    }
    return substrings(attribute, { initial: parts[0], any: parts.slice(1, -1), final: parts.at(-1) });
  }

  #textOnly(value: Value): string {
    return typeof value === 'string' ? value : this.#fail('the escapes in a substring are not UTF-8 text');
  }

  /** Up to `)` or `*`, which stand in a value only when escaped. */
  #value(): Value {
    const pieces: Buffer[] = [];
    let plainFrom = this.#position;
    for (; ; this.#position++) {
      const c = this.text[this.#position];
      if (c === undefined || c === ')' || c === '*') break;
      if (c === '(' || c === '\0') this.#fail(`${this.#here()} must be escaped in a value`);
      if (c !== '\\') continue;
      const octet = hexPairAt(this.text, this.#position + 1);
      if (octet === undefined) this.#fail('two hexadecimal digits are expected after a backslash');
      pieces.push(Buffer.from(this.text.slice(plainFrom, this.#position)), Buffer.of(octet));
      this.#position += 2;
      plainFrom = this.#position + 1;
    }
    const rest = this.text.slice(plainFrom, this.#position);
    return pieces.length === 0 ? rest : textOrOctets(Buffer.concat([...pieces, Buffer.from(rest)]));
  }

  #match(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#position;
    const match = pattern.exec(this.text);
    this.#position += match?.[0].length ?? 0;
    return match ?? undefined;
  }

  #expect(character: string): void {
    this.#skipBlanks();
    if (this.text[this.#position] !== character) this.#fail(`"${character}" is expected, not ${this.#here()}`);
    this.#position++;
  }

  #skipBlanks(): void {
    while (this.text[this.#position] === ' ') this.#position++;
  }

  #here(): string {
    const code = this.text.codePointAt(this.#position);
    return code === undefined ? 'the end' : JSON.stringify(String.fromCodePoint(code));
  }

  #fail(what: string): never {
    throw new FilterSyntaxError(what, this.#position);
  }
}
