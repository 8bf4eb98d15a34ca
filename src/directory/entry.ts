/** Entries as values: a DN and attributes whose names compare without case (RFC 4512 §2.5). */
import { AttributeReader, type EncodedAttributes, encodeAttributes } from './attributeOctets';
import type { DN, MatchingRules } from './dn';
import { type Steps, VALUES_PER_STEP } from './steps';

/** An attribute value: text, or octets where the syntax is binary. */
export type Value = string | Buffer;

/** One attribute description with its values, in the spelling in which the directory returned or will receive it. */
export interface EntryAttribute {
  readonly name: string;
  readonly values: readonly Value[];
}

/** Look-ups by name after which an index of the names has paid for itself. */
const FEW_LOOK_UPS = 8;

/** An immutable entry. Attribute options (`;binary`, `;lang-fr`) are part of the name and kept apart. */
export class Entry {
  readonly dn: DN;
  #attributes: readonly EntryAttribute[] | undefined;
  /** Where the entry has come as octets, these, and the names where they are known. */
  readonly #octets: Uint8Array | undefined;
  readonly #encoded: EncodedAttributes | undefined;
  #byKey: ReadonlyMap<string, EntryAttribute> | undefined;
  #canonical: { readonly rules: MatchingRules; readonly byName: ReadonlyMap<string, EntryAttribute> } | undefined;
  #lookUps = 0;

  /** Attributes without values are left out; two of the same description are merged. */
  constructor(
    dn: DN,
    attributes: Iterable<EntryAttribute> | Readonly<Record<string, Value | readonly Value[]>> | Uint8Array | Encoded,
  ) {
    this.dn = dn;
    if (attributes instanceof Uint8Array || attributes instanceof Encoded) {
      this.#encoded = attributes instanceof Encoded ? attributes.encoded : undefined;
      this.#octets = attributes instanceof Encoded ? attributes.encoded.octets : attributes;
      return;
    }
    if (attributes instanceof Distinct) {
      this.#attributes = attributes.attributes;
      this.#byKey = attributes.byKey;
      return;
    }
    const map = new Map<string, EntryAttribute>();
    for (const { name, values } of Symbol.iterator in attributes ? attributes : fromRecord(attributes)) {
      if (values.length === 0) continue;
      const key = name.toLowerCase();
      const present = map.get(key);
      map.set(key, present ? { name: present.name, values: [...present.values, ...values] } : { name, values });
    }
    this.#attributes = [...map.values()];
    this.#byKey = map;
  }

  /** For a caller who knows that each attribute has values and that no two are of the same description. */
  static ofDistinct(dn: DN, attributes: readonly EntryAttribute[]): Entry {
    return new Entry(dn, new Distinct(attributes));
  }

  /** An entry whose values are made when somebody asks for them. Its attributes are in the order of their names. */
  static ofEncoded(dn: DN, encoded: EncodedAttributes): Entry {
    return new Entry(dn, new Encoded(encoded));
  }

  /** The same of octets alone. */
  static ofOctets(dn: DN, octets: Uint8Array): Entry {
    return new Entry(dn, octets);
  }

  /** The attributes as a store keeps them. */
  get encoded(): EncodedAttributes {
    return this.#encoded ?? encodeAttributes(this.#list);
  }

  /** As many values as the attribute of the most has. */
  get mostValues(): number {
    return this.#encoded?.mostValues ?? this.#list.reduce((most, { values }) => Math.max(most, values.length), 0);
  }

  /** Makes the values that nobody has asked for yet, in steps: of an entry of very many, before somebody asks. */
  *unfoldSteps(): Steps<void> {
    if (this.#attributes !== undefined || this.#octets === undefined) return;
    this.#attributes = yield* new AttributeReader(this.#octets).allSteps();
  }

  /** All values of a description, in order; empty when absent. */
  values(name: string): readonly Value[] {
    if (this.#attributes === undefined && this.#encoded !== undefined && this.#lookUps < FEW_LOOK_UPS) {
      const index = indexOf(name, this.#encoded.names);
      if (index < 0) return [];
      this.#lookUps += 1;
      return new AttributeReader(this.#encoded.octets).valuesAt(index);
    }
    return this.#find(name)?.values ?? [];
  }

  /** The first value as text, or undefined. */
  first(name: string): string | undefined {
    const value = this.values(name)[0];
    return value === undefined ? undefined : value.toString();
  }

  /** The attribute of this name in lower case, for whoever asks many entries for the same ones. */
  attribute(lowerCaseName: string): EntryAttribute | undefined {
    return this.byKey().get(lowerCaseName);
  }

  /** All attributes by their names in lower case, in the order in which they came. */
  byKey(): ReadonlyMap<string, EntryAttribute> {
    this.#byKey ??= new Map(this.#list.map((attribute) => [attribute.name.toLowerCase(), attribute]));
    return this.#byKey;
  }

  has(name: string): boolean {
    return this.#find(name) !== undefined;
  }

  /**
   * By canonical name, options included: `sn` and `surname` are one attribute to a server, `cn` and `cn;lang-fr` are two.
   * An attribute that stands under one name only is the very same one here.
   */
  byCanonicalName(rules: MatchingRules): ReadonlyMap<string, EntryAttribute> {
    if (this.#canonical?.rules !== rules) this.#canonical = { rules, byName: canonical(this.#list, rules) };
    return this.#canonical.byName;
  }

  /** Attributes in the order in which they came. */
  attributes(): Iterable<EntryAttribute> {
    return this.#list;
  }

  /** The names of the attributes, in the same order. */
  names(): readonly string[] {
    return this.#encoded?.names ?? this.#list.map(({ name }) => name);
  }

  /** The same entry with attributes replaced; an empty list of values removes one. */
  with(changes: Iterable<EntryAttribute>, dn: DN = this.dn): Entry {
    const map = new Map(this.byKey());
    for (const change of changes) {
      if (change.values.length === 0) map.delete(change.name.toLowerCase());
      else map.set(change.name.toLowerCase(), change);
    }
    return new Entry(dn, new Distinct([...map.values()], map));
  }

  get #list(): readonly EntryAttribute[] {
    this.#attributes ??= this.#octets === undefined ? [] : new AttributeReader(this.#octets).all();
    return this.#attributes;
  }

  /** An import asks each entry for two or three attributes: an index would cost it more than it saves. */
  #find(name: string): EntryAttribute | undefined {
    if (this.#byKey === undefined && this.#lookUps < FEW_LOOK_UPS) {
      this.#lookUps += 1;
      for (const attribute of this.#list) if (attribute.name === name) return attribute;
      const key = name.toLowerCase();
      return this.#list.find((one) => one.name.length === name.length && one.name.toLowerCase() === key);
    }
    return this.byKey().get(name.toLowerCase());
  }
}

/** Attributes that need no merging. */
class Distinct implements Iterable<EntryAttribute> {
  constructor(
    readonly attributes: readonly EntryAttribute[],
    /** By name in lower case. */
    readonly byKey?: ReadonlyMap<string, EntryAttribute>,
  ) {}

  [Symbol.iterator](): Iterator<EntryAttribute> {
    return this.attributes[Symbol.iterator]();
  }
}

/** Attributes that nobody has looked at yet. */
class Encoded {
  constructor(readonly encoded: EncodedAttributes) {}
}

function canonical(attributes: readonly EntryAttribute[], rules: MatchingRules): Map<string, EntryAttribute> {
  const byName = new Map<string, EntryAttribute>();
  for (const attribute of attributes) {
    const name = rules.canonicalName(attribute.name);
    const present = byName.get(name);
    const merged = present && { name: present.name, values: [...present.values, ...attribute.values] };
    byName.set(name, merged ?? attribute);
  }
  return byName;
}

function indexOf(name: string, names: readonly string[]): number {
  const index = names.indexOf(name);
  if (index >= 0) return index;
  const key = name.toLowerCase();
  return names.findIndex((one) => one.length === name.length && one.toLowerCase() === key);
}

function* fromRecord(record: Readonly<Record<string, Value | readonly Value[]>>): Iterable<EntryAttribute> {
  for (const [name, value] of Object.entries(record)) {
    yield { name, values: typeof value === 'string' || Buffer.isBuffer(value) ? [value] : (value as readonly Value[]) };
  }
}

/** Whether two values are the same octets. */
export function sameValue(a: Value, b: Value): boolean {
  if (typeof a === 'string' && typeof b === 'string') return a === b;
  return Buffer.from(a as string).equals(Buffer.from(b as string));
}

/**
 * Of two long lists the values that the other one does not have in the same spelling, in steps; undefined where one of them
 * is short enough to be compared as a whole. Normal forms of 100,000 names cost more than writing the ten that have changed.
 */
export function* unshared(
  before: readonly Value[],
  after: readonly Value[],
): Steps<readonly [Value[], Value[]] | undefined> {
  if (before.length <= VALUES_PER_STEP || after.length <= VALUES_PER_STEP) return undefined;
  return [yield* missingIn(after, before), yield* missingIn(before, after)];
}

/** The values that are not among others. Each pass over them is a step: it takes some milliseconds for 100,000. */
function* missingIn(others: readonly Value[], values: readonly Value[]): Steps<Value[]> {
  yield;
  const known = new Set(others);
  yield;
  return values.filter((value) => !known.has(value));
}
