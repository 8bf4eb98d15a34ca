/** The last handler of a route: methods that it does not serve. */
import type { Request, RequestHandler } from 'express';
import { AdminError } from './error';

/** Refuses every other method and names those that are served (RFC 9110 §15.5.6). */
export function onlyMethods(...allowed: readonly string[]): RequestHandler {
  return (request: Request): void => {
    throw new AdminError(405, `${request.method} is not served here, ${allowed.join(', ')} are.`, {
      Allow: allowed.join(', '),
    });
  };
}
