/**
 * Entries as the memory directory keeps them: each value under its matching key, so that a group with 100,000 members
 * answers "is this one of them" without looking at the others. Immutable; nothing here decides what is allowed.
 */
import type { DN } from './dn';
import { Entry, type EntryAttribute, type Value } from './entry';
import { type Candidate, type CandidateAttribute, describer } from './filterMatch';
import { octetsOf, textOrOctets, wellFormed } from './octets';
import type { Schema } from './schema';

/** One attribute under the schema's own spelling of its name. */
export class StoredAttribute implements CandidateAttribute {
  constructor(
    readonly name: string,
    readonly keys: ReadonlyMap<string, Value>,
  ) {}

  get values(): Iterable<Value> {
    return this.keys.values();
  }
}

/** One entry; `attributes` has canonical names as keys. */
export class StoredEntry implements Candidate {
  constructor(
    readonly dn: DN,
    readonly byName: ReadonlyMap<string, StoredAttribute>,
  ) {}

  /** Values that match an earlier one are dropped: whoever minds has looked before. */
  static from(entry: Entry, schema: Schema): StoredEntry {
    const byName = new Map<string, StoredAttribute>();
    for (const { name, values } of entry.attributes()) {
      const canonical = schema.canonicalName(name);
      const keys = new Map(byName.get(canonical)?.keys);
      for (const given of values) {
        const value = storedValue(name, given, schema);
        const key = schema.normalize(name, value);
        if (!keys.has(key)) keys.set(key, value);
      }
      byName.set(canonical, new StoredAttribute(primaryName(name, schema), keys));
    }
    return new StoredEntry(entry.dn, byName);
  }

  attributes(): Iterable<StoredAttribute> {
    return this.byName.values();
  }

  /** The values of an attribute, by any of its names. */
  values(name: string, schema: Schema): readonly Value[] {
    return [...(this.byName.get(schema.canonicalName(name))?.values ?? [])];
  }

  /** The same entry with attributes replaced; one without values goes. */
  with(changes: Iterable<StoredAttribute>, schema: Schema, dn: DN = this.dn): StoredEntry {
    const byName = new Map(this.byName);
    for (const attribute of changes) {
      const canonical = schema.canonicalName(attribute.name);
      if (attribute.keys.size === 0) byName.delete(canonical);
      else byName.set(canonical, attribute);
    }
    return new StoredEntry(dn, byName);
  }

  /** The entry as a search returns it. */
  toEntry(selected: (name: string) => boolean = () => true): Entry {
    const attributes: EntryAttribute[] = [];
    for (const { name, values } of this.attributes()) {
      if (selected(name)) attributes.push({ name, values: [...values] });
    }
    return new Entry(this.dn, attributes);
  }
}

/** A value as a directory hands it out again: octets where the syntax is binary, text wherever else it can be. */
export function storedValue(name: string, value: Value, schema: Schema): Value {
  if (schema.isBinary(name)) return octetsOf(value);
  return typeof value === 'string' ? wellFormed(value) : textOrOctets(value);
}

/** An attribute with one value. */
export function singleValued(name: string, value: string, schema: Schema): StoredAttribute {
  return new StoredAttribute(primaryName(name, schema), new Map([[schema.normalize(name, value), value]]));
}

/** The schema's first name of a type, with the options as given. */
export function primaryName(description: string, schema: Schema): string {
  const [type = '', ...options] = description.split(';');
  return [schema.attributeType(type)?.name ?? type, ...options].join(';');
}

/** The attribute that holds passwords. Its values are hashes, and are returned only to those who name it. */
export const PASSWORD_ATTRIBUTE = 'userPassword';

export function isPassword(description: string, schema: Schema): boolean {
  return schema.attributeType(description)?.name === PASSWORD_ATTRIBUTE;
}

/** Which attributes a request for these descriptions returns (RFC 4511 §4.5.1.8, RFC 3673); make one per operation. */
export function selector(descriptions: readonly string[], schema: Schema): (name: string) => boolean {
  const named = descriptions.filter((one) => one !== '*' && one !== '+').map((one) => describer(one, schema));
  const [user, operational] = [descriptions.includes('*'), descriptions.includes('+')];
  const answers = new Map<string, boolean>();
  return (name) => {
    let answer = answers.get(name);
    if (answer === undefined) {
      const usage = schema.attributeType(name)?.usage ?? 'userApplications';
      const byGroup = usage === 'userApplications' ? user && !isPassword(name, schema) : operational;
      answer = byGroup || named.some((describes) => describes(name));
      answers.set(name, answer);
    }
    return answer;
  };
}
