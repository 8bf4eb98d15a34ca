/** Entry before, entry after → the fewest modifications that a server accepts (RFC 4511 §4.6). */
import type { Modification } from '../directory/directory';
import { type Entry, type EntryAttribute, sameValue, unshared, type Value } from '../directory/entry';
import type { Schema } from '../directory/schema';
import { namesRules } from '../mapping/rules';
import { atOnce, type Steps, VALUES_PER_STEP } from '../mapping/steps';
import { scimTypeOf } from '../mapping/syntax';
import { hasMany, paced } from './pacing';

/** What is to become of an entry. */
export interface EntryChange {
  readonly after: Entry;
  /** Attributes that are written without being read: passwords. */
  readonly secrets: readonly EntryAttribute[];
  /** What makes `after` out of the entry, where the caller has found it out already. */
  readonly modifications?: readonly Modification[];
}

/** The modifications that make `after` out of `before`. */
export function modificationsOf(before: Entry, after: Entry, schema: Schema): Modification[] {
  return atOnce(compared(before, after, schema));
}

/** The same, of very many values in turns with whatever else waits. */
export function modificationsInTurns(
  before: Entry,
  after: Entry,
  schema: Schema,
): Modification[] | Promise<Modification[]> {
  return hasMany(before) || hasMany(after)
    ? paced(compared(before, after, schema))
    : modificationsOf(before, after, schema);
}

/**
 * Attributes are compared by all of their names; those that only the directory writes are not looked
 * at, because a rename has changed some of them already.
 */
function* compared(before: Entry, after: Entry, schema: Schema): Steps<Modification[]> {
  const had = before.byCanonicalName(schema);
  const has = after.byCanonicalName(schema);
  const found: Modification[] = [];
  for (const [attribute, from, to] of apart(had, has))
    if (schema.attributeType(attribute)?.noUserModification !== true)
      found.push(...(yield* changeOf(attribute, from, to, schema)));
  return found;
}

type Attributes = ReadonlyMap<string, EntryAttribute>;

/** The attributes that two entries do not share, with the values that they have before and after; what a change leaves alone it mostly shares. */
function apart(had: Attributes, has: Attributes): [attribute: string, from: readonly Value[], to: readonly Value[]][] {
  const found: [string, readonly Value[], readonly Value[]][] = [];
  had.forEach((attribute, key) => {
    const now = has.get(key);
    if (now !== attribute) found.push([attribute.name, attribute.values, now?.values ?? []]);
  });
  has.forEach(({ name, values }, key) => {
    if (!had.has(key)) found.push([name, [], values]);
  });
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
  if (before.length === 1 && after.length === 1) return changeOfOne(attribute, before, after, schema);
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

function changeOfOne(
  attribute: string,
  [before = '']: readonly Value[],
  values: readonly Value[],
  schema: Schema,
): Modification[] {
  const [after = ''] = values;
  const isSame = schema.normalize(attribute, before) === schema.normalize(attribute, after);
  return isSame && !isWrittenAsRead(attribute, schema) ? [] : [{ operation: 'replace', attribute, values }];
}

/** Whether it counts how a value is written that matches another one. */
function isWrittenAsRead(attribute: string, schema: Schema): boolean {
  return scimTypeOf(schema, attribute) === 'string';
}

/** Whether a text is written otherwise than before though it matches (decision 52); how a DN, a number or a time is written says nothing. */
function isRespelled(
  attribute: string,
  had: ReadonlyMap<string, Value>,
  has: ReadonlyMap<string, Value>,
  schema: Schema,
): boolean {
  if (!isWrittenAsRead(attribute, schema)) return false;
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
