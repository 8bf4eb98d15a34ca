/**
 * Who asks. A request to a connector carries one of its secret tokens in the header field `Authorization: Bearer`
 * (RFC 6750 §2.1) and nowhere else: not in the query, not in the body, which is not even read before. An unknown
 * connector answers exactly like a wrong token, so that names cannot be probed. Refused clients wait, others never do.
 */
import { hash, randomBytes, timingSafeEqual } from 'node:crypto';
import { unescape as percentDecoded } from 'node:querystring';
import { setTimeout as sleep } from 'node:timers/promises';
import type { NextFunction, Request, RequestHandler, Response } from 'express';
import { Strategy, type VerifyFunctionWithRequest } from 'passport-http-bearer';
import type { ConnectorHandle, ConnectorRegistry } from '../connector/handle';
import { ScimError } from '../scim/error';
import type { FailureDelays } from './failureDelays';
import { recordOf } from './requestRecord';

const REALM = 'connector host';
const HINT = 'send one of the connector\'s secret tokens in the header field "Authorization: Bearer …"';
// RFC 6750 §5.3: what stands in a URL stands in logs.
const QUERY_TOKEN = `A token in the query (access_token) is not accepted; ${HINT}.`;

/** How refused clients are made to wait. */
export interface SlowingOptions {
  readonly delays: FailureDelays;
  /** Aborts when the host stops: whoever waits is answered then. */
  readonly stopping: AbortSignal;
  /** Resolves after so many milliseconds, or rejects when the signal aborts. */
  readonly wait?: (ms: number, signal: AbortSignal) => Promise<unknown>;
}

/** What authentication needs. */
export interface AuthenticationOptions extends SlowingOptions {
  readonly registry: Pick<ConnectorRegistry, 'get'>;
}

/** Lets a request pass when its token is one of those of the connector that the route parameter `name` names, and sets the record's connector. */
export function authentication(options: AuthenticationOptions): RequestHandler {
  const authenticate = bearerStrategy(options.registry);
  return (request: Request, response: Response, next: NextFunction): void => {
    const record = recordOf(request);
    const passed = authenticate(request);
    if (passed) {
      if (hasParameter(request.url, 'access_token')) {
        record.refusal = {};
        next(unauthorized(400, QUERY_TOKEN, 'invalid_request'));
        return;
      }
      const { handle, index } = passed;
      record.authenticated(handle.name, handle.tokenDigests.length > 1 ? index + 1 : undefined);
      (request as AuthenticatedRequest).connector = handle;
      next();
      return;
    }
    record.refusal = {};
    const refused = refusal(request);
    // Who brings no token guesses none.
    if (request.headers.authorization === undefined) next(refused);
    else slowed(options, request, response, refused).then(next, next);
  };
}

/** Whether the query of a URL has a parameter of this name, however it is percent-encoded. */
function hasParameter(url: string, name: string): boolean {
  const question = url.indexOf('?');
  if (question < 0) return false;
  return url
    .slice(question + 1)
    .split('&')
    .some((parameter) => {
      const end = parameter.indexOf('=');
      const spelled = end < 0 ? parameter : parameter.slice(0, end);
      return spelled === name || (spelled.includes('%') && percentDecoded(spelled) === name);
    });
}

/** A connector, and the place of the request's token among the accepted ones. */
interface Passed {
  readonly handle: ConnectorHandle;
  readonly index: number;
}

/**
 * The strategy, driven by itself: Passport would give each request a session's methods first. It makes up its mind
 * before it returns, and is shown the header only: there is no parsed body, and no token in the query.
 */
function bearerStrategy(registry: Pick<ConnectorRegistry, 'get'>): (request: Request) => Passed | undefined {
  const decoy = [randomBytes(32)];
  const verify: VerifyFunctionWithRequest = ({ params }, token, done) => {
    const handle = registry.get(String(params.name));
    const index = matchingDigest(token, handle?.tokenDigests ?? decoy);
    done(null, handle && index >= 0 && ({ handle, index } satisfies Passed));
  };
  let passed: Passed | undefined;
  const strategy = Object.assign(new Strategy({ realm: REALM, passReqToCallback: true }, verify), {
    success: (user: Passed) => {
      passed = user;
    },
    fail: () => undefined,
  });
  return ({ headers, params }) => {
    passed = undefined;
    // RFC 9110 §11.4: any number of blanks; the strategy takes one.
    const authorization = headers.authorization?.replace(/^(\S{1,20}) +/, '$1 ');
    strategy.authenticate({ headers: { authorization }, params } as Request);
    return passed;
  };
}

interface AuthenticatedRequest extends Request {
  connector?: ConnectorHandle;
}

/** The connector that authentication has let this request pass to. */
export function connectorOf(request: Request): ConnectorHandle {
  const { connector } = request as AuthenticatedRequest;
  if (!connector) throw new Error('A route that needs a connector stands before authentication.');
  return connector;
}

/** The place of the token's digest among the accepted ones, or -1. Every one is compared, each in constant time. */
export function matchingDigest(token: string, digests: readonly Buffer[]): number {
  // Header fields arrive as Latin-1; the octets are what the client sent, UTF-8 for tokens beyond ASCII.
  const digest = hash('sha256', Buffer.from(token, 'latin1'), 'buffer');
  let found = -1;
  for (const [index, accepted] of digests.entries()) {
    if (accepted.length === digest.length && timingSafeEqual(accepted, digest)) found = index;
  }
  return found;
}

/** Says what is wrong with the header field. It looks at the request only, never at what is known about the connector. */
function refusal(request: Request): ScimError {
  const header = request.headers.authorization;
  if (header === undefined && hasParameter(request.url, 'access_token')) return unauthorized(401, QUERY_TOKEN);
  if (header === undefined) return unauthorized(401, `The request carries no secret token: ${HINT}.`);
  if (/^Bearer *$/i.test(header)) return unauthorized(401, `The scheme Bearer stands there without a token: ${HINT}.`);
  if (!/^Bearer /i.test(header))
    return unauthorized(401, `The header field Authorization is not of the scheme Bearer: ${HINT}.`);
  if (/^Bearer +\S+ /i.test(header)) {
    const detail = 'The header field Authorization has to be "Bearer", a blank, and the token, which has no blanks.';
    return unauthorized(401, detail, 'invalid_token');
  }
  const detail =
    "The secret token is not one of this connector's, or there is no such connector: compare the token and the URL (the connector's name is case-sensitive) with its configuration.";
  return unauthorized(401, detail, 'invalid_token');
}

/** RFC 6750 §3: the challenge, with an error code only when credentials were there. */
function unauthorized(status: 400 | 401, detail: string, error?: string): ScimError {
  const challenge = `Bearer realm="${REALM}"${error ? `, error="${error}"` : ''}`;
  return new ScimError(status, undefined, detail, { headers: { 'WWW-Authenticate': challenge } });
}

const waiting = (ms: number, signal: AbortSignal) => sleep(ms, undefined, { signal, ref: false });

/** Resolves with the error to answer when its time has come: the refusal, or another one when too many wait. */
export async function slowed(
  { delays, stopping, wait = waiting }: SlowingOptions,
  request: Request,
  response: Response,
  refused: ScimError,
): Promise<ScimError> {
  const address = request.socket.remoteAddress ?? '';
  const ms = delays.failed(address);
  if (ms === 0) return refused;
  const record = recordOf(request);
  record.note('delayedMs', ms);
  const release = delays.wait(address);
  if (!release) {
    response.setHeader('Connection', 'close');
    return ScimError.tooManyRequests(
      'Too many refused requests at a time; correct the secret token first.',
      Math.ceil(ms / 1000),
    );
  }
  try {
    await wait(ms, AbortSignal.any([record.signal, stopping]));
  } catch {
    // The client has gone or the host stops: the answer is due now.
  } finally {
    release();
  }
  return refused;
}
