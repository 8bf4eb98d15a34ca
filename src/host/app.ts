/** The routes of the host, in order: the request's record, the probes, then authentication and the connectors. */
import express, { type Express, type NextFunction, type Request, type Response } from 'express';
import type { ConnectorRegistry } from '../connector/handle';
import { ScimError } from '../scim/error';
import type { Log } from '../telemetry/log';
import type { Metrics } from '../telemetry/metrics';
import { answerErrors } from './answer';
import type { Audit } from './auditing';
import { type AuthenticationOptions, authentication } from './authentication';
import { connectorRoutes } from './connectorRoutes';
import { FailureDelays } from './failureDelays';
import { healthz, readyz } from './health';
import { requestLog } from './requestLog';

/** What the routes need. */
export interface AppOptions {
  readonly registry: ConnectorRegistry;
  readonly log: Log;
  /** What counts requests. */
  readonly metrics?: Metrics;
  /** What an auditor wants to know goes there too. */
  readonly audit?: Audit;
  /** Aborts when the host stops. */
  readonly stopping: AbortSignal;
  readonly clock?: () => Date;
  readonly wait?: AuthenticationOptions['wait'];
}

/** The request listener of the HTTPS server. */
export function createApp(options: AppOptions): Express {
  const { registry, log, metrics, stopping, clock, wait } = options;
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.enable('case sensitive routing');
  app.use(requestLog(log, metrics, options.audit), (_request: Request, response: Response, next: NextFunction) => {
    response.setHeader('Cache-Control', 'no-store');
    response.setHeader('X-Content-Type-Options', 'nosniff');
    if (stopping.aborted) response.setHeader('Connection', 'close');
    next();
  });
  app.get('/healthz', healthz);
  app.get('/readyz', readyz(registry, stopping));
  const delays = new FailureDelays({ ...(clock && { clock }) });
  const authenticated = authentication({ registry, delays, stopping, ...(wait && { wait }) });
  app.use('/ecma2host_:name/scim', authenticated, connectorRoutes());
  app.use(() => {
    throw ScimError.notFound('Nothing is served at this URL; connectors are at /ecma2host_<name>/scim.');
  });
  app.use(answerErrors);
  return app;
}
