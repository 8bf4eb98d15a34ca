/** Octets and text: every place that turns escaped octets into a value decides here, and so decides alike. */
import { isUtf8 } from 'node:buffer';
import type { Value } from './entry';

/** Quicker to look for than what it may hide. */
const BEYOND_ASCII = /[^\0-\x7f]/;
const LONE_SURROGATE = /\p{Cs}/u;

/** Text where the octets are UTF-8, the octets themselves otherwise. */
export function textOrOctets(octets: Buffer): Value {
  return isUtf8(octets) ? octets.toString('utf8') : octets;
}

/** The text as it will arrive: a lone surrogate has no UTF-8 form and becomes U+FFFD on the wire. */
export function wellFormed(text: string): string {
  return BEYOND_ASCII.test(text) && LONE_SURROGATE.test(text) ? Buffer.from(text, 'utf8').toString('utf8') : text;
}

/** Whether octets from one place to another are ASCII. For short texts, where a call of the runtime would cost more. */
export function isAsciiAt(octets: Uint8Array, start: number, end: number): boolean {
  for (let i = start; i < end; i++) if ((octets[i] ?? 0) > 0x7f) return false;
  return true;
}

/** A value as octets; text in UTF-8. */
export function octetsOf(value: Value): Buffer {
  return typeof value === 'string' ? Buffer.from(value, 'utf8') : value;
}

/** The two hexadecimal digits at `position` as a number, or undefined when they are none. */
export function hexPairAt(text: string, position: number): number | undefined {
  const high = hexDigit(text.charCodeAt(position));
  const low = hexDigit(text.charCodeAt(position + 1));
  return high === undefined || low === undefined ? undefined : high * 16 + low;
}

function hexDigit(code: number): number | undefined {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const lower = code | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : undefined;
}
