/** Entry → resource: both faces, from the links and the schema. */
import type { DN } from '../directory/dn';
import type { Entry, Value } from '../directory/entry';
import type { Json, Meta, Resource } from '../scim/resource';
import { containerOf, type Link } from './coreFace';
import { type DirectoryAttribute, virtual } from './directoryFace';
import { isPlaceholder } from './emptyGroup';
import type { ObjectType } from './objectType';
import { noReferences, type References } from './reference';
import { hasTerms, isRemainder, restoreElements } from './remainder';
import { type PlacedAttribute, type ShownLink, type ShownList, shownAttributes } from './shownAttributes';
import { atOnce, eachAtOnce, eachInSteps, isMany, type Steps } from './steps';
import { dateTimeOf, fromDirectory } from './syntax';

/** What a resource is made from beside its entry. */
export interface ResourceInput {
  readonly id: string;
  readonly references: References;
  /** What the state store keeps of this resource. */
  readonly stored: Readonly<Record<string, unknown>>;
  /** Aliases that clients of this connector have used, as they spelled them: canonical key → names. */
  readonly spelled: ReadonlyMap<string, readonly string[]>;
  /** Absent: no disable flow, so `active` is no attribute. */
  readonly active?: boolean;
}

type CoreInput = Pick<ResourceInput, 'id' | 'references' | 'stored'>;

/**
 * The multi-valued attributes with sub-attributes that an entry alone shows in the core schemas. Those that refer to
 * other entries are left out.
 */
export function coreListsOf(objectType: ObjectType, entry: Entry): Resource {
  const resource: Resource = {};
  const { links, lists } = shownAttributes(objectType);
  for (const shown of links) {
    const { multiValued, subAttribute } = shown.link;
    if (!multiValued || subAttribute === undefined || shown.attribute.type === 'reference') continue;
    const json = eachAtOnce(shownValues(shown, entry, objectType), (value) => coreValue(value, shown, noReferences));
    if (json.length > 0) contribute(resource, shown.link, json);
  }
  for (const list of lists) finishList(list, resource, {});
  return resource;
}

function* coreResourceSteps(objectType: ObjectType, entry: Entry, input: CoreInput): Steps<Resource> {
  const resource: Resource = { schemas: [objectType.resourceType.schema.id], id: input.id };
  for (const [path, value] of Object.entries(input.stored))
    if (!isRemainder(value) && !path.startsWith('-')) place(resource, path, value as Json);
  yield* coreFaceSteps(objectType, entry, input, resource);
  return resource;
}

/** The resource of an entry. What the state store keeps fills in what the directory has no place for. */
export function resourceOf(objectType: ObjectType, entry: Entry, input: ResourceInput): Resource {
  return atOnce(resourceSteps(objectType, entry, input));
}

/** The same in steps. */
export function* resourceSteps(objectType: ObjectType, entry: Entry, input: ResourceInput): Steps<Resource> {
  const resource = yield* facesSteps(objectType, entry, input);
  resource.meta = metaOf(objectType, entry, input);
  return resource;
}

/** A resource without `meta`: what its version is made of. */
export function* facesSteps(objectType: ObjectType, entry: Entry, input: ResourceInput): Steps<Resource> {
  const resource = yield* coreResourceSteps(objectType, entry, input);
  if (input.active !== undefined) resource.active = input.active;
  const face = yield* directoryFaceSteps(objectType, entry, input);
  for (const extension of objectType.resourceType.extensions) {
    if (extension.id === objectType.urn) resource[objectType.urn] = face;
    if (resource[extension.id] !== undefined) resource.schemas?.push(extension.id);
  }
  return resource;
}

/** What is said of a resource as such (RFC 7643 §3.1), its version aside. */
export function metaOf(objectType: ObjectType, entry: Entry, { id }: Pick<ResourceInput, 'id'>): Meta {
  const created = dateTimeOf(entry.first('createTimestamp') ?? '');
  // What was never modified was modified when it was created; not every directory says so.
  const lastModified = dateTimeOf(entry.first('modifyTimestamp') ?? '') ?? created;
  return {
    resourceType: objectType.name,
    // Relative, as every `$ref` is: only who answers knows the base URI.
    location: `..${objectType.resourceType.endpoint}/${encodeURIComponent(id)}`,
    ...(created === undefined ? {} : { created }),
    ...(lastModified === undefined ? {} : { lastModified }),
  };
}

/** Sets a top-level attribute, or one of an extension (`URN:name`). What is kept is shared, and links add to what is placed here. */
function place(resource: Resource, path: string, value: Json): void {
  const own = isComplex(value) ? { ...value } : value;
  const colon = path.lastIndexOf(':');
  if (colon < 0) resource[path] = own;
  else partsOf(resource, path.slice(0, colon))[path.slice(colon + 1)] = own;
}

function isComplex(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The complex value of an attribute, which it has from now on. */
function partsOf(container: Record<string, unknown>, name: string): Record<string, unknown> {
  const present = container[name];
  if (isComplex(present)) return present;
  const made: Record<string, unknown> = {};
  container[name] = made;
  return made;
}

function* coreFaceSteps(objectType: ObjectType, entry: Entry, input: CoreInput, resource: Resource): Steps<void> {
  const { links, lists } = shownAttributes(objectType);
  for (const shown of links) {
    const values = shownValues(shown, entry, objectType);
    const [only] = values;
    if (only === undefined) continue;
    if (values.length === 1) {
      const json = coreValue(only, shown, input.references);
      if (json !== undefined) contribute(resource, shown.link, [json]);
      continue;
    }
    const make = (value: Value): Simple | undefined => coreValue(value, shown, input.references);
    const json = isMany(values) ? yield* eachInSteps(values, make) : eachAtOnce(values, make);
    if (json.length > 0) contribute(resource, shown.link, json);
  }
  if (objectType.name === 'User' && resource.userName === undefined) {
    // RFC 7643 §4.1.1 wants a userName of every user; an entry that came through the directory's face may have none.
    const name = entry.dn.rdn?.parts[0]?.value;
    if (name !== undefined) resource.userName = name.toString();
  }
  for (const list of lists) finishList(list, resource, input.stored);
}

function shownValues({ link, key, attribute }: ShownLink, entry: Entry, objectType: ObjectType): readonly Value[] {
  const values = entry.attribute(key)?.values ?? [];
  return attribute.single || !link.multiValued ? visibleOf(values, entry, attribute, objectType) : values;
}

/** A core attribute has the type that RFC 7643 gives it, whatever syntax holds its values. */
function coreValue(value: Value, { attribute, isText }: ShownLink, references: References): Simple | undefined {
  const simple = jsonOf(value, attribute, references);
  return simple !== undefined && isText ? String(simple) : simple;
}

type Simple = string | number | boolean;

/** The value that a client sees of an attribute treated as a single value: one that is more than the entry's name comes first. */
export function visibleValue(entry: Entry, attribute: DirectoryAttribute, objectType: ObjectType): readonly Value[] {
  return visibleOf(entry.values(attribute.ldapName), entry, attribute, objectType);
}

function visibleOf(
  values: readonly Value[],
  entry: Entry,
  attribute: DirectoryAttribute,
  { schema }: ObjectType,
): readonly Value[] {
  if (values.length < 2) return values;
  const named = rdnValue(entry.dn, attribute.key, schema.canonicalName.bind(schema));
  const isName = (value: Value) =>
    named !== undefined && schema.normalize(attribute.name, value) === schema.normalize(attribute.name, named);
  return [values.find((value) => !isName(value)) ?? values[0] ?? ''];
}

/** The value that the RDN gives an attribute, if it does. */
export function rdnValue(dn: DN, key: string, canonicalName: (name: string) => string): Value | undefined {
  return dn.rdn?.parts.find(({ type }) => canonicalName(type) === key)?.value;
}

/** One value as JSON; undefined for a reference that nobody knows, which is left to the directory's face. */
function jsonOf(value: Value, attribute: DirectoryAttribute, references: References): Simple | undefined {
  return attribute.type === 'reference' ? references.idOf(attribute, value) : fromDirectory(value, attribute.type);
}

/** Puts values at a link's place; links that share their terms share their elements (RFC 7643 §2.4). */
function contribute(resource: Resource, link: Link, values: readonly Simple[]): void {
  const container = ensureContainer(link, resource);
  if (!link.multiValued) {
    const [value] = values;
    if (link.subAttribute === undefined) container[link.attribute] = value;
    else partsOf(container, link.attribute)[link.subAttribute] = value;
    return;
  }
  const list = Array.isArray(container[link.attribute]) ? (container[link.attribute] as unknown[]) : [];
  container[link.attribute] = list;
  if (link.subAttribute === undefined) {
    list.push(...values);
    return;
  }
  const own = (list as Record<string, unknown>[]).filter((element) => hasTerms(element, link));
  for (const [index, value] of values.entries()) {
    const element = own[index];
    if (element !== undefined && element[link.subAttribute] === undefined) element[link.subAttribute] = value;
    else list.push({ ...link.terms, [link.subAttribute]: value });
  }
}

function ensureContainer(link: Link, resource: Resource): Record<string, unknown> {
  return link.extension ? partsOf(resource, link.schema) : resource;
}

/** Completes a multi-valued attribute: what the state store remembers of its elements, and the primary one. */
function finishList(
  { link, links, storedAs, hasPrimary }: ShownList,
  resource: Resource,
  stored: CoreInput['stored'],
): void {
  const remembered = stored[storedAs];
  const derived = (containerOf(link, resource)?.[link.attribute] ?? []) as Record<string, unknown>[];
  const elements = isRemainder(remembered)
    ? restoreElements(links, derived, remembered.elements)
    : hasPrimary
      ? withPrimary(derived)
      : derived;
  if (elements.length > 0) ensureContainer(link, resource)[link.attribute] = elements;
}

/** Where nobody has said which element is the primary one, the first is. */
function withPrimary(elements: Record<string, unknown>[]): Record<string, unknown>[] {
  const [first, ...others] = elements;
  if (first === undefined || elements.some((element) => 'primary' in element)) return elements;
  return [{ ...first, primary: true }, ...others];
}

function* directoryFaceSteps(
  objectType: ObjectType,
  entry: Entry,
  { references, spelled }: ResourceInput,
): Steps<Record<string, unknown>> {
  const dn = entry.dn.toString();
  const face: Record<string, unknown> = { [virtual.dn]: dn, [virtual.distinguishedName]: dn };
  for (const {
    shown: { attribute },
    given,
  } of shownOf(entry, objectType)) {
    const all = attribute.single ? visibleOf(given, entry, attribute, objectType) : given;
    const values = attribute.type === 'reference' ? all.filter((value) => !isPlaceholder(value)) : all;
    const [first] = values;
    if (first === undefined) continue;
    const make = (value: Value): Simple => jsonOf(value, attribute, references) ?? value.toString();
    const value = attribute.single
      ? make(first)
      : isMany(values)
        ? yield* eachInSteps(values, make)
        : eachAtOnce(values, make);
    face[attribute.name] = value;
    // A client reads back the name that it sent, beside the name that /Schemas lists.
    for (const alias of spelled.get(attribute.key) ?? []) face[alias] = value;
  }
  return face;
}

/** The attributes that an entry has and clients see, in the order of the object type: directories answer in any order. */
function shownOf(entry: Entry, objectType: ObjectType) {
  const { attributes } = shownAttributes(objectType);
  const shown: { shown: PlacedAttribute; given: readonly Value[] }[] = [];
  entry.byKey().forEach(({ values }, key) => {
    const known = attributes.get(key);
    if (known !== undefined) shown.push({ shown: known, given: values });
  });
  return shown.sort((a, b) => a.shown.place - b.shown.place);
}
