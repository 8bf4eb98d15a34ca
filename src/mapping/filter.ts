/**
 * A SCIM filter in the directory's words: an LDAP filter that every match satisfies (a superset; what comes back is
 * evaluated again as a resource), and the few keys under which all matches can be found, if there are such.
 */
import type { DN } from '../directory/dn';
import type { Value } from '../directory/entry';
import { and, type Filter as DirectoryFilter, not, or, present } from '../directory/filter';
import { type AttributePath, type Filter, targetDefinition } from '../scim/attributePath';
import { assertionOf, attributeFilter } from './attributeFilter';
import { type Link, sameTerm } from './coreFace';
import { type DirectoryAttribute, virtual } from './directoryFace';
import type { ObjectType } from './objectType';
import { dnOf, looksLikeDN, type References } from './reference';

/** A key under which a match can be found. */
export type Candidate =
  | { readonly kind: 'id'; readonly id: string }
  | { readonly kind: 'dn'; readonly dn: DN }
  | MatchCandidate
  /** What a search of the directory finds. */
  | { readonly kind: 'search'; readonly filter: DirectoryFilter }
  | { readonly kind: 'stored'; readonly path: string; readonly value: string };

/** A value of a matching attribute. */
export interface MatchCandidate {
  readonly kind: 'match';
  /** Canonical name. */
  readonly attribute: string;
  /** Normalised: the key in the connector space. */
  readonly value: string;
  /** The same value as a search of the directory asserts it. */
  readonly asserted: Value;
  /**
   * Where a search looks for it too, because entries without the attribute are known by their name. An entry that has
   * the attribute comes first: a hit in the connector space is not held up by a search for a second one.
   */
  readonly naming: readonly string[];
}

/** What a filter amounts to. */
export interface FilterPlan {
  /** `all`: the directory cannot narrow it down; `none`: nothing can match. */
  readonly superset: DirectoryFilter | 'all' | 'none';
  /** Every match is found under one of these keys; absent: no such keys. */
  readonly candidates?: readonly Candidate[];
}

const all: FilterPlan = { superset: 'all' };
const none: FilterPlan = { superset: 'none', candidates: [] };

type Comparison = Extract<Filter, { kind: 'compare' }>;

/** Sub-attributes that a value filter gives one value for. */
type Pinned = ReadonlyMap<string, unknown>;

const nothingPinned: Pinned = new Map();

/** Analyses a filter. `references` knows the ids that {@link idsInFilter} names. */
export function planOf(filter: Filter, objectType: ObjectType, references: References): FilterPlan {
  switch (filter.kind) {
    case 'and':
      return both(filter.filters.map((part) => planOf(part, objectType, references)));
    case 'or':
      return either(filter.filters.map((part) => planOf(part, objectType, references)));
    case 'not':
      return all;
    case 'present':
      return filter.path === undefined ? none : presentPlan(filter.path, objectType);
    case 'compare':
      return comparePlan(filter, objectType, references);
    case 'valuePath':
      return filter.path === undefined
        ? none
        : valuePlan(filter.filter, filter.path, nothingPinned, objectType, references);
  }
}

/** What all plans find; the fewest keys are enough. */
function both(plans: readonly FilterPlan[]): FilterPlan {
  if (plans.some(({ superset }) => superset === 'none')) return none;
  const filters = plans.flatMap(({ superset }) => (typeof superset === 'string' ? [] : [superset]));
  const [candidates] = plans
    .flatMap((plan) => (plan.candidates === undefined ? [] : [plan.candidates]))
    .sort((a, b) => a.length - b.length);
  const superset = filters.length === 0 ? 'all' : and(...filters);
  return candidates === undefined ? { superset } : { superset, candidates };
}

/** What any plan finds; keys are enough only where each plan has some. */
function either(plans: readonly FilterPlan[]): FilterPlan {
  const possible = plans.filter(({ superset }) => superset !== 'none');
  if (possible.length === 0) return none;
  const filters = possible.flatMap(({ superset }) => (typeof superset === 'string' ? [] : [superset]));
  const superset = filters.length < possible.length ? 'all' : or(...filters);
  const keys = possible.flatMap(({ candidates }) => (candidates === undefined ? [] : [candidates]));
  return keys.length < possible.length ? { superset } : { superset, candidates: keys.flat() };
}

function presentPlan(path: AttributePath, objectType: ObjectType): FilterPlan {
  // A complex attribute is there when any part of it is, also one that the state store keeps.
  const whole = path.definition.type === 'complex' && path.subAttribute === undefined;
  const attribute = whole || isUserName(path) ? undefined : attributeOf(path, nothingPinned, objectType);
  return attribute === undefined ? all : { superset: present(attribute.ldapName) };
}

function isUserName({ extension, attribute }: AttributePath): boolean {
  return !extension && attribute === 'userName';
}

function comparePlan(filter: Comparison, objectType: ObjectType, references: References): FilterPlan {
  const { path, operator, value } = filter;
  if (path === undefined) return none;
  if (value === null || operator === 'ne') return all;
  const attribute = attributeOf(path, nothingPinned, objectType);
  if (attribute === undefined && operator === 'eq') {
    return elementsPlan(filter, path, objectType, references) ?? keyPlan(path, value, objectType);
  }
  if (attribute === undefined) return all;
  const plan = attributePlan(attribute, filter, objectType, references);
  if (!isUserName(path) || plan.superset === 'all') return plan;
  // Who has no such attribute is known by the name of the entry.
  const unnamed = not(present(attribute.ldapName));
  return plan.superset === 'none' ? { superset: unnamed } : { ...plan, superset: or(plan.superset, unnamed) };
}

/**
 * Equality with a value of an attribute whose elements stand in several places: each mapped kind in its attribute of the
 * directory, all other kinds in the state store (`emails.value eq "a@b"`). Undefined where no link has terms.
 */
function elementsPlan(
  filter: Comparison,
  path: AttributePath,
  objectType: ObjectType,
  references: References,
): FilterPlan | undefined {
  const sub = path.subAttribute ?? 'value';
  const links = linksOf(path, objectType).filter(
    ({ subAttribute, multiValued }) => multiValued && subAttribute === sub,
  );
  if (links.length === 0 || path.definition.type !== 'complex' || sub !== 'value') return undefined;
  const candidates: Candidate[] = [{ kind: 'stored', path: elementKey(path), value: elementText(filter.value) }];
  for (const { target } of links) {
    const attribute = objectType.attributes.get(target);
    const plan = attribute === undefined ? all : attributePlan(attribute, filter, objectType, references);
    if (plan.superset === 'all') return all;
    if (plan.candidates !== undefined) candidates.push(...plan.candidates);
    else if (plan.superset !== 'none') candidates.push({ kind: 'search', filter: plan.superset });
  }
  return { superset: 'all', candidates };
}

/** The key under which the state store finds elements that it keeps, by the canonical path of their attribute. */
export function elementKey(path: Pick<AttributePath, 'schema' | 'extension' | 'attribute'>): string {
  return `${path.extension ? `${path.schema}:` : ''}${path.attribute}.value`;
}

/** An element's value as a key: what differs in case only is found, and evaluated afterwards. */
export function elementText(value: unknown): string {
  return String(value).toLowerCase();
}

/** Equality with something that is no attribute of the directory: the id, the name, or what the state store keeps. */
function keyPlan(path: AttributePath, value: string | number | boolean, objectType: ObjectType): FilterPlan {
  const text = String(value);
  const key = (candidate: Candidate): FilterPlan => ({ superset: 'all', candidates: [candidate] });
  if (!path.extension && path.attribute === 'meta' && path.subAttribute === 'resourceType')
    return text === objectType.name ? all : none;
  if (path.subAttribute !== undefined) return all;
  if (!path.extension && path.attribute === 'id') return key({ kind: 'id', id: text });
  if (path.schema === objectType.urn) {
    if (path.attribute !== virtual.dn && path.attribute !== virtual.distinguishedName) return all;
    const dn = dnOf(text);
    if (dn === undefined) return none;
    // Names that differ in case are one name only where the directory says so too.
    const exact = dn.rdns.some(({ parts }) => parts.some(({ type }) => objectType.schema.isCaseExact(type)));
    return exact ? all : key({ kind: 'dn', dn });
  }
  const stored = path.extension ? `${path.schema}:${path.attribute}` : path.attribute;
  const isKey = path.definition.caseExact && objectType.options.stored.includes(stored);
  return isKey ? key({ kind: 'stored', path: stored, value: text }) : all;
}

/**
 * The attribute of the directory that has every value of a path; undefined where there is none. Elements whose type
 * nothing maps are in the state store, so a link with terms speaks for a path only where the filter pins them.
 */
function attributeOf(path: AttributePath, pinned: Pinned, objectType: ObjectType): DirectoryAttribute | undefined {
  const { attributes, schema, urn } = objectType;
  if (path.schema === urn) return attributes.get(schema.canonicalName(path.attribute));
  const sub = path.subAttribute ?? (path.definition.type === 'complex' ? 'value' : undefined);
  const link = linksOf(path, objectType).find(
    ({ subAttribute, terms }) =>
      subAttribute === sub && Object.entries(terms).every(([name, term]) => sameTerm(pinned.get(name), term)),
  );
  return link === undefined ? undefined : attributes.get(link.target);
}

function linksOf(path: AttributePath, { links }: ObjectType): readonly Link[] {
  return links.filter(({ schema, attribute }) => schema === path.schema && attribute === path.attribute);
}

function attributePlan(
  attribute: DirectoryAttribute,
  { path, operator, value }: Comparison,
  objectType: ObjectType,
  references: References,
): FilterPlan {
  if (path === undefined) return none;
  if (value === null || operator === 'ne') return all;
  const { caseExact } = targetDefinition(path);
  const superset = attributeFilter(attribute, { operator, value, caseExact }, objectType, references);
  if (operator !== 'eq' || typeof superset === 'string' || !objectType.matching.includes(attribute.key))
    return superset === 'none' ? none : { superset };
  const asserted = assertionOf(attribute, value, references) ?? '';
  const key: Candidate = {
    kind: 'match',
    attribute: attribute.key,
    value: objectType.schema.normalize(attribute.ldapName, asserted),
    asserted,
    naming: isUserName(path) ? objectType.namingAttributes.filter((name) => name !== attribute.key) : [],
  };
  return { superset, candidates: [key] };
}

/** `emails[type eq "work" and value eq "a@b"]`: the terms on mapped sub-attributes narrow it down, the others do not. */
function valuePlan(
  filter: Filter,
  path: AttributePath,
  pinned: Pinned,
  objectType: ObjectType,
  references: References,
): FilterPlan {
  switch (filter.kind) {
    case 'and': {
      const terms = new Map([...pinned, ...filter.filters.flatMap(pinnedBy)]);
      return both(filter.filters.map((part) => valuePlan(part, path, terms, objectType, references)));
    }
    case 'or':
      return either(filter.filters.map((part) => valuePlan(part, path, pinned, objectType, references)));
    case 'compare': {
      if (filter.path === undefined) return none;
      const attribute = attributeOf(filter.path, pinned, objectType);
      return attribute === undefined ? all : attributePlan(attribute, filter, objectType, references);
    }
    default:
      return all;
  }
}

function pinnedBy(filter: Filter): [string, unknown][] {
  if (filter.kind !== 'compare' || filter.operator !== 'eq' || filter.path?.subAttribute === undefined) return [];
  return [[filter.path.subAttribute, filter.value]];
}

/** Ids that a filter compares references with, so that they can be looked up together. */
export function idsInFilter(filter: Filter, objectType: ObjectType): string[] {
  switch (filter.kind) {
    case 'and':
    case 'or':
      return filter.filters.flatMap((part) => idsInFilter(part, objectType));
    case 'not':
    case 'valuePath':
      return idsInFilter(filter.filter, objectType);
    case 'compare': {
      const { path, value } = filter;
      if (path === undefined || typeof value !== 'string' || looksLikeDN(value)) return [];
      return attributeOf(path, nothingPinned, objectType)?.type === 'reference' ? [value] : [];
    }
    default:
      return [];
  }
}
