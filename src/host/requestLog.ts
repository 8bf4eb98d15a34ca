/** One line per request when it has ended: what was asked, what was answered, and what it cost. */
import type { NextFunction, Request, RequestHandler, Response } from 'express';
import type { Level, Log } from '../telemetry/log';
import { loggedUrl } from './loggedUrl';
import { RequestRecord, rounded } from './requestRecord';

/** What the request log needs. */
export interface RequestLogOptions {
  readonly log: Log;
  /** Milliseconds after which a request's signal aborts. */
  readonly deadlineMs: number;
}

/** The first middleware: gives the request its record, its id and its deadline, and writes its line. */
export function requestLog({ log, deadlineMs }: RequestLogOptions): RequestHandler {
  return (request: Request, response: Response, next: NextFunction): void => {
    const start = performance.now();
    const record = new RequestRecord(request);
    response.setHeader('X-Request-Id', record.requestId);
    // The socket forgets its address when the client is the first to hang up.
    const remote = request.socket.remoteAddress;
    const deadline = setTimeout(
      () => record.abort('TimeoutError', `The request took longer than ${deadlineMs} ms.`),
      deadlineMs,
    ).unref();
    response.once('close', () => {
      clearTimeout(deadline);
      const aborted = !response.writableFinished;
      if (aborted) record.abort('AbortError', 'The client has closed the connection.');
      const { path, query } = loggedUrl(request.originalUrl);
      const durationMs = rounded(performance.now() - start);
      const status = response.statusCode;
      const line = `${request.method} ${path}${query ? `?${query}` : ''} ${aborted ? 'aborted' : status} ${durationMs} ms`;
      log.write(isUnexpected(record.error) ? 'error' : levelOf(path, status), line, {
        id: record.requestId,
        request: {
          method: request.method,
          path,
          query,
          connector: record.connector,
          status,
          ...(aborted && { aborted }),
          ...errorFields(record.error),
          durationMs,
          bytes: Number(response.getHeader('content-length') ?? record.streamed),
          actor: record.actor,
          remote,
          ...record.fields(),
        },
        ...(isUnexpected(record.error) && { error: record.error }),
      });
    });
    next();
  };
}

/** Probes come every few seconds and say nothing while all is well. */
function levelOf(path: string, status: number): Level {
  if (path === '/healthz' || path === '/readyz') return 'debug';
  if (status >= 500) return status === 503 || status === 501 ? 'warn' : 'error';
  return status === 401 || status === 403 || status === 429 ? 'warn' : 'info';
}

interface Answered {
  readonly status: number;
  readonly scimType?: string;
  readonly detail: string;
}

function isAnswered(error: unknown): error is Error & Answered {
  return error instanceof Error && 'status' in error && 'detail' in error;
}

/** An error that is no answer by itself, or that is one with a cause: the log gets its stack, the client does not. */
function isUnexpected(error: unknown): boolean {
  return error !== undefined && (!isAnswered(error) || (error.status >= 500 && error.cause !== undefined));
}

/** Details are written for the client and carry no values (see `scim/error`). */
function errorFields(error: unknown): object {
  return isAnswered(error) ? { ...(error.scimType && { scimType: error.scimType }), detail: error.detail } : {};
}
