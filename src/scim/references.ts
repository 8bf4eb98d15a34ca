/** `$ref` as clients get it (RFC 7643 §2.3.7): handlers know a resource's place among the endpoints, and the router the base URI. */
import { faceOf } from './attributePath';
import { isObject, own } from './json';
import { isLongList } from './jsonPieces';
import type { Resource } from './resource';
import type { ResourceType } from './resourceType';
import { type IndexedAttribute, schemaIndex } from './schemaIndex';

/** Before the endpoint, as in the examples of the RFC: `../Users/2819c223`. */
const toEndpoints = '../';

const referring = new WeakMap<ResourceType, readonly IndexedAttribute[]>();

/**
 * Makes every relative `$ref` of a presented resource absolute; what is shared with others is copied first. The values of
 * long lists are left to whoever makes them into text: {@link withReference}.
 */
export function resolveReferences(resource: Resource, type: ResourceType, baseUri: string): void {
  for (const { path } of referringAttributes(type)) {
    const face = faceOf(resource, path);
    if (face === undefined) continue;
    const value = own(face, path.attribute);
    if (Array.isArray(value)) {
      if (!isLongList(value) && value.some(isRelative))
        face[path.attribute] = value.map((element) => withReference(element, baseUri));
    } else if (isRelative(value)) face[path.attribute] = withReference(value, baseUri);
  }
}

function referringAttributes(type: ResourceType): readonly IndexedAttribute[] {
  let attributes = referring.get(type);
  if (attributes === undefined) {
    const { core, extensions } = schemaIndex(type);
    const all = [core, ...extensions].flatMap((face) => face.attributes);
    attributes = all.filter(({ subAttributes }) => subAttributes.has('$ref'));
    referring.set(type, attributes);
  }
  return attributes;
}

/** A URI of a resource as clients get it; anything else as it is. */
export function absoluteUri(value: unknown, baseUri: string): unknown {
  return typeof value === 'string' && value.startsWith(toEndpoints)
    ? `${baseUri}/${value.slice(toEndpoints.length)}`
    : value;
}

function isRelative(value: unknown): value is { $ref: string } {
  return isObject(value) && typeof value.$ref === 'string' && value.$ref.startsWith(toEndpoints);
}

/** A value whose `$ref` is absolute. */
export function withReference(value: unknown, baseUri: string): unknown {
  return isRelative(value) ? { ...value, $ref: absoluteUri(value.$ref, baseUri) } : value;
}
