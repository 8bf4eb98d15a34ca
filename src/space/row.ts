/** Rows of the connector space: their types, and entries as text and back. */
import { createHash } from 'node:crypto';
import { DN } from '../directory/dn';
import { Entry, type Value } from '../directory/entry';

/** A value by which an entry is matched, normalised by the attribute's EQUALITY rule. */
export interface MatchKey {
  readonly attribute: string;
  readonly value: string;
}

/** What is common to a row that is written and one that is read. */
interface Identified {
  /** The SCIM id: opaque text, unique in the space. */
  readonly id: string;
  /** The anchor as text; lists are in its order. */
  readonly anchor: string;
  /** The name of the resource type. An entry is in one. */
  readonly objectType: string;
  readonly normalizedDN: string;
  readonly entry: Entry;
  /** When the directory was read, in milliseconds since the epoch: a moment at or before the read. */
  readonly readAt: number;
}

/** An entry to be saved. */
export interface SpaceRow extends Identified {
  readonly matches: readonly MatchKey[];
}

/** An entry as it was saved. */
export interface SpaceEntry extends Identified {
  /** The host's sequence number of the read or write that it comes from. */
  readonly sequence: number;
}

/** What names a row. */
export type RowKey = { readonly id: string } | { readonly anchor: string } | { readonly normalizedDN: string };

/** A row as its columns are, matching keys apart. */
export interface RowColumns {
  readonly id: string;
  readonly anchor: string;
  readonly dn_key: string;
  readonly dn: string;
  readonly payload: string;
  readonly hash: Uint8Array;
  readonly read_at: number;
}

/** A row ready to be written. */
export interface EncodedRow extends RowColumns {
  readonly objectType: string;
  readonly matches: readonly MatchKey[];
}

/**
 * Attributes that hold passwords or what passwords can be found from, in the products' spellings. The connector leaves
 * them out of what it reads; the space drops them once more.
 */
export const NEVER_STORED: readonly string[] = [
  'userPassword',
  '2.5.4.35',
  'unicodePwd',
  'dBCSPwd',
  'ntPwdHistory',
  'lmPwdHistory',
  'supplementalCredentials',
  'authPassword',
  'pwdHistory',
  'passwordHistory',
  'ibm-slapdAdminPW',
  'sambaNTPassword',
  'sambaLMPassword',
  'sambaPasswordHistory',
  'krbPrincipalKey',
  'ds-pwp-password',
  'nspmPassword',
];

/** Which attributes are never stored. Options (`;binary`) do not count. */
export class NeverStored {
  readonly #names: ReadonlySet<string>;

  constructor(more: Iterable<string> = []) {
    this.#names = new Set([...NEVER_STORED, ...more].map((name) => name.toLowerCase()));
  }

  has(description: string): boolean {
    return this.#names.has((description.split(';', 1)[0] ?? '').toLowerCase());
  }
}

/** An attribute: its description, then its values; octets as an object, so that no text can be taken for them. */
type EncodedAttribute = [string, ...(string | { readonly b: string })[]];

/** A row as it is written: attributes in the order of their names, so that equal entries are equal texts. */
export function encodeRow(row: SpaceRow, never: NeverStored): EncodedRow {
  const attributes: EncodedAttribute[] = [];
  for (const { name, values } of row.entry.attributes()) {
    if (!never.has(name)) attributes.push([name, ...values.map(encodeValue)]);
  }
  attributes.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  const payload = JSON.stringify(attributes);
  const dn = row.entry.dn.toString();
  const matches = row.matches
    .filter(({ attribute }) => !never.has(attribute))
    .map(({ attribute, value }) => ({ attribute: attribute.toLowerCase(), value: matchText(value) }));
  const hash = createHash('sha256')
    .update(JSON.stringify([row.objectType, row.anchor, row.normalizedDN, dn, matches]))
    .update(payload)
    .digest()
    .subarray(0, 16);
  return {
    id: row.id,
    anchor: row.anchor,
    objectType: row.objectType,
    dn_key: row.normalizedDN,
    dn,
    payload,
    hash,
    read_at: row.readAt,
    matches,
  };
}

/** The entry of a row. */
export function decodeEntry(row: { readonly dn: string; readonly payload: string }): Entry {
  const attributes = JSON.parse(row.payload) as EncodedAttribute[];
  return new Entry(
    DN.parse(row.dn),
    attributes.map(([name, ...values]) => ({ name, values: values.map(decodeValue) })),
  );
}

const LONGEST_MATCH_TEXT = 256;

/** What stands for a matching value in the index: itself, or its hash where it would bloat the index. */
export function matchText(value: string): string {
  if (value.length <= LONGEST_MATCH_TEXT) return value;
  return `${value.slice(0, 32)}#${createHash('sha256').update(value).digest('base64url')}`;
}

function encodeValue(value: Value): string | { readonly b: string } {
  return typeof value === 'string' ? value : { b: value.toString('base64') };
}

function decodeValue(value: string | { readonly b: string }): Value {
  return typeof value === 'string' ? value : Buffer.from(value.b, 'base64');
}
