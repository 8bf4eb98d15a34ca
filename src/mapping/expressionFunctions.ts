/** The table of the functions that an expression may call, put together from their themes. */
import { dateFunctions } from './functions/dates';
import type { FunctionDefinition } from './functions/definition';
import { encodingFunctions } from './functions/encoding';
import { listFunctions } from './functions/lists';
import { logicFunctions } from './functions/logic';
import { replaceFunction } from './functions/replace';
import { textFunctions } from './functions/text';
import { nearest } from './nearest';

const TABLE: ReadonlyMap<string, FunctionDefinition> = new Map(
  [...textFunctions, replaceFunction, ...listFunctions, ...logicFunctions, ...dateFunctions, ...encodingFunctions].map(
    (definition) => [definition.name, definition],
  ),
);

/** Functions whose value only the connector can find, because the directory has to be asked. */
export const ALLOCATIONS = ['SelectUniqueValue', 'NextNumber'] as const;

/** The names of all functions, sorted. */
export const functionNames: readonly string[] = [...TABLE.keys(), ...ALLOCATIONS].sort();

/** The function of this name; names are case-sensitive. */
export function functionNamed(name: string): FunctionDefinition | undefined {
  return TABLE.get(name);
}

/** How a function is called, e.g. `Left(text, count)`. */
export function signatureOf(definition: Pick<FunctionDefinition, 'name' | 'parameters'>): string {
  return `${definition.name}(${definition.parameters.join(', ')})`;
}

/** The name that was probably meant: the same in another case, or one that is a slip away. */
export function suggestionFor(name: string): string | undefined {
  return nearest(name, functionNames);
}
