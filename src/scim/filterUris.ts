/**
 * URIs of resources in filters (`meta.location`, `$ref`): clients compare with whole ones, and handlers know a resource's
 * place among the endpoints only (RFC 7643 §2.3.7, §3.1).
 */
import type { AttributePath, Filter } from './attributePath';
import { idInReference } from './attributeValue';
import type { ResourceType } from './resourceType';
import { type IndexedAttribute, schemaIndex, subPath } from './schemaIndex';

type Comparison = Extract<Filter, { kind: 'compare' }>;

/**
 * The same filter with the base URI wherever URIs of resources are compared. Equality with one names an id too, so that
 * a handler finds by its index what it would have to look through all resources for.
 */
export function withBaseUri(filter: Filter, type: ResourceType, baseUri: string): Filter {
  switch (filter.kind) {
    case 'and':
    case 'or':
      return { ...filter, filters: filter.filters.map((part) => withBaseUri(part, type, baseUri)) };
    case 'not':
    case 'valuePath':
      return { ...filter, filter: withBaseUri(filter.filter, type, baseUri) };
    case 'present':
      return filter;
    case 'compare': {
      if (filter.path === undefined || !isOfResource(filter.path)) return filter;
      const compared = { ...filter, baseUri };
      const identified = filter.operator === 'eq' ? identifying(filter, filter.path, type) : undefined;
      return identified === undefined ? compared : { kind: 'and', filters: [identified, compared] };
    }
  }
}

/** Whether {@link withBaseUri} makes another filter of this one. */
export function comparesUris(filter: Filter | undefined): boolean {
  switch (filter?.kind) {
    case 'and':
    case 'or':
      return filter.filters.some(comparesUris);
    case 'not':
    case 'valuePath':
      return comparesUris(filter.filter);
    case 'compare':
      return filter.path !== undefined && isOfResource(filter.path);
    default:
      return false;
  }
}

/** A value filter that names what it selects by `$ref` names it by the id in it: the values of a change have no URIs yet. */
export function withIds(filter: Filter, attribute: IndexedAttribute): Filter {
  switch (filter.kind) {
    case 'and':
    case 'or':
      return { ...filter, filters: filter.filters.map((part) => withIds(part, attribute)) };
    case 'not':
      return { ...filter, filter: withIds(filter.filter, attribute) };
    case 'compare': {
      const isEqual = filter.operator === 'eq' || filter.operator === 'ne';
      const id = isEqual && filter.path?.subAttribute === '$ref' ? idInReference(filter.value) : undefined;
      const path = id === undefined ? undefined : subPath(attribute, 'value', 'value');
      return id === undefined || path === undefined ? filter : { ...filter, path, value: id };
    }
    default:
      return filter;
  }
}

/** Whether the values of an attribute are URIs of resources. */
function isOfResource(path: AttributePath): boolean {
  return path.subAttribute === '$ref' || (path.attribute === 'meta' && path.subAttribute === 'location');
}

/** What is equal where the URIs are: the id of the resource, or of the one that is referred to. */
function identifying(filter: Comparison, path: AttributePath, type: ResourceType): Comparison | undefined {
  const id = idInReference(filter.value);
  const { core, extensions } = schemaIndex(type);
  const attribute = [core, ...extensions].find(({ urn }) => urn === path.schema)?.find(path.attribute);
  const named =
    path.subAttribute === '$ref' ? attribute && subPath(attribute, 'value', 'value') : core.find('id')?.path;
  if (id === undefined || named === undefined) return undefined;
  return { kind: 'compare', operator: 'eq', path: named, spelled: named.spelled, value: id };
}
