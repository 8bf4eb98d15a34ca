/** What a service provider has to know of an HTTP request, from the request's record and its connection. */
import type { IncomingMessage } from 'node:http';
import type { RequestWiring } from '../connector/open';
import { recordOf } from './requestRecord';

const saneHost = /^(?:[A-Za-z0-9._-]{1,255}|\[[0-9A-Fa-f:.]{2,45}\])(?::\d{1,5})?$/;

/** The wiring of all connectors of this host. `requestTimeoutMs` is the deadline of each request. */
export function requestWiring(requestTimeoutMs: number): RequestWiring {
  return {
    requestTimeoutMs,
    baseUri: (request, connector) => `https://${hostOf(request)}/ecma2host_${connector}/scim`,
    contextOf: (request) => {
      const { requestId, actor, note, observe, dryRun } = recordOf(request);
      return { requestId, actor, note, observe, ...(dryRun && { dryRun }) };
    },
    onError: (error, request) => {
      recordOf(request).error = error;
    },
  };
}

/** The name under which the client has reached this host; it comes from outside and ends up in every location. */
function hostOf(request: IncomingMessage): string {
  const { host } = request.headers;
  if (host !== undefined && saneHost.test(host)) return host;
  const { localPort = 443 } = request.socket;
  return `localhost:${localPort}`;
}
