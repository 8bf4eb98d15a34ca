/** Secrets as values that do not leak by accident, and texts of others made fit for the log. */
import { createHash, timingSafeEqual } from 'node:crypto';
import { inspect } from 'node:util';

const HIDDEN = '[secret]';

/** A secret value (a password, a secret token). However it is printed, it prints as `[secret]`; only {@link reveal} gives it away. */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  /** The value itself. Call it where the value is used, and keep the result nowhere. */
  reveal(): string {
    return this.#value;
  }

  /** SHA-256 of the value's UTF-8 form, for comparing without keeping it. */
  digest(): Buffer {
    return createHash('sha256').update(this.#value, 'utf8').digest();
  }

  /** Whether two secrets are the same, in a time that does not depend on the values. */
  equals(other: Secret): boolean {
    return timingSafeEqual(this.digest(), other.digest());
  }

  toString(): string {
    return HIDDEN;
  }

  toJSON(): string {
    return HIDDEN;
  }

  [inspect.custom](): string {
    return HIDDEN;
  }
}

/** A secret of which only the SHA-256 digest is known: enough to recognise it. Only for secrets that nobody can guess. */
export class TokenDigest {
  readonly #digest: Buffer;

  constructor(digest: Buffer) {
    this.#digest = digest;
  }

  /** SHA-256 of the secret's UTF-8 form. */
  digest(): Buffer {
    return this.#digest;
  }

  toJSON(): string {
    return `sha256:${this.#digest.toString('base64url')}`;
  }
}

const NAMES_OF_SECRETS =
  /(?:password|passwd|passphrase|secret|secret_?token|access_?token)$|^(?:unicodepwd|dbcspwd|supplementalcredentials|token|authorization|cookie)$/i;

const LONGEST_NAME = 128;
/** More names than fields and attributes have; beyond it answers are forgotten, so that names cannot fill the memory. */
const REMEMBERED_NAMES = 1_000;
const answers = new Map<string, boolean>();

/** Whether values under this name (of a field or an LDAP attribute) never belong in a log. */
export function isSecretName(name: string): boolean {
  const end = name.length > LONGEST_NAME ? name.slice(-LONGEST_NAME) : name;
  let answer = answers.get(end);
  if (answer === undefined) {
    answer = NAMES_OF_SECRETS.test(end);
    if (answers.size >= REMEMBERED_NAMES) answers.clear();
    answers.set(end, answer);
  }
  return answer;
}

const PASSWORD_ATTRIBUTES =
  /userPassword|unicodePwd|dBCSPwd|ntPwdHistory|lmPwdHistory|supplementalCredentials|authPassword|export_password|samba(?:NT|LM)Password|krbPrincipalKey|nspmPassword|olcRootPW/i;
const NAMED_VALUE = /(?:password|passwd|passphrase|pwd|secret|token|credentials?)["']?\s{0,8}[:=]/i;
const BEARER = /\bbearer\s/i;
const LONGEST_TEXT = 500;

/**
 * Somebody else's text (a server's diagnostic message), fit for the log: on one line, at most `longest` characters, and
 * cut behind the first name of a password attribute, since some servers echo the request from there on.
 */
export function redact(text: string, longest: number = LONGEST_TEXT): string {
  const line = text.length > longest ? `${text.slice(0, longest)}…` : text;
  let end = line.length;
  for (const pattern of [PASSWORD_ATTRIBUTES, NAMED_VALUE, BEARER]) {
    const found = pattern.exec(line);
    if (found) end = Math.min(end, found.index + found[0].length);
  }
  const kept = line.slice(0, end).replace(/[\p{Cc}\u2028\u2029]+/gu, ' ');
  return end < line.length ? `${kept.trimEnd()} [redacted]` : kept;
}
