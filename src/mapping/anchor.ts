/**
 * Anchor ⇄ id. An id is opaque and safe in a URL without escaping, because clients percent-encode what they were given,
 * some of them twice. An anchor that is not `dn` turns into the same id for ever; ids of `dn` anchors are the state
 * store's business.
 */
import type { Entry, Value } from '../directory/entry';
import { equality, type Filter } from '../directory/filter';

/** The anchor that stands for the entry's own name. */
export const dnAnchor = 'dn';

/** Whether an anchor attribute is the entry's name, under any of the names that the documents give it. */
export function isDNAnchor(anchor: string): boolean {
  return /^(dn|-dn-|_distinguishedName|distinguishedName)$/i.test(anchor);
}

/** Anchors by which Microsoft's directories identify entries: octets whose text form is mixed-endian (MS-DTYP §2.3.4). */
function isMicrosoftGuid(anchor: string): boolean {
  return /^objectGUID$/i.test(anchor);
}

/** Anchors that are their own id. A leading dot is a path of its own to whoever resolves a URL (`.`, `..`, `.search`). */
const plain = /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}$/;

/** Octets of a GUID in hexadecimal, as {@link anchorOf} writes them. */
const guidOctets = /^[0-9a-f]{32}$/;

/** Longer than any id that a URL can carry. */
const MAX_ID = 8_000;

/** The anchor of an entry as text, the key in the connector space; undefined when the entry has none. */
export function anchorOf(entry: Entry, attribute: string): string | undefined {
  const value = entry.values(attribute)[0];
  if (value === undefined || value.length === 0) return undefined;
  return Buffer.isBuffer(value) ? value.toString('hex') : value;
}

/** The id of an anchor: itself where that is safe in a URL, a UUID for an objectGUID, else `~` and base64url. No two anchors share one. */
export function idOfAnchor(anchor: string, attribute: string): string {
  if (!isMicrosoftGuid(attribute)) return plain.test(anchor) ? anchor : encoded(anchor);
  return guidOctets.test(anchor) ? guidText(anchor) : encoded(anchor);
}

/** The anchor of an id; undefined when the id cannot have come from {@link idOfAnchor}. */
export function anchorOfId(id: string, attribute: string): string | undefined {
  const anchor = id.startsWith('~') ? decoded(id) : isMicrosoftGuid(attribute) ? guidHex(id) : id;
  return anchor !== undefined && idOfAnchor(anchor, attribute) === id ? anchor : undefined;
}

function encoded(anchor: string): string {
  return `~${Buffer.from(anchor).toString('base64url')}`;
}

function decoded(id: string): string | undefined {
  return id.length <= MAX_ID ? Buffer.from(id.slice(1), 'base64url').toString() : undefined;
}

/** The filter that finds the entry of an anchor. `binary` says that the attribute holds octets. */
export function anchorFilter(anchor: string, attribute: string, binary: boolean): Filter {
  const value: Value = binary && /^(?:[0-9a-f]{2})+$/.test(anchor) ? Buffer.from(anchor, 'hex') : anchor;
  return equality(attribute, value);
}

function guidText(hex: string): string {
  const byte = (index: number) => hex.slice(index * 2, index * 2 + 2);
  const run = (...indexes: number[]) => indexes.map(byte).join('');
  return [run(3, 2, 1, 0), run(5, 4), run(7, 6), run(8, 9), run(10, 11, 12, 13, 14, 15)].join('-');
}

function guidHex(id: string): string | undefined {
  const octets = id.replaceAll('-', '');
  // The mixed-endian exchange is its own inverse.
  return guidOctets.test(octets) ? guidText(octets).replaceAll('-', '') : undefined;
}
