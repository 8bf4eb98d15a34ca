/**
 * What clients really send, turned into canonical resources: names in any case, by alias, by URN, dotted or nested;
 * values by the rules of `attributeValue`. Every habit is dealt with here or there, and nowhere else.
 */
import { type AttributePath, formatPath } from './attributePath';
import { readSimple, readValue } from './attributeValue';
import { ScimError } from './error';
import { isEmpty, isObject, own, sameJson } from './json';
import type { Resource } from './resource';
import type { ResourceType } from './resourceType';
import { type IndexedAttribute, type SchemaFace, type SchemaIndex, schemaIndex } from './schemaIndex';

/** A body in canonical form. */
export interface Canonical {
  /** Canonical names, typed values, nothing empty, nothing that is readOnly; `schemas`, `id` and `meta` are left out. */
  readonly resource: Resource;
  /** URNs of the schemas whose attributes the body speaks of, if only to say that they are empty. */
  readonly faces: ReadonlySet<string>;
  /** Canonical paths of the attributes that the body says to be empty (`"members": []`): that is more than silence. */
  readonly emptied: ReadonlySet<string>;
  /** URNs of the schemas of which the body repeats what only an answer says (`id`, what is readOnly): it was read before. */
  readonly repeated: ReadonlySet<string>;
  /** By canonical path (`formatPath`), the alias that the body used instead of the canonical name. */
  readonly spelledAs: ReadonlyMap<string, string>;
  /** What the body said of attributes that the resource type does not have. Names only. */
  readonly ignored: readonly string[];
}

/** One thing that a body says. */
export type BodyEntry =
  | {
      readonly kind: 'value';
      readonly path: AttributePath;
      readonly attribute: IndexedAttribute;
      readonly value: unknown;
    }
  | { readonly kind: 'face'; readonly face: SchemaFace }
  | { readonly kind: 'unknown'; readonly name: string; readonly value: unknown };

/** A name for a note, cut short: it came from outside. */
export function noteName(name: string): string {
  return name.slice(0, 200);
}

/**
 * The canonical form of a body for create (RFC 7644 §3.3) or replace (§3.5.1). `schemas` is not looked at: an extension
 * counts when it is there. Throws 400 `invalidSyntax` when the body is no object and 400 `invalidValue` for a value that
 * does not fit its definition or stands twice under two names. Required attributes are not checked: {@link missingRequired}.
 */
export function canonicalize(body: unknown, type: ResourceType): Canonical {
  if (!isObject(body)) throw ScimError.invalidSyntax('The body must be a JSON object.');
  const resource: Resource = {};
  const faces = new Set<string>();
  const emptied = new Set<string>();
  const repeated = new Set<string>();
  const spelledAs = new Map<string, string>();
  const ignored: string[] = [];
  const reading = { keepNulls: false, ignored: (path: string) => void ignored.push(noteName(path)) };
  bodyEntries(body, schemaIndex(type), (entry) => {
    if (entry.kind === 'unknown') ignored.push(noteName(entry.name));
    if (entry.kind === 'face') faces.add(entry.face.urn);
    if (entry.kind !== 'value') return;
    const { path, attribute } = entry;
    if (isReadOnly(path)) {
      // `groups: []` comes from clients that have read nothing.
      if ((path.extension || path.attribute === 'id') && !isEmpty(entry.value)) repeated.add(path.schema);
      return;
    }
    if (path.alias !== undefined) spelledAs.set(formatPath(attribute.path), path.alias);
    const value = path.subDefinition ? readPart(entry.value, path) : readValue(entry.value, attribute, reading);
    if (value !== undefined) assign(resource, path, value);
    else if (path.subAttribute === undefined) emptied.add(formatPath(attribute.path));
  });
  return { resource, faces, emptied, repeated, spelledAs, ignored };
}

/** Paths of the required attributes that a canonical resource lacks, in the core schema and in the extensions that it has. */
export function missingRequired(resource: Resource, type: ResourceType): string[] {
  const { core, extensions } = schemaIndex(type);
  return [core, ...extensions].flatMap((face) => {
    const values = face.extension ? own(resource, face.urn) : resource;
    return isObject(values) ? face.demanding.flatMap((attribute) => missingIn(values, attribute)) : [];
  });
}

function missingIn(values: object, { path }: IndexedAttribute): string[] {
  const { definition } = path;
  const value = own(values, definition.name);
  if (isEmpty(value)) return definition.required && definition.mutability !== 'readOnly' ? [formatPath(path)] : [];
  const required = definition.subAttributes?.filter((sub) => sub.required && sub.mutability !== 'readOnly') ?? [];
  const elements = (Array.isArray(value) ? value : [value]).filter(isObject);
  return required
    .filter(({ name }) => elements.some((element) => isEmpty(own(element, name))))
    .map(({ name }) => `${formatPath(path)}.${name}`);
}

/** Whether a path ends in something that clients can not write. */
export function isReadOnly(path: AttributePath): boolean {
  return path.definition.mutability === 'readOnly' || path.subDefinition?.mutability === 'readOnly';
}

/** Told what a body says, in its order: what it throws ends the reading. */
export type Take = (entry: BodyEntry) => void;

/**
 * All that a body says, flat: attributes nested under a schema's URN, `URN:attribute` and `name.givenName` as keys, and
 * plain names. A plain name means the core schema only: what the core schema of this connector lacks is not taken for
 * an attribute of the same name elsewhere, which could be of another kind.
 */
export function bodyEntries(body: Readonly<Record<string, unknown>>, index: SchemaIndex, take: Take): void {
  for (const [name, value] of Object.entries(body)) {
    const face = index.face(name);
    if (face === undefined) takeEntry(name, value, index, index.resolveExact(name), take);
    else faceEntries(face, value, index, take);
  }
}

/** The same for an object whose names are those of one schema. */
export function faceEntries(face: SchemaFace, values: unknown, index: SchemaIndex, take: Take): void {
  take({ kind: 'face', face });
  if (isEmpty(values)) return;
  if (!isObject(values)) throw ScimError.invalidValue(`"${face.urn}" takes an object with its attributes.`);
  for (const [name, value] of Object.entries(values)) {
    const qualified = `${face.urn}:${name}`;
    takeEntry(qualified, value, index, face.resolve(name, qualified), take);
  }
}

function takeEntry(
  name: string,
  value: unknown,
  index: SchemaIndex,
  path: AttributePath | undefined,
  take: Take,
): void {
  const face = path && index.face(path.schema);
  const attribute = face?.find(path?.attribute ?? '');
  if (!path || !face || !attribute) {
    take({ kind: 'unknown', name, value });
    return;
  }
  if (!face.common.has(path.attribute) && !isReadOnly(path)) take({ kind: 'face', face });
  take({ kind: 'value', path, attribute, value });
}

function readPart(value: unknown, path: AttributePath): unknown {
  const part = path.subDefinition && readSimple(value, path.subDefinition, formatPath(path));
  if (part === undefined || path.subAttribute === undefined) return undefined;
  const whole = { [path.subAttribute]: part };
  return path.definition.multiValued ? [whole] : whole;
}

/** Puts a value where its path says; parts of one complex value may come one by one, but nothing may come twice and differ. */
function assign(resource: Resource, path: AttributePath, value: unknown): void {
  const face = path.extension ? faceFor(resource, path.schema) : resource;
  const present = own(face, path.attribute);
  if (present === undefined) face[path.attribute] = value;
  else if (isObject(present) && isObject(value)) mergeParts(present, value, path);
  else if (!sameJson(present, value)) throw twice(path);
}

function faceFor(resource: Resource, urn: string): Record<string, unknown> {
  const face = own(resource, urn);
  if (isObject(face)) return face;
  const created: Record<string, unknown> = {};
  resource[urn] = created;
  return created;
}

function mergeParts(present: Record<string, unknown>, value: Record<string, unknown>, path: AttributePath): void {
  for (const [name, part] of Object.entries(value)) {
    if (Object.hasOwn(present, name) && !sameJson(present[name], part)) throw twice(path);
    present[name] = part;
  }
}

function twice(path: AttributePath): ScimError {
  return ScimError.invalidValue(
    `"${formatPath(path)}" is given twice with different values, the second time as "${path.spelled}".`,
  );
}
