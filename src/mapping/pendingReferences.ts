/**
 * References of core attributes, such as `manager`, to nobody who is known: a create or a replace may name somebody who
 * comes later, or never. They are kept beside the entry as they were set, and written with the first change that finds them
 * known. Pure.
 */
import type { Entry } from '../directory/entry';
import type { Resource } from '../scim/resource';
import { containerOf, type Link } from './coreFace';
import type { DirectoryAttribute } from './directoryFace';
import type { ObjectType } from './objectType';
import { looksLikeDN, type References } from './reference';

/** A core attribute that refers to one entry. */
interface Place {
  readonly link: Link;
  readonly attribute: DirectoryAttribute;
  /** What is kept of it is kept under this name. */
  readonly name: string;
}

const known = new WeakMap<ObjectType, readonly Place[]>();

function placesOf(objectType: ObjectType): readonly Place[] {
  let places = known.get(objectType);
  if (places === undefined) {
    places = objectType.links.flatMap((link): Place[] => {
      const attribute = objectType.attributes.get(link.target);
      if (link.multiValued || link.subAttribute !== 'value' || attribute?.type !== 'reference') return [];
      return [{ link, attribute, name: link.extension ? `${link.schema}:${link.attribute}` : link.attribute }];
    });
    known.set(objectType, places);
  }
  return places;
}

/** What is to be kept of the references of a resource, by name: those that its entry has no value for. */
export function pendingOf(
  objectType: ObjectType,
  entry: Entry,
  resource: Resource,
): Readonly<Record<string, { readonly value: string }>> {
  const pending: Record<string, { readonly value: string }> = {};
  for (const { link, attribute, name } of placesOf(objectType)) {
    const value = valueAt(resource, link);
    if (typeof value === 'string' && entry.values(attribute.ldapName).length === 0) pending[name] = { value };
  }
  return pending;
}

/** A new resource without its references to nobody. The same object where it has none. */
export function withoutUnknown(objectType: ObjectType, resource: Resource, references: References): Resource {
  let remaining = resource;
  for (const place of placesOf(objectType))
    if (isUnknown(valueAt(resource, place.link), place, references)) remaining = without(remaining, place.link);
  return remaining;
}

/** What is known of a resource before it is changed. */
export interface Pending {
  readonly kind: 'replace' | 'patch';
  readonly entry: Entry;
  /** What is kept of it. */
  readonly stored: Readonly<Record<string, unknown>>;
  readonly current: Resource;
  readonly desired: Resource;
}

/**
 * The resource before and after a change as far as it concerns the entry: what was kept is none of its values yet, so that
 * it is written as soon as it is known. A replace may name nobody where the entry names nobody; a PATCH of a reference
 * is about that reference, and is refused.
 */
export function setAside(
  objectType: ObjectType,
  { kind, entry, stored, current, desired }: Pending,
  references: References,
): Pick<Pending, 'current' | 'desired'> {
  const remaining = { current, desired };
  for (const place of placesOf(objectType)) {
    const { link, attribute, name } = place;
    if (entry.values(attribute.ldapName).length > 0) continue;
    const kept = (stored[name] as { value?: unknown } | undefined)?.value;
    const value = valueAt(desired, link);
    if (kept !== undefined) remaining.current = without(remaining.current, link);
    if (isUnknown(value, place, references) && (kind === 'replace' || value === kept))
      remaining.desired = without(remaining.desired, link);
  }
  return remaining;
}

function valueAt(resource: Resource, link: Link): unknown {
  return (containerOf(link, resource)?.[link.attribute] as { value?: unknown } | undefined)?.value;
}

function isUnknown(value: unknown, { attribute }: Place, references: References): boolean {
  return typeof value === 'string' && !looksLikeDN(value) && references.nameOf(attribute, value) === undefined;
}

function without(resource: Resource, { schema, extension, attribute }: Link): Resource {
  const { [attribute]: _, ...others } = (extension ? resource[schema] : resource) as Record<string, unknown>;
  return extension ? { ...resource, [schema]: others } : others;
}
