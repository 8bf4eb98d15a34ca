/**
 * SCIM over HTTP: an Express handler that a host mounts under a connector's path, after authentication. It owns media
 * types, bodies, deadlines, headers and errors on the wire; it never touches what a resource means.
 */
import express, { type Request, type RequestHandler, type Response } from 'express';
import { Deadlines } from './deadline';
import { DiscoveryCache } from './discovery';
import { ScimError } from './error';
import { type Answer, type Exchange, errorAnswer, parseETags, prefersMinimal, splitUrl } from './exchange';
import { parametersOfUrl } from './query';
import { checkMediaType, incomplete, parseBody, readPlainBody, tooLarge } from './requestBody';
import { route } from './routes';
import { maxBodyBytesOf, type ServiceProvider } from './serviceProvider';

export type { Features, RequestContext, ResourceEndpoint, ServiceProvider } from './serviceProvider';

/** Of an answer in pieces, what is made without a turn of the event loop at the most. */
const LETTERS_PER_TURN = 16 * 1024;

/** The router of one service provider. It answers every request that reaches it. */
export function createScimRouter(provider: ServiceProvider): RequestHandler {
  const discovery = new DiscoveryCache(provider);
  const readBody = bodyReader(maxBodyBytesOf(provider));
  const deadlines = new Deadlines();
  const answer = async (request: Request, response: Response): Promise<void> => {
    const parts = provider.contextOf(request, response);
    const deadline = deadlines.begin(provider.requestTimeoutMs);
    response.on('close', () => {
      if (!response.writableFinished) deadline.clientGone();
    });
    const { segments, search } = splitUrl(request.url);
    const ifMatch = parseETags(request.headers['if-match']);
    const exchange: Exchange = {
      provider,
      method: request.method,
      segments,
      search,
      parameters: () => parametersOfUrl(search),
      baseUri: provider.baseUri(request),
      ifNoneMatch: parseETags(request.headers['if-none-match']),
      prefersMinimal: prefersMinimal(request.headers.prefer),
      // `*` asks for no version, only that the resource is there, which every change demands anyway.
      context: { ...parts, signal: deadline.signal, ...(ifMatch && ifMatch[0] !== '*' && { ifMatch }) },
      body: () => readBody(request, response),
      report: (error) => provider.onError?.(error, request),
    };
    try {
      const answer = await deadline.race(route(exchange, discovery));
      const { body } = answer;
      send(response, answer, typeof body === 'object' ? await inTurns(body) : body);
    } catch (error) {
      exchange.report(error);
      const answer = errorAnswer(error, parts.requestId);
      send(response, answer, answer.body);
    } finally {
      deadlines.clear(deadline);
    }
  };
  return (request, response, next) => {
    answer(request, response).catch(next);
  };
}

function bodyReader(limit: number): (request: Request, response: Response) => Promise<unknown> {
  const decoded = express.raw({ type: () => true, limit });
  return async (request, response) => {
    checkMediaType(request.headers['content-type']);
    // The reader would take in all of it before it says so.
    if (Number(request.headers['content-length']) > limit) throw tooLarge(limit);
    const { 'content-encoding': encoding = 'identity' } = request.headers;
    if (encoding.toLowerCase() === 'identity') return parseBody(await readPlainBody(request, limit));
    await new Promise<void>((resolve, reject) => {
      decoded(request, response, (fault?: unknown) => (fault ? reject(decodingFault(fault, limit)) : resolve()));
    });
    return parseBody(Buffer.isBuffer(request.body) ? request.body : new Uint8Array());
  };
}

/** What the decoder of bodies refuses, in SCIM's words; what it did not expect stays unexpected. */
function decodingFault(fault: unknown, limit: number): unknown {
  const { status } = fault as { status?: unknown };
  if (status === 413) return tooLarge(limit);
  if (status === 415) return new ScimError(415, undefined, 'The body has a content encoding that is not known here.');
  return status === 400 ? incomplete() : fault;
}

function send(response: Response, { status, headers = {} }: Answer, text: string | undefined): void {
  if (response.headersSent || response.destroyed) return;
  response.statusCode = status;
  response.removeHeader('X-Powered-By');
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  if (text === undefined) {
    response.end();
    return;
  }
  response.setHeader('Content-Type', 'application/scim+json; charset=utf-8');
  response.setHeader('Content-Length', Buffer.byteLength(text));
  // Straight to the socket: Express would hash every body for an ETag of its own.
  response.end(text);
}

/** Pieces as one text; between them everything else that waits has its turn. */
async function inTurns(pieces: Iterable<string>): Promise<string> {
  const made: string[] = [];
  for (const piece of pieces) {
    made.push(piece);
    if (piece.length > LETTERS_PER_TURN) await new Promise((resolve) => setImmediate(resolve));
  }
  return made.join('');
}
