/** The grammar of filters and value paths (RFC 7644 §3.4.2.2, figure 1; §3.5.2, figure 7), by recursive descent. */
import { type AttributePath, type CompareOperator, type Filter, formatPath, targetDefinition } from './attributePath';
import { instantOf } from './filterEvaluate';
import { FilterLexer, SyntaxFault } from './filterLexer';
import type { AttributeDefinition } from './resourceType';
import { type IndexedAttribute, type SchemaIndex, subPath } from './schemaIndex';

const operators: ReadonlySet<string> = new Set(['eq', 'ne', 'co', 'sw', 'ew', 'gt', 'ge', 'lt', 'le']);
const ordering: ReadonlySet<string> = new Set(['gt', 'ge', 'lt', 'le']);
const partial: ReadonlySet<string> = new Set(['co', 'sw', 'ew']);
const numberLiteral = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

/** Groups, negations and value paths within one another; deeper is refused, so that nobody can exhaust the stack. */
const maxDepth = 32;

/** Every resource that is looked at is held against each of them. */
const maxComparisons = 5_000;

/**
 * A name that an attribute could have (RFC 7644 §3.10), the directory's own included: `-dn-`, `userCertificate;binary`,
 * OIDs. What is none can not have been meant, and would match nothing in silence.
 */
const attributeName = /^(?:urn:\S*:[\w$;-]+(?:\.[\w$-]+)*|[a-z_$-][\w$;-]*(?:\.[a-z_$][\w$-]*)?|\d+(?:\.\d+)+)$/i;

export interface FilterRules {
  /** Refuse attributes that are never returned: a filter on them would be a way to guess them. */
  readonly readableOnly: boolean;
}

/** Looks a spelled name up: in the resource type, or relative to the values of one attribute. */
type Scope = (spelled: string) => AttributePath | undefined;

/** What stands in brackets, with what is before and behind them. */
interface Bracketed {
  readonly path: AttributePath | undefined;
  readonly filter: Filter;
  readonly sub: string | undefined;
}

/** Parses one filter or one path. Throws {@link SyntaxFault}. */
export class FilterParser {
  readonly #lexer: FilterLexer;
  #comparisons = 0;

  constructor(
    text: string,
    private readonly index: SchemaIndex,
    private readonly rules: FilterRules,
  ) {
    this.#lexer = new FilterLexer(text);
  }

  /** A whole text that is a filter. */
  filter(): Filter {
    const filter = this.#disjunction(this.index.resolve, 0);
    if (this.#lexer.peek().kind !== 'end') throw this.#lexer.unexpected('"and", "or" or the end');
    return filter;
  }

  /** A whole text that is an attribute path with or without a value filter; undefined when there is no such attribute. */
  path(): AttributePath | undefined {
    const { source } = this.#lexer;
    const head = this.#lexer.expect('word', 'An attribute name').text;
    const bracketed = this.#lexer.peek().kind === '[';
    const { path, filter, sub } = bracketed ? this.#brackets(head, 0) : { path: this.index.resolve(head) };
    if (this.#lexer.peek().kind !== 'end') throw this.#lexer.unexpected('The end of the path');
    if (!bracketed) return path;
    const target = path && sub !== undefined ? this.#sub(path, sub) : path;
    return target && filter && { ...target, spelled: source, valueFilter: filter };
  }

  #disjunction(scope: Scope, depth: number): Filter {
    return this.#list('or', () => this.#list('and', () => this.#term(scope, depth)));
  }

  #list(kind: 'and' | 'or', term: () => Filter): Filter {
    const first = term();
    const filters = [first];
    while (this.#lexer.isWord(kind)) {
      this.#lexer.take();
      filters.push(term());
    }
    return filters.length === 1 ? first : { kind, filters };
  }

  #term(scope: Scope, depth: number): Filter {
    const lexer = this.#lexer;
    if (depth >= maxDepth) throw new SyntaxFault(lexer.peek().position, `More than ${maxDepth} levels of nesting`);
    const negated = lexer.isWord('not') && lexer.parenthesisFollows();
    if (negated) lexer.take();
    if (lexer.peek().kind !== '(') return this.#expression(scope, depth);
    lexer.take();
    const filter = this.#disjunction(scope, depth + 1);
    lexer.expect(')', 'A closing parenthesis');
    return negated ? { kind: 'not', filter } : filter;
  }

  #expression(scope: Scope, depth: number): Filter {
    const lexer = this.#lexer;
    const { text: spelled, position } = lexer.expect('word', 'An attribute name');
    const found = scope(spelled);
    if (found === undefined && !attributeName.test(spelled))
      throw new SyntaxFault(position, `"${spelled.slice(0, 100)}" can be no attribute's name;`);
    if (lexer.peek().kind !== '[') return this.#comparison(found, spelled, position);
    if (scope !== this.index.resolve) throw new SyntaxFault(position, 'A value filter inside a value filter');
    const { path, filter, sub } = this.#brackets(spelled, depth);
    if (sub === undefined) return { kind: 'valuePath', ...(path && { path }), spelled, filter };
    // `emails[type eq "work"].value eq "x"`: outside of the grammar, but in use, and its meaning is beyond doubt.
    const comparison = this.#comparison(path && this.#sub(path, sub), sub, position);
    return {
      kind: 'valuePath',
      ...(path && { path }),
      spelled,
      filter: { kind: 'and', filters: [filter, comparison] },
    };
  }

  /** From `[` to `]`, and the sub-attribute that may follow. */
  #brackets(head: string, depth: number): Bracketed {
    const lexer = this.#lexer;
    const path = this.index.resolve(head);
    const attribute = path && this.#attribute(path);
    lexer.take();
    const filter = this.#disjunction((spelled) => attribute && subPath(attribute, spelled, spelled), depth + 1);
    lexer.expect(']', 'A closing bracket');
    const next = lexer.peek();
    const sub =
      next.kind === 'word' && next.adjacent && next.text.startsWith('.') ? lexer.take().text.slice(1) : undefined;
    return { path, filter, sub };
  }

  #comparison(found: AttributePath | undefined, spelled: string, position: number): Filter {
    const lexer = this.#lexer;
    if (++this.#comparisons > maxComparisons)
      throw new SyntaxFault(position, `More than ${maxComparisons} comparisons: ask in several requests;`);
    const path = found && this.#readable(found, position);
    const word = lexer.peek();
    const operator = word.text.toLowerCase();
    if (word.kind === 'word' && operator === 'pr') {
      lexer.take();
      return { kind: 'present', ...(path && { path }), spelled };
    }
    if (word.kind !== 'word' || !operators.has(operator)) {
      throw lexer.unexpected('An operator (eq, ne, co, sw, ew, pr, gt, ge, lt or le)');
    }
    lexer.take();
    const { position: place } = lexer.peek();
    const value = this.#value();
    const target = path && this.#comparable(path);
    const definition = target && targetDefinition(target);
    if (ordering.has(operator) && (value === null || (definition && !isOrdered(definition)))) {
      throw new SyntaxFault(word.position, `"${operator}" compares no ${definition?.type ?? 'null'} values;`);
    }
    if (definition?.type === 'dateTime' && value !== null && !partial.has(operator) && !isInstant(value)) {
      throw new SyntaxFault(place, `"${operator}" compares with a date and time such as "2026-01-31T12:00:00Z";`);
    }
    return {
      kind: 'compare',
      operator: operator as CompareOperator,
      ...(target && { path: target }),
      spelled,
      value: definition ? literalOf(definition, value) : value,
    };
  }

  #value(): string | number | boolean | null {
    const { kind, text, position } = this.#lexer.peek();
    if (kind !== 'string' && kind !== 'word') throw this.#lexer.unexpected('A value');
    this.#lexer.take();
    if (kind === 'string') return text;
    const lower = text.toLowerCase();
    if (lower === 'true' || lower === 'false') return lower === 'true';
    if (lower === 'null') return null;
    if (numberLiteral.test(text)) {
      const number = Number(text);
      return Number.isSafeInteger(number) || (/[.eE]/.test(text) && Number.isFinite(number)) ? number : text;
    }
    if (/^['`´‘’“”]/.test(text)) throw new SyntaxFault(position, 'A string must stand in double quotation marks;');
    return text;
  }

  /** A comparison with a complex attribute means its `value` (RFC 7644 §3.4.2.2, e.g. `emails co "example.com"`). */
  #comparable(path: AttributePath): AttributePath {
    if (path.subAttribute !== undefined || path.definition.type !== 'complex') return path;
    return this.#sub(path, 'value') ?? path;
  }

  #readable(path: AttributePath, position: number): AttributePath {
    if (this.rules.readableOnly && (path.definition.returned === 'never' || path.subDefinition?.returned === 'never')) {
      throw new SyntaxFault(position, `"${formatPath(path)}" is never returned and can not be filtered by;`);
    }
    return path;
  }

  #attribute(path: AttributePath): IndexedAttribute | undefined {
    return this.index.face(path.schema)?.find(path.attribute);
  }

  #sub(path: AttributePath, name: string): AttributePath | undefined {
    const attribute = path.subAttribute === undefined ? this.#attribute(path) : undefined;
    const found = attribute && subPath(attribute, name, `${path.spelled}.${name}`);
    return found && path.alias !== undefined ? { ...found, alias: path.alias } : found;
  }
}

function isOrdered({ type }: AttributeDefinition): boolean {
  return type !== 'boolean' && type !== 'binary' && type !== 'complex';
}

function isInstant(value: string | number | boolean): boolean {
  return instantOf(String(value)) !== undefined;
}

/** Clients quote what is a number, and leave bare what is a string; the definition knows better. */
function literalOf(
  definition: AttributeDefinition,
  value: string | number | boolean | null,
): string | number | boolean | null {
  if (value === null) return null;
  switch (definition.type) {
    case 'boolean':
      return typeof value === 'string' && /^(?:true|false)$/i.test(value) ? value.toLowerCase() === 'true' : value;
    case 'integer':
    case 'decimal':
      return typeof value === 'string' && numberLiteral.test(value) && Number.isSafeInteger(Math.trunc(Number(value)))
        ? Number(value)
        : value;
    default:
      return String(value);
  }
}
