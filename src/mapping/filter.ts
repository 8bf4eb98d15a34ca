/**
 * A SCIM filter in the directory's words: an LDAP filter that every match satisfies (a superset; what comes back is
 * evaluated again as a resource), and the few keys under which all matches can be found, if there are such.
 */
import type { DN } from '../directory/dn';
import {
  and,
  type Filter as DirectoryFilter,
  equality,
  greaterOrEqual,
  lessOrEqual,
  or,
  present,
  substrings,
} from '../directory/filter';
import type { AttributePath, CompareOperator, Filter } from '../scim/attributePath';
import type { Link } from './coreFace';
import { type DirectoryAttribute, virtual } from './directoryFace';
import type { ObjectType } from './objectType';
import { dnOf, looksLikeDN, noReferences, type References } from './reference';
import { toDirectory, ValueFault } from './syntax';

/** A key under which a match can be found. */
export type Candidate =
  | { readonly kind: 'id'; readonly id: string }
  | { readonly kind: 'dn'; readonly dn: DN }
  /** `value` is normalised; `attribute` is a canonical name among the matching attributes. */
  | { readonly kind: 'match'; readonly attribute: string; readonly value: string }
  | { readonly kind: 'stored'; readonly path: string; readonly value: string };

/** What a filter amounts to. */
export interface FilterPlan {
  /** `all`: the directory cannot narrow it down; `none`: nothing can match. */
  readonly superset: DirectoryFilter | 'all' | 'none';
  /** Every match is found under one of these keys; absent: no such keys. */
  readonly candidates?: readonly Candidate[];
}

const all: FilterPlan = { superset: 'all' };
const none: FilterPlan = { superset: 'none', candidates: [] };

/** Analyses a filter. `references` knows the ids that {@link idsInFilter} names. */
export function planOf(filter: Filter, objectType: ObjectType, references: References): FilterPlan {
  switch (filter.kind) {
    case 'and':
      return filter.filters.map((part) => planOf(part, objectType, references)).reduce(both);
    case 'or':
      return filter.filters.map((part) => planOf(part, objectType, references)).reduce(either);
    case 'not':
      return all;
    case 'present':
      return presentPlan(filter.path, objectType);
    case 'compare':
      return comparePlan(filter.path, filter.operator, filter.value, objectType, references);
    case 'valuePath':
      return valuePathPlan(filter.path, filter.filter, objectType);
  }
}

function both(a: FilterPlan, b: FilterPlan): FilterPlan {
  if (a.superset === 'none' || b.superset === 'none') return none;
  const superset = a.superset === 'all' ? b.superset : b.superset === 'all' ? a.superset : and(a.superset, b.superset);
  const candidates = [a.candidates, b.candidates]
    .filter((keys) => keys !== undefined)
    .sort((x, y) => x.length - y.length)[0];
  return { superset, ...(candidates === undefined ? {} : { candidates }) };
}

function either(a: FilterPlan, b: FilterPlan): FilterPlan {
  if (a.superset === 'none') return b;
  if (b.superset === 'none') return a;
  const superset = a.superset === 'all' || b.superset === 'all' ? 'all' : or(a.superset, b.superset);
  if (a.candidates === undefined || b.candidates === undefined) return { superset };
  return { superset, candidates: [...a.candidates, ...b.candidates] };
}

function presentPlan(path: AttributePath | undefined, objectType: ObjectType): FilterPlan {
  if (path === undefined) return none;
  const filters = targetsOf(path, objectType).map((attribute) => present(attribute.name));
  return filters.length === 0 || path.attribute === 'userName' ? all : { superset: or(...filters) };
}

/** The attributes of the directory in which the values of a path stand; none for what is kept or made elsewhere. */
function targetsOf(path: AttributePath, objectType: ObjectType): readonly DirectoryAttribute[] {
  if (path.schema === objectType.urn) {
    const attribute = objectType.attributes.get(objectType.schema.canonicalName(path.attribute));
    return attribute === undefined ? [] : [attribute];
  }
  const links = linksOf(path, objectType).filter(
    ({ subAttribute, definition }) =>
      (path.subAttribute ?? (definition.type === 'complex' ? 'value' : undefined)) === subAttribute,
  );
  return links.flatMap(({ target }) => objectType.attributes.get(target) ?? []);
}

function linksOf(path: AttributePath, { links }: ObjectType): readonly Link[] {
  return links.filter(({ schema, attribute }) => schema === path.schema && attribute === path.attribute);
}

type FilterValue = string | number | boolean | null;

function comparePlan(
  path: AttributePath | undefined,
  operator: CompareOperator,
  value: FilterValue,
  objectType: ObjectType,
  references: References,
): FilterPlan {
  if (path === undefined) return none;
  if (value === null || operator === 'ne') return all;
  if (operator === 'eq') {
    const key = keyOf(path, value, objectType);
    if (key === 'nothing') return none;
    if (key !== undefined) return { superset: 'all', candidates: [key] };
  }
  const attributes = targetsOf(path, objectType);
  if (attributes.length === 0) return all;
  return attributes
    .map((attribute) => attributePlan(attribute, operator, value, objectType, references, path))
    .reduce(either);
}

/** Equality with something that is no attribute of the directory: the id, the name, or what the state store keeps. */
function keyOf(path: AttributePath, value: FilterValue, objectType: ObjectType): Candidate | 'nothing' | undefined {
  if (path.subAttribute !== undefined) return undefined;
  if (!path.extension && path.attribute === 'id') return { kind: 'id', id: String(value) };
  if (
    path.schema === objectType.urn &&
    (path.attribute === virtual.dn || path.attribute === virtual.distinguishedName)
  ) {
    const dn = dnOf(String(value));
    return dn === undefined ? 'nothing' : { kind: 'dn', dn };
  }
  const stored = path.extension ? `${path.schema}:${path.attribute}` : path.attribute;
  if (!objectType.options.stored.includes(stored)) return undefined;
  return path.definition.caseExact ? { kind: 'stored', path: stored, value: String(value) } : undefined;
}

function attributePlan(
  attribute: DirectoryAttribute,
  operator: CompareOperator,
  value: FilterValue,
  objectType: ObjectType,
  references: References,
  path: AttributePath,
): FilterPlan {
  const { schema } = objectType;
  const type = schema.attributeType(attribute.name);
  const caseExact = (path.subDefinition ?? path.definition).caseExact;
  // A rule that the server does not have evaluates to undefined, which would hide matches (RFC 4511 §4.5.1.7); and a
  // rule that is stricter than the SCIM attribute would hide those that differ in case.
  if (type === undefined || (attribute.caseExact && !caseExact && attribute.type === 'string')) return all;
  const encoded = encodedOf(attribute, value, references);
  if (encoded === undefined) return operator === 'eq' ? none : all;
  const text = encoded.toString();
  switch (operator) {
    case 'eq': {
      if (type.equality === undefined) return all;
      const superset = equality(attribute.name, encoded);
      if (!objectType.matching.includes(attribute.key)) return { superset };
      return {
        superset,
        candidates: [{ kind: 'match', attribute: attribute.key, value: schema.normalize(attribute.name, encoded) }],
      };
    }
    case 'co':
      return type.substring === undefined || text === ''
        ? all
        : { superset: substrings(attribute.name, { any: [text] }) };
    case 'sw':
      return type.substring === undefined || text === ''
        ? all
        : { superset: substrings(attribute.name, { initial: text }) };
    case 'ew':
      return type.substring === undefined || text === ''
        ? all
        : { superset: substrings(attribute.name, { final: text }) };
    case 'gt':
    case 'ge':
      return type.ordering === undefined ? all : { superset: greaterOrEqual(attribute.name, encoded) };
    case 'lt':
    case 'le':
      return type.ordering === undefined ? all : { superset: lessOrEqual(attribute.name, encoded) };
    default:
      return all;
  }
}

function encodedOf(
  attribute: DirectoryAttribute,
  value: FilterValue,
  references: References,
): ReturnType<typeof toDirectory> | undefined {
  try {
    if (attribute.type !== 'reference') return toDirectory(value, attribute.type);
    const text = String(value);
    return (looksLikeDN(text) ? dnOf(text) : references.dnOf(text))?.toString();
  } catch (error) {
    if (error instanceof ValueFault) return undefined;
    throw error;
  }
}

/** `emails[type eq "work" and value eq "a@b"]`: the terms on mapped sub-attributes narrow it down, the others do not. */
function valuePathPlan(path: AttributePath | undefined, inner: Filter, objectType: ObjectType): FilterPlan {
  if (path === undefined) return none;
  const plan = (filter: Filter): FilterPlan => {
    if (filter.kind === 'and') return filter.filters.map(plan).reduce(both);
    if (filter.kind === 'or') return filter.filters.map(plan).reduce(either);
    if (filter.kind !== 'compare' || filter.path === undefined || filter.value === null || filter.operator === 'ne')
      return all;
    const sub = filter.path.subAttribute ?? 'value';
    const links = linksOf(path, objectType).filter(({ subAttribute }) => subAttribute === sub);
    const attributes = links.flatMap(({ target }) => objectType.attributes.get(target) ?? []);
    if (attributes.length === 0) return all;
    const { operator, value } = filter;
    return attributes
      .map((attribute) => attributePlan(attribute, operator, value, objectType, noReferences, path))
      .reduce(either);
  };
  return plan(inner);
}

/** Ids that a filter compares references with, so that they can be looked up together. */
export function idsInFilter(filter: Filter, objectType: ObjectType): string[] {
  switch (filter.kind) {
    case 'and':
    case 'or':
      return filter.filters.flatMap((part) => idsInFilter(part, objectType));
    case 'not':
      return idsInFilter(filter.filter, objectType);
    case 'compare': {
      if (filter.path === undefined || typeof filter.value !== 'string') return [];
      const reference = targetsOf(filter.path, objectType).some(({ type }) => type === 'reference');
      return reference && !looksLikeDN(filter.value) ? [filter.value] : [];
    }
    default:
      return [];
  }
}
