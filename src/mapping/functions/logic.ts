/** Conditions, choices and casts. Choices evaluate only what they choose, and the chosen value stays what it was. */

import { parseDate } from './dateFormat';
import { type Argument, type Evaluate, type FunctionDefinition, plainFunction } from './definition';
import {
  ABSENT,
  booleanOf,
  FunctionFault,
  IGNORED,
  isEmpty,
  isList,
  isNull,
  numberOf,
  type Plain,
  single,
  textOf,
  type Value,
} from './value';

export type Operator = '=' | '<>' | '<' | '<=' | '>' | '>=';

/**
 * Compares two values. With an absent value no comparison holds, not even `<>`. Dates compare as dates, numbers as numbers
 * where one side is a number, booleans with `true` and `false` in any case, texts by their code units.
 */
export function compare(operator: Operator, left: Plain, right: Plain): boolean {
  const order = orderOf(single(left), single(right), operator);
  switch (operator) {
    case '=':
      return order === 0;
    case '<>':
      return order !== undefined && order !== 0;
    case '<':
      return order !== undefined && order < 0;
    case '<=':
      return order !== undefined && order <= 0;
    case '>':
      return order !== undefined && order > 0;
    case '>=':
      return order !== undefined && order >= 0;
  }
}

/** Below, at or above zero; undefined where one of them is absent; not a number where they differ without an order. */
function orderOf(left: Plain, right: Plain, operator: Operator): number | undefined {
  if (left === null || right === null) return undefined;
  const sides = [left, right];
  if (sides.some((side) => side instanceof Date)) {
    const [a, b] = sides.map((side) => (side instanceof Date ? side : parseDate(textOf(side) ?? ''))?.getTime());
    return a === undefined || b === undefined ? Number.NaN : a - b;
  }
  const relational = operator !== '=' && operator !== '<>';
  const [a, b] = sides.map(numberOf);
  if (a !== undefined && b !== undefined && (relational || sides.some((side) => typeof side === 'number')))
    return a - b;
  const ignoreCase = sides.some((side) => typeof side === 'boolean');
  const [x = '', y = ''] = sides.map((side) => (ignoreCase ? textOf(side)?.toLowerCase() : textOf(side)) ?? '');
  return x === y ? 0 : x < y ? -1 : 1;
}

/** The value of a choice; null for an argument that was left out. */
function chosen(argument: Argument): Value {
  return argument ? argument() : ABSENT;
}

const iif: Evaluate = ([condition, whenTrue, whenFalse]) => {
  const value = chosen(condition);
  if (value === IGNORED) return IGNORED;
  return chosen(booleanOf(value.plain) ? whenTrue : whenFalse);
};

/** Compares as text, with case; an absent source is the same as an empty one. */
const choose: Evaluate = ([source, otherwise, ...pairs]) => {
  const value = chosen(source);
  if (value === IGNORED) return IGNORED;
  const wanted = textOf(value.plain) ?? '';
  for (let index = 0; index < pairs.length; index += 2) {
    const key = chosen(pairs[index]);
    if (key !== IGNORED && (textOf(key.plain) ?? '') === wanted) return chosen(pairs[index + 1]);
  }
  return withSources(chosen(otherwise), value);
};

const coalesce: Evaluate = (args) => {
  let last: Value = ABSENT;
  for (const argument of args) {
    const value = chosen(argument);
    last = withSources(value, last);
    if (value === IGNORED || !isNull(value.plain)) return last;
  }
  return last;
};

/** A value without text also names what else it was looked for in. */
function withSources(value: Value, other: Value): Value {
  if (value === IGNORED || !isEmpty(value.plain)) return value;
  return { ...value, sources: [...new Set([...other.sources, ...value.sources])] };
}

const ignoreFlowIfNullOrEmpty: Evaluate = ([argument]) => {
  const value = chosen(argument);
  return isEmpty(value.plain) ? IGNORED : value;
};

function cNum(plain: Plain): Plain {
  if (isEmpty(plain)) return null;
  const number = numberOf(plain);
  if (number === undefined) throw new FunctionFault('the value is not a number', 0);
  return number;
}

export const logicFunctions: readonly FunctionDefinition[] = [
  { name: 'IIF', parameters: ['condition', 'valueIfTrue?', 'valueIfFalse?'], bind: () => iif },
  {
    name: 'Switch',
    parameters: ['source', 'defaultValue?', 'key', 'value?', 'moreKeysAndValues…'],
    bind(constants) {
      if (constants.length % 2 !== 0)
        throw new FunctionFault(
          'after the source and the default value, every key needs a value',
          constants.length - 1,
        );
      return choose;
    },
  },
  { name: 'Coalesce', parameters: ['source', 'moreSources…'], bind: () => coalesce },
  { name: 'IgnoreFlowIfNullOrEmpty', parameters: ['expression'], bind: () => ignoreFlowIfNullOrEmpty },
  plainFunction('IsNull', ['expression'], (args) => isNull(args.plain(0))),
  plainFunction('IsNullOrEmpty', ['expression'], (args) => isEmpty(args.plain(0))),
  plainFunction('IsPresent', ['expression'], (args) => !isEmpty(args.plain(0))),
  plainFunction('IsString', ['expression'], (args) => {
    const value = args.plain(0);
    return typeof value === 'string' || (isList(value) && value.length === 1 && typeof value[0] === 'string');
  }),
  plainFunction('Not', ['source'], (args) => !booleanOf(args.plain(0))),
  plainFunction('CBool', ['expression'], (args) => booleanOf(args.plain(0))),
  plainFunction('CStr', ['value'], (args) => args.text(0)),
  plainFunction('CNum', ['text'], (args) => cNum(args.plain(0))),
];
