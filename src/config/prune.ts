/** What is left of a file when its faulty parts are taken out, so that the rest of its faults can be said in the same breath. */
import type { ZodError, ZodType } from 'zod';

const mostRounds = 8;

/**
 * A value without the parts that a schema refuses, as the schema gives it; undefined where nothing sensible is left, e.g.
 * because something mandatory is missing. It is for finding more faults, never for use. An array with a faulty element
 * goes whole, so that the paths of what is left stay true.
 */
export function withoutFaults<T>(schema: ZodType<T>, value: unknown): T | undefined {
  const pruned: unknown = structuredClone(value);
  for (let round = 0; round < mostRounds; round += 1) {
    const result = schema.safeParse(pruned);
    if (result.success) return result.data;
    if (!remove(pruned, result.error)) return undefined;
  }
  return undefined;
}

/** Takes out what an error is about; false where there was nothing to take out. */
function remove(value: unknown, { issues }: ZodError): boolean {
  let removed = false;
  for (const issue of issues) {
    const paths = issue.code === 'unrecognized_keys' ? issue.keys.map((key) => [...issue.path, key]) : [issue.path];
    for (const path of paths) removed = removeAt(value, path) || removed;
  }
  return removed;
}

function removeAt(value: unknown, path: readonly PropertyKey[]): boolean {
  const own = path.slice(0, firstIndex(path));
  const key = own.at(-1);
  const holder = own.slice(0, -1).reduce<unknown>((at, part) => (isHolder(at) ? at[part] : undefined), value);
  if (key === undefined || !isHolder(holder) || Array.isArray(holder) || !Object.hasOwn(holder, key)) return false;
  return Reflect.deleteProperty(holder, key);
}

/** Where a path enters an array, but for the object types: each of them is an object that can lose a part of its own. */
function firstIndex(path: readonly PropertyKey[]): number {
  const index = path.findIndex(
    (part, position) => typeof part === 'number' && !(position === 1 && path[0] === 'objectTypes' && path.length > 2),
  );
  return index < 0 ? path.length : index;
}

function isHolder(value: unknown): value is Record<PropertyKey, unknown> {
  return typeof value === 'object' && value !== null;
}
