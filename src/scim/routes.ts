/** Which method on which path does what (RFC 7644 §3.2, table 2). Paths compare without case. */
import { bulkOperations } from './bulk';
import { type Description, type DiscoveryCache, refuseFilter } from './discovery';
import { ScimError } from './error';
import { type Answer, decodeSegment, type Exchange, hasETag } from './exchange';
import {
  createResource,
  deleteResource,
  listResources,
  patchResource,
  readResource,
  replaceResource,
  searchResources,
} from './resourceRoutes';
import { maxBulkOperations, type ResourceEndpoint } from './serviceProvider';

type Action = () => Answer | Promise<Answer>;

/** Answers an exchange. Rejects with `ScimError`, or with what a handler threw. */
export async function route(exchange: Exchange, discovery: DiscoveryCache): Promise<Answer> {
  const [first = '', second, third] = exchange.segments;
  const name = first.toLowerCase();
  if (third === undefined) {
    const known = discoveryAction(exchange, discovery, name, second);
    if (known) return dispatch(exchange.method, { GET: known });
    const types = exchange.provider.resourceTypes();
    if (name === '') return dispatch(exchange.method, { GET: () => listResources(exchange, types) });
    if (name === '.search' && second === undefined) {
      return dispatch(exchange.method, { POST: () => searchResources(exchange, types) });
    }
    if (name === 'bulk' && second === undefined) {
      const perform = async (one: Exchange) => routeResource(one);
      return dispatch(exchange.method, { POST: () => bulkOperations(exchange, maxBulkOperations, perform) });
    }
    const endpoint = endpointOf(exchange, first);
    if (endpoint) return dispatch(exchange.method, resourceActions(exchange, endpoint, second));
  }
  if (name === 'me') throw ScimError.notImplemented('/Me is not served: a connector has no user of its own.');
  throw ScimError.notFound('There is nothing at this path. /ResourceTypes lists the endpoints.');
}

/** An operation of a bulk request: only resources can be meant. */
function routeResource(exchange: Exchange): Answer | Promise<Answer> {
  const [first = '', second] = exchange.segments;
  const endpoint = endpointOf(exchange, first);
  if (endpoint === undefined || second?.toLowerCase() === '.search') {
    throw ScimError.notFound('There is no such endpoint of resources. /ResourceTypes lists them.');
  }
  return dispatch(exchange.method, resourceActions(exchange, endpoint, second));
}

function dispatch(method: string, actions: Readonly<Record<string, Action>>): Answer | Promise<Answer> {
  // HEAD is answered as GET; the HTTP server leaves the body out.
  const name = method === 'HEAD' ? 'GET' : method;
  const action = Object.hasOwn(actions, name) ? actions[name] : undefined;
  if (action) return action();
  throw ScimError.methodNotAllowed(
    method,
    Object.keys(actions).flatMap((name) => (name === 'GET' ? ['GET', 'HEAD'] : name)),
  );
}

function endpointOf({ provider }: Exchange, segment: string): ResourceEndpoint | undefined {
  const path = `/${decodeSegment(segment)}`.toLowerCase();
  return provider.resourceTypes().find(({ type }) => type.endpoint.toLowerCase() === path);
}

function resourceActions(
  exchange: Exchange,
  endpoint: ResourceEndpoint,
  segment: string | undefined,
): Readonly<Record<string, Action>> {
  if (segment === undefined) {
    return { GET: () => listResources(exchange, [endpoint]), POST: () => createResource(exchange, endpoint) };
  }
  if (segment.toLowerCase() === '.search') return { POST: () => searchResources(exchange, [endpoint]) };
  return {
    GET: () => readResource(exchange, endpoint, segment),
    PUT: () => replaceResource(exchange, endpoint, segment),
    PATCH: () => patchResource(exchange, endpoint, segment),
    DELETE: () => deleteResource(exchange, endpoint, segment),
  };
}

function discoveryAction(
  { baseUri, search, ifNoneMatch }: Exchange,
  cache: DiscoveryCache,
  name: string,
  segment: string | undefined,
): Action | undefined {
  const one = segment === undefined ? undefined : decodeSegment(segment);
  const answer = (description: Description | undefined): Answer => {
    if (description === undefined) throw ScimError.notFound('There is no such resource type or schema.');
    const { body, etag } = description;
    // Clients may keep it but have to ask: the schema of a directory changes when somebody changes it.
    const headers = { ETag: etag, 'Cache-Control': 'private, no-cache' };
    return hasETag(ifNoneMatch, etag) ? { status: 304, headers } : { status: 200, headers, body };
  };
  const list = (description: Description): Answer => {
    refuseFilter(search);
    return answer(description);
  };
  switch (name) {
    case 'serviceproviderconfig':
      // One object, of which no filter could take a part (RFC 7644 §4).
      return one === undefined ? () => answer(cache.at(baseUri).serviceProviderConfig) : undefined;
    case 'resourcetypes':
      return () =>
        one === undefined ? list(cache.at(baseUri).resourceTypes) : answer(cache.at(baseUri).resourceType(one));
    case 'schemas':
      return () => (one === undefined ? list(cache.at(baseUri).schemas) : answer(cache.at(baseUri).schema(one)));
    default:
      return undefined;
  }
}
