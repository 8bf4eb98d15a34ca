/**
 * `admin/` is what an operator sees: connectors with their states, options and runs, and the few things that can be done
 * to them. It owns the URLs below `/admin` and the form of their answers (docs/admin-api.md). It never listens and never
 * decides who may ask: the host does both, and hands it all that it needs.
 */
import express, {
  type ErrorRequestHandler,
  type NextFunction,
  type Request,
  type RequestHandler,
  type Response,
  Router,
} from 'express';
import type { OperatedRegistry } from '../connector/operations';
import type { Level, Log } from '../telemetry/log';
import { connectorRoutes } from './connectorRoutes';
import { AdminError } from './error';
import { wordInBody } from './input';
import { onlyMethods } from './methods';

/** The certificate of the host, as an operator sees it. */
export interface CertificateView {
  readonly file: string;
  readonly subject: string;
  readonly subjectAltName: string;
  readonly validTo: Date;
  readonly fingerprint256: string;
  readonly warnings: readonly string[];
}

/** What the routes need. */
export interface AdminOptions {
  readonly registry: OperatedRegistry;
  /** Whose level is shown and set. */
  readonly log: Log;
  /** The version of this program. */
  readonly version: string;
  readonly certificate: () => CertificateView;
  readonly clock?: () => Date;
}

const levels: readonly Level[] = ['error', 'warn', 'info', 'debug'];
const largestBody = '16kb';

/** The routes, relative to `/admin`. Errors that are meant as answers are passed on as {@link AdminError}s. */
export function createAdminRoutes(options: AdminOptions): RequestHandler {
  const { registry, log, clock = () => new Date() } = options;
  const started = clock();
  const router = Router({ caseSensitive: true });
  router.use(express.json({ limit: largestBody, type: 'application/json' }), unreadableBody);
  router.use('/connectors', connectorRoutes(registry));
  router
    .route('/version')
    .get((_request: Request, response: Response) => {
      response.json(versionView(options.version, started, clock()));
    })
    .all(onlyMethods('GET', 'HEAD'));
  router
    .route('/health')
    .get((_request: Request, response: Response) => {
      response.json(healthView(options));
    })
    .all(onlyMethods('GET', 'HEAD'));
  router
    .route('/log-level')
    .get((_request: Request, response: Response) => {
      response.json({ level: log.level });
    })
    .put((request: Request, response: Response) => {
      const level = wordInBody(request, 'level', levels);
      log.warn('an administrator has changed the log level', { from: log.level, to: level });
      log.level = level;
      response.json({ level });
    })
    .all(onlyMethods('GET', 'HEAD', 'PUT'));
  return router;
}

function versionView(version: string, started: Date, now: Date): object {
  return {
    name: 'connector-host',
    version,
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
    started: started.toISOString(),
    uptimeSeconds: Math.floor((now.getTime() - started.getTime()) / 1000),
  };
}

function healthView({ registry, certificate }: AdminOptions): object {
  const connectors: Record<string, number> = {};
  for (const handle of registry.all()) {
    const { state } = handle.status();
    connectors[state] = (connectors[state] ?? 0) + 1;
  }
  const { file, subject, subjectAltName, validTo, fingerprint256, warnings } = certificate();
  return {
    status: connectors.opening || connectors.faulty ? 'unavailable' : 'ready',
    connectors,
    certificate: { file, subject, subjectAltName, validTo: validTo.toISOString(), fingerprint256, warnings },
    memoryBytes: process.memoryUsage.rss(),
  };
}

/** What express says of a body quotes it, so it is said in other words. */
const unreadableBody: ErrorRequestHandler = (
  error: { readonly status?: unknown },
  _request: Request,
  _response: Response,
  next: NextFunction,
): void => {
  if (error.status === 413) next(new AdminError(413, `The request's body exceeds ${largestBody}.`));
  else if (error.status === 400) next(new AdminError(400, "The request's body is not a JSON object or array."));
  else if (error.status === 415) next(new AdminError(415, "The request's body has an unknown encoding or charset."));
  else next(error);
};
