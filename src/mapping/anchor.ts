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

const plain = /^[A-Za-z0-9._-]{1,128}$/;

/** The anchor of an entry as text, the key in the connector space; undefined when the entry has none. */
export function anchorOf(entry: Entry, attribute: string): string | undefined {
  const value = entry.values(attribute)[0];
  if (value === undefined) return undefined;
  return Buffer.isBuffer(value) ? value.toString('hex') : value;
}

/** The id of an anchor: itself where that is safe in a URL, a UUID for an objectGUID, else `~` and base64url. */
export function idOfAnchor(anchor: string, attribute: string): string {
  if (isMicrosoftGuid(attribute) && /^[0-9a-f]{32}$/.test(anchor)) return guidText(anchor);
  return plain.test(anchor) ? anchor : `~${Buffer.from(anchor).toString('base64url')}`;
}

/** The anchor of an id; undefined when the id cannot have come from {@link idOfAnchor}. */
export function anchorOfId(id: string, attribute: string): string | undefined {
  if (isMicrosoftGuid(attribute)) {
    const hex = guidHex(id);
    if (hex !== undefined) return hex;
  }
  if (plain.test(id)) return id;
  if (!/^~[A-Za-z0-9_-]{1,1400}$/.test(id)) return undefined;
  const anchor = Buffer.from(id.slice(1), 'base64url').toString();
  return idOfAnchor(anchor, attribute) === id ? anchor : undefined;
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
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(id)) return undefined;
  // The mixed-endian exchange is its own inverse.
  return guidText(id.replaceAll('-', '').toLowerCase()).replaceAll('-', '');
}
