/** The operations on resources (RFC 7644 §3.3–3.6) between an exchange and a handler. */
import { formatCursor, parseCursor } from './cursor';
import { canonicalize } from './dialect';
import { ScimError } from './error';
import { type Answer, decodeSegment, type Exchange, hasETag } from './exchange';
import type { Context, Query } from './handler';
import { withListsRead, withOperationsRead } from './longLists';
import { compilePatch } from './patch';
import { listText, locationOf, resourceText, type Shown } from './presentation';
import { type Presenter, presenterOf } from './projection';
import {
  parametersOfSearchRequest,
  type QueryLimits,
  type QueryParameters,
  resolveProjection,
  resolveQuery,
  resolveWindow,
} from './query';
import { queryOfForm } from './queryForm';
import { compileReplace } from './replace';
import type { Resource } from './resource';
import type { ResourceType } from './resourceType';
import type { ResourceEndpoint } from './serviceProvider';

/** POST /Users (§3.3). */
export async function createResource(exchange: Exchange, { type, handler }: ResourceEndpoint): Promise<Answer> {
  const projection = resolveProjection(exchange.parameters(), type);
  const { resource, spelledAs, ignored } = canonicalize(await withListsRead(await exchange.body(), type), type);
  const created = await handler.create(resource, changeContext(exchange, spelledAs, ignored));
  return { ...changedAnswer(created, type, exchange, presenterOf(projection, type, spelledAs)), status: 201 };
}

/** GET /Users/{id} (§3.4.1). */
export async function readResource(exchange: Exchange, endpoint: ResourceEndpoint, segment: string): Promise<Answer> {
  const { type, handler } = endpoint;
  const projection = resolveProjection(exchange.parameters(), type);
  const resource = await withId(segment, (id) => handler.get(id, projection, exchange.context));
  const version = resource.meta?.version;
  if (version !== undefined && hasETag(exchange.ifNoneMatch, version))
    return { status: 304, headers: { ETag: version } };
  return resourceAnswer(resource, type, exchange, presenterOf(projection, type));
}

/** PUT /Users/{id} (§3.5.1). */
export async function replaceResource(
  exchange: Exchange,
  endpoint: ResourceEndpoint,
  segment: string,
): Promise<Answer> {
  const { type, handler } = endpoint;
  const projection = resolveProjection(exchange.parameters(), type);
  const { resource, faces, emptied, repeated, spelledAs, ignored } = canonicalize(
    await withListsRead(await exchange.body(), type),
    type,
  );
  const change = compileReplace(resource, type, faces, emptied, repeated);
  const context = changeContext(exchange, spelledAs, ignored);
  const result = await changed(exchange, endpoint, segment, (id) => handler.update(id, change, context));
  return changedAnswer(result, type, exchange, presenterOf(projection, type, spelledAs));
}

/** PATCH /Users/{id} (§3.5.2). */
export async function patchResource(exchange: Exchange, endpoint: ResourceEndpoint, segment: string): Promise<Answer> {
  const { type, handler } = endpoint;
  const projection = resolveProjection(exchange.parameters(), type);
  const change = compilePatch(await withOperationsRead(await exchange.body(), type), type);
  const plain = changeContext(exchange, change.spelledAs, change.ignored);
  const context = projection.attributes === undefined ? plain : { ...plain, shown: projection };
  const result = await changed(exchange, endpoint, segment, (id) => handler.update(id, change, context));
  return changedAnswer(result, type, exchange, presenterOf(projection, type, change.spelledAs));
}

/** DELETE /Users/{id} (§3.6). */
export async function deleteResource(exchange: Exchange, endpoint: ResourceEndpoint, segment: string): Promise<Answer> {
  await changed(exchange, endpoint, segment, (id) => endpoint.handler.delete(id, exchange.context));
  return { status: 204 };
}

/** GET /Users, and GET / over all resource types (§3.4.2). */
export function listResources(exchange: Exchange, endpoints: readonly ResourceEndpoint[]): Promise<Answer> {
  const [endpoint, ...others] = endpoints;
  const asked =
    endpoint && others.length === 0 ? queryOfForm(exchange.search, endpoint.type, limitsOf(exchange)) : undefined;
  return endpoint === undefined || asked === undefined
    ? query(exchange, endpoints, exchange.parameters())
    : oneQuery(exchange, endpoint, asked);
}

async function oneQuery(exchange: Exchange, { type, handler }: ResourceEndpoint, asked: Query): Promise<Answer> {
  const { totalResults, resources } = await handler.query(asked, exchange.context);
  const present = presenterOf(asked.projection, type);
  const shown = resources.map((resource) => ({ resource, type, present }));
  const place = { totalResults, startIndex: asked.startIndex };
  return { status: 200, body: listText(place, shown, exchange.baseUri) };
}

function limitsOf({ provider }: Exchange): QueryLimits {
  return { maxResults: provider.maxResults, sort: provider.features.sort };
}

/** POST /Users/.search, and POST /.search over all resource types (§3.4.3). */
export async function searchResources(exchange: Exchange, endpoints: readonly ResourceEndpoint[]): Promise<Answer> {
  return query(exchange, endpoints, parametersOfSearchRequest(await exchange.body()));
}

/** One window over the results of several resource types, one type after the other. */
async function query(
  exchange: Exchange,
  endpoints: readonly ResourceEndpoint[],
  parameters: QueryParameters,
): Promise<Answer> {
  if (parameters.cursor !== undefined) return queryByCursor(exchange, endpoints, parameters);
  const limits = limitsOf(exchange);
  const { startIndex, count } = resolveWindow(parameters, limits);
  const shown: Shown[] = [];
  let totalResults = 0;
  for (const { type, handler } of endpoints) {
    const rest: Query = {
      ...resolveQuery(parameters, type, limits, exchange.baseUri),
      startIndex: Math.max(1, startIndex - totalResults),
      count: count - shown.length,
    };
    const page = await handler.query(rest, exchange.context);
    const present = presenterOf(rest.projection, type);
    for (const resource of page.resources) shown.push({ resource, type, present });
    totalResults += page.totalResults;
  }
  return { status: 200, body: listText({ totalResults, startIndex }, shown, exchange.baseUri) };
}

/** The same, from the place that a cursor names (RFC 9865). */
async function queryByCursor(
  exchange: Exchange,
  endpoints: readonly ResourceEndpoint[],
  parameters: QueryParameters,
): Promise<Answer> {
  const limits = limitsOf(exchange);
  const { count } = resolveWindow(parameters, limits);
  const place = parseCursor(
    parameters,
    endpoints.map(({ type }) => type.name),
  );
  const begin = endpoints.findIndex(({ type }) => place === undefined || type.name === place.type);
  const shown: Shown[] = [];
  let totalResults = 0;
  let next: string | undefined;
  for (const [position, { type, handler }] of endpoints.entries()) {
    const isPast = position < begin;
    const rest: Query = {
      ...resolveQuery(parameters, type, limits, exchange.baseUri),
      after: position === begin ? (place?.after ?? '') : '',
      count: isPast ? 0 : count - shown.length,
    };
    const page = await handler.query(rest, exchange.context);
    const present = presenterOf(rest.projection, type);
    for (const resource of page.resources) shown.push({ resource, type, present });
    totalResults += page.totalResults;
    if (!isPast && page.end !== undefined) next ??= formatCursor({ type: type.name, after: page.end }, parameters);
  }
  const page = { totalResults, ...(next !== undefined && { nextCursor: next }) };
  return { status: 200, body: listText(page, shown, exchange.baseUri) };
}

/** A change of one resource, where it is not of a version that the client has excluded (If-None-Match, RFC 9110 §13.1.2). */
function changed<T>(
  { ifNoneMatch = [], context }: Exchange,
  { handler }: ResourceEndpoint,
  segment: string,
  operation: (id: string) => Promise<T>,
): Promise<T> {
  if (ifNoneMatch.length === 0) return withId(segment, operation);
  return withId(segment, async (id) => {
    const { meta } = await handler.get(id, {}, context);
    if (ifNoneMatch.includes('*') || hasETag(ifNoneMatch, meta?.version))
      throw ScimError.preconditionFailed(
        'The resource is there, in a version that If-None-Match excludes: leave that header field out to change it.',
      );
    return operation(id);
  });
}

/** Some clients percent-encode the id that they were given, encoding and all: what is not found as it came is tried decoded once more. */
async function withId<T>(segment: string, operation: (id: string) => Promise<T>): Promise<T> {
  const id = decodeSegment(segment);
  const decoded = decodeSegment(id);
  if (decoded === id) return operation(id);
  try {
    return await operation(id);
  } catch (error) {
    if (error instanceof ScimError && error.status === 404) return operation(decoded);
    throw error;
  }
}

function changeContext(
  { context }: Exchange,
  spelledAs: ReadonlyMap<string, string>,
  ignored: readonly string[],
): Context {
  if (ignored.length > 0) context.note('ignoredAttributes', ignored.slice(0, 50));
  return spelledAs.size === 0 ? context : { ...context, spelledAs };
}

/** The answer to a change: 204 where there is no resource to show, or the client has asked for none. */
function changedAnswer(
  resource: Resource | undefined,
  type: ResourceType,
  exchange: Exchange,
  present: Presenter,
): Answer {
  if (resource === undefined) return { status: 204 };
  if (!exchange.prefersMinimal) return resourceAnswer(resource, type, exchange, present);
  const headers = { ...resourceHeaders(resource, type, exchange), 'Preference-Applied': 'return=minimal' };
  return { status: 204, headers };
}

function resourceAnswer(resource: Resource, type: ResourceType, exchange: Exchange, present: Presenter): Answer {
  return {
    status: 200,
    headers: resourceHeaders(resource, type, exchange),
    body: resourceText({ resource, type, present }, exchange.baseUri),
  };
}

/** Where a resource is and which version of it is meant (RFC 7644 §3.1, §3.14). */
function resourceHeaders(resource: Resource, type: ResourceType, exchange: Exchange): Record<string, string> {
  const version = resource.meta?.version;
  const location = locationOf(resource, type, exchange.baseUri);
  return { ...(location !== undefined && { Location: location }), ...(version !== undefined && { ETag: version }) };
}
