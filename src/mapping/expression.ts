/**
 * The expressions of attribute mappings, in the identity provider's language ("Reference for writing expressions for attribute
 * mappings"): same names, same semantics, so that what the documents show can be pasted. This file owns their
 * evaluation; it never reads a clock, a directory or a resource by itself: everything comes in through a {@link Scope}.
 */
import { parseTree } from './expressionParser';
import { ExpressionSyntaxError, type Node } from './expressionTree';
import type { Context } from './functions/definition';
import { compare } from './functions/logic';
import {
  type AttributeValue,
  derived,
  FunctionFault,
  fromAttribute,
  IGNORED,
  isList,
  type Scope,
  textOf,
  type Value,
} from './functions/value';

export type { AttributeValue, Scope };
export { ExpressionSyntaxError };

/** A value that only the connector can find, by asking the directory; such an expression is not evaluated itself. */
export type Allocation =
  /** The first of these values that no entry has (SelectUniqueValue). */
  | { readonly kind: 'selectUnique'; readonly candidates: readonly Expression[] }
  /** The lowest number in this range, both ends included, that no entry has (NextNumber). */
  | { readonly kind: 'nextNumber'; readonly from: number; readonly to: number };

/** A parsed expression. Immutable; evaluated any number of times. */
export interface Expression {
  readonly text: string;
  /** The attributes that it reads, as it spells them, in order of appearance. */
  readonly sources: readonly string[];
  /** The functions that it calls, in order of appearance. */
  readonly functions: readonly string[];
  /** Whether Redact occurs in it: then its result is kept out of logs. */
  readonly redacted: boolean;
  readonly allocation?: Allocation;
  /** For the evaluator; absent where there is an allocation. */
  readonly root?: Node;
}

/** What an expression comes to. Empty values of a list are left out. */
export type ResultValue = null | string | boolean | number | Date | readonly string[];

/** A value for the attribute (null: none, so that it is cleared), or word that it is to be left as it is. */
export type Result = { readonly kind: 'value'; readonly value: ResultValue } | { readonly kind: 'ignore' };

/** An expression that has no value for these attributes. It names the function and its attributes, and never quotes a value. */
export class ExpressionEvaluationError extends Error {
  override readonly name = 'ExpressionEvaluationError';

  constructor(
    readonly functionName: string,
    /** The attributes that the function was given. */
    readonly sources: readonly string[],
    message: string,
  ) {
    super(`${functionName}${sources.length === 0 ? '' : ` of ${bracketed(sources)}`}: ${message}`);
  }
}

/** Attribute names as an expression spells them, for messages. */
export function bracketed(sources: readonly string[]): string {
  return sources.map((source) => `[${source}]`).join(', ');
}

/** Parses an expression of at most 10,000 characters. Throws {@link ExpressionSyntaxError} and nothing else. */
export function parseExpression(text: string): Expression {
  const root = parseTree(text);
  if (root.kind === 'nextNumber') {
    return { text, sources: [], functions: ['NextNumber'], redacted: false, allocation: root };
  }
  if (root.kind !== 'selectUnique') return describe(text, root);
  const candidates = root.candidates.map((candidate) => describe(candidate.text, candidate.node));
  return {
    text,
    sources: distinct(candidates.flatMap((candidate) => candidate.sources)),
    functions: distinct(['SelectUniqueValue', ...candidates.flatMap((candidate) => candidate.functions)]),
    redacted: candidates.some((candidate) => candidate.redacted),
    allocation: { kind: 'selectUnique', candidates },
  };
}

function describe(text: string, root: Node): Expression {
  const nodes = [...within(root)];
  const sources = distinct(sourcesOf(root));
  const functions = distinct(nodes.flatMap((node) => (node.kind === 'call' ? [node.name] : [])));
  return { text, sources, functions, redacted: functions.includes('Redact'), root };
}

function distinct(names: readonly string[]): readonly string[] {
  return [...new Set(names)];
}

/** The node and all nodes in it. */
function* within(node: Node): Iterable<Node> {
  yield node;
  const children = node.kind === 'call' ? node.args : node.kind === 'comparison' ? [node.left, node.right] : [];
  for (const child of children) if (child) yield* within(child);
}

function sourcesOf(node: Node): readonly string[] {
  return [...within(node)].flatMap((inner) => (inner.kind === 'attribute' ? [inner.name] : []));
}

/**
 * Evaluates an expression. Throws {@link ExpressionEvaluationError} where it has no value. The value of an expression with
 * an `allocation` is the connector's to find: to evaluate one is a fault of the caller.
 */
export function evaluate(expression: Expression, scope: Scope): Result {
  const value = evaluateTree(expression, scope, false);
  return value === IGNORED ? { kind: 'ignore' } : { kind: 'value', value: resultOf(value) };
}

function resultOf({ plain }: Value): ResultValue {
  return isList(plain) ? plain.map((item) => textOf(item) ?? '').filter((text) => text !== '') : plain;
}

/** The work that one evaluation may take, in steps of the pattern matcher: well below a second. */
const MAX_STEPS = 1_000_000;

/** The value with what is known of its origin; for {@link evaluate} and for DN expressions. */
export function evaluateTree(expression: Expression, scope: Scope, dn: boolean): Value {
  if (!expression.root) throw new TypeError(`${expression.functions[0]} is evaluated by the connector, not here`);
  let steps = 0;
  const spend = (amount: number): void => {
    steps += amount;
    if (steps > MAX_STEPS) throw new FunctionFault('the value is too long for this pattern');
  };
  return evaluateNode(expression.root, { scope, dn, spend });
}

function evaluateNode(node: Node, context: Context): Value {
  switch (node.kind) {
    case 'literal':
      return node.value;
    case 'attribute':
      return fromAttribute(node.name, context.scope.attribute(node.name));
    case 'comparison': {
      const left = evaluateNode(node.left, context);
      const right = evaluateNode(node.right, context);
      if (left === IGNORED || right === IGNORED) return IGNORED;
      return faultsOf('comparison', node, () =>
        derived(compare(node.operator, left.plain, right.plain), [left, right]),
      );
    }
    case 'call': {
      const args = node.args.map((arg) => arg && (() => evaluateNode(arg, context)));
      return faultsOf(node.name, node, () => node.evaluate(args, context));
    }
  }
}

/** Adds to what a function complains of which function it is, and of which attributes. */
function faultsOf(functionName: string, node: Node, evaluation: () => Value): Value {
  try {
    return evaluation();
  } catch (error) {
    if (!(error instanceof FunctionFault)) throw error;
    throw new ExpressionEvaluationError(functionName, distinct(sourcesOf(node)), error.message);
  }
}
