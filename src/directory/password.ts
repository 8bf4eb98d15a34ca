/** Passwords on the wire: how products take them, the password modify operation, and why a policy refuses one. */
import { type BerReader, BerWriter, Control, ExtendedRequest } from 'ldapts';
import { BerCursor } from './ber';
import { Oid } from './controls';
import type { Value } from './entry';
import { type LdapError, type PasswordRefusal, PasswordRefused, RefusedValue, ResultCode } from './error';

const CONTEXT_0 = 0xa0;
const CONTEXT_1 = 0x81;

/** In the order of draft-behera-ldap-password-policy §6.2. Those that concern a bind are left out. */
const REFUSALS: readonly (PasswordRefusal | undefined)[] = [
  undefined,
  undefined,
  undefined,
  'notAllowed',
  'oldPasswordMissing',
  'quality',
  'tooShort',
  'tooYoung',
  'inHistory',
];

/** Whether values of an attribute are passwords as products write them. */
export function isPassword(name: string, passwordAttribute: string): boolean {
  const base = (name.split(';', 1)[0] ?? name).toLowerCase();
  return base === 'userpassword' || isUnicodePwd(base) || base === passwordAttribute.toLowerCase();
}

/** Whether an attribute is Active Directory's: it takes passwords in an encoding of its own, over encrypted connections only. */
export function isUnicodePwd(name: string): boolean {
  return name.toLowerCase() === 'unicodepwd';
}

/** What `unicodePwd` takes: the password in quotes, as UTF-16LE (MS-ADTS §3.1.1.3.1.5.1). Octets are taken as encoded already. */
export function quotedPassword(password: Value): Buffer {
  return Buffer.isBuffer(password) ? password : Buffer.from(`"${password}"`, 'utf16le');
}

/** Password policy (draft-behera-ldap-password-policy §6): the server says what is wrong with a password. Not critical. */
export class PasswordPolicyControl extends Control {
  /** Why the password was refused, if the server has said so. */
  refusal: PasswordRefusal | undefined;

  constructor() {
    super(Oid.passwordPolicy);
  }

  override parseControl({ buffer, offset }: BerReader): void {
    try {
      const cursor = new BerCursor(buffer, offset, buffer.length);
      cursor.enter(0x30);
      // A warning may stand before it.
      if (cursor.tag === CONTEXT_0) cursor.offset = cursor.enter(CONTEXT_0);
      if (cursor.tag === CONTEXT_1) this.refusal = REFUSALS[cursor.integer(CONTEXT_1)];
    } catch {
      // Without it the result code still says that the password was refused.
    }
  }
}

/** Password modify (RFC 3062) by an administrator: the server stores the password in its own way. */
export function passwordModifyRequest(dn: string, password: string, controls: Control[]): ExtendedRequest {
  const value = new BerWriter();
  value.startSequence();
  value.writeString(dn, 0x80);
  value.writeString(password, 0x82);
  value.endSequence();
  return new ExtendedRequest({ messageId: 0, oid: Oid.passwordModify, value: value.buffer, controls });
}

/**
 * What servers say in words where they say nothing by a control: Samba, 389 Directory Server and its relatives, OpenLDAP,
 * ApacheDS, OpenDJ, Active Directory (0000052D) and eDirectory (numbers of NDS and NMAS). The words name the password, so
 * that those of another refused value are not taken for them.
 */
const WORDS: readonly (readonly [words: RegExp, refusal: PasswordRefusal])[] = [
  [/password (was already used|is in history|in history|present in password history)/i, 'inHistory'],
  [/found in the password history|\((-215|-1696)\)/i, 'inHistory'],
  [/password is too young|within (password )?minimum age|changed too recently|\(-16018\)/i, 'tooYoung'],
  [/password (is too short|must be at least \d{1,5} characters|should have a minimum of)/i, 'tooShort'],
  [/password is shorter than the minimum|\(-216\)/i, 'tooShort'],
  [/(provide|supply) (correct |the )?old password/i, 'oldPasswordMissing'],
  [/password (does not meet the complexity|fails quality checking)|invalid password syntax/i, 'quality'],
  [/rejected by a password validator|\(-160(0\d|1\d|2[0-2])\)/i, 'quality'],
  [/0000052D/i, 'rules'],
];

function refusalInWords({ result, diagnostic }: LdapError): PasswordRefusal | undefined {
  const mayBe: readonly (typeof result)[] = [
    ResultCode.constraintViolation,
    ResultCode.unwillingToPerform,
    // eDirectory.
    ResultCode.other,
  ];
  if (!mayBe.includes(result)) return undefined;
  return WORDS.find(([words]) => words.test(diagnostic))?.[1];
}

/** The error of a write that carried a password, with the reason where the server gave one. */
export function passwordError(error: LdapError, refusal: PasswordRefusal | undefined): LdapError {
  const elsewhere = error instanceof RefusedValue || error.result !== ResultCode.constraintViolation;
  const reason = refusal ?? refusalInWords(error) ?? (elsewhere ? undefined : 'unknown');
  return reason === undefined ? error : new PasswordRefused(error, reason);
}
