/** From an authenticated request to the service provider of its connector, which may be another one at each request. */
import type { NextFunction, Request, RequestHandler, Response } from 'express';
import type { ConnectorHandle } from '../connector/handle';
import { ScimError } from '../scim/error';
import { createScimRouter, type ServiceProvider } from '../scim/router';
import { connectorOf } from './authentication';
import { cacheRoutes, connectorStateHeader } from './cache';
import { endpointOf } from './endpoint';
import { recordOf } from './requestRecord';

const OPENING_RETRY_SECONDS = 30;
const FAULTY_RETRY_SECONDS = 300;

/** Everything below `/ecma2host_<name>/scim`. */
export function connectorRoutes(): RequestHandler {
  const cache = cacheRoutes();
  const routers = new WeakMap<ServiceProvider, RequestHandler>();
  return (request: Request, response: Response, next: NextFunction): void => {
    const handle = connectorOf(request);
    recordOf(request).endpoint = endpointOf(request.path, handle.provider);
    const provider = servingProvider(handle, response);
    let router = routers.get(provider);
    if (!router) {
      router = createScimRouter(provider);
      routers.set(provider, router);
    }
    if (request.path === '/cache' || request.path.startsWith('/cache/')) cache(request, response, next);
    else router(request, response, next);
  };
}

/** The provider of a serving connector; throws what a client of any other has to be told. */
function servingProvider(handle: ConnectorHandle, response: Response): ServiceProvider {
  const { state, provider } = handle;
  if (state === 'serving' && provider) return provider;
  const { detail } = handle.status();
  response.setHeader(connectorStateHeader, state === 'serving' ? 'opening' : state);
  const because = detail === undefined ? '' : `: ${detail}`;
  if (state === 'inactive')
    throw ScimError.notFound(`The connector is inactive${because || ': set "active" to true in its file'}`);
  if (state === 'faulty') throw ScimError.unavailable(`The connector cannot be opened${because}`, FAULTY_RETRY_SECONDS);
  throw ScimError.unavailable(
    `The connector is opening, its directory has not been reached yet${because}`,
    OPENING_RETRY_SECONDS,
  );
}
