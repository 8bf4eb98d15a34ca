/** Errors of LDAP operations, in the words of RFC 4511 §4.1.9. What they mean to a SCIM client is decided in `mapping/error`. */

/** Why an operation has no result code. */
export type NoResult = 'timeout' | 'connectionLost' | 'cancelled';

/** Result codes that our code decides by; the numbers are those of RFC 4511 appendix A and of the controls' RFCs. */
export const ResultCode = {
  success: 0,
  operationsError: 1,
  protocolError: 2,
  timeLimitExceeded: 3,
  sizeLimitExceeded: 4,
  authMethodNotSupported: 7,
  strongerAuthRequired: 8,
  referral: 10,
  adminLimitExceeded: 11,
  unavailableCriticalExtension: 12,
  confidentialityRequired: 13,
  saslBindInProgress: 14,
  noSuchAttribute: 16,
  undefinedAttributeType: 17,
  inappropriateMatching: 18,
  constraintViolation: 19,
  attributeOrValueExists: 20,
  invalidAttributeSyntax: 21,
  noSuchObject: 32,
  invalidDNSyntax: 34,
  inappropriateAuthentication: 48,
  invalidCredentials: 49,
  insufficientAccessRights: 50,
  busy: 51,
  unavailable: 52,
  unwillingToPerform: 53,
  loopDetect: 54,
  sortControlMissing: 60,
  namingViolation: 64,
  objectClassViolation: 65,
  notAllowedOnNonLeaf: 66,
  notAllowedOnRDN: 67,
  entryAlreadyExists: 68,
  objectClassModsProhibited: 69,
  affectsMultipleDSAs: 71,
  other: 80,
  canceled: 118,
  assertionFailed: 122,
  syncRefreshRequired: 4096,
} as const;

/** A failed LDAP operation. `diagnostic` is the server's own text: it may echo the request, so it goes redacted to the log and never to a client. */
export class LdapError extends Error {
  override readonly name = 'LdapError';

  constructor(
    /** The server's result code, or why there is none. */
    readonly result: number | NoResult,
    readonly operation: string,
    /** The DN that the operation was about, as text; empty for the root DSE and for binds without a name. */
    readonly dn: string,
    readonly diagnostic: string,
    /** False only when the request certainly never reached the server: then it can be repeated without a read. */
    readonly sent: boolean = true,
    options?: ErrorOptions,
  ) {
    super(
      `${operation} ${dn === '' ? '(root)' : dn}: ${typeof result === 'number' ? `result code ${result}` : result}`,
      options,
    );
  }

  /** True when nobody knows whether a write took place. */
  get ambiguous(): boolean {
    return this.sent && typeof this.result === 'string';
  }
}

/** An operation that the server has not done, because others are to be asked for it (RFC 4511 §4.1.10). */
export class Referred extends LdapError {
  constructor(
    { result, operation, dn, diagnostic, sent }: LdapError,
    /** Where it says that one should go; never followed. */
    readonly urls: readonly string[],
  ) {
    super(result, operation, dn, diagnostic, sent);
    if (urls.length > 0) this.message = `${this.message}: the server refers to ${urls.join(', ')}`;
  }
}

/** A write that was refused for the value of one attribute, or for the right to write it. */
export class RefusedValue extends LdapError {
  constructor(
    { result, operation, dn, diagnostic, sent, cause }: LdapError,
    /** `taken`: another entry has it. */
    readonly why: 'taken' | 'refused',
    /** Absent where the server does not say which. */
    readonly attribute?: string,
  ) {
    super(result, operation, dn, diagnostic, sent, { cause });
  }
}

/** Why a policy refuses a password; `unknown`: the server refuses some value, and the password may be the one. */
export type PasswordRefusal =
  | 'notAllowed'
  | 'oldPasswordMissing'
  | 'quality'
  | 'tooShort'
  | 'tooYoung'
  | 'inHistory'
  /** Too short, too simple or used before: the server says that it is one of these. */
  | 'rules'
  | 'unknown';

/** A write that carried a password and was refused for it. */
export class PasswordRefused extends LdapError {
  constructor(
    { result, operation, dn, diagnostic, sent, cause }: LdapError,
    readonly reason: PasswordRefusal,
  ) {
    super(result, operation, dn, diagnostic, sent, cause === undefined ? undefined : { cause });
  }
}

/** Whether an error is an {@link LdapError} with this result. */
export function isLdapError(error: unknown, ...results: readonly (number | NoResult)[]): error is LdapError {
  return error instanceof LdapError && (results.length === 0 || results.includes(error.result));
}
