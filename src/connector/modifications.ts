/** Entry before, entry after → the fewest modifications that a server accepts (RFC 4511 §4.6). */
import type { Modification } from '../directory/directory';
import { type Entry, type EntryAttribute, sameValue, unshared, type Value } from '../directory/entry';
import type { Schema } from '../directory/schema';
import { namesRules } from '../mapping/rules';
import { atOnce, type Steps, VALUES_PER_STEP } from '../mapping/steps';
import { scimTypeOf } from '../mapping/syntax';
import { hasMany, paced } from './pacing';

/**
 * The last answer for an entry of very many values: who asks for what a change is asks again to make it. Fewer values are
 * compared in less time than it takes to remember what came of it.
 */
const memo = new WeakMap<Entry, { readonly after: Entry; readonly schema: Schema; readonly found: Modification[] }>();

/** The modifications that make `after` out of `before`. */
export function modificationsOf(before: Entry, after: Entry, schema: Schema): Modification[] {
  if (!hasMany(before) && !hasMany(after)) return atOnce(compared(before, after, schema));
  const known = memo.get(before);
  if (known?.after === after && known.schema === schema) return known.found;
  const found = atOnce(compared(before, after, schema));
  memo.set(before, { after, schema, found });
  return found;
}

/** Finds what {@link modificationsOf} will be asked for, where that takes long, in turns with whatever else waits. */
export async function prepareModifications(before: Entry, after: Entry, schema: Schema): Promise<void> {
  if (!hasMany(before) && !hasMany(after)) return;
  memo.set(before, { after, schema, found: await paced(compared(before, after, schema)) });
}

/**
 * Attributes are compared by all of their names; those that only the directory writes are not looked
 * at, because a rename has changed some of them already.
 */
function* compared(before: Entry, after: Entry, schema: Schema): Steps<Modification[]> {
  const had = before.byCanonicalName(schema);
  const has = after.byCanonicalName(schema);
  const found: Modification[] = [];
  const compare = function* (attribute: string, from: readonly Value[], to: readonly Value[]): Steps<void> {
    if (schema.attributeType(attribute)?.noUserModification) return;
    found.push(...(yield* changeOf(attribute, from, to, schema)));
  };
  for (const [key, attribute] of had) {
    const now = has.get(key);
    // What a change leaves alone it mostly shares.
    if (now !== attribute) yield* compare(attribute.name, attribute.values, now?.values ?? []);
  }
  for (const [key, { name, values }] of has) if (!had.has(key)) yield* compare(name, [], values);
  return found;
}

function* changeOf(
  attribute: string,
  before: readonly Value[],
  after: readonly Value[],
  schema: Schema,
): Steps<Modification[]> {
  if (before.length === after.length && before.every((value, index) => sameValue(value, after[index] ?? ''))) return [];
  if (after.length === 0) return [{ operation: 'delete', attribute, values: [] }];
  const [fewHad, fewHas] = (yield* unshared(before, after)) ?? [before, after];
  const had = yield* byNormalForm(attribute, fewHad, schema);
  const has = yield* byNormalForm(attribute, fewHas, schema);
  const values = fewHas === after ? [...has.values()] : after;
  if (before.length === 0) return [{ operation: 'add', attribute, values }];
  const replace: Modification[] = [{ operation: 'replace', attribute, values }];
  const removed = [...had].flatMap(([normal, value]) => (has.has(normal) ? [] : [value]));
  const added = [...has].flatMap(([normal, value]) => (had.has(normal) ? [] : [value]));
  if (isRespelled(attribute, had, has, schema)) return replace;
  if (removed.length === 0 && added.length === 0) return [];
  // With one value, or when all of them change, a replace is shorter and cannot meet a value that somebody else removed.
  // Without an equality rule a server finds no single value (RFC 4511 §4.6: inappropriateMatching).
  const isAll = fewHad === before && (had.size === 1 || removed.length === had.size);
  if (isAll || !isFoundByValue(attribute, schema)) return replace;
  // Delete before add: a single-valued attribute may never have two values on the way.
  return [
    ...(removed.length > 0 ? [{ operation: 'delete' as const, attribute, values: removed }] : []),
    ...(added.length > 0 ? [{ operation: 'add' as const, attribute, values: added }] : []),
  ];
}

/** Whether a text is written otherwise than before though it matches (decision 52); how a DN, a number or a time is written says nothing. */
function isRespelled(
  attribute: string,
  had: ReadonlyMap<string, Value>,
  has: ReadonlyMap<string, Value>,
  schema: Schema,
): boolean {
  if (scimTypeOf(schema, attribute) !== 'string') return false;
  for (const [normal, value] of has) {
    const old = had.get(normal);
    if (old !== undefined && !sameValue(value, old)) return true;
  }
  return false;
}

function isFoundByValue(attribute: string, schema: Schema): boolean {
  return !namesRules(schema) || schema.attributeType(attribute)?.equality !== undefined;
}

/** The first value of each kind; a schema without an equality rule for the attribute compares by its syntax. */
function* byNormalForm(attribute: string, values: readonly Value[], schema: Schema): Steps<Map<string, Value>> {
  const byNormal = new Map<string, Value>();
  for (const [index, value] of values.entries()) {
    if (index > 0 && index % VALUES_PER_STEP === 0) yield;
    const normal = schema.normalize(attribute, value);
    if (!byNormal.has(normal)) byNormal.set(normal, value);
  }
  return byNormal;
}

/** A password is written without being read: whatever was there is replaced. */
export function replaceAll(attributes: readonly EntryAttribute[]): Modification[] {
  return attributes.map(({ name, values }) => ({ operation: 'replace', attribute: name, values }));
}
