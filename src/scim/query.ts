/** The parameters of a query (RFC 7644 §3.4.2, §3.9), from a URL or from a SearchRequest message (§3.4.3). */
import { ScimError } from './error';
import { parseFilter } from './filter';
import { withBaseUri } from './filterUris';
import type { Projection, Query } from './handler';
import { isEmpty, isObject } from './json';
import { type AttributePath, formatPath, parsePath } from './path';
import { parseProjection } from './projection';
import type { ResourceType } from './resourceType';

/** Parameters as they came, not yet resolved against a resource type. Absent and empty are the same. */
export interface QueryParameters {
  readonly attributes?: readonly string[];
  readonly excludedAttributes?: readonly string[];
  readonly filter?: string;
  readonly sortBy?: string;
  readonly sortOrder?: string;
  readonly startIndex?: string;
  readonly count?: string;
  /** RFC 9865. Here empty is not absent: it asks for the first page. */
  readonly cursor?: string;
}

/** What a service provider allows. */
export interface QueryLimits {
  /** The most resources in one answer, and the number of them when `count` is absent. */
  readonly maxResults: number;
  /** False: `sortBy` is ignored (RFC 7644 §3.4.2.3). */
  readonly sort: boolean;
}

const names = [
  'attributes',
  'excludedAttributes',
  'filter',
  'sortBy',
  'sortOrder',
  'startIndex',
  'count',
  'cursor',
] as const;
const canonicalNames: ReadonlyMap<string, (typeof names)[number]> = new Map(
  names.map((name) => [name.toLowerCase(), name]),
);

/** Parameters of a URL's query string, without its question mark. `+` is a blank; names compare without case; others are ignored. */
export function parametersOfUrl(search: string): QueryParameters {
  if (search === '') return {};
  const values = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(search)) {
    const canonical = canonicalNames.get(name.toLowerCase());
    if (canonical === undefined || (value === '' && canonical !== 'cursor')) continue;
    const before = values.get(canonical);
    if (before === undefined) values.set(canonical, value);
    else if (canonical === 'attributes' || canonical === 'excludedAttributes')
      values.set(canonical, `${before},${value}`);
    else throw ScimError.invalidValue(`The parameter "${canonical}" is given more than once.`);
  }
  return parametersFrom((name) => values.get(name));
}

/** Parameters of a SearchRequest message. Throws 400 `invalidValue` for a parameter of a wrong type. */
export function parametersOfSearchRequest(body: unknown): QueryParameters {
  if (!isObject(body))
    throw ScimError.invalidSyntax('The body must be a JSON object: a SearchRequest (RFC 7644 §3.4.3).');
  const values = new Map<string, string>();
  for (const [name, value] of Object.entries(body)) {
    const canonical = canonicalNames.get(name.toLowerCase());
    if (canonical === undefined || (isEmpty(value) && !(canonical === 'cursor' && value === ''))) continue;
    const parts = Array.isArray(value) ? value : [value];
    if (!parts.every((part) => typeof part === 'string' || typeof part === 'number')) {
      throw ScimError.invalidValue(`The parameter "${canonical}" must be a string, a number or a list of strings.`);
    }
    values.set(canonical, parts.join(','));
  }
  return parametersFrom((name) => values.get(name));
}

function parametersFrom(value: (name: (typeof names)[number]) => string | undefined): QueryParameters {
  const parameters: Record<string, string | readonly string[]> = {};
  for (const name of names) {
    const text = value(name);
    if (text === undefined) continue;
    const isList = name === 'attributes' || name === 'excludedAttributes';
    parameters[name] = isList ? text.split(',').flatMap((part) => part.trim() || []) : text;
  }
  return parameters;
}

/** The query that parameters mean for one resource type. Throws 400 `invalidFilter`, `invalidValue` or `invalidPath`. */
export function resolveQuery(
  parameters: QueryParameters,
  type: ResourceType,
  limits: QueryLimits,
  /** What URIs of resources begin with. */
  baseUri: string,
): Query {
  const sortBy = limits.sort && parameters.sortBy !== undefined ? sortPath(parameters.sortBy, type) : undefined;
  const filter = parameters.filter === undefined ? undefined : parseFilter(parameters.filter, type);
  return {
    ...(filter && { filter: withBaseUri(filter, type, baseUri) }),
    ...(sortBy && { sortBy, sortOrder: sortOrderOf(parameters) }),
    ...resolveWindow(parameters, limits),
    projection: resolveProjection(parameters, type),
  };
}

/**
 * `startIndex` below 1 is 1, `count` below 0 is 0 (RFC 7644 §3.4.2.4); above the maximum it is the maximum. Throws 400
 * `invalidValue`, or `invalidCount` where there is a cursor (RFC 9865 §2.1).
 */
export function resolveWindow(parameters: QueryParameters, limits: QueryLimits): Pick<Query, 'startIndex' | 'count'> {
  if (parameters.cursor !== undefined && parameters.startIndex !== undefined) {
    throw ScimError.invalidValue('A page begins at "startIndex" or at "cursor": give one of them.');
  }
  const fault = parameters.cursor === undefined ? ScimError.invalidValue : ScimError.invalidCount;
  return {
    startIndex: Math.max(1, integer('startIndex', parameters.startIndex, fault) ?? 1),
    count: Math.min(limits.maxResults, Math.max(0, integer('count', parameters.count, fault) ?? limits.maxResults)),
  };
}

/** The projection that parameters mean for one resource type. */
export function resolveProjection(parameters: QueryParameters, type: ResourceType): Projection {
  return parseProjection(parameters.attributes, parameters.excludedAttributes, type);
}

function integer(name: string, text: string | undefined, fault: (detail: string) => ScimError): number | undefined {
  if (text === undefined) return undefined;
  const trimmed = text.trim();
  if (!/^[+-]?\d{1,40}$/.test(trimmed)) throw fault(`The parameter "${name}" must be an integer.`);
  return Math.min(Number(trimmed), Number.MAX_SAFE_INTEGER);
}

function sortPath(text: string, type: ResourceType): AttributePath | undefined {
  const path = parsePath(text, type);
  if (path?.definition.returned === 'never' || path?.subDefinition?.returned === 'never') {
    throw ScimError.invalidValue(`"${formatPath(path)}" is never returned and can not be sorted by.`);
  }
  return path;
}

function sortOrderOf({ sortOrder = 'ascending' }: QueryParameters): 'ascending' | 'descending' {
  const order = sortOrder.toLowerCase();
  if (order === 'ascending' || order === 'descending') return order;
  throw ScimError.invalidValue('The parameter "sortOrder" must be ascending or descending.');
}
