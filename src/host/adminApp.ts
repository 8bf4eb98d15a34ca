/** The routes of the administration's listener: metrics, and what `admin/` serves, behind the administrator's token. */
import type { ErrorRequestHandler, Express, NextFunction, Request, RequestHandler, Response } from 'express';
import { type AdminOptions, createAdminRoutes } from '../admin/api';
import { AdminError, type AnswerableError, sendAdminError } from '../admin/error';
import { ScimError } from '../scim/error';
import { createScimRouter } from '../scim/router';
import type { Metrics } from '../telemetry/metrics';
import { adminAuthentication } from './adminAuthentication';
import type { SlowingOptions } from './authentication';
import { type BaseAppOptions, createBaseApp } from './baseApp';
import { FailureDelays } from './failureDelays';
import { recordOf } from './requestRecord';

/** What the routes need. */
export interface AdminAppOptions
  extends AdminOptions,
    Pick<BaseAppOptions, 'audit'>,
    Pick<SlowingOptions, 'stopping' | 'wait'> {
  /** What is exposed; the administration's own requests are not counted. */
  readonly metrics: Metrics;
  /** SHA-256 of each administrator's token that is accepted; asked at each request. */
  readonly tokenDigests: () => readonly Buffer[];
  /** Whether `/metrics` is open to everybody who can reach the listener. */
  readonly metricsWithoutToken?: boolean;
}

/** The request listener of the administration. */
export function createAdminApp(options: AdminAppOptions): Express {
  const { registry, log, metrics, audit, stopping, clock, wait, tokenDigests } = options;
  const app = createBaseApp({ log, stopping, ...(audit && { audit }) });
  const delays = new FailureDelays({ ...(clock && { clock }) });
  const authenticated = adminAuthentication({ registry, tokenDigests, delays, stopping, ...(wait && { wait }) });
  if (!options.metricsWithoutToken) app.use('/metrics', authenticated);
  app.get('/metrics', async (_request: Request, response: Response) => {
    const { contentType, text } = await metrics.expose();
    // Its own header field: express would put another charset into the media type.
    response.setHeader('Content-Type', contentType);
    response.end(text);
  });
  app.use(authenticated);
  app.use('/admin/connectors/:name/dry-run', dryRuns(registry));
  app.use('/admin', createAdminRoutes(options));
  app.use(() => {
    throw new AdminError(
      404,
      'Nothing is served at this URL; see /admin/connectors, /admin/version, /admin/health, /metrics.',
    );
  });
  app.use(answerErrors);
  return app;
}

/** What a client would send to a connector, only tried: below it the URLs are those of its SCIM service provider. */
function dryRuns(registry: AdminOptions['registry']): RequestHandler {
  return (request: Request, response: Response, next: NextFunction): void => {
    const provider = registry.get(String(request.params.name))?.provider;
    if (provider === undefined) throw new AdminError(404, 'There is no such connector, or it is not open.');
    recordOf(request).dryRun = true;
    createScimRouter(provider)(request, response, next);
  };
}

const answerErrors: ErrorRequestHandler = (error, request, response, _next) => {
  const record = recordOf(request);
  record.error = error;
  if (response.headersSent) request.socket.destroy();
  else sendAdminError(response, answerable(error, record.requestId));
};

function answerable(error: unknown, requestId: string): AnswerableError {
  if (error instanceof AdminError || error instanceof ScimError) return error;
  if (error instanceof URIError) {
    return new AdminError(400, 'The path of the URL is not correctly percent-encoded (RFC 3986 §2.1).');
  }
  return new AdminError(500, `An unexpected error; the host's log has it under request id ${requestId}.`);
}
