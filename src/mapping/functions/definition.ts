/**
 * What a function of the expression language is, and how one is written: most compute a plain value from plain values and
 * leave it to this file to say what is data; the few that keep pieces apart or choose among arguments see values.
 */
import { derived, FunctionFault, IGNORED, isList, numberOf, type Plain, type Scope, textOf, type Value } from './value';

/** What surrounds one evaluation. */
export interface Context {
  readonly scope: Scope;
  /** Whether a DN is being made: then EscapeDNComponent only marks, because all data is escaped where it lands in an RDN. */
  readonly dn: boolean;
  /** Counts work whose amount depends on values; faults when one evaluation takes too much of it. */
  spend(steps: number): void;
}

/** An argument is evaluated when it is asked for; undefined where it was left out. */
export type Argument = (() => Value) | undefined;

export type Evaluate = (args: readonly Argument[], context: Context) => Value;

/** What is known of an argument before any evaluation; `text` where it is a literal. */
export interface Constant {
  readonly given: boolean;
  readonly text?: string;
}

export interface FunctionDefinition {
  readonly name: string;
  /** Parameter names; `name?` may be left out, `name…` (last only) may come any number of times. */
  readonly parameters: readonly string[];
  /** Checks what can be checked before any evaluation (throws {@link FunctionFault}) and answers how to evaluate this call. */
  bind(constants: readonly Constant[]): Evaluate;
}

/** The plain values of a call's arguments. */
export class Arguments {
  readonly #values: readonly Plain[];
  readonly #parameters: readonly string[];

  constructor(values: readonly Plain[], parameters: readonly string[]) {
    this.#values = values;
    this.#parameters = parameters;
  }

  get count(): number {
    return this.#values.length;
  }

  plain(index: number): Plain {
    return this.#values[index] ?? null;
  }

  text(index: number): string | null {
    return textOf(this.plain(index));
  }

  integer(index: number): number {
    const number = numberOf(this.plain(index));
    if (number === undefined || !Number.isSafeInteger(number)) {
      throw new FunctionFault(`${this.#parameters[index]} is not an integer`, index);
    }
    return number;
  }
}

/** Evaluates arguments one after the other; undefined when one of them is to be dropped from the flow. */
export function evaluateAll(args: readonly Argument[]): readonly (Value | undefined)[] | undefined {
  const values: (Value | undefined)[] = [];
  for (const arg of args) {
    const value = arg?.();
    if (value === IGNORED) return undefined;
    values.push(value);
  }
  return values;
}

/** Evaluates arguments for a function that sees values; left-out arguments are undefined. */
export function onValues(compute: (values: readonly (Value | undefined)[], context: Context) => Value): Evaluate {
  return (args, context) => {
    const values = evaluateAll(args);
    return values === undefined ? IGNORED : compute(values, context);
  };
}

type Compute = (args: Arguments, context: Context) => Plain;

/** A function from plain values to a plain value; the result is data as soon as one argument is. */
export function plainFunction(name: string, parameters: readonly string[], compute: Compute): FunctionDefinition {
  const evaluate = onPlain(parameters, compute);
  return { name, parameters, bind: () => evaluate };
}

/** Like {@link plainFunction}; a list as first argument is worked on value by value. */
export function eachFunction(name: string, parameters: readonly string[], compute: Compute): FunctionDefinition {
  const evaluate = onPlain(parameters, forEach(compute, parameters));
  return { name, parameters, bind: () => evaluate };
}

export function onPlain(parameters: readonly string[], compute: Compute): Evaluate {
  return onValues((values, context) => {
    const present = values.filter((value) => value !== undefined);
    const plains = values.map((value) => value?.plain ?? null);
    return derived(compute(new Arguments(plains, parameters), context), present);
  });
}

export function forEach(compute: Compute, parameters: readonly string[]): Compute {
  return (args, context) => {
    const first = args.plain(0);
    if (!isList(first)) return compute(args, context);
    const rest = Array.from({ length: args.count - 1 }, (_, index) => args.plain(index + 1));
    return first.flatMap((item) => compute(new Arguments([item, ...rest], parameters), context) ?? []);
  };
}
