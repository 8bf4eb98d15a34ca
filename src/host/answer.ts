/** Error answers of the routes that are the host's own, in the form that a SCIM client reads everywhere (RFC 7644 §3.12). */
import type { ErrorRequestHandler, Response } from 'express';
import { ScimError } from '../scim/error';
import { recordOf } from './requestRecord';

/** Sends the error's message. A `ScimError` is sent as it is, anything else as 500 without a word of it. */
export function sendError(response: Response, error: unknown): void {
  const record = recordOf(response.req);
  record.error = error;
  const answer = asScimError(error, record.requestId);
  response.status(answer.status).set(answer.headers).type('application/scim+json').send(JSON.stringify(answer));
}

/** The last error handler: whatever a route has thrown or passed on. An answer that has begun can only be cut off. */
export const answerErrors: ErrorRequestHandler = (error, request, response, _next) => {
  if (response.headersSent) {
    recordOf(request).error = error;
    request.socket.destroy();
    return;
  }
  sendError(response, error);
};

function asScimError(error: unknown, requestId: string): ScimError {
  if (error instanceof ScimError) return error;
  if (error instanceof URIError) {
    return ScimError.invalidSyntax('The path of the URL is not correctly percent-encoded (RFC 3986 §2.1).');
  }
  return new ScimError(500, undefined, `An unexpected error; the host's log has it under request id ${requestId}.`);
}
