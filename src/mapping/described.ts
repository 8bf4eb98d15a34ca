/** What a resource says of those that it refers to, and the name by which others speak of it. */
import type { Entry } from '../directory/entry';
import type { Resource } from '../scim/resource';
import { visibleValue } from './attributes';
import { containerOf, type Link } from './coreFace';
import type { ObjectType } from './objectType';
import type { References, Target } from './reference';
import { atOnce, type Steps, VALUES_PER_STEP } from './steps';

/**
 * Says of references what their targets are: `$ref` relative to the resource's own endpoint (RFC 7643 §2.4), the type and
 * the name for display, as far as the attribute has sub-attributes for them. It changes the resource, and belongs to no
 * version: what is said is of other resources.
 */
export function* describingSteps(objectType: ObjectType, resource: Resource, references: References): Steps<void> {
  for (const { link, names } of referringLinks(objectType)) {
    const value = containerOf(link, resource)?.[link.attribute];
    if (value === undefined) continue;
    for (const [index, element] of (Array.isArray(value) ? value : [value]).entries()) {
      if (index > 0 && index % VALUES_PER_STEP === 0) yield;
      const id = (element as { value?: unknown } | undefined)?.value;
      const target = typeof id === 'string' ? references.target(id) : undefined;
      if (target !== undefined) Object.assign(element, describedBy(target, String(id), link, names));
    }
  }
}

/** A link whose values are ids, with the names of the sub-attributes beside them. */
interface ReferringLink {
  readonly link: Link;
  readonly names: ReadonlySet<string>;
}

const known = new WeakMap<ObjectType, readonly ReferringLink[]>();

function referringLinks(objectType: ObjectType): readonly ReferringLink[] {
  let links = known.get(objectType);
  if (links === undefined) {
    links = objectType.links
      .filter(({ subAttribute, target }) => {
        return subAttribute === 'value' && objectType.attributes.get(target)?.type === 'reference';
      })
      .map((link) => ({ link, names: new Set(link.definition.subAttributes?.map(({ name }) => name)) }));
    known.set(objectType, links);
  }
  return links;
}

/** As {@link describingSteps}, at once. */
export function describeReferences(objectType: ObjectType, resource: Resource, references: References): void {
  atOnce(describingSteps(objectType, resource, references));
}

function describedBy(
  { type, endpoint, display }: Target,
  id: string,
  { attribute }: Link,
  names: ReadonlySet<string>,
): Record<string, unknown> {
  return {
    $ref: `..${endpoint}/${encodeURIComponent(id)}`,
    // RFC 7643 §4.1.2: the type of a user's group is how it came to be one.
    ...(names.has('type') && { type: attribute === 'groups' ? 'direct' : type }),
    ...(display !== undefined && names.has('display') && { display }),
    ...(display !== undefined && names.has('displayName') && { displayName: display }),
  };
}

/** The name by which people know the resource of an entry. */
export function displayOf(objectType: ObjectType, entry: Entry): string | undefined {
  for (const wanted of ['displayName', 'name.formatted', 'userName']) {
    const link = objectType.links.find(({ source }) => source === wanted);
    const attribute = link && objectType.attributes.get(link.target);
    const [value] = attribute === undefined ? [] : visibleValue(entry, attribute, objectType);
    if (value !== undefined) return value.toString();
  }
  return entry.dn.rdn?.parts[0]?.value.toString();
}
