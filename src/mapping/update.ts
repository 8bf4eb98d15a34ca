/** Resource before, resource after → the entry as it shall be, with its new name. Pure; written by `connector/export`. */
import { isDeepStrictEqual } from 'node:util';
import { type DN, RDN } from '../directory/dn';
import type { Entry, EntryAttribute, Value } from '../directory/entry';
import { ScimError } from '../scim/error';
import type { Resource } from '../scim/resource';
import { rdnValue } from './attributes';
import { encodeMade, evaluated, givenDN } from './create';
import type { DirectoryAttribute } from './directoryFace';
import { flowSources, flowValues, isAllocated, scopeOf, sourceValues } from './flow';
import type { ObjectType } from './objectType';
import type { References } from './reference';
import { agreed, encode, type Statement, statementsOf } from './statements';

/** What an update is computed from. */
export interface UpdateInput {
  readonly kind: 'replace' | 'patch';
  /** URNs of the schemas that the body of a replace speaks of; its silence means nothing elsewhere. */
  readonly faces: ReadonlySet<string>;
  readonly current: Resource;
  readonly desired: Resource;
  /** The entry as it is now, with every attribute that the object type reads. */
  readonly entry: Entry;
  readonly references: References;
  readonly now: () => Date;
  readonly random: (length: number) => Uint8Array;
}

/** The entry as it shall be. */
export interface Update {
  /** Its DN is the entry's name after the change. */
  readonly after: Entry;
  /** Attributes that are written without being read: passwords. */
  readonly secrets: readonly EntryAttribute[];
}

/** Computes an update. @throws ScimError 400 on contradictions and on values that fit no syntax. */
export function updateOf(objectType: ObjectType, input: UpdateInput): Update {
  const changes = new Map<string, EntryAttribute>();
  const secrets: EntryAttribute[] = [];
  for (const attribute of objectType.attributes.values()) {
    if (attribute.readOnly) continue;
    const statement = changed(objectType, attribute, input);
    if (statement === undefined) continue;
    const values = encode(statement, attribute, objectType, input.references);
    if (attribute.secret) {
      if (values.length > 0) secrets.push({ name: attribute.name, values });
      continue;
    }
    changes.set(attribute.key, { name: attribute.name, values: keepUnresolved(values, attribute, objectType, input) });
  }
  applyFlows(objectType, input, changes);
  const dn = newDN(objectType, input, changes);
  keepNaming(objectType, input.entry, dn, changes);
  return { after: input.entry.with(changes.values(), dn), secrets };
}

/** The statement that has changed, if one has; several that have must agree. */
function changed(objectType: ObjectType, attribute: DirectoryAttribute, input: UpdateInput): Statement | undefined {
  const before = statementsOf(objectType, attribute, input.current);
  const after = statementsOf(objectType, attribute, input.desired);
  const differing = after.filter((statement, index) => !isDeepStrictEqual(statement.values, before[index]?.values));
  const stated = differing.filter(({ values }) => values.length > 0);
  if (stated.length > 0) return agreed(stated, attribute, objectType, input.references);
  const [cleared] = differing;
  if (cleared === undefined || attribute.secret) return undefined;
  if (input.kind === 'patch') return cleared;
  // A replace clears only what every face that it speaks of leaves out, and never what the entry cannot do without.
  const spoken = after.filter(({ face }) => input.faces.has(face));
  return spoken.some(({ values }) => values.length > 0) || isProtected(objectType, attribute) ? undefined : cleared;
}

function isProtected(objectType: ObjectType, attribute: DirectoryAttribute): boolean {
  const { key, required } = attribute;
  return (
    required ||
    key === 'objectclass' ||
    objectType.flows.some(({ target, apply }) => target === key && apply === 'onCreate')
  );
}

/** References that the host could not resolve were never shown on the core face, so it cannot mean to remove them. */
function keepUnresolved(
  values: Value[],
  attribute: DirectoryAttribute,
  objectType: ObjectType,
  input: UpdateInput,
): Value[] {
  if (attribute.type !== 'reference' || attribute.single) return values;
  const { schema } = objectType;
  const ownFace = input.desired[objectType.urn] as Record<string, unknown> | undefined;
  const currentFace = input.current[objectType.urn] as Record<string, unknown> | undefined;
  if (!isDeepStrictEqual(ownFace?.[attribute.name], currentFace?.[attribute.name])) return values;
  const unresolved = input.entry
    .values(attribute.name)
    .filter((value) => input.references.idOf(schema.normalize(attribute.name, value)) === undefined);
  return [...values, ...unresolved];
}

function applyFlows(objectType: ObjectType, input: UpdateInput, changes: Map<string, EntryAttribute>): void {
  const scope = scopeOf(objectType, input.desired, input);
  for (const flow of objectType.flows) {
    if (flow.apply !== 'always' || isAllocated(flow) || changes.has(flow.target)) continue;
    const moved = flowSources(flow).some(
      (name) =>
        !isDeepStrictEqual(
          sourceValues(objectType, input.current, name),
          sourceValues(objectType, input.desired, name),
        ),
    );
    const attribute = objectType.attributes.get(flow.target);
    const values = moved && attribute !== undefined ? flowValues(flow, scope) : undefined;
    if (attribute === undefined || values === undefined) continue;
    changes.set(flow.target, { name: attribute.name, values: values.map((value) => encodeMade(value, attribute)) });
  }
}

/**
 * The name after the change: a changed `-dn-`; else the DN expression where the present name follows it; else the RDN's
 * own attribute where its value has gone.
 */
function newDN(objectType: ObjectType, input: UpdateInput, changes: ReadonlyMap<string, EntryAttribute>): DN {
  const { entry, current, desired } = input;
  const given = givenDN(objectType, desired);
  if (given !== undefined && given.toString() !== givenDN(objectType, current)?.toString()) {
    return sameName(given, entry.dn, objectType) ? entry.dn : given;
  }
  if (objectType.dnExpression !== undefined) {
    const before = attempt(() => evaluated(objectType, scopeOf(objectType, current, input)));
    if (before?.equals(entry.dn, objectType.schema)) {
      const after = attempt(() => evaluated(objectType, scopeOf(objectType, desired, input)));
      if (after !== undefined && !after.equals(before, objectType.schema)) return after;
    }
  }
  return renamedByAttribute(objectType, entry, changes) ?? entry.dn;
}

/** The same entry name, spelled alike in its own RDN: a difference of case there is a rename, one above it is not. */
function sameName(a: DN, b: DN, { schema }: ObjectType): boolean {
  if (!a.equals(b, schema)) return false;
  const values = (dn: DN) => (dn.rdn?.parts ?? []).map(({ value }) => value.toString()).sort();
  return isDeepStrictEqual(values(a), values(b));
}

function attempt<T>(compute: () => T): T | undefined {
  try {
    return compute();
  } catch (error) {
    // An expression that gives no name for the resource says nothing about where its entry should be.
    if (error instanceof ScimError) return undefined;
    throw error;
  }
}

function renamedByAttribute(
  { schema, attributes }: ObjectType,
  entry: Entry,
  changes: ReadonlyMap<string, EntryAttribute>,
): DN | undefined {
  const { dn } = entry;
  const { rdn, parent } = dn;
  if (rdn === undefined || parent === undefined) return undefined;
  let renamed = false;
  const parts = rdn.parts.map((part) => {
    const key = schema.canonicalName(part.type);
    const change = changes.get(key);
    if (change === undefined) return part;
    // The client sees another value than the one that names the entry, and it is that one which it changes.
    if (attributes.get(key)?.single && entry.values(part.type).length > 1) return part;
    const normal = schema.normalize(part.type, part.value);
    const same = change.values.find((value) => schema.normalize(part.type, value) === normal);
    const value = same ?? change.values[0];
    if (value === undefined) {
      const name = attributes.get(key)?.name ?? part.type;
      throw new ScimError(
        400,
        'invalidValue',
        `${name} names the entry (${dn.toString()}), so it cannot be removed: give it another value, or rename the entry by -dn-.`,
      );
    }
    renamed ||= value.toString() !== part.value.toString();
    return { type: part.type, value };
  });
  return renamed ? parent.child(new RDN(parts)) : undefined;
}

/** An entry keeps the values of its RDN, also where a client sees another value of the same attribute. */
function keepNaming({ schema }: ObjectType, entry: Entry, dn: DN, changes: Map<string, EntryAttribute>): void {
  for (const { type, value } of dn.rdn?.parts ?? []) {
    const key = schema.canonicalName(type);
    const change = changes.get(key);
    const values = change?.values ?? entry.values(type);
    const normal = schema.normalize(type, value);
    if (values.some((other) => schema.normalize(type, other) === normal)) continue;
    const old = rdnValue(entry.dn, key, schema.canonicalName.bind(schema));
    const oldNormal = old === undefined ? undefined : schema.normalize(type, old);
    const rest = change === undefined ? values.filter((other) => schema.normalize(type, other) !== oldNormal) : values;
    changes.set(key, { name: change?.name ?? schema.attributeType(type)?.name ?? type, values: [...rest, value] });
  }
}
