/** Errors as a SCIM client reads them (RFC 7644 §3.12). They carry no values, no LDAP words and no internals. */
import { Types } from 'scimmy';

/** The detail error keywords of RFC 7644 §3.12, table 9, and RFC 9865 §2.1. */
export type ScimType =
  | 'invalidFilter'
  | 'tooMany'
  | 'uniqueness'
  | 'mutability'
  | 'invalidSyntax'
  | 'invalidPath'
  | 'noTarget'
  | 'invalidValue'
  | 'invalidVers'
  | 'sensitive'
  | 'invalidCursor'
  | 'invalidCount';

/** The schema URN of an error message. */
export const errorSchema = 'urn:ietf:params:scim:api:messages:2.0:Error';

/** The body of an error answer. */
export interface ErrorBody {
  readonly schemas: readonly [typeof errorSchema];
  readonly status: string;
  readonly scimType?: ScimType;
  readonly detail: string;
}

export interface ScimErrorOptions extends ErrorOptions {
  /** Header fields of the answer, e.g. `Retry-After` or `Allow`. */
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * An answer other than success. `detail` is read by a person at the identity provider: it says what happened, where and
 * what to do. Statuses outside of §3.12 (415, 429, 503 …) are allowed: they carry the same body.
 */
export class ScimError extends Types.Error {
  declare readonly scimType: ScimType;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    override readonly status: number,
    scimType: ScimType | undefined,
    readonly detail: string,
    options: ScimErrorOptions = {},
  ) {
    // scimmy's declaration does not say so, but it leaves an absent keyword absent.
    super(status, scimType as ScimType, detail);
    this.name = 'ScimError';
    this.headers = options.headers ?? {};
    if (options.cause !== undefined) this.cause = options.cause;
  }

  /** The message of RFC 7644 §3.12; `scimType` only where there is one. */
  toJSON(): ErrorBody {
    const { status, scimType, detail } = this;
    return { schemas: [errorSchema], status: String(status), ...(scimType && { scimType }), detail };
  }

  static invalidFilter(detail: string): ScimError {
    return new ScimError(400, 'invalidFilter', detail);
  }

  /** RFC 9865 §2.1. */
  static invalidCursor(reason: string): ScimError {
    return new ScimError(
      400,
      'invalidCursor',
      `The cursor can not be used. ${reason} Begin anew with an empty cursor.`,
    );
  }

  /** RFC 9865 §2.1. */
  static invalidCount(detail: string): ScimError {
    return new ScimError(400, 'invalidCount', detail);
  }

  static invalidSyntax(detail: string): ScimError {
    return new ScimError(400, 'invalidSyntax', detail);
  }

  static invalidPath(detail: string): ScimError {
    return new ScimError(400, 'invalidPath', detail);
  }

  static invalidValue(detail: string): ScimError {
    return new ScimError(400, 'invalidValue', detail);
  }

  static noTarget(detail: string): ScimError {
    return new ScimError(400, 'noTarget', detail);
  }

  static mutability(detail: string): ScimError {
    return new ScimError(400, 'mutability', detail);
  }

  static uniqueness(detail: string, options: ErrorOptions = {}): ScimError {
    return new ScimError(409, 'uniqueness', detail, options);
  }

  static forbidden(detail: string): ScimError {
    return new ScimError(403, undefined, detail);
  }

  static notFound(detail: string): ScimError {
    return new ScimError(404, undefined, detail);
  }

  static methodNotAllowed(method: string, allowed: readonly string[]): ScimError {
    const allow = allowed.join(', ');
    return new ScimError(405, undefined, `${method} is not possible here; possible are ${allow}.`, {
      headers: { Allow: allow },
    });
  }

  static preconditionFailed(detail: string): ScimError {
    return new ScimError(412, undefined, detail);
  }

  static notImplemented(detail: string): ScimError {
    return new ScimError(501, undefined, detail);
  }

  /** 503: the same request may succeed later. */
  static unavailable(detail: string, retryAfterSeconds: number, options: ErrorOptions = {}): ScimError {
    return new ScimError(503, undefined, detail, { ...options, headers: { 'Retry-After': String(retryAfterSeconds) } });
  }

  /** 429: the client sends faster than it may. */
  static tooManyRequests(detail: string, retryAfterSeconds: number): ScimError {
    return new ScimError(429, undefined, detail, { headers: { 'Retry-After': String(retryAfterSeconds) } });
  }
}
