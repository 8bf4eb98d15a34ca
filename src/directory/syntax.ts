/**
 * The LDAP syntaxes of RFC 4517 §3.3: which octets are a value, said in plain words. It knows no attribute type and no
 * schema. A syntax that is not listed here accepts everything: the server that defined it will judge.
 */
import { isUtf8 } from 'node:buffer';
import { DN } from './dn';
import type { Value } from './entry';

const rfc = (number: number): string => `1.3.6.1.4.1.1466.115.121.1.${number}`;

/** OIDs of syntaxes that our code decides by. */
export const Syntax = {
  audio: rfc(4),
  binary: rfc(5),
  bitString: rfc(6),
  boolean: rfc(7),
  certificate: rfc(8),
  certificateList: rfc(9),
  certificatePair: rfc(10),
  countryString: rfc(11),
  dn: rfc(12),
  directoryString: rfc(15),
  facsimileNumber: rfc(22),
  fax: rfc(23),
  generalizedTime: rfc(24),
  ia5String: rfc(26),
  integer: rfc(27),
  jpeg: rfc(28),
  nameAndOptionalUID: rfc(34),
  numericString: rfc(36),
  oid: rfc(38),
  otherMailbox: rfc(39),
  octetString: rfc(40),
  postalAddress: rfc(41),
  printableString: rfc(44),
  supportedAlgorithm: rfc(49),
  telephoneNumber: rfc(50),
  telexNumber: rfc(52),
  utcTime: rfc(53),
  uuid: '1.3.6.1.1.16.1',
  /** PKCS #8, RFC 5208. */
  privateKey: '1.2.840.113549.1.8.1.1',
  /** [MS-ADTS] §3.1.1.2.2.2: String(Teletex), LargeInteger, String(NT-Sec-Desc), String(Case). */
  adString: '1.2.840.113556.1.4.905',
  adLargeInteger: '1.2.840.113556.1.4.906',
  adSecurityDescriptor: '1.2.840.113556.1.4.907',
  adCaseString: '1.2.840.113556.1.4.1362',
} as const;

/** Syntaxes whose values are octets, not text. */
export const BINARY_SYNTAXES: ReadonlySet<string> = new Set([
  Syntax.audio,
  Syntax.binary,
  Syntax.certificate,
  Syntax.certificateList,
  Syntax.certificatePair,
  Syntax.fax,
  Syntax.jpeg,
  Syntax.octetString,
  Syntax.privateKey,
  Syntax.supportedAlgorithm,
  Syntax.adSecurityDescriptor,
]);

/** Syntaxes in which a value of zero octets is a value: RFC 4517 §3.3.15 and §3.3.25, and the DN of the root, with or without a unique identifier (§3.3.21). */
const EMPTY_ALLOWED: ReadonlySet<string> = new Set([
  ...BINARY_SYNTAXES,
  Syntax.ia5String,
  Syntax.dn,
  Syntax.nameAndOptionalUID,
]);

/** Whether a value without octets is a value of this syntax; false for syntaxes that we do not know. */
export function allowsEmpty(syntaxOid: string | undefined): boolean {
  return syntaxOid !== undefined && EMPTY_ALLOWED.has(syntaxOid);
}

const PRINTABLE = /^[A-Za-z0-9'()+,\-./:=? ]+$/;
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const OPTIONAL_UID = /#'[01]*'B$/;

const printable = (what: string) => (text: string) =>
  PRINTABLE.test(text) ? undefined : `is not ${what}: only letters A-Z, digits, blanks and '()+,-./:=? are allowed`;
const matching = (pattern: RegExp, complaint: string) => (text: string) => (pattern.test(text) ? undefined : complaint);
const integer = matching(/^(?:0|-?[1-9][0-9]*)$/, 'is not an integer');
const nonEmpty = (text: string) => (text === '' ? 'is empty' : undefined);

/** What is wrong with a text, by syntax. */
const CHECKS: Readonly<Record<string, (text: string) => string | undefined>> = {
  [Syntax.bitString]: matching(/^'[01]*'B$/, "is not a bit string such as '0101'B"),
  [Syntax.boolean]: matching(/^(?:TRUE|FALSE)$/, 'is not a boolean: TRUE or FALSE'),
  [Syntax.countryString]: (text) =>
    text.length === 2 && PRINTABLE.test(text) ? undefined : 'is not a country code of two letters (ISO 3166)',
  [Syntax.dn]: checkDN,
  [Syntax.directoryString]: nonEmpty,
  [Syntax.adString]: nonEmpty,
  [Syntax.adCaseString]: nonEmpty,
  [Syntax.facsimileNumber]: (text) => printable('a facsimile number')(text.split('$', 1)[0] ?? ''),
  [Syntax.generalizedTime]: (text) =>
    parseGeneralizedTime(text) ? undefined : 'is not a generalized time such as 20261231235959Z',
  [Syntax.ia5String]: matching(/^\p{ASCII}*$/u, 'holds characters that are not ASCII'),
  [Syntax.integer]: integer,
  [Syntax.adLargeInteger]: integer,
  [Syntax.nameAndOptionalUID]: (text) => checkDN(text.replace(OPTIONAL_UID, '')),
  [Syntax.numericString]: matching(/^[0-9 ]+$/, 'is not numeric: only digits and blanks are allowed'),
  [Syntax.oid]: matching(
    /^(?:[A-Za-z][A-Za-z0-9\-_;]*|[0-9]+(?:\.[0-9]+)*)$/,
    'is neither the name of a schema element nor an OID',
  ),
  [Syntax.otherMailbox]: (text) => {
    const separator = text.indexOf('$');
    return separator > 0 && PRINTABLE.test(text.slice(0, separator)) && /^\p{ASCII}*$/u.test(text)
      ? undefined
      : 'is not a mailbox of the form type$address';
  },
  [Syntax.postalAddress]: nonEmpty,
  [Syntax.printableString]: printable('a printable string'),
  [Syntax.telephoneNumber]: printable('a telephone number'),
  [Syntax.telexNumber]: (text) =>
    text.split('$').length === 3 && text.split('$').every((part) => PRINTABLE.test(part))
      ? undefined
      : 'is not a telex number of the form number$country$answerback',
  [Syntax.utcTime]: matching(/^[0-9]{10}(?:[0-9]{2})?(?:Z|[+-][0-9]{4})?$/, 'is not a UTC time'),
  [Syntax.uuid]: matching(UUID, 'is not a UUID'),
};

/**
 * What is wrong with a value, to be read after the attribute's name (`is not an integer`), or undefined when nothing
 * is. The text never repeats the value. Unknown syntaxes accept everything.
 */
export function checkSyntax(syntaxOid: string, value: Value): string | undefined {
  const check = Object.hasOwn(CHECKS, syntaxOid) ? CHECKS[syntaxOid] : undefined;
  if (!check) return undefined;
  if (typeof value === 'string') return check(value);
  return isUtf8(value) ? check(value.toString('utf8')) : 'is not text in UTF-8';
}

function checkDN(text: string): string | undefined {
  try {
    DN.parse(text);
    return undefined;
  } catch (error) {
    return `is not a DN (${error instanceof Error ? error.message : String(error)})`;
  }
}

/** An instant with whatever precision the text had: whole seconds since 1970 and the digits after the point. */
export interface Instant {
  readonly seconds: number;
  /** Digits of the fraction of a second, without trailing zeros. */
  readonly fraction: string;
}

const GENERALIZED_TIME =
  /^(\d{4})(\d{2})(\d{2})(\d{2})(?:(\d{2})(\d{2})?)?(?:[.,](\d{1,20}))?(?:Z|([+-])(\d{2})(\d{2})?)$/;

/** Reads a generalized time (RFC 4517 §3.3.13); undefined when it is none. A leap second is the second after it. */
export function parseGeneralizedTime(text: string): Instant | undefined {
  const match = GENERALIZED_TIME.exec(text);
  if (!match) return undefined;
  const part = (index: number): number => Number(match[index] ?? 0);
  const [year, month, day, hour, minute, second] = [part(1), part(2), part(3), part(4), part(5), part(6)];
  const [zoneHour, zoneMinute] = [part(9), part(10)];
  if (hour > 23 || minute > 59 || second > 60 || zoneHour > 23 || zoneMinute > 59) return undefined;
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return undefined;
  const offset = (zoneHour * 60 + zoneMinute) * (match[8] === '-' ? -60 : 60);
  let seconds = date.getTime() / 1000 + hour * 3600 + minute * 60 + second - offset;
  let fraction = match[7] ?? '';
  if (fraction !== '' && match[6] === undefined) {
    // The fraction is one of an hour or of a minute, whichever is the last unit given.
    const exact = BigInt(fraction) * (match[5] === undefined ? 3600n : 60n);
    const digits = exact.toString().padStart(fraction.length + 1, '0');
    seconds += Number(digits.slice(0, -fraction.length));
    fraction = digits.slice(-fraction.length);
  }
  return { seconds, fraction: withoutTrailingZeros(fraction) };
}

function withoutTrailingZeros(digits: string): string {
  let end = digits.length;
  while (end > 0 && digits[end - 1] === '0') end--;
  return digits.slice(0, end);
}
