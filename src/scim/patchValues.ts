/** Which PATCH requests need no reading: those that only add and remove values, such as members of a group. */
import { type AttributePath, formatPath, type ValueChange } from './attributePath';
import { isObject } from './json';
import type { PatchStep } from './patchDraft';
import { valuesOf } from './valueList';

/** What may stand beside the `value` of a reference without being part of the change: it only describes the target. */
const describing: ReadonlySet<string> = new Set(['value', '$ref', 'display', 'type']);

interface Tally {
  readonly path: AttributePath;
  /** What finally happens to each value, by the attribute's case rule: of several steps the last counts. */
  readonly last: Map<unknown, { readonly operation: 'add' | 'remove'; readonly value: unknown }>;
}

/** The steps as value changes, at most one add and one remove for each attribute; empty when they can not be put that way. */
export function valueChangesOf(steps: readonly PatchStep[]): readonly ValueChange[] {
  const [only] = steps;
  if (only !== undefined && steps.length === 1) return changesBy(only);
  const tallies = new Map<string, Tally>();
  for (const step of steps) {
    const values = valuesIn(step);
    if (values === undefined || step.operation === 'replace') return [];
    const key = formatPath(step.path);
    const tally = tallies.get(key) ?? { path: step.path, last: new Map() };
    tallies.set(key, tally);
    const { operation } = step;
    for (const value of values) tally.last.set(keyOf(value, step.path), { operation, value });
  }
  return [...tallies.values()].flatMap(({ path, last }) => {
    const { valueFilter: _, ...whole } = path;
    return (['remove', 'add'] as const).flatMap((operation): ValueChange[] => {
      const values = [...last.values()].filter((final) => final.operation === operation).map(({ value }) => value);
      return values.length === 0 ? [] : [{ operation, path: whole, values }];
    });
  });
}

/** What a single step changes: each value once. */
function changesBy(step: PatchStep): readonly ValueChange[] {
  const { operation, path } = step;
  const values = valuesIn(step);
  if (values === undefined || values.length === 0 || operation === 'replace') return [];
  const { valueFilter: _, ...whole } = path;
  const distinct = isCaseExact(path) ? new Set(values) : new Map(values.map((one) => [keyOf(one, path), one])).values();
  return [{ operation, path: whole, values: [...distinct] }];
}

function isCaseExact({ definition }: AttributePath): boolean {
  return (definition.subAttributes?.find(({ name }) => name === 'value') ?? definition).caseExact;
}

function keyOf(value: unknown, path: AttributePath): unknown {
  return typeof value !== 'string' || isCaseExact(path) ? value : value.toLowerCase();
}

/** The plain values that a step adds or removes; undefined when it does anything else. */
function valuesIn({ operation, path, value }: PatchStep): readonly unknown[] | undefined {
  const { definition, subAttribute, valueFilter } = path;
  if (!definition.multiValued || definition.mutability !== 'readWrite' || subAttribute !== undefined) return undefined;
  if (valueFilter) return operation === 'remove' ? valuesOf(valueFilter) : undefined;
  if (!Array.isArray(value)) return undefined;
  if (definition.type !== 'complex') return value;
  const isReference = definition.subAttributes?.some(({ name }) => name === '$ref') ?? false;
  const plain = value.every(
    (element) =>
      isObject(element) &&
      Object.hasOwn(element, 'value') &&
      Object.keys(element).every((name) => name === 'value' || (isReference && describing.has(name))),
  );
  return plain ? value.map((element) => element.value) : undefined;
}
