/** One simple bind, and what a refusal means: servers hide it in a result code, a control or a line of text. */
import { type BerReader, BindRequest, Control, ExtendedRequest } from 'ldapts';
import { BerCursor } from './ber';
import { Call } from './call';
import { credentialsOf } from './credentials';
import { LdapError, ResultCode } from './error';
import { LdapConnection } from './ldapConnection';
import type { SessionOptions } from './session';
import { addressOf, type Host, openTransport, type Security, type TlsOptions } from './transport';

/** What a server has said to a bind. */
export interface BindAnswer {
  readonly result: number;
  readonly diagnostic: string;
  /** The error of draft-behera-ldap-password-policy §6.2, where the server sends one. */
  readonly policyError?: number;
}

/** Why an account is not let in. `refused`: the server does not say. */
export type BindCause =
  | 'locked'
  | 'disabled'
  | 'wrongPassword'
  | 'unknownUser'
  | 'passwordExpired'
  | 'passwordMustChange'
  | 'accountExpired'
  | 'notHereOrNow'
  | 'notWithoutTls'
  | 'malformedName'
  | 'refused';

/** Binds once on a connection of its own. Rejects with an {@link LdapError} only when no answer came. */
export async function tryBind(
  host: Host,
  security: Security,
  tls: TlsOptions,
  account: { readonly userName: string; readonly password: string },
  timeoutMs: number,
): Promise<BindAnswer> {
  const socket = await openTransport(host, security, tls, timeoutMs);
  const connection = await LdapConnection.over(socket, `${host.host}:${host.port}`, () => undefined);
  try {
    const policy = new PasswordPolicyControl();
    const { userName: dn, password } = account;
    const request = new BindRequest({ messageId: 0, dn, password, controls: [policy] });
    const { status, errorMessage } = await connection.request(request, new Call('bind', dn, timeoutMs));
    const { error } = policy;
    return { result: status, diagnostic: errorMessage, ...(error === undefined ? {} : { policyError: error }) };
  } finally {
    connection.close();
  }
}

/** Binds once as the options say. Answers how, and who that is at the directory where it tells. Rejects with an {@link LdapError}. */
export async function tryCredentials(
  host: Host,
  security: Security,
  options: SessionOptions,
): Promise<{ readonly name: string; readonly identity?: string }> {
  const { tls = {}, connectionTimeoutMs } = options;
  const credentials = credentialsOf({ ...options, hosts: [host] });
  const socket = await openTransport(host, security, tls, connectionTimeoutMs);
  const connection = await LdapConnection.over(socket, addressOf(host), () => undefined);
  try {
    await credentials.bind(connection, host, credentials.secret());
    const request = new ExtendedRequest({ messageId: 0, oid: WHO_AM_I });
    const { status, value } = await connection.request(request, new Call('extended', '', connectionTimeoutMs));
    // An empty answer is anonymous, one with another status a server that does not serve it.
    return { name: credentials.name, ...(status === ResultCode.success && value ? { identity: value } : {}) };
  } finally {
    connection.close();
  }
}

/** RFC 4532. */
const WHO_AM_I = '1.3.6.1.4.1.4203.1.11.3';

/** Password policy (draft-behera-ldap-password-policy §6): the server adds why it refuses, where it is willing to tell. */
class PasswordPolicyControl extends Control {
  error: number | undefined;

  constructor() {
    super('1.3.6.1.4.1.42.2.27.8.5.1');
  }

  override parseControl({ buffer, offset }: BerReader): void {
    try {
      const cursor = new BerCursor(buffer, offset, buffer.length);
      cursor.enter(0x30);
      if (cursor.tag === 0xa0) cursor.offset = cursor.enter(0xa0);
      if (cursor.tag === 0x81) this.error = cursor.integer(0x81);
    } catch {
      // The result code alone has to do.
    }
  }
}

const POLICY_ERRORS: Readonly<Record<number, BindCause>> = {
  0: 'passwordExpired',
  1: 'locked',
  2: 'passwordMustChange',
};

/** Active Directory's `data <code>`: the Windows error in hexadecimal. */
const WINDOWS_ERRORS: Readonly<Record<string, BindCause>> = {
  '525': 'unknownUser',
  '52e': 'wrongPassword',
  '530': 'notHereOrNow',
  '531': 'notHereOrNow',
  '532': 'passwordExpired',
  '533': 'disabled',
  '701': 'accountExpired',
  '773': 'passwordMustChange',
  '775': 'locked',
};

/** eDirectory's error in parentheses. */
const NDS_ERRORS: Readonly<Record<string, BindCause>> = {
  '-197': 'locked',
  '-220': 'disabled',
  '-222': 'passwordExpired',
  '-223': 'passwordExpired',
  '-601': 'unknownUser',
  '-669': 'wrongPassword',
};

const RESULTS: Readonly<Record<number, BindCause>> = {
  [ResultCode.strongerAuthRequired]: 'notWithoutTls',
  [ResultCode.confidentialityRequired]: 'notWithoutTls',
  [ResultCode.noSuchObject]: 'unknownUser',
  [ResultCode.invalidDNSyntax]: 'malformedName',
};

/** What a refusal means, as exactly as the server lets one know. */
export function causeOf({ result, diagnostic, policyError }: BindAnswer): BindCause {
  const text = diagnostic.slice(0, 1_000);
  const windows = /\bdata ([0-9a-f]{3})\b/i.exec(text)?.[1]?.toLowerCase();
  const nds = /\((-\d{3})\)/.exec(text)?.[1];
  return (
    (policyError === undefined ? undefined : POLICY_ERRORS[policyError]) ??
    (windows === undefined ? undefined : WINDOWS_ERRORS[windows]) ??
    (nds === undefined ? undefined : NDS_ERRORS[nds]) ??
    saidInWords(text) ??
    RESULTS[result] ??
    'refused'
  );
}

/** 389 Directory Server and its relatives say it in a sentence (results 19, 49 and 53). */
function saidInWords(text: string): BindCause | undefined {
  if (/retry limit|account (?:is )?(?:temporarily )?locked|locked out/i.test(text)) return 'locked';
  if (/inactivated|account (?:is |has been )?disabled/i.test(text)) return 'disabled';
  if (/password (?:has )?expired/i.test(text)) return 'passwordExpired';
  return undefined;
}

/** Whether an error is a server's refusal rather than a lost connection. */
export function isAnswer(error: unknown): error is LdapError & { readonly result: number } {
  return error instanceof LdapError && typeof error.result === 'number';
}
