/** `GET …/scim/cache` and `…/scim/cache/<resource type>`: the entries of the connector space, streamed as fast as the client reads. */
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type Request, type RequestHandler, type Response, Router } from 'express';
import type { ConnectorStatus } from '../connector/handle';
import { ScimError } from '../scim/error';
import { connectorOf } from './authentication';
import { recordOf } from './requestRecord';

/** Header field for our own tools, which tells what a 503 does not: the connector's state, `importing` or `unreachable`. */
export const connectorStateHeader = 'X-Connector-State';

const CHUNK_LENGTH = 32_768;

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
  const chunks = gathered(handle.cache(typeof resourceType === 'string' ? resourceType : undefined));
  // Errors that come before the first chunk can still be answered, so it is awaited before the header is sent.
  const first = await chunks.next().catch((error: unknown) => {
    explain(handle.status(), response);
    throw error;
  });
  response.type('application/json');
  if (request.method === 'HEAD') {
    await chunks.return();
    response.end();
    return;
  }
  const record = recordOf(request);
  try {
    await pipeline(Readable.from(counted(first, chunks, record), { objectMode: false }), response);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error;
    // The client has gone, which the request's line says anyway.
  }
}

function explain(status: ConnectorStatus, response: Response): void {
  if (status.import?.running) response.setHeader(connectorStateHeader, 'importing');
  else if (status.directoryReachable === false) response.setHeader(connectorStateHeader, 'unreachable');
}

/** The same text in larger chunks, since each becomes a TLS record and a system call. */
async function* gathered(texts: AsyncIterable<string>): AsyncGenerator<Buffer, void, void> {
  let gathering = '';
  for await (const text of texts) {
    gathering += text;
    if (gathering.length < CHUNK_LENGTH) continue;
    yield Buffer.from(gathering, 'utf8');
    gathering = '';
  }
  if (gathering !== '') yield Buffer.from(gathering, 'utf8');
}

async function* counted(
  first: IteratorResult<Buffer, void>,
  chunks: AsyncGenerator<Buffer, void, void>,
  record: { streamed: number },
): AsyncIterable<Buffer> {
  try {
    for (let chunk = first; !chunk.done; chunk = await chunks.next()) {
      record.streamed += chunk.value.length;
      yield chunk.value;
    }
  } finally {
    // A client that goes away in the middle must not leave the read of the space open.
    await chunks.return();
  }
}
