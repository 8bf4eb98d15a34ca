/** The routes of the host: the probes, and the connectors behind authentication. */
import type { Express, NextFunction, Request, RequestHandler, Response } from 'express';
import type { ConnectorRegistry } from '../connector/handle';
import { ScimError } from '../scim/error';
import { answerErrors } from './answer';
import { type AuthenticationOptions, authentication } from './authentication';
import { type BaseAppOptions, createBaseApp } from './baseApp';
import { connectorRoutes } from './connectorRoutes';
import { FailureDelays } from './failureDelays';
import { healthz, readyz } from './health';

/** What the routes need. */
export interface AppOptions extends BaseAppOptions {
  readonly registry: ConnectorRegistry;
  readonly clock?: () => Date;
  readonly wait?: AuthenticationOptions['wait'];
}

/** The request listener of the HTTPS server. */
export function createApp(options: AppOptions): Express {
  const { registry, stopping, clock, wait } = options;
  const app = createBaseApp(options);
  const delays = new FailureDelays({ ...(clock && { clock }) });
  const authenticated = authentication({ registry, delays, stopping, ...(wait && { wait }) });
  app.use('/ecma2host_:name/scim', behind(authenticated, connectorRoutes()));
  app.get('/healthz', healthz);
  app.get('/readyz', readyz(registry, stopping));
  app.use(() => {
    throw ScimError.notFound('Nothing is served at this URL; connectors are at /ecma2host_<name>/scim.');
  });
  app.use(answerErrors);
  return app;
}

/** Two handlers as one: Express would look at the path again for the second. */
function behind(first: RequestHandler, second: RequestHandler): RequestHandler {
  return (request: Request, response: Response, next: NextFunction): unknown =>
    first(request, response, (error?: unknown) => (error ? next(error) : second(request, response, next)));
}
