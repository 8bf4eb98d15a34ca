/** Where an attribute stands in a resource, and what a filter looks like once its names are resolved. */
import { isObject, own } from './json';
import type { Resource } from './resource';
import type { AttributeDefinition } from './resourceType';

/** An attribute, or a part of one, resolved against a resource type (RFC 7644 §3.10). */
export interface AttributePath {
  /** URN of the schema in which the attribute was found; the core schema's for the common attributes (RFC 7643 §3.1). */
  readonly schema: string;
  /** True: the schema is an extension, so the attribute's values stand under its URN in a resource. */
  readonly extension: boolean;
  /** The attribute's canonical name. */
  readonly attribute: string;
  readonly subAttribute?: string;
  /** Which of the attribute's values are meant; its own paths are relative to one value. */
  readonly valueFilter?: Filter;
  readonly definition: AttributeDefinition;
  /** Present exactly when `subAttribute` is. */
  readonly subDefinition?: AttributeDefinition;
  /** The whole path as the client wrote it. */
  readonly spelled: string;
  /** The alias by which the client named the attribute, absent when it used the canonical name. */
  readonly alias?: string;
}

/** A change of values of one multi-valued attribute that can be written without reading the resource. */
export interface ValueChange {
  readonly operation: 'add' | 'remove';
  readonly path: AttributePath;
  /** The values (for complex attributes, their `value`). */
  readonly values: readonly unknown[];
}

export type CompareOperator = 'eq' | 'ne' | 'co' | 'sw' | 'ew' | 'gt' | 'ge' | 'lt' | 'le';

/**
 * A filter (RFC 7644 §3.4.2.2). `path` is undefined where no attribute of the resource type has the spelled name: such
 * a comparison is undefined and matches nothing, negated or not. Inside a `valuePath` (and inside an attribute path's
 * `valueFilter`) paths are relative to one value: `subAttribute` is looked up in it, and a path without one means the
 * value itself (`value` of a simple multi-valued attribute).
 */
export type Filter =
  | { readonly kind: 'and' | 'or'; readonly filters: readonly Filter[] }
  | { readonly kind: 'not'; readonly filter: Filter }
  | {
      readonly kind: 'compare';
      readonly operator: CompareOperator;
      readonly path?: AttributePath;
      readonly spelled: string;
      /** In the type of the attribute's definition wherever the literal allows; null only with `eq` and `ne`. */
      readonly value: string | number | boolean | null;
      /** Where URIs of resources are compared: what those begin with that are relative (`../Users/2819c223`). */
      readonly baseUri?: string;
    }
  | { readonly kind: 'present'; readonly path?: AttributePath; readonly spelled: string }
  | { readonly kind: 'valuePath'; readonly path?: AttributePath; readonly spelled: string; readonly filter: Filter };

/**
 * A path in canonical names, as a client would write it: `name.familyName`, `urn:…:User:department`. Without its value
 * filter. Unique within a resource type, so it is also the key under which paths are remembered.
 */
export function formatPath(path: Pick<AttributePath, 'schema' | 'extension' | 'attribute' | 'subAttribute'>): string {
  const attribute = path.extension ? `${path.schema}:${path.attribute}` : path.attribute;
  return path.subAttribute === undefined ? attribute : `${attribute}.${path.subAttribute}`;
}

/** The object of a resource that holds an attribute: the resource itself, or its extension's; undefined when absent. */
export function faceOf(
  resource: Resource,
  path: Pick<AttributePath, 'schema' | 'extension'>,
): Record<string, unknown> | undefined {
  if (!path.extension) return resource;
  const face = own(resource, path.schema);
  return isObject(face) ? face : undefined;
}

/** The attribute's value (an array when multi-valued); its sub-attribute and value filter are not looked at. */
export function attributeAt(resource: Resource, path: AttributePath): unknown {
  const face = faceOf(resource, path);
  return face && own(face, path.attribute);
}

/** The definition of what a path ends in: the sub-attribute's, else the attribute's. */
export function targetDefinition(path: AttributePath): AttributeDefinition {
  return path.subDefinition ?? path.definition;
}
