/**
 * Referrals (RFC 4511 §4.1.10) and search continuations (§4.5.3): a server names others instead of doing what it was asked.
 * They are read and told, never followed: whoever follows one would show credentials to a server that nobody has named.
 */
import type { BerCursor } from './ber';
import { ResultCode } from './error';

const SEARCH_RESULT_REFERENCE = 0x73;
const ENUMERATED = 0x0a;
const REFERRAL = 0xa3;

/** A server may name as many as it likes; nobody reads more than this. */
const MOST_URLS = 20;
const LONGEST_URL = 500;

/** The URIs of a SearchResultReference, which the cursor stands before. */
export function readReference(cursor: BerCursor): readonly string[] {
  return readUrls(cursor, cursor.enter(SEARCH_RESULT_REFERENCE));
}

/** The URIs of an LDAPResult with result code 10, which the cursor stands before; undefined with any other code. */
export function referralOf(cursor: BerCursor): readonly string[] | undefined {
  const end = cursor.enter(cursor.tag);
  if (cursor.tag !== ENUMERATED || cursor.integer(ENUMERATED) !== ResultCode.referral) return undefined;
  cursor.text();
  cursor.text();
  return cursor.offset < end && (cursor.tag as number) === REFERRAL ? readUrls(cursor, cursor.enter(REFERRAL)) : [];
}

function readUrls(cursor: BerCursor, end: number): readonly string[] {
  const urls: string[] = [];
  while (cursor.offset < end && urls.length < MOST_URLS) {
    // They go to logs and to whoever has to act on them: one line of printable characters each.
    const url = cursor.text().replace(/[^\x21-\x7e]+/g, ' ');
    urls.push(url.length > LONGEST_URL ? `${url.slice(0, LONGEST_URL)}…` : url);
  }
  return urls;
}

/** The DN that an LDAP URL (RFC 4516) names, as text in lower case; empty where it names none. */
export function dnOfUrl(url: string): string {
  const [, dn = ''] = /^ldapi?s?:\/\/[^/]*\/([^?]*)/i.exec(url) ?? [];
  try {
    return decodeURIComponent(dn).toLowerCase();
  } catch {
    return dn.toLowerCase();
  }
}
