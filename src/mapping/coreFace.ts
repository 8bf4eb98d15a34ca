/**
 * The face of an object type that speaks the core schema of RFC 7643: links between core attributes and attributes of
 * the directory, and the part of the core schemas that these links (and the state store) can keep their word for.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Schema } from '../directory/schema';
import { coreUser, enterpriseUser } from '../scim/core';
import type { Filter } from '../scim/filter';
import { type AttributePath, parsePath } from '../scim/path';
import type { AttributeDefinition, ResourceType, SchemaDefinition } from '../scim/resourceType';
import { backlinks } from './membership';
import { standardType } from './standardTypes';

/** A two-way link: a place in a resource and an attribute of the directory. */
export interface Link {
  /** As the file spells it, for messages. */
  readonly source: string;
  readonly schema: string;
  /** The attribute stands under its schema's URN. */
  readonly extension: boolean;
  readonly attribute: string;
  readonly subAttribute?: string;
  /** Sub-attributes that an element has because the path's filter says so, e.g. `type: "work"`. */
  readonly terms: Readonly<Record<string, string | number | boolean>>;
  /** Elements that say nothing of the terms are this link's too: it is one of the first terms that the file names. */
  readonly untyped: boolean;
  /** Of the core attribute. */
  readonly multiValued: boolean;
  readonly definition: AttributeDefinition;
  /** {@link Schema.canonicalName} of the attribute of the directory. */
  readonly target: string;
}

const enterpriseUrn = enterpriseUser.id;

/** A path of the file → link, or why it is none. */
export function linkOf(source: string, target: string, resourceType: string, schema: Schema): Link | string {
  const standard = standardType(resourceType);
  const path = pathOf(source, standard);
  if (path === undefined) return `"${source}" is no attribute of ${resourceType}: ${hasSchemas(resourceType)}`;
  const { definition, subDefinition } = path;
  if (definition.mutability === 'readOnly') return `"${source}" is read-only in SCIM: it cannot be mapped`;
  if (definition.type === 'complex' && subDefinition === undefined && !hasValue(definition)) {
    return `"${source}" has sub-attributes: name one, e.g. ${source}.${definition.subAttributes?.[0]?.name ?? 'value'}`;
  }
  const terms = path.valueFilter === undefined ? {} : termsOf(path.valueFilter);
  if (terms === undefined) return `the filter in "${source}" may only have eq terms joined by and`;
  return {
    source,
    schema: path.schema,
    extension: path.extension,
    attribute: definition.name,
    subAttribute: subDefinition?.name ?? (definition.type === 'complex' ? 'value' : undefined),
    terms,
    untyped: true,
    multiValued: definition.multiValued,
    definition,
    target: schema.canonicalName(target),
  };
}

/** The read-only `groups` of a user, where the directory keeps them. */
export function groupsLink(schema: Schema): Link | undefined {
  const target = backlinks.find((name) => schema.attributeType(name) !== undefined);
  const definition = coreUser.attributes.find(({ name }) => name === 'groups');
  if (target === undefined || definition === undefined) return undefined;
  return {
    source: 'groups.value',
    schema: coreUser.id,
    extension: false,
    attribute: definition.name,
    subAttribute: 'value',
    terms: {},
    untyped: true,
    multiValued: true,
    definition,
    target: schema.canonicalName(target),
  };
}

/** The link between the members of a group and the attribute of the directory that holds them. */
export function membersLink(links: readonly Link[]): Link | undefined {
  return links.find(({ attribute, subAttribute }) => attribute === 'members' && subAttribute === 'value');
}

function hasSchemas(resourceType: string): string {
  if (resourceType === 'User' || resourceType === 'Group') return 'see the core and enterprise schemas of RFC 7643';
  return 'a type of your own has displayName, and everything else by the names of the directory, which need no mapping';
}

/** The links of one object type: of those that share a core attribute, the first one and its like take the elements without terms. */
export function rankLinks(links: readonly Link[]): Link[] {
  return links.map((link) => {
    const first = links.find((other) => sameAttribute(other, link));
    return { ...link, untyped: first === undefined || isDeepStrictEqual(first.terms, link.terms) };
  });
}

/** Whether two links say the same of where a value stands. */
export function samePlace(a: Link, b: Link): boolean {
  return sameAttribute(a, b) && a.subAttribute === b.subAttribute && isDeepStrictEqual(a.terms, b.terms);
}

/** Whether two links are of one core attribute. */
export function sameAttribute(a: Link, b: Link): boolean {
  return a.schema === b.schema && a.attribute === b.attribute;
}

/** A path that is no path at all is as good as an unknown one to whoever reads the fault. */
function pathOf(source: string, standard: ResourceType): AttributePath | undefined {
  try {
    return parsePath(source, standard);
  } catch {
    return undefined;
  }
}

function hasValue(definition: AttributeDefinition): boolean {
  return definition.subAttributes?.some(({ name }) => name === 'value') ?? false;
}

/** The `eq` terms of a filter such as `type eq "work"`; undefined when it says anything else. */
function termsOf(filter: Filter): Record<string, string | number | boolean> | undefined {
  if (filter.kind === 'and') {
    const terms: Record<string, string | number | boolean> = {};
    for (const part of filter.filters) {
      const inner = termsOf(part);
      if (inner === undefined) return undefined;
      Object.assign(terms, inner);
    }
    return terms;
  }
  if (filter.kind !== 'compare' || filter.operator !== 'eq' || filter.value === null || filter.path === undefined)
    return undefined;
  return { [nameOf(filter.path)]: filter.value };
}

function nameOf(path: AttributePath): string {
  // Paths inside a value filter are relative to one value, and a value without sub-attributes is its own `value`.
  return path.subAttribute ?? 'value';
}

/** What the core face keeps beside its links. */
export interface KeptAttributes {
  /** Names (with a URN for extensions) that the state store keeps. */
  readonly stored: readonly string[];
  /** Whether a disable flow gives `active` a meaning. */
  readonly active: boolean;
  readonly password: boolean;
  /** Attributes of the directory, by key, that an entry cannot be without and that only a client can give. */
  readonly mandatory: ReadonlySet<string>;
  /** Attributes of the directory, by key, of which no two entries may have the same value. */
  readonly unique: ReadonlySet<string>;
}

/** The core schema and its extensions, reduced to what reads back as it was set. */
export function coreSchemas(
  resourceType: string,
  links: readonly Link[],
  kept: KeptAttributes,
): { schema: SchemaDefinition; extensions: SchemaDefinition[] } {
  const { schema, extensions } = standardType(resourceType);
  const reduce = (definition: SchemaDefinition): SchemaDefinition => ({
    ...definition,
    attributes: definition.attributes.flatMap((attribute) => reduceAttribute(attribute, definition.id, links, kept)),
  });
  return {
    schema: reduce(schema),
    extensions: extensions.map(reduce).filter(({ attributes }) => attributes.length > 0),
  };
}

function reduceAttribute(
  attribute: AttributeDefinition,
  schema: string,
  links: readonly Link[],
  kept: KeptAttributes,
): AttributeDefinition[] {
  const name = schema === enterpriseUrn ? `${schema}:${attribute.name}` : attribute.name;
  if (kept.stored.some((stored) => stored.toLowerCase() === name.toLowerCase())) return [attribute];
  // Without a disable flow `active` has no meaning: the connector says so to whoever sends false.
  if (attribute.name === 'active') return [kept.active ? attribute : { ...attribute, hidden: true }];
  if (attribute.name === 'password') return kept.password ? [attribute] : [];
  const own = links.filter((link) => link.schema === schema && link.attribute === attribute.name);
  if (own.length === 0) return attribute.name === 'userName' ? [attribute] : [];
  const required = own.filter(({ target }) => kept.mandatory.has(target)).map(({ subAttribute }) => subAttribute);
  if (attribute.subAttributes === undefined) {
    const unique = own.some(({ target }) => kept.unique.has(target)) ? { uniqueness: 'server' as const } : {};
    return [{ ...attribute, ...unique, required: attribute.required || required.length > 0 }];
  }
  // Elements of a multi-valued attribute are kept whole (see `remainder.ts`), so all their sub-attributes read back.
  if (attribute.multiValued) return [withUniqueValues(withTypes(attribute, own), own, kept)];
  const linked = new Set(own.map(({ subAttribute }) => subAttribute));
  const isReference = attribute.subAttributes.some(({ name: sub }) => sub === '$ref');
  const subAttributes = attribute.subAttributes
    .filter((sub) => linked.has(sub.name) || (isReference && sub.mutability === 'readOnly') || sub.name === '$ref')
    .map((sub) => (required.includes(sub.name) ? { ...sub, required: true } : sub));
  return [{ ...attribute, required: attribute.required || required.length > 0, subAttributes }];
}

function withTypes(attribute: AttributeDefinition, links: readonly Link[]): AttributeDefinition {
  const types = new Set(links.flatMap(({ terms }) => (typeof terms.type === 'string' ? [terms.type] : [])));
  if (types.size === 0) return attribute;
  return {
    ...attribute,
    subAttributes: attribute.subAttributes?.map((sub) =>
      sub.name === 'type' ? { ...sub, canonicalValues: [...new Set([...types, ...(sub.canonicalValues ?? [])])] } : sub,
    ),
  };
}

/** Sub-attributes of which no two entries may have the same value, wherever it stands. */
function withUniqueValues(
  attribute: AttributeDefinition,
  links: readonly Link[],
  { unique }: KeptAttributes,
): AttributeDefinition {
  const names = new Set(links.flatMap(({ target, subAttribute }) => (unique.has(target) ? subAttribute : [])));
  if (names.size === 0) return attribute;
  return {
    ...attribute,
    subAttributes: attribute.subAttributes?.map((sub) =>
      names.has(sub.name) ? { ...sub, uniqueness: 'server' } : sub,
    ),
  };
}

/** The values that a resource has at a link's place; elements with other terms are not its own. */
export function valuesAt(link: Link, resource: Readonly<Record<string, unknown>>): unknown[] {
  const container = containerOf(link, resource);
  const value = container?.[link.attribute];
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value))
    return present([link.subAttribute === undefined ? value : (value as Record<string, unknown>)[link.subAttribute]]);
  const { subAttribute } = link;
  if (subAttribute === undefined) return present(value);
  const terms = Object.entries(link.terms);
  return present(value.map((element) => (isOwnBy(terms, link.untyped, element) ? element[subAttribute] : undefined)));
}

/** Whether an element of a multi-valued attribute belongs to a link. */
export function isOwn({ terms, untyped }: Link, element: unknown): boolean {
  return isOwnBy(Object.entries(terms), untyped, element);
}

function isOwnBy(
  terms: readonly (readonly [name: string, term: unknown])[],
  untyped: boolean,
  element: unknown,
): element is Record<string, unknown> {
  if (typeof element !== 'object' || element === null) return false;
  return terms.every(([name, term]) => {
    const value = (element as Record<string, unknown>)[name];
    return value === undefined ? untyped : sameTerm(value, term);
  });
}

/** Types such as `work` compare without case. */
export function sameTerm(a: unknown, b: unknown): boolean {
  return a === b || (typeof a === 'string' && typeof b === 'string' && a.toLowerCase() === b.toLowerCase());
}

/** Where a link's attribute stands: the top of the resource, or its extension. */
export function containerOf(
  link: Pick<Link, 'schema' | 'extension'>,
  resource: Readonly<Record<string, unknown>>,
): Record<string, unknown> | undefined {
  return (link.extension ? resource[link.schema] : resource) as Record<string, unknown> | undefined;
}

function present(values: readonly unknown[]): unknown[] {
  return values.filter((value) => value !== undefined && value !== null);
}
