/** Resource before, resource after → the entry as it shall be, with its new name. Pure; written by `connector/export`. */
import { isDeepStrictEqual } from 'node:util';
import { type DN, RDN } from '../directory/dn';
import { type Entry, type EntryAttribute, sameValue, type Value } from '../directory/entry';
import type { Schema } from '../directory/schema';
import { ScimError } from '../scim/error';
import type { Resource } from '../scim/resource';
import { encodeMade, evaluatedDN, givenDN, requireReadable } from './create';
import { type DirectoryAttribute, faceValue, ldapName, virtual } from './directoryFace';
import { fillsEmpty, withPlaceholder } from './emptyGroup';
import { flowSources, flowValues, isAllocated, scopeOf, sourceValues } from './flow';
import type { ObjectType } from './objectType';
import { type References, spelledWithUID } from './reference';
import { agreed, attributesApart, encodeSteps, type Statement, statementsOf } from './statements';
import { atOnce, eachInSteps, isMany, type Steps } from './steps';

/** What an update is computed from. */
export interface UpdateInput {
  readonly kind: 'replace' | 'patch';
  /** URNs of the schemas that the body of a replace speaks of; its silence means nothing elsewhere. */
  readonly faces: ReadonlySet<string>;
  /** Canonical paths of the attributes that the body of a replace says to be empty. */
  readonly emptied: ReadonlySet<string>;
  /** The body of a replace has both faces as they were read: what is missing on one of them was taken out. */
  readonly readBack: boolean;
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
  return atOnce(updateSteps(objectType, input));
}

/** The same in steps. */
export function* updateSteps(objectType: ObjectType, input: UpdateInput): Steps<Update> {
  const changes: Changes = new Map();
  const secrets: EntryAttribute[] = [];
  const change = (attribute: DirectoryAttribute, values: readonly Value[]) => {
    const own = { name: attribute.ldapName, values };
    if (!attribute.secret) changes.set(attribute.key, own);
    else if (values.length > 0) secrets.push(own);
  };
  const stated = new Set<string>();
  for (const attribute of attributesApart(objectType, input.current, input.desired)) {
    const statement = attribute.readOnly ? undefined : yield* changed(objectType, attribute, input);
    if (statement === undefined) continue;
    stated.add(attribute.key);
    const values = yield* encodeSteps(statement, attribute, objectType, input.references);
    const spelled = spelledWithUID(
      values,
      input.entry.values(attribute.ldapName),
      attribute.ldapName,
      objectType.schema,
    );
    const kept = yield* keepUnresolved(spelled, attribute, objectType, input);
    change(attribute, withPlaceholder(objectType, attribute, kept));
  }
  for (const [attribute, values] of flowChanges(objectType, input, stated)) change(attribute, values);
  const dn = newDN(objectType, input, changes);
  if (dn !== input.entry.dn) requireReadable(dn);
  keepNaming(objectType, input.entry, dn, changes);
  const after = input.entry.with(changes.values(), dn);
  requireSameAnchor(objectType, input.entry, after);
  return { after, secrets };
}

/** An id is for good (RFC 7643 §3.1), so what it is made of cannot be changed. */
function requireSameAnchor({ givenAnchor, anchor }: ObjectType, before: Entry, after: Entry): void {
  if (givenAnchor === undefined) return;
  const [was, is] = [before, after].map((entry) => entry.values(givenAnchor)[0]);
  if (was === undefined || (is !== undefined && sameValue(was, is))) return;
  throw ScimError.mutability(
    `${anchor} is the anchor, by which the entry is known for good, so it cannot be changed: delete the entry and create another one, or choose an anchor that never changes.`,
  );
}

/** What becomes of attributes, by key. */
type Changes = Map<string, EntryAttribute>;

/** The statement that has changed, if one has; several that have must agree. */
function* changed(
  objectType: ObjectType,
  attribute: DirectoryAttribute,
  input: UpdateInput,
): Steps<Statement | undefined> {
  const before = statementsOf(objectType, attribute, input.current);
  if (before.some(({ values }) => isMany(values))) yield;
  const after = statementsOf(objectType, attribute, input.desired);
  if (after.some(({ values }) => isMany(values))) yield;
  const differing = after.filter((statement, index) => !isDeepStrictEqual(statement.values, before[index]?.values));
  const stated = differing.filter(({ values }) => values.length > 0);
  if (input.kind === 'patch') {
    const said = attribute.secret ? stated : differing;
    return agreed(said, attribute, objectType, input.references);
  }
  // A replace says nothing by leaving out what another face has.
  if (stated.length > 0) return agreed(stated, attribute, objectType, input.references);
  const [cleared] = differing;
  if (cleared === undefined || attribute.secret || isProtected(objectType, attribute, input)) return undefined;
  if (input.readBack) return cleared;
  const spoken = after.filter(({ face }) => input.faces.has(face));
  return spoken.some(({ values }) => values.length > 0) ? undefined : cleared;
}

/** What a replace that leaves it out does not clear. */
function isProtected(objectType: ObjectType, attribute: DirectoryAttribute, { entry, emptied }: UpdateInput): boolean {
  const { flows, schema, urn } = objectType;
  const { key, name, required } = attribute;
  // To leave members out is silence; an empty list of them says that there shall be none.
  const saysNone = fillsEmpty(objectType, attribute) && (emptied.has('members') || emptied.has(`${urn}:${name}`));
  return (
    (required && !saysNone) ||
    key === 'objectclass' ||
    flows.some(({ target, apply }) => target === key && apply === 'onCreate') ||
    namingParts(entry.dn).some(({ type }) => schema.canonicalName(type) === key)
  );
}

function namingParts(dn: DN): RDN['parts'] {
  return dn.rdn?.parts ?? [];
}

/**
 * References that the host could not resolve are not shown on the core face, so it cannot mean to remove them; and a
 * replace that leaves the attribute out says nothing of them on either face.
 */
function* keepUnresolved(
  values: readonly Value[],
  attribute: DirectoryAttribute,
  { schema, urn }: ObjectType,
  input: UpdateInput,
): Steps<readonly Value[]> {
  const { type, single, name, ldapName: target } = attribute;
  if (type !== 'reference' || (single && values.length > 0)) return values;
  const silent = input.kind === 'replace' && values.length === 0;
  const sameFace = isDeepStrictEqual(faceValue(input.desired, urn, name), faceValue(input.current, urn, name));
  if (!silent && !sameFace) return values;
  const unknown = yield* eachInSteps(input.entry.values(target), (value) =>
    input.references.idOf(attribute, value) === undefined ? value : undefined,
  );
  if (unknown.length === 0) return values;
  const stated = new Set(yield* eachInSteps(values, (value) => schema.normalize(target, value)));
  const unresolved = unknown.filter((value) => !stated.has(schema.normalize(target, value)));
  return [...values, ...unresolved];
}

/** What one-way mappings make of sources that have changed; a client that states the attribute itself wins. */
function* flowChanges(
  objectType: ObjectType,
  input: UpdateInput,
  stated: ReadonlySet<string>,
): Iterable<[DirectoryAttribute, Value[]]> {
  const scope = scopeOf(objectType, input.desired, input);
  for (const flow of objectType.flows) {
    const attribute = objectType.attributes.get(flow.target);
    if (flow.apply !== 'always' || isAllocated(flow) || attribute === undefined || stated.has(flow.target)) continue;
    const valuesIn = (resource: Resource, name: string) => sourceValues(objectType, resource, name);
    const moved = flowSources(flow).some(
      (name) => !isDeepStrictEqual(valuesIn(input.current, name), valuesIn(input.desired, name)),
    );
    const values = moved ? flowValues(flow, scope) : undefined;
    if (values !== undefined) yield [attribute, values.map((value) => encodeMade(value, attribute))];
  }
}

/**
 * The name after the change: a changed `-dn-`; else the DN expression where the present name follows it; else the RDN's
 * own attribute where its value has gone.
 */
function newDN(objectType: ObjectType, input: UpdateInput, changes: Changes): DN {
  const { entry, current, desired } = input;
  const { schema } = objectType;
  const [name, nameBefore] = [desired, current].map((resource) => faceValue(resource, objectType.urn, virtual.dn));
  const given = name === nameBefore ? undefined : givenDN(objectType, desired);
  if (
    given !== undefined &&
    given.toString() !== givenDN(objectType, current)?.toString() &&
    !sameName(given, entry.dn, schema)
  ) {
    return given;
  }
  const before = attempt(() => evaluatedDN(objectType, scopeOf(objectType, current, input)));
  if (before?.equals(entry.dn, schema)) {
    const after = attempt(() => evaluatedDN(objectType, scopeOf(objectType, desired, input)));
    if (after !== undefined && !sameName(after, before, schema)) return after;
    if (after !== undefined && !needsName(objectType, entry.dn, changes)) return entry.dn;
  }
  return renamedByAttribute(objectType, entry, changes) ?? entry.dn;
}

/** Whether a change cannot leave the name as the expression has it: the attribute can have one value only, or is to have none. */
function needsName({ schema }: ObjectType, dn: DN, changes: Changes): boolean {
  return namingParts(dn).some(
    ({ type }) =>
      schema.attributeType(type)?.singleValue === true || changes.get(schema.canonicalName(type))?.values.length === 0,
  );
}

/** The same entry name, spelled alike in its own RDN: a difference of case there is a rename, one above it is not. */
function sameName(a: DN, b: DN, schema: Schema): boolean {
  if (!a.equals(b, schema)) return false;
  const values = (dn: DN) =>
    namingParts(dn)
      .map(({ value }) => value.toString())
      .sort();
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

function renamedByAttribute({ schema, attributes }: ObjectType, entry: Entry, changes: Changes): DN | undefined {
  const { dn } = entry;
  const { rdn, parent } = dn;
  if (rdn === undefined || parent === undefined) return undefined;
  let renamed = false;
  const parts = rdn.parts.map((part) => {
    const key = schema.canonicalName(part.type);
    const change = changes.get(key);
    if (change === undefined) return part;
    // The client sees another value than the one that names the entry, and it is that one which it changes.
    if (attributes.get(key)?.single && entry.values(key).length > 1) return part;
    const normal = schema.normalize(part.type, part.value);
    const same = change.values.find((value) => schema.normalize(part.type, value) === normal);
    const value = same ?? change.values[0];
    if (value === undefined) {
      const name = attributes.get(key)?.name ?? part.type;
      throw ScimError.invalidValue(
        `${name} names the entry (${dn.toString()}), so it cannot be removed: give it another value, or rename the entry by ${virtual.dn}.`,
      );
    }
    renamed ||= value.toString() !== part.value.toString();
    return { type: part.type, value };
  });
  return renamed ? parent.child(new RDN(parts)) : undefined;
}

/** An entry has the values of its RDN, also where a client sees another value of the attribute; those of its old name go with it. */
function keepNaming({ schema }: ObjectType, entry: Entry, dn: DN, changes: Changes): void {
  for (const { type, value } of namingParts(dn)) {
    const key = schema.canonicalName(type);
    const normal = (one: Value) => schema.normalize(type, one);
    const change = changes.get(key);
    const values = change?.values ?? entry.values(key);
    if (values.some((other) => normal(other) === normal(value))) {
      // A name that is spelled anew spells its value anew.
      if (dn === entry.dn || values.some((other) => sameValue(other, value))) continue;
      const spelled = values.map((other) => (normal(other) === normal(value) ? value : other));
      changes.set(key, { name: ldapName(schema, type), values: spelled });
      continue;
    }
    const old = new Set(
      namingParts(entry.dn).flatMap((part) => (schema.canonicalName(part.type) === key ? [normal(part.value)] : [])),
    );
    const rest = change === undefined ? values.filter((other) => !old.has(normal(other))) : values;
    changes.set(key, { name: ldapName(schema, type), values: [...rest, value] });
  }
}
