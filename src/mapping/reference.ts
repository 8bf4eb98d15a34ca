/** Values that name another resource: an id in SCIM, a DN in the directory. The look-ups are done by whoever calls. */
import { DN } from '../directory/dn';
import type { Entry, Value } from '../directory/entry';
import type { Schema } from '../directory/schema';
import type { Resource } from '../scim/resource';
import { containerOf, type Link, valuesAt } from './coreFace';
import { type DirectoryAttribute, faceValue } from './directoryFace';
import type { ObjectType } from './objectType';
import { eachInSteps, type Steps, VALUES_PER_STEP } from './steps';
import { holdsOptionalUID } from './syntax';

/** References that were looked up before: both directions, one batch each. */
export interface References {
  /** The id of the resource that a value of the directory names; undefined where nobody knows. */
  idOf(attribute: Referring, value: Value): string | undefined;
  /** What names a resource in an attribute of the directory. */
  nameOf(attribute: Referring, id: string): Value | undefined;
  /** The resource of an id that {@link References.idOf} has answered. */
  target(id: string): Target | undefined;
}

/** An attribute whose values name entries: by their DNs, or by the values of another attribute (`memberUid`: by `uid`). */
export type Referring = Pick<DirectoryAttribute, 'ldapName' | 'by'>;

/** What is said of a resource beside its id. */
export interface Target {
  readonly type: string;
  /** Of its resource type, e.g. `/Users`. */
  readonly endpoint: string;
  /** Its name for display; undefined where it was not looked up. */
  readonly display?: string;
}

/** No references at all. */
export const noReferences: References = { idOf: () => undefined, nameOf: () => undefined, target: () => undefined };

/** A value that names an entry. */
export interface Name {
  /** As the directory spells it. */
  readonly value: string;
  /** Under which the named entry is found: its normalised DN, or the normalised value of the attribute `by`. */
  readonly key: string;
  readonly by?: string;
}

/** Whether an entry has a value by which it refers to others; most have none. */
export function namesAny(entry: Entry, objectType: ObjectType): boolean {
  return referringIn(objectType).attributes.some(({ key }) => entry.attribute(key) !== undefined);
}

/** Every value by which an entry refers to others, so that they can be resolved together. */
export function* namesIn(entry: Entry, objectType: ObjectType): Iterable<Name> {
  const { schema } = objectType;
  for (const { attribute, key: name } of referringIn(objectType).attributes) {
    const { ldapName, by } = attribute;
    for (const given of entry.attribute(name)?.values ?? []) {
      const value = given.toString();
      if (by !== undefined) yield { value, by, key: schema.normalize(by, value) };
      else {
        const key = keyOf(withoutUID(value, ldapName, schema), schema);
        if (key !== undefined) yield { value, key };
      }
    }
  }
}

/** The ids that resources refer to, on either face, in steps. Values that are DNs need no look-up. */
export function* idsIn(resources: readonly Resource[], objectType: ObjectType): Steps<string[]> {
  const ids = new Set<string>();
  let seen = 0;
  for (const resource of resources)
    for (const values of referringValues(resource, objectType))
      for (const value of values) {
        if (typeof value === 'string' && !looksLikeDN(value)) ids.add(value);
        seen += 1;
        if (seen % VALUES_PER_STEP === 0) yield;
      }
  return [...ids];
}

/** What a resource has in the places that refer to others; most resources have nothing in most of them. */
function referringValues(resource: Resource, objectType: ObjectType): (readonly unknown[])[] {
  const { links, attributes } = referringIn(objectType);
  const found: (readonly unknown[])[] = [];
  for (const link of links)
    if (containerOf(link, resource)?.[link.attribute] !== undefined) found.push(valuesAt(link, resource));
  for (const { attribute } of attributes) {
    const value = faceValue(resource, objectType.urn, attribute.name);
    if (value !== undefined) found.push(Array.isArray(value) ? value : [value]);
  }
  return found;
}

/** The few links and attributes of an object type that refer to entries: found once, not for each entry. */
interface ReferringPlaces {
  readonly links: readonly Link[];
  /** With the name under which entries hold them, in lower case. */
  readonly attributes: readonly { readonly attribute: DirectoryAttribute; readonly key: string }[];
}

const referring = new WeakMap<ObjectType, ReferringPlaces>();

function referringIn(objectType: ObjectType): ReferringPlaces {
  let places = referring.get(objectType);
  if (places === undefined) {
    const { links, attributes } = objectType;
    const refers = ({ type }: DirectoryAttribute) => type === 'reference';
    places = {
      links: links.filter(({ target }) => attributes.get(target)?.type === 'reference'),
      attributes: [...attributes.values()]
        .filter(refers)
        .map((attribute) => ({ attribute, key: attribute.ldapName.toLowerCase() })),
    };
    referring.set(objectType, places);
  }
  return places;
}

/** The ids of `members` (RFC 7643 §4.2) that one of two resources has and the other has not, in steps. */
export function* changedMembers(before: Resource, after: Resource): Steps<string[]> {
  if (before.members === after.members) return [];
  const [had, has] = [yield* membersOf(before), yield* membersOf(after)];
  const changed = yield* eachInSteps([...had], (id) => (has.has(id) ? undefined : id));
  for (const id of yield* eachInSteps([...has], (one) => (had.has(one) ? undefined : one))) changed.push(id);
  return changed;
}

function* membersOf({ members }: Resource): Steps<Set<string>> {
  if (!Array.isArray(members)) return new Set();
  const idIn = (element: unknown) => {
    const { value } = (element ?? {}) as { value?: unknown };
    return typeof value === 'string' ? value : undefined;
  };
  return new Set(yield* eachInSteps(members, idIn));
}

/** Whether a reference is written as a DN rather than as an id; ids never hold `=`. */
export function looksLikeDN(value: string): boolean {
  return value.includes('=');
}

/** The DN that a value of the directory is, without the unique identifier that some syntaxes let follow it. */
export function referredDN(value: Value, attribute: string, schema: Schema): DN | undefined {
  return dnOf(withoutUID(value.toString(), attribute, schema));
}

/** The values of a client, who knows of no unique identifiers, with those that the directory has behind the same names. */
export function spelledWithUID(
  values: readonly Value[],
  present: readonly Value[],
  attribute: string,
  schema: Schema,
): readonly Value[] {
  if (!holdsOptionalUID(schema, attribute)) return values;
  const keyOfName = (value: Value) => keyOf(withoutUID(value.toString(), attribute, schema), schema);
  const known = new Map(
    present.flatMap((value) =>
      withoutUID(value.toString(), attribute, schema) === value ? [] : [[keyOfName(value), value]],
    ),
  );
  return known.size === 0 ? values : values.map((value) => known.get(keyOfName(value)) ?? value);
}

function withoutUID(text: string, attribute: string, schema: Schema): string {
  return holdsOptionalUID(schema, attribute) ? text.replace(/#'[01]*'B$/, '') : text;
}

function keyOf(text: string, schema: Schema): string | undefined {
  try {
    return DN.keyOf(text, schema);
  } catch {
    return undefined;
  }
}

/** A DN, or undefined where the text is none. */
export function dnOf(text: string): DN | undefined {
  try {
    return DN.parse(text);
  } catch {
    return undefined;
  }
}
