/** `GET …/scim/cache` and `…/scim/cache/<resource type>`: the entries of the connector space, streamed as fast as the client reads. */
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type Request, type RequestHandler, type Response, Router } from 'express';
import { ScimError } from '../scim/error';
import { connectorOf } from './authentication';
import { recordOf } from './requestRecord';

/** Header field that tells our own tools apart what a 503 alone does not: the connector's state, or `importing`. */
export const connectorStateHeader = 'X-Connector-State';

/** The routes, relative to a connector's base URI. */
export function cacheRoutes(): RequestHandler {
  const router = Router({ caseSensitive: true });
  router
    .route(['/cache', '/cache/:resourceType'])
    .get(sendCache)
    .all((request: Request) => {
      throw ScimError.methodNotAllowed(request.method, ['GET', 'HEAD']);
    });
  return router;
}

async function sendCache(request: Request, response: Response): Promise<void> {
  const handle = connectorOf(request);
  const { resourceType } = request.params;
  const chunks = handle.cache(typeof resourceType === 'string' ? resourceType : undefined)[Symbol.asyncIterator]();
  // The first chunk tells whether there is an answer at all, so it is awaited before the header is sent.
  const first = await chunks.next().catch((error: unknown) => {
    if (handle.status().import?.running) response.setHeader(connectorStateHeader, 'importing');
    throw error;
  });
  response.type('application/json');
  if (request.method === 'HEAD') {
    await chunks.return?.();
    response.end();
    return;
  }
  const record = recordOf(request);
  try {
    await pipeline(Readable.from(counted(first, chunks, record)), response);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error;
    // The client has gone, which the request's line says anyway.
  }
}

async function* counted(
  first: IteratorResult<string>,
  chunks: AsyncIterator<string>,
  record: { streamed: number },
): AsyncIterable<string> {
  try {
    for (let chunk = first; !chunk.done; chunk = await chunks.next()) {
      record.streamed += Buffer.byteLength(chunk.value);
      yield chunk.value;
    }
  } finally {
    // A client that goes away in the middle must not leave the read of the space open.
    await chunks.return?.();
  }
}
