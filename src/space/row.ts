/** Rows of the connector space: their types, and entries as text and back. */
import { hash } from 'node:crypto';
import { DN } from '../directory/dn';
import { Entry, type EntryAttribute, type Value } from '../directory/entry';

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
  /** Attributes of many values that were left out of `entry`, under their names there, with how many values they had. */
  readonly leftOut: ReadonlyMap<string, number>;
  /** The host's sequence number of the read or write that it comes from. */
  readonly sequence: number;
}

/** How much of an entry is wanted: `short` leaves out attributes of more than {@link LONG} values. */
export type Extent = 'whole' | 'short';

/** Attributes of more values are kept apart, so that looking at an entry does not mean reading all members of a group. */
export const LONG = 1_000;

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
  /** The attributes of many values, of which the payload has only the numbers. */
  readonly long: string | undefined;
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

/** More than any schema has names, so that a directory cannot fill the memory. */
const REMEMBERED_ANSWERS = 20_000;

/** Which attributes are never stored. Options (`;binary`) do not count. */
export class NeverStored {
  readonly #names: ReadonlySet<string>;
  /** Answers by description: an import asks for the same few again and again. */
  readonly #known = new Map<string, boolean>();

  constructor(more: Iterable<string> = []) {
    this.#names = new Set([...NEVER_STORED, ...more].map((name) => name.toLowerCase()));
  }

  has(description: string): boolean {
    let known = this.#known.get(description);
    if (known === undefined) {
      known = this.#names.has((description.split(';', 1)[0] ?? '').toLowerCase());
      if (this.#known.size < REMEMBERED_ANSWERS) this.#known.set(description, known);
    }
    return known;
  }
}

/** An attribute: its description, then its values; octets as an object, so that no text can be taken for them. */
type EncodedAttribute = [string, ...EncodedValue[]];

/** `n` stands for that many values, which are kept apart. */
type EncodedValue = string | { readonly b: string } | { readonly n: number };

/** A row as it is written: attributes in the order of their names, so that equal entries are equal texts. */
export function encodeRow(row: SpaceRow, never: NeverStored): EncodedRow {
  const { payload, long } = payloadOf(row.entry, never);
  const dn = row.entry.dn.toString();
  const matches: MatchKey[] = [];
  for (const { attribute, value } of row.matches) {
    if (!never.has(attribute)) matches.push({ attribute: attribute.toLowerCase(), value: matchText(value) });
  }
  const identity = JSON.stringify([row.objectType, row.anchor, row.normalizedDN, dn, matches]);
  return {
    id: row.id,
    anchor: row.anchor,
    objectType: row.objectType,
    dn_key: row.normalizedDN,
    dn,
    payload,
    long,
    hash: hash('sha256', identity + payload + (long ?? ''), 'buffer').subarray(0, 16),
    read_at: row.readAt,
    matches,
  };
}

/** Attributes of many values leave their number in the payload and are kept apart. */
function payloadOf(entry: Entry, never: NeverStored): { payload: string; long: string | undefined } {
  const attributes: EncodedAttribute[] = [];
  for (const { name, values } of entry.attributes()) {
    if (never.has(name)) continue;
    const attribute: EncodedAttribute = [name];
    for (const value of values) attribute.push(encodeValue(value));
    attributes.push(attribute);
  }
  attributes.sort(byName);
  if (!attributes.some(isLong)) return { payload: JSON.stringify(attributes), long: undefined };
  const kept = attributes.map((one): EncodedAttribute => (isLong(one) ? [one[0], { n: one.length - 1 }] : one));
  return { payload: JSON.stringify(kept), long: JSON.stringify(attributes.filter(isLong)) };
}

function isLong({ length }: EncodedAttribute): boolean {
  return length - 1 > LONG;
}

/**
 * The entry of a row, and what was left out of it. `long` answers the attributes that are kept apart; it is asked only
 * where there are some, and answers undefined where they are not wanted.
 */
export function decodeEntry(
  row: { readonly dn: string; readonly payload: string },
  long: () => string | undefined,
): { entry: Entry; leftOut: ReadonlyMap<string, number> } {
  const dn = DN.parse(row.dn);
  const attributes = JSON.parse(row.payload) as EncodedAttribute[];
  // Inside a text the quotes would be escaped.
  if (!row.payload.includes('{"n":')) return { entry: new Entry(dn, decodeAttributes(attributes)), leftOut: nothing };
  const counts = new Map<string, number>();
  const present: EncodedAttribute[] = [];
  for (const attribute of attributes) {
    const [name, value] = attribute;
    if (typeof value === 'object' && 'n' in value) counts.set(name, value.n);
    else present.push(attribute);
  }
  const text = long();
  if (text === undefined) return { entry: new Entry(dn, decodeAttributes(present)), leftOut: counts };
  const all = [...present, ...(JSON.parse(text) as EncodedAttribute[])].sort(byName);
  return { entry: new Entry(dn, decodeAttributes(all)), leftOut: nothing };
}

/** The values of some attributes (names in lower case) in a payload, without an entry being made of it. */
export function namesIn(payload: string, attributes: ReadonlySet<string>): string[] {
  return (JSON.parse(payload) as EncodedAttribute[]).flatMap(([name, ...values]) =>
    attributes.has(name.toLowerCase()) ? values.filter((value) => typeof value === 'string') : [],
  );
}

const nothing: ReadonlyMap<string, number> = new Map();

function decodeAttributes(attributes: readonly EncodedAttribute[]): EntryAttribute[] {
  return attributes.map(([name, ...values]) => ({ name, values: values.map(decodeValue) }));
}

function byName([a]: EncodedAttribute, [b]: EncodedAttribute): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

const LONGEST_MATCH_TEXT = 256;

/** What stands for a matching value in the index: itself, or its hash where it would bloat the index. */
export function matchText(value: string): string {
  if (value.length <= LONGEST_MATCH_TEXT) return value;
  return `${value.slice(0, 32)}#${hash('sha256', value, 'base64url')}`;
}

function encodeValue(value: Value): EncodedValue {
  return typeof value === 'string' ? value : { b: value.toString('base64') };
}

function decodeValue(value: EncodedValue): Value {
  if (typeof value === 'string') return value;
  return 'b' in value ? Buffer.from(value.b, 'base64') : '';
}
