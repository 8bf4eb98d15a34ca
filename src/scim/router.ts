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
      if (typeof body === 'object' && !Buffer.isBuffer(body)) await sendInTurns(response, answer, body);
      else send(response, answer, body);
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

function send(response: Response, answer: Answer, text: string | Buffer | undefined): void {
  if (text === undefined) {
    if (begin(response, answer)) response.end();
    return;
  }
  // Straight to the socket: Express would hash every body for an ETag of its own.
  if (begin(response, answer, Buffer.byteLength(text))) response.end(text);
}

/** Status and headers; false where nobody waits for an answer any more. */
function begin(response: Response, { status, headers = {} }: Answer, length?: number): boolean {
  if (response.headersSent || response.destroyed) return false;
  response.statusCode = status;
  response.removeHeader('X-Powered-By');
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  if (length === undefined) return true;
  response.setHeader('Content-Type', 'application/scim+json; charset=utf-8');
  response.setHeader('Content-Length', length);
  return true;
}

/** A text in pieces; while they are made and sent, everything else that waits has its turn. */
async function sendInTurns(response: Response, answer: Answer, pieces: Iterable<string>): Promise<void> {
  const made = await octetsOf(pieces);
  const length = made.reduce((sum, piece) => sum + piece.length, 0);
  if (!begin(response, answer, length)) return;
  for (const piece of made) {
    // Whoever has gone away meanwhile gets no more of it.
    if (response.destroyed) return;
    response.write(piece);
    await new Promise((resolve) => setImmediate(resolve));
  }
  response.end();
}

/** All of it before any of it is sent: what fails on the way is another answer. */
async function octetsOf(pieces: Iterable<string>): Promise<Buffer[]> {
  const made: Buffer[] = [];
  let texts: string[] = [];
  let letters = 0;
  for (const piece of pieces) {
    texts.push(piece);
    letters += piece.length;
    if (letters <= LETTERS_PER_TURN) continue;
    made.push(Buffer.from(texts.join('')));
    texts = [];
    letters = 0;
    await new Promise((resolve) => setImmediate(resolve));
  }
  made.push(Buffer.from(texts.join('')));
  return made;
}
