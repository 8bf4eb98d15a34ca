/**
 * Who may administrate: whoever has the administrator's token. It is another one than the secret tokens of connectors,
 * which are known here only to be told apart: their holders get 403, everybody else 401.
 */
import type { NextFunction, Request, RequestHandler, Response } from 'express';
import type { ConnectorRegistry } from '../connector/handle';
import { ScimError } from '../scim/error';
import { matchingDigest, type SlowingOptions, slowed } from './authentication';
import { recordOf } from './requestRecord';

const CHALLENGE = 'Bearer realm="connector host administration"';
const HINT = 'send the administrator\'s token in the header field "Authorization: Bearer …"';

/** What authentication of administrators needs. */
export interface AdminAuthenticationOptions extends SlowingOptions {
  /** SHA-256 of each token that is accepted; asked at each request. */
  readonly tokenDigests: () => readonly Buffer[];
  readonly registry: Pick<ConnectorRegistry, 'all'>;
}

/** Lets a request pass when its token is an administrator's. */
export function adminAuthentication(options: AdminAuthenticationOptions): RequestHandler {
  return (request: Request, response: Response, next: NextFunction): void => {
    const record = recordOf(request);
    const token = /^Bearer +([^\s,]+)$/i.exec(request.headers.authorization ?? '')?.[1];
    if (token !== undefined && matchingDigest(token, options.tokenDigests()) >= 0) {
      record.administrator = true;
      next();
      return;
    }
    const connector = token === undefined ? undefined : connectorOfToken(token, options.registry);
    record.refusal = connector === undefined ? {} : { connector };
    if (connector !== undefined)
      next(new ScimError(403, undefined, `A connector's secret token opens nothing here: ${HINT}.`));
    else slowed(options, request, response, unauthorized(token)).then(next, next);
  };
}

function connectorOfToken(token: string, registry: Pick<ConnectorRegistry, 'all'>): string | undefined {
  return registry.all().find(({ tokenDigests }) => matchingDigest(token, tokenDigests) >= 0)?.name;
}

function unauthorized(token: string | undefined): ScimError {
  const [detail, error] =
    token === undefined
      ? [`The request carries no administrator's token: ${HINT}.`, '']
      : [`This is not the administrator's token: ${HINT}.`, ', error="invalid_token"'];
  return new ScimError(401, undefined, detail, { headers: { 'WWW-Authenticate': CHALLENGE + error } });
}
