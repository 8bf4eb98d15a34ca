/** Rows of the connector space: their types, and entries as octets and back. */
import { hash } from 'node:crypto';
import { AttributeReader, byName, encodeAttributes, encodeSteps } from '../directory/attributeOctets';
import { DN } from '../directory/dn';
import { Entry, type EntryAttribute } from '../directory/entry';
import { atOnce, type Steps } from '../directory/steps';

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
  /** The attributes, but for those of many values; null for none, because not every binding stores octets that are none. */
  readonly payload: Uint8Array | null;
  /** The attributes of many values that are kept apart, and how many they have, as JSON; null where there are none. */
  readonly apart: string | null;
  readonly read_at: number;
}

/** A row ready to be written. */
export interface EncodedRow extends RowColumns {
  /** The attributes of many values. */
  readonly long: Uint8Array | undefined;
  readonly objectType: string;
  readonly matches: readonly MatchKey[];
  /** The number of the row for which its long attributes' references are written already. */
  readonly ahead?: number;
}

/** Whether a row has attributes of many values, which are made into octets apart. */
export function isLongRow({ entry }: Pick<SpaceRow, 'entry'>): boolean {
  return entry.mostValues > LONG;
}

/** The octets of a row's long attributes. */
export function* longOctets({ entry }: Pick<SpaceRow, 'entry'>, never: NeverStored): Steps<Buffer> {
  yield* entry.unfoldSteps();
  return yield* encodeSteps([...entry.attributes()].filter((one) => isLong(one) && !never.has(one.name)));
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
  readonly #lists = new WeakMap<readonly string[], boolean>();

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

  /** Whether one of these is. Asked again about the same list it knows the answer. */
  hasAny(descriptions: readonly string[]): boolean {
    let known = this.#lists.get(descriptions);
    if (known === undefined) {
      known = descriptions.some((each) => this.has(each));
      this.#lists.set(descriptions, known);
    }
    return known;
  }
}

/** What of a row was made before it is written. */
export interface PreparedRow {
  /** What {@link longOctets} has made. */
  readonly long: Uint8Array;
  readonly ahead: number;
}

/** A row as it is written; `isWhole`: its octets are those of the entry, all of them. */
export function encodeRow(
  row: SpaceRow,
  never: NeverStored,
  prepared?: PreparedRow,
): EncodedRow & { readonly isWhole: boolean } {
  const { payload, apart, long, isWhole } = payloadOf(row.entry, never, prepared);
  const dn = row.entry.dn.toString();
  const matches: MatchKey[] = [];
  for (const { attribute, value } of row.matches) {
    if (!never.has(attribute)) matches.push({ attribute: attribute.toLowerCase(), value: matchText(value) });
  }
  return {
    id: row.id,
    anchor: row.anchor,
    objectType: row.objectType,
    dn_key: row.normalizedDN,
    dn,
    payload,
    apart,
    long,
    read_at: row.readAt,
    matches,
    isWhole,
    ...(prepared && { ahead: prepared.ahead }),
  };
}

/** Attributes of many values leave their number in the row and are kept apart. */
function payloadOf(
  entry: Entry,
  never: NeverStored,
  prepared: PreparedRow | undefined,
): { payload: Uint8Array | null; apart: string | null; long: Uint8Array | undefined; isWhole: boolean } {
  if (!isLongRow({ entry })) {
    const { octets, names } = entry.encoded;
    if (!never.hasAny(names)) return { payload: orNull(octets), apart: null, long: undefined, isWhole: true };
  }
  const stored = [...entry.attributes()].filter(({ name }) => !never.has(name));
  const long = stored.filter(isLong);
  return {
    payload: orNull(encodeAttributes(stored.filter((attribute) => !isLong(attribute))).octets),
    apart: long.length === 0 ? null : JSON.stringify(long.map(({ name, values }) => [name, values.length])),
    long: long.length === 0 ? undefined : (prepared?.long ?? atOnce(encodeSteps(long))),
    isWhole: false,
  };
}

const nothingStored = new Uint8Array(0);

function orNull(octets: Uint8Array): Uint8Array | null {
  return octets.length === 0 ? null : octets;
}

function isLong({ values }: EntryAttribute): boolean {
  return values.length > LONG;
}

/**
 * The entry of a row, and what was left out of it. `long` answers the attributes that are kept apart; it is asked only
 * where there are some, and answers undefined where they are not wanted.
 */
export function decodeEntry(
  row: Pick<RowColumns, 'dn' | 'payload' | 'apart'>,
  long: () => Uint8Array | undefined,
): { entry: Entry; leftOut: ReadonlyMap<string, number> } {
  const dn = DN.parse(row.dn);
  const payload = row.payload ?? nothingStored;
  if (row.apart === null) return { entry: Entry.ofOctets(dn, payload), leftOut: nothing };
  const octets = long();
  if (octets !== undefined) return { entry: atOnce(wholeSteps(dn, payload, octets)), leftOut: nothing };
  const leftOut = new Map(JSON.parse(row.apart) as [string, number][]);
  return { entry: Entry.ofOctets(dn, payload), leftOut };
}

function* wholeSteps(dn: DN, payload: Uint8Array, long: Uint8Array): Steps<Entry> {
  const apart = yield* new AttributeReader(long).allSteps();
  return Entry.ofDistinct(dn, [...new AttributeReader(payload).all(), ...apart].sort(byName));
}

/** The whole entry of a row with long attributes, in steps. */
export function decodeLongSteps(row: Pick<RowColumns, 'dn' | 'payload'>, long: Uint8Array): Steps<Entry> {
  return wholeSteps(DN.parse(row.dn), row.payload ?? nothingStored, long);
}

/** The texts of some attributes (names in lower case) in a payload, without an entry being made of it. */
export function namesIn(payload: Uint8Array | null, attributes: ReadonlySet<string>): Iterable<string> {
  return payload === null || attributes.size === 0 ? [] : new AttributeReader(payload).textsOf(attributes);
}

const nothing: ReadonlyMap<string, number> = new Map();

/** The entry that reading a row would answer which was written whole. */
export function entryOfRow(row: SpaceRow, sequence: number, freshAt: number): SpaceEntry {
  const { id, anchor, objectType, normalizedDN, entry, readAt } = row;
  return {
    id,
    anchor,
    objectType,
    normalizedDN,
    entry,
    leftOut: nothing,
    readAt: Math.max(readAt, freshAt),
    sequence,
  };
}

const LONGEST_MATCH_TEXT = 256;

/** What stands for a matching value in the index: itself, or its hash where it would bloat the index. */
export function matchText(value: string): string {
  if (value.length <= LONGEST_MATCH_TEXT) return value;
  return `${value.slice(0, 32)}#${hash('sha256', value, 'base64url')}`;
}
