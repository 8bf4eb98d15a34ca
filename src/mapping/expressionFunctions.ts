/** The table of the functions that an expression may call, put together from their themes. */
import { dateFunctions } from './functions/dates';
import type { FunctionDefinition } from './functions/definition';
import { encodingFunctions } from './functions/encoding';
import { listFunctions } from './functions/lists';
import { logicFunctions } from './functions/logic';
import { replaceFunction } from './functions/replace';
import { textFunctions } from './functions/text';

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

const LONGEST_TYPO = 60;

/** The name that was probably meant: the same in another case, else one that is at most two slips away. */
export function suggestionFor(name: string): string | undefined {
  const lower = name.toLowerCase();
  const sameLetters = functionNames.find((known) => known.toLowerCase() === lower);
  if (sameLetters !== undefined || name.length > LONGEST_TYPO) return sameLetters;
  const ranked = functionNames
    .map((known) => ({ known, distance: editDistance(lower, known.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance);
  const [best] = ranked;
  return best && best.distance <= Math.min(2, Math.floor(best.known.length / 3)) ? best.known : undefined;
}

/** The least number of characters to insert, remove or exchange (Levenshtein). */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (const [i, letter] of [...a].entries()) {
    const next = [i + 1];
    for (let j = 1; j <= b.length; j++) {
      const exchange = (row[j - 1] ?? 0) + (letter === b[j - 1] ? 0 : 1);
      next.push(Math.min(exchange, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
