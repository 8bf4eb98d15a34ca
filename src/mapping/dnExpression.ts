/**
 * Expressions that make a distinguished name. What is a literal of the expression is syntax; what comes from outside is data
 * and can only ever be part of a value of an RDN, whatever characters it has: it is escaped whole before the name is parsed.
 * There is one evaluator; this file only decides what its pieces mean.
 */
import { DN, DNSyntaxError } from '../directory/dn';
import { bracketed, type Expression, ExpressionEvaluationError, evaluateTree, type Scope } from './expression';
import { IGNORED, isEmpty, isList, partsOf, textOf, type Value } from './functions/value';

/** An expression that gives no DN. The message says why in terms of the expression, and never quotes a value. */
export class DNExpressionError extends Error {
  override readonly name = 'DNExpressionError';

  constructor(
    message: string,
    /** The attributes that it is about: those without a value where that is the reason. */
    readonly sources: readonly string[],
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** A piece of the text of a DN. */
interface Piece {
  readonly text: string;
  readonly data: boolean;
  readonly sources: readonly string[];
}

/** An attribute type and value as the pieces show it, before anything is parsed. */
interface Component {
  type: string;
  /** Whether the `=` after the type has been seen. */
  inValue: boolean;
  /** Whether the value has any text. */
  filled: boolean;
  /** Attributes whose text stands where the type is expected; none of them for text that the host has generated. */
  misplaced?: readonly string[];
  readonly sources: string[];
}

/** Far above what directories take, and below what can be parsed once it is escaped. */
const MAX_BYTES = 20_000;

/**
 * The DN that an expression gives for these attributes. Throws {@link DNExpressionError}. An expression with an `allocation`
 * gives none itself; its candidates do, one by one.
 */
export function evaluateDN(expression: Expression, scope: Scope): DN {
  const pieces = piecesOf(expression, scope);
  check(pieces, scope);
  if (Buffer.byteLength(pieces.map(({ text }) => text).join(''), 'utf8') > MAX_BYTES) {
    throw new DNExpressionError(
      `the text of ${rendered(pieces)} is longer than ${MAX_BYTES} octets`,
      sourcesOf(pieces),
    );
  }
  try {
    return DN.parse(pieces.map(({ text, data }) => (data ? escapeWhole(text) : text)).join(''));
  } catch (error) {
    if (!(error instanceof DNSyntaxError)) throw error;
    throw new DNExpressionError(`${rendered(pieces)} is not a DN${reason(pieces, error)}`, sourcesOf(pieces));
  }
}

function evaluated(expression: Expression, scope: Scope): Value {
  try {
    return evaluateTree(expression, scope, true);
  } catch (error) {
    if (!(error instanceof ExpressionEvaluationError)) throw error;
    throw new DNExpressionError(error.message, error.sources, { cause: error });
  }
}

function piecesOf(expression: Expression, scope: Scope): readonly Piece[] {
  const value = evaluated(expression, scope);
  if (value === IGNORED) {
    const { sources } = expression;
    throw new DNExpressionError(
      `IgnoreFlowIfNullOrEmpty has left nothing to make a DN of${because(sources, scope)}`,
      missing(sources, scope),
    );
  }
  if (isList(value.plain) && value.plain.length > 1) {
    throw new DNExpressionError('the expression gives several values, and a DN is one', value.sources);
  }
  const pieces = partsOf(value).map(({ plain, data, sources }) => ({ text: textOf(plain) ?? '', data, sources }));
  if (pieces.every(({ text }) => text.trim() === '')) {
    const sources = sourcesOf(pieces);
    throw new DNExpressionError(`the expression gives no text${because(sources, scope)}`, missing(sources, scope));
  }
  return pieces;
}

/** What a parser would find only by what it cannot read, said in terms of attributes. */
function check(pieces: readonly Piece[], scope: Scope): void {
  for (const { type, inValue, filled, misplaced, sources } of componentsOf(pieces)) {
    if (misplaced) {
      throw new DNExpressionError(
        `in ${rendered(pieces)}, ${misplaced.length > 0 ? `text from ${bracketed(misplaced)}` : 'generated text'} stands where an attribute type (such as "CN=") is expected; ` +
          'a literal comma or plus sign before it ends the value: EscapeDNComponent around the whole value keeps it together',
        misplaced,
      );
    }
    const name = type.trim();
    if (filled || (!inValue && sources.length === 0)) continue;
    const attributes = missing(sources, scope);
    throw new DNExpressionError(
      `the RDN value of ${name === '' ? 'an attribute' : name} is empty${because(sources, scope)}`,
      attributes,
    );
  }
}

/** The attributes without a value, or all where each has one. */
function missing(sources: readonly string[], scope: Scope): readonly string[] {
  const absent = sources.filter((source) => isEmpty(scope.attribute(source) ?? null));
  return absent.length > 0 ? absent : sources;
}

function because(sources: readonly string[], scope: Scope): string {
  if (sources.length === 0) return '';
  const absent = sources.filter((source) => isEmpty(scope.attribute(source) ?? null));
  if (absent.length === 0) return `: nothing is left of ${bracketed(sources)}`;
  return `: ${bracketed(absent)} ${absent.length === 1 ? 'has' : 'have'} no value`;
}

/** Walks through the pieces as RFC 4514 §3 reads them, minding escapes and quotation marks of the literals. */
function componentsOf(pieces: readonly Piece[]): readonly Component[] {
  const components: Component[] = [];
  const begin = (): Component => {
    const component = { type: '', inValue: false, filled: false, sources: [] };
    components.push(component);
    return component;
  };
  let component: Component = begin();
  let escaped = false;
  let quoted = false;
  for (const { text, data, sources } of pieces) {
    if (data) {
      component.sources.push(...sources);
      if (text !== '' && escaped)
        throw new DNExpressionError(`in ${rendered(pieces)}, a backslash stands before an attribute's text`, sources);
      if (text !== '' && !component.inValue) component.misplaced = [...(component.misplaced ?? []), ...sources];
      component.filled ||= text !== '';
      continue;
    }
    for (const character of text) {
      if (!escaped && !quoted && /[,;+]/.test(character)) component = begin();
      else if (!component.inValue && character === '=') component.inValue = true;
      else if (!component.inValue) component.type += character;
      else {
        if (!escaped && character === '"') quoted = !quoted;
        component.filled ||= character !== ' ' && (escaped || character !== '"');
      }
      escaped = !escaped && component.inValue && character === '\\';
    }
  }
  return components;
}

/** Every octet of the UTF-8 form as a pair of hexadecimal digits (RFC 4514 §2.4). */
function escapeWhole(text: string): string {
  return Buffer.from(text, 'utf8').toString('hex').replace(/../g, '\\$&');
}

function sourcesOf(pieces: readonly Piece[]): readonly string[] {
  return [...new Set(pieces.flatMap(({ sources }) => sources))];
}

/** The name with attributes in place of their text, as far as it is of use in a message. */
function rendered(pieces: readonly Piece[]): string {
  const text = pieces.map((piece) => (piece.data ? placeholder(piece) : piece.text)).join('');
  return `"${text.length > 200 ? `${text.slice(0, 200)}…` : text}"`;
}

function placeholder({ sources }: Piece): string {
  return sources.length === 0 ? '[…]' : bracketed(sources);
}

/** Why the parser gave up, where that lies in a literal; its position within data would say nothing. */
function reason(pieces: readonly Piece[], { position }: DNSyntaxError): string {
  let start = 0;
  for (const { text, data } of pieces) {
    const length = data ? 3 * Buffer.byteLength(text, 'utf8') : text.length;
    if (!data && position >= start && position < start + length)
      return `: it cannot be read from "${text.slice(position - start, position - start + 40)}" on`;
    start += length;
  }
  return '';
}
