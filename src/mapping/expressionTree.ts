/** The tree of an expression, and the checks on a call that need no value. */
import { signatureOf } from './expressionFunctions';
import type { Constant, Evaluate, FunctionDefinition } from './functions/definition';
import type { Operator } from './functions/logic';
import { FunctionFault, textOf, type Value } from './functions/value';

/** An element of an expression. */
export type Node =
  | { readonly kind: 'literal'; readonly value: Value }
  | { readonly kind: 'attribute'; readonly name: string }
  | { readonly kind: 'comparison'; readonly operator: Operator; readonly left: Node; readonly right: Node }
  | {
      readonly kind: 'call';
      readonly name: string;
      readonly args: readonly (Node | undefined)[];
      readonly evaluate: Evaluate;
    };

/** A whole expression: one element, or a call whose value the connector finds. */
export type Root =
  | Node
  | { readonly kind: 'selectUnique'; readonly candidates: readonly { readonly text: string; readonly node: Node }[] }
  | { readonly kind: 'nextNumber'; readonly from: number; readonly to: number };

/** A text that is not an expression. */
export class ExpressionSyntaxError extends Error {
  override readonly name = 'ExpressionSyntaxError';

  constructor(
    /** Where, in UTF-16 code units from 0. */
    readonly position: number,
    message: string,
  ) {
    super(`${message} (at position ${position})`);
  }
}

/** An argument with the stretch of text it was read from. */
export interface ParsedArgument {
  readonly node: Node | undefined;
  readonly start: number;
  readonly end: number;
}

/** A call with its arguments checked. Throws {@link ExpressionSyntaxError}; `start` is where the call begins. */
export function bindCall(definition: FunctionDefinition, parsed: readonly ParsedArgument[], start: number): Node {
  const args = trimmed(parsed, definition);
  checkCount(definition, args, start);
  const evaluate = bind(definition, args, start);
  return { kind: 'call', name: definition.name, args: args.map(({ node }) => node), evaluate };
}

/** Empty arguments at the end that the function has no parameters for are passed over. */
function trimmed(args: readonly ParsedArgument[], { parameters }: FunctionDefinition): readonly ParsedArgument[] {
  let length = args.length;
  while (length > parameters.length && args[length - 1]?.node === undefined) length--;
  return args.slice(0, length);
}

function checkCount(definition: FunctionDefinition, args: readonly ParsedArgument[], start: number): void {
  const { parameters } = definition;
  const missing = parameters.find((parameter, index) => !/[?…]$/.test(parameter) && args[index]?.node === undefined);
  const unlimited = parameters.at(-1)?.endsWith('…');
  const fault = missing
    ? `${missing} is missing`
    : !unlimited && args.length > parameters.length
      ? 'too many arguments'
      : undefined;
  if (fault) throw new ExpressionSyntaxError(start, `${fault} in ${signatureOf(definition)}`);
}

function bind(definition: FunctionDefinition, args: readonly ParsedArgument[], start: number): Evaluate {
  try {
    return definition.bind(args.map(({ node }) => constantOf(node)));
  } catch (error) {
    if (!(error instanceof FunctionFault)) throw error;
    const position = error.argument === undefined ? start : (args[error.argument]?.start ?? start);
    throw new ExpressionSyntaxError(position, `${definition.name}: ${error.message}`);
  }
}

function constantOf(node: Node | undefined): Constant {
  if (node?.kind !== 'literal') return { given: node !== undefined };
  return { given: true, text: textOf(node.value.plain) ?? '' };
}
