/** Entry before, entry after → the fewest modifications that a server accepts (RFC 4511 §4.6). */
import type { Modification } from '../directory/directory';
import { type Entry, type EntryAttribute, sameValue, unshared, type Value } from '../directory/entry';
import type { Schema } from '../directory/schema';
import { namesRules } from '../mapping/rules';
import { scimTypeOf } from '../mapping/syntax';

/** The last answer for an entry: who asks for what a change is asks again to make it, and a group may have many values. */
const memo = new WeakMap<Entry, { readonly after: Entry; readonly schema: Schema; readonly found: Modification[] }>();

/** The modifications that make `after` out of `before`. */
export function modificationsOf(before: Entry, after: Entry, schema: Schema): Modification[] {
  const known = memo.get(before);
  if (known?.after === after && known.schema === schema) return known.found;
  const found = compared(before, after, schema);
  memo.set(before, { after, schema, found });
  return found;
}

/**
 * Attributes are compared by all of their names; those that only the directory writes are not looked
 * at, because a rename has changed some of them already.
 */
function compared(before: Entry, after: Entry, schema: Schema): Modification[] {
  const had = attributesByName(before, schema);
  const has = attributesByName(after, schema);
  return [...new Set([...had.keys(), ...has.keys()])].flatMap((key) => {
    const attribute = had.get(key)?.name ?? has.get(key)?.name ?? key;
    if (schema.attributeType(attribute)?.noUserModification) return [];
    return changeOf(attribute, had.get(key)?.values ?? [], has.get(key)?.values ?? [], schema);
  });
}

/** By canonical name, options included: `sn` and `surname` are one attribute, `cn` and `cn;lang-fr` are two. */
function attributesByName(entry: Entry, schema: Schema): Map<string, EntryAttribute> {
  const attributes = new Map<string, EntryAttribute>();
  for (const { name, values } of entry.attributes()) {
    const key = schema.canonicalName(name);
    const present = attributes.get(key);
    attributes.set(key, { name: present?.name ?? name, values: [...(present?.values ?? []), ...values] });
  }
  return attributes;
}

function changeOf(
  attribute: string,
  before: readonly Value[],
  after: readonly Value[],
  schema: Schema,
): Modification[] {
  if (before.length === after.length && before.every((value, index) => sameValue(value, after[index] ?? ''))) return [];
  if (after.length === 0) return [{ operation: 'delete', attribute, values: [] }];
  const [fewHad, fewHas] = unshared(before, after) ?? [before, after];
  const had = byNormalForm(attribute, fewHad, schema);
  const has = byNormalForm(attribute, fewHas, schema);
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

/** Whether a value is written otherwise than before though it matches; how a DN is written says nothing. */
function isRespelled(
  attribute: string,
  had: ReadonlyMap<string, Value>,
  has: ReadonlyMap<string, Value>,
  schema: Schema,
): boolean {
  if (scimTypeOf(schema, attribute) === 'reference') return false;
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
function byNormalForm(attribute: string, values: readonly Value[], schema: Schema): Map<string, Value> {
  const byNormal = new Map<string, Value>();
  for (const value of values) {
    const normal = schema.normalize(attribute, value);
    if (!byNormal.has(normal)) byNormal.set(normal, value);
  }
  return byNormal;
}

/** A password is written without being read: whatever was there is replaced. */
export function replaceAll(attributes: readonly EntryAttribute[]): Modification[] {
  return attributes.map(({ name, values }) => ({ operation: 'replace', attribute: name, values }));
}
