/** The routes of the administration's listener: metrics, and what `admin/` serves, behind the administrator's token. */
import express, {
  type ErrorRequestHandler,
  type Express,
  type NextFunction,
  type Request,
  type RequestHandler,
  type Response,
} from 'express';
import { type AdminOptions, createAdminRoutes } from '../admin/api';
import { AdminError, type AnswerableError, sendAdminError } from '../admin/error';
import { ScimError } from '../scim/error';
import { createScimRouter } from '../scim/router';
import type { Metrics } from '../telemetry/metrics';
import { adminAuthentication } from './adminAuthentication';
import type { Audit } from './auditing';
import type { SlowingOptions } from './authentication';
import { FailureDelays } from './failureDelays';
import { requestLog } from './requestLog';
import { recordOf } from './requestRecord';

/** What the routes need. */
export interface AdminAppOptions extends AdminOptions, Pick<SlowingOptions, 'stopping' | 'wait'> {
  readonly metrics: Metrics;
  /** What an auditor wants to know goes there too. */
  readonly audit?: Audit;
  /** SHA-256 of each administrator's token that is accepted; asked at each request. */
  readonly tokenDigests: () => readonly Buffer[];
  /** Whether `/metrics` is open to everybody who can reach the listener. */
  readonly metricsWithoutToken?: boolean;
}

/** The request listener of the administration. */
export function createAdminApp(options: AdminAppOptions): Express {
  const { registry, log, metrics, stopping, clock, wait, tokenDigests } = options;
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.enable('case sensitive routing');
  app.use(requestLog(log, undefined, options.audit), (_request: Request, response: Response, next: NextFunction) => {
    response.setHeader('Cache-Control', 'no-store');
    response.setHeader('X-Content-Type-Options', 'nosniff');
    if (stopping.aborted) response.setHeader('Connection', 'close');
    next();
  });
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
