/** What the routes of both listeners begin with: an application that adds nothing of its own, and the record of each request. */
import express, { type Express, type NextFunction, type Request, type Response } from 'express';
import type { Log } from '../telemetry/log';
import type { Metrics } from '../telemetry/metrics';
import type { Audit } from './auditing';
import { requestLog } from './requestLog';

/** What every request is told to. */
export interface BaseAppOptions {
  readonly log: Log;
  /** What counts requests. */
  readonly metrics?: Metrics;
  /** What an auditor wants to know goes there too. */
  readonly audit?: Audit;
  /** Aborts when the host stops. */
  readonly stopping: AbortSignal;
}

/** An application without routes: every request gets its record and its line, every answer the header fields that all have. */
export function createBaseApp({ log, metrics, audit, stopping }: BaseAppOptions): Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.enable('case sensitive routing');
  const begin = requestLog(log, metrics, audit);
  app.use((request: Request, response: Response, next: NextFunction) => {
    begin(request, response);
    response.setHeader('Cache-Control', 'no-store');
    response.setHeader('X-Content-Type-Options', 'nosniff');
    if (stopping.aborted) response.setHeader('Connection', 'close');
    next();
  });
  return app;
}
