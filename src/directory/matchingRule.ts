/**
 * Matching rules (RFC 4517 §4.2) in families: rules of one family make the same key of a value, whatever they are
 * called. A server that publishes no rules (eDirectory, Active Directory) is served by the family of the syntax.
 */
import { isUtf8 } from 'node:buffer';
import { DN, type MatchingRules } from './dn';
import type { Value } from './entry';
import { octetsOf } from './octets';
import { parseGeneralizedTime, Syntax } from './syntax';

/** How values compare. `octets` is the family of everything that is not known better. */
export type Family =
  | 'caseIgnore'
  | 'caseExact'
  | 'caseIgnoreList'
  | 'numericString'
  | 'telephoneNumber'
  | 'integer'
  | 'boolean'
  | 'dn'
  | 'nameAndOptionalUID'
  | 'generalizedTime'
  | 'objectIdentifier'
  | 'uuid'
  | 'octets';

const FAMILY_OF_RULE: ReadonlyMap<string, Family> = new Map(
  Object.entries({
    caseIgnore:
      'caseIgnoreMatch 2.5.13.2 caseIgnoreOrderingMatch 2.5.13.3 caseIgnoreIA5Match 1.3.6.1.4.1.1466.109.114.2 ' +
      'directoryStringFirstComponentMatch 2.5.13.31',
    caseExact: 'caseExactMatch 2.5.13.5 caseExactOrderingMatch 2.5.13.6 caseExactIA5Match 1.3.6.1.4.1.1466.109.114.1',
    caseIgnoreList: 'caseIgnoreListMatch 2.5.13.11',
    numericString: 'numericStringMatch 2.5.13.8 numericStringOrderingMatch 2.5.13.9',
    telephoneNumber: 'telephoneNumberMatch 2.5.13.20',
    integer: 'integerMatch 2.5.13.14 integerOrderingMatch 2.5.13.15 integerFirstComponentMatch 2.5.13.29',
    boolean: 'booleanMatch 2.5.13.13',
    dn: 'distinguishedNameMatch 2.5.13.1',
    nameAndOptionalUID: 'uniqueMemberMatch 2.5.13.23',
    generalizedTime: 'generalizedTimeMatch 2.5.13.27 generalizedTimeOrderingMatch 2.5.13.28',
    objectIdentifier: 'objectIdentifierMatch 2.5.13.0 objectIdentifierFirstComponentMatch 2.5.13.30',
    uuid: 'uuidMatch 1.3.6.1.1.16.2 uuidOrderingMatch 1.3.6.1.1.16.3',
    octets: 'octetStringMatch 2.5.13.17 octetStringOrderingMatch 2.5.13.18 bitStringMatch 2.5.13.16',
  } satisfies Record<Family, string>).flatMap(([family, rules]) =>
    rules.split(' ').map((rule): [string, Family] => [rule.toLowerCase(), family as Family]),
  ),
);

const FAMILY_OF_SYNTAX: ReadonlyMap<string, Family> = new Map<string, Family>([
  [Syntax.boolean, 'boolean'],
  [Syntax.countryString, 'caseIgnore'],
  [Syntax.dn, 'dn'],
  [Syntax.directoryString, 'caseIgnore'],
  [Syntax.facsimileNumber, 'telephoneNumber'],
  [Syntax.generalizedTime, 'generalizedTime'],
  // Where rules are not published, IA5 String is the product's case-sensitive string (AD: String(IA5), 389 DS: CES).
  [Syntax.ia5String, 'caseExact'],
  [Syntax.integer, 'integer'],
  [Syntax.nameAndOptionalUID, 'nameAndOptionalUID'],
  [Syntax.numericString, 'numericString'],
  [Syntax.oid, 'objectIdentifier'],
  [Syntax.postalAddress, 'caseIgnoreList'],
  [Syntax.printableString, 'caseIgnore'],
  [Syntax.telephoneNumber, 'telephoneNumber'],
  [Syntax.uuid, 'uuid'],
  [Syntax.adString, 'caseIgnore'],
  [Syntax.adCaseString, 'caseExact'],
  [Syntax.adLargeInteger, 'integer'],
]);

/** The family of a rule's name or OID, or else (no rule, or one that we do not know) of the syntax. */
export function familyOf(rule: string | undefined, syntax: string | undefined): Family {
  const byRule = rule === undefined ? undefined : FAMILY_OF_RULE.get(rule.toLowerCase());
  return byRule ?? (syntax === undefined ? undefined : FAMILY_OF_SYNTAX.get(syntax)) ?? 'octets';
}

/** What the families need to know of the schema: it resolves names inside DNs and OIDs. */
export interface NameRules extends MatchingRules {
  /** One spelling for all names and the OID of a schema element. */
  canonicalOid(nameOrOid: string): string;
}

/** Marks the key of a value that is none of its syntax: a noncharacter, which Unicode keeps out of text for such uses. */
const NOT_OF_SYNTAX = '\uFFFE';

/** A key that two values share if and only if they match by a rule of this family. It is not for output. */
export function matchingKey(family: Family, value: Value, rules: NameRules): string {
  // Octets one to one as characters, so that text and a buffer of the same octets are the same value.
  if (family === 'octets') return octetsOf(value).toString('latin1');
  if (typeof value !== 'string' && !isUtf8(value)) return NOT_OF_SYNTAX + value.toString('latin1');
  const text = value.toString();
  switch (family) {
    case 'caseIgnore':
      return prepare(text, true);
    case 'caseExact':
      return prepare(text, false);
    case 'caseIgnoreList':
      return text
        .split('$')
        .map((line) => prepare(line, true))
        .join('$');
    case 'numericString':
      return text.replaceAll(' ', '');
    case 'telephoneNumber':
      // RFC 4518 §2.6.3: blanks and hyphens do not count.
      return prepare(text, true).replace(/[ \-\u058A\u2010\u2011\u2212]/g, '');
    case 'integer':
      return integerKey(text) ?? NOT_OF_SYNTAX + prepare(text, true);
    case 'boolean':
      return text.trim().toUpperCase();
    case 'dn':
      return dnKey(text, rules);
    case 'nameAndOptionalUID': {
      const uid = /#'[01]*'B$/.exec(text)?.[0] ?? '';
      return dnKey(text.slice(0, text.length - uid.length), rules) + uid;
    }
    case 'generalizedTime': {
      const instant = parseGeneralizedTime(text.trim());
      return instant ? `${instant.seconds}.${instant.fraction}` : NOT_OF_SYNTAX + prepare(text, true);
    }
    case 'objectIdentifier':
      return rules.canonicalOid(text.trim());
    case 'uuid':
      return text.trim().toLowerCase();
  }
}

/** Less than, equal to or greater than 0 as `a` sorts before, with or after `b`; undefined where there is no order. */
export function compareValues(family: Family, a: Value, b: Value, rules: NameRules): number | undefined {
  const [left, right] = [matchingKey(family, a, rules), matchingKey(family, b, rules)];
  if (left.startsWith(NOT_OF_SYNTAX) || right.startsWith(NOT_OF_SYNTAX)) return undefined;
  switch (family) {
    case 'integer':
      return compareIntegers(left, right);
    case 'generalizedTime': {
      const [[leftSeconds, leftFraction], [rightSeconds, rightFraction]] = [left.split('.'), right.split('.')];
      return Number(leftSeconds) - Number(rightSeconds) || compareText(leftFraction ?? '', rightFraction ?? '');
    }
    case 'boolean':
    case 'dn':
    case 'nameAndOptionalUID':
    case 'objectIdentifier':
      return undefined;
    default:
      return compareText(left, right);
  }
}

const SIMPLE = /^[!-~]+(?: [!-~]+)*$/;

/**
 * Prepares text for comparison after RFC 4518: compatibility forms are one character, blanks at the ends do not count
 * and runs of blanks are one, case is folded on demand. Characters that RFC 4518 §2.2 maps to nothing are kept,
 * because no server that we measured drops them, and two entries must never share a key.
 */
function prepare(text: string, foldCase: boolean): string {
  if (SIMPLE.test(text)) return foldCase ? text.toLowerCase() : text;
  const collapsed = text.normalize('NFKC').replace(/[\s\u0085]+/g, ' ');
  const trimmed = collapsed === ' ' ? collapsed : collapsed.trim();
  // toLowerCase makes the last sigma of a word another letter; case folding does not.
  return foldCase ? trimmed.toLowerCase().replaceAll('ς', 'σ') : trimmed;
}

function integerKey(text: string): string | undefined {
  const trimmed = text.trim();
  if (!/^-?[0-9]+$/.test(trimmed)) return undefined;
  const negative = trimmed.startsWith('-');
  const digits = trimmed.slice(negative ? 1 : 0).replace(/^0+(?=.)/, '');
  return negative && digits !== '0' ? `-${digits}` : digits;
}

function compareIntegers(a: string, b: string): number {
  const negative = a.startsWith('-');
  if (negative !== b.startsWith('-')) return negative ? -1 : 1;
  const byMagnitude = a.length - b.length || compareText(a, b);
  return negative ? -byMagnitude : byMagnitude;
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function dnKey(text: string, rules: MatchingRules): string {
  try {
    return DN.keyOf(text, rules);
  } catch {
    return NOT_OF_SYNTAX + prepare(text, true);
  }
}
