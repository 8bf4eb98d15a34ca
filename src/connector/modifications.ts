/** Entry before, entry after → the fewest modifications that a server accepts (RFC 4511 §4.6). */
import type { Modification } from '../directory/directory';
import { type Entry, type EntryAttribute, sameValue, type Value } from '../directory/entry';
import type { Schema } from '../directory/schema';

/** The modifications; attributes that only the directory writes are not looked at. */
export function modificationsOf(before: Entry, after: Entry, schema: Schema): Modification[] {
  const modifications: Modification[] = [];
  const names = new Map<string, string>();
  for (const { name } of [...before.attributes(), ...after.attributes()]) names.set(name.toLowerCase(), name);
  for (const name of names.values())
    modifications.push(...changeOf(name, before.values(name), after.values(name), schema));
  return modifications;
}

function changeOf(
  attribute: string,
  before: readonly Value[],
  after: readonly Value[],
  schema: Schema,
): Modification[] {
  if (before.length === after.length && before.every((value, index) => sameValue(value, after[index] ?? ''))) return [];
  if (after.length === 0) return [{ operation: 'delete', attribute, values: [] }];
  if (before.length === 0) return [{ operation: 'add', attribute, values: after }];
  const had = byNormalForm(attribute, before, schema);
  const has = byNormalForm(attribute, after, schema);
  const removed = [...had].filter(([normal]) => !has.has(normal)).map(([, value]) => value);
  const added = [...has].filter(([normal]) => !had.has(normal)).map(([, value]) => value);
  const respelled = [...has].some(([normal, value]) => had.has(normal) && !sameValue(value, had.get(normal) ?? ''));
  if (respelled && !schema.isDN(attribute)) return [{ operation: 'replace', attribute, values: [...has.values()] }];
  if (removed.length === 0 && added.length === 0) return [];
  // With one value, or when most of them change, a replace is shorter and cannot meet a value that somebody else removed.
  if (before.length === 1 || removed.length === had.size)
    return [{ operation: 'replace', attribute, values: [...has.values()] }];
  const modifications: Modification[] = [];
  // Delete before add: a single-valued attribute may never have two values on the way (RFC 4511 §4.6).
  if (removed.length > 0) modifications.push({ operation: 'delete', attribute, values: removed });
  if (added.length > 0) modifications.push({ operation: 'add', attribute, values: added });
  return modifications;
}

/** A schema without an equality rule for the attribute compares octets, as servers do. */
function byNormalForm(attribute: string, values: readonly Value[], schema: Schema): Map<string, Value> {
  return new Map(values.map((value) => [schema.normalize(attribute, value), value]));
}

/** A password is written without being read: whatever was there is replaced. */
export function replaceAll(attributes: readonly EntryAttribute[]): Modification[] {
  return attributes.map(({ name, values }) => ({ operation: 'replace', attribute: name, values }));
}
