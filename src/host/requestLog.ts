/** One line per request when it has ended: what was asked, what was answered, and what it cost. */
import type { Request, Response } from 'express';
import type { Level, Log } from '../telemetry/log';
import type { Metrics } from '../telemetry/metrics';
import { redact } from '../telemetry/secret';
import { type Audit, RequestAudit } from './auditing';
import { ownEndpointOf } from './endpoint';
import { loggedUrl } from './loggedUrl';
import { RequestRecord, rounded } from './requestRecord';

/** What begins every request: it gets its record and its id; when it has ended its line is written and it is counted. */
export function requestLog(log: Log, metrics?: Metrics, audit?: Audit): (request: Request, response: Response) => void {
  const audited = audit && new RequestAudit(audit);
  return (request, response) => {
    const start = performance.now();
    metrics?.requestBegan();
    const record = new RequestRecord(request);
    response.setHeader('X-Request-Id', record.requestId);
    // The socket forgets its address when the client is the first to hang up.
    const remote = request.socket.remoteAddress;
    response.on('close', () => {
      const aborted = !response.writableFinished;
      if (aborted) record.abort();
      const durationMs = rounded(performance.now() - start);
      const { path, query } = loggedUrl(request.originalUrl);
      const status = response.statusCode;
      audited?.ended({ method: request.method, path, status, remote, record });
      metrics?.requestEnded({
        connector: record.connector ?? '',
        endpoint: record.endpoint ?? ownEndpointOf(path),
        method: request.method,
        status: aborted ? 'aborted' : status,
        durationMs,
      });
      const url = query === undefined ? path : `${path}?${query}`;
      log.write(
        levelOf(path, status, record.error),
        `${request.method} ${url} ${aborted ? 'aborted' : status} ${durationMs} ms`,
        {
          id: record.requestId,
          request: {
            method: request.method,
            path,
            query,
            connector: record.connector,
            status,
            ...(aborted && { aborted }),
            ...answerFields(record.error),
            durationMs,
            bytes: Number(response.getHeader('content-length') ?? record.streamed),
            actor: record.actor,
            remote,
            ...record.fields(),
          },
          ...(isUnexpected(record.error) && { error: record.error }),
        },
      );
    });
  };
}

/** Probes come every few seconds and say nothing while all is well. An outage is no fault of this program. */
function levelOf(path: string, status: number, error: unknown): Level {
  if (isUnexpected(error)) return 'error';
  if (path === '/healthz' || path === '/readyz') return 'debug';
  if (status >= 500) return status === 503 || status === 501 ? 'warn' : 'error';
  return status === 401 || status === 403 || status === 429 ? 'warn' : 'info';
}

/** An error that was meant as an answer: a ScimError. */
interface AnsweredError extends Error {
  readonly status: number;
  readonly scimType?: string;
  readonly detail: string;
}

function isAnswered(error: unknown): error is AnsweredError {
  return error instanceof Error && 'status' in error && 'detail' in error;
}

/** Neither an answer, nor one to what a directory has said: the log gets its stack, the client does not. */
function isUnexpected(error: unknown): boolean {
  if (error === undefined) return false;
  if (!isAnswered(error)) return true;
  return error.status === 500 && error.cause !== undefined && diagnosticOf(error.cause) === undefined;
}

/** Details are written for the client and carry no values (see `scim/error`); a server's own text may, so it is redacted. */
function answerFields(error: unknown): object {
  if (!isAnswered(error)) return {};
  const diagnostic = diagnosticOf(error.cause);
  return {
    ...(error.scimType !== undefined && { scimType: error.scimType }),
    detail: error.detail,
    ...(diagnostic && { diagnostic: redact(diagnostic) }),
  };
}

function diagnosticOf(cause: unknown): string | undefined {
  const { diagnostic } = Object(cause) as { diagnostic?: unknown };
  return typeof diagnostic === 'string' ? diagnostic : undefined;
}
