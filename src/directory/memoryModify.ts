/** One entry before a modify or a rename, the same entry after it, or a refusal (RFC 4511 §4.6 and §4.9). Pure but for password salts. */
import type { Modification } from './directory';
import type { DN } from './dn';
import { Entry, type EntryAttribute, type Value } from './entry';
import { ResultCode } from './error';
import { isPassword, primaryName, StoredAttribute, StoredEntry, storedValue } from './memoryEntry';
import { hashPassword, verifyPassword } from './memoryPassword';
import { checkNaming, Refusal, refuse } from './memoryRefusal';
import type { AttributeTypeDescription, Schema } from './schema';
import { checkEntry, checkModification } from './schemaCheck';
import { allowsEmpty, checkSyntax } from './syntax';

/**
 * The entry as it is added. Values of the RDN that the attributes lack are added to them (RFC 4511 §4.7); passwords
 * are hashed. Throws {@link Refusal}.
 */
export function newEntry(entry: Entry, schema: Schema): StoredEntry {
  checkNaming(entry.dn, schema);
  const attributes = [...entry.attributes(), ...missingNames(entry, schema)];
  refuse(checkEntry(new Entry(entry.dn, attributes), schema));
  const hashed = attributes.map(({ name, values }) => ({
    name,
    values: isPassword(name, schema) ? values.map(hashPassword) : values,
  }));
  return StoredEntry.from(new Entry(entry.dn, hashed), schema);
}

function missingNames(entry: Entry, schema: Schema): EntryAttribute[] {
  const missing: EntryAttribute[] = [];
  for (const { type, value } of entry.dn.rdn?.parts ?? []) {
    const canonical = schema.canonicalName(type);
    const present = [...entry.attributes()].filter(({ name }) => schema.canonicalName(name) === canonical);
    const key = schema.normalize(type, value);
    if (present.some(({ values }) => values.some((one) => schema.normalize(type, one) === key))) continue;
    if (present.length > 0 && schema.attributeType(type)?.singleValue) {
      throw new Refusal(ResultCode.namingViolation, `${type}: the RDN and the attributes have different values`);
    }
    missing.push({ name: type, values: [value] });
  }
  return missing;
}

/** What is wrong with modifications whatever the entry is, so that it is said even where there is none. Throws {@link Refusal}. */
export function checkModifications(modifications: readonly Modification[], schema: Schema): void {
  for (const { operation, attribute, values } of modifications) {
    if (operation === 'add' && values.length === 0) {
      throw new Refusal(ResultCode.protocolError, `${shown(attribute)}: no values to add`);
    }
  }
  for (const modification of modifications) checkModificationValues(modification, schema);
  for (const { attribute } of modifications) {
    const type = schema.attributeType(attribute);
    if (type?.noUserModification) {
      throw new Refusal(ResultCode.constraintViolation, `${type.name}: no user modification allowed`);
    }
  }
}

function checkModificationValues({ operation, attribute, values }: Modification, schema: Schema): void {
  const type = schema.attributeType(attribute);
  if (!type) throw new Refusal(ResultCode.undefinedAttributeType, `${shown(attribute)}: attribute type is not known`);
  for (const [index, value] of values.entries()) {
    const complaint = complaintAbout(value, type, schema);
    if (complaint !== undefined && !attribute.toLowerCase().endsWith(';binary')) {
      throw new Refusal(ResultCode.invalidAttributeSyntax, `${type.name}: value #${index} ${complaint}`);
    }
  }
  if (operation === 'delete') return;
  if (type.singleValue && values.length > 1) {
    throw new Refusal(ResultCode.constraintViolation, `${type.name}: multiple values for a single-valued attribute`);
  }
  if (new Set(values.map((value) => schema.normalize(attribute, value))).size < values.length) {
    throw new Refusal(ResultCode.attributeOrValueExists, `${type.name}: a value is given twice`);
  }
}

function complaintAbout(value: Value, type: AttributeTypeDescription, schema: Schema): string | undefined {
  if (value.length === 0) return allowsEmpty(type.syntax) ? undefined : 'is empty';
  if (type.name === 'objectClass' && !schema.objectClass(value.toString())) return 'is not known';
  return checkSyntax(type.syntax ?? '', value);
}

/** An attribute name that came from outside, fit for a log line. */
function shown(attribute: string): string {
  return JSON.stringify(attribute.slice(0, 100));
}

/** All modifications in their order, or none; they have been checked by {@link checkModifications}. Throws {@link Refusal}. */
export function modifyEntry(before: StoredEntry, modifications: readonly Modification[], schema: Schema): StoredEntry {
  const draft = new Draft(before, schema);
  for (const modification of modifications) draft.apply(modification);
  return checked(before, draft.finish(before.dn), schema);
}

/** The entry under its new name; with `deleteOldRdn`, without the values of its old one. Throws {@link Refusal}. */
export function renameEntry(before: StoredEntry, newDN: DN, deleteOldRdn: boolean, schema: Schema): StoredEntry {
  const draft = new Draft(before, schema);
  if (deleteOldRdn) {
    for (const { type, value } of before.dn.rdn?.parts ?? []) draft.values(type).delete(schema.normalize(type, value));
  }
  for (const { type, value } of newDN.rdn?.parts ?? []) {
    const [values, key] = [draft.values(type), schema.normalize(type, value)];
    if (!values.has(key)) values.set(key, storedValue(type, value, schema));
  }
  return checked(before, draft.finish(newDN), schema);
}

function checked(before: StoredEntry, after: StoredEntry, schema: Schema): StoredEntry {
  const entry = forCheck(after, schema);
  const faults = checkModification(forCheck(before, schema), entry, schema);
  // Two structural chains are 65, another single one than before is 69.
  const changed = faults.find(({ kind }) => kind === 'structuralChain');
  if (changed && !checkEntry(entry, schema).some(({ kind }) => kind === 'structuralChain')) {
    throw new Refusal(ResultCode.objectClassModsProhibited, changed.message);
  }
  refuse(faults);
  return after;
}

const CHECKED_VALUES = 100;

/** Values are checked one by one as they come, so of a large attribute only its presence is left to check. */
function forCheck(entry: StoredEntry, schema: Schema): Entry {
  const whole = new Set(['objectclass', ...(entry.dn.rdn?.parts ?? []).map(({ type }) => schema.canonicalName(type))]);
  const attributes = [...entry.byName].map(([canonical, { name, keys, values }]) => {
    const all = keys.size <= CHECKED_VALUES || whole.has(canonical);
    return { name, values: all ? [...values] : firstTwo(values) };
  });
  return new Entry(entry.dn, attributes);
}

function firstTwo(values: Iterable<Value>): Value[] {
  const [first, second] = values;
  return [first, second].filter((value) => value !== undefined);
}

/** A copy of an entry that is being changed; of its attributes, only those that change are copied. */
class Draft {
  readonly #changed = new Map<string, { readonly name: string; readonly values: Map<string, Value> }>();

  constructor(
    private readonly entry: StoredEntry,
    private readonly schema: Schema,
  ) {}

  /** The values of an attribute by matching key, to be changed. */
  values(description: string): Map<string, Value> {
    const canonical = this.schema.canonicalName(description);
    let changed = this.#changed.get(canonical);
    if (!changed) {
      const present = this.entry.byName.get(canonical);
      changed = { name: present?.name ?? primaryName(description, this.schema), values: new Map(present?.keys) };
      this.#changed.set(canonical, changed);
    }
    return changed.values;
  }

  apply({ operation, attribute, values }: Modification): void {
    const present = this.values(attribute);
    if (operation === 'delete') {
      this.#delete(attribute, present, values);
      return;
    }
    if (operation === 'replace') present.clear();
    for (const [index, value] of values.entries()) this.#add(attribute, present, value, index);
  }

  #add(attribute: string, present: Map<string, Value>, given: Value, index: number): void {
    const value = storedValue(attribute, isPassword(attribute, this.schema) ? hashPassword(given) : given, this.schema);
    const key = this.schema.normalize(attribute, value);
    if (present.has(key)) {
      throw new Refusal(ResultCode.attributeOrValueExists, `${attribute}: value #${index} already exists`);
    }
    present.set(key, value);
  }

  #delete(attribute: string, present: Map<string, Value>, values: readonly Value[]): void {
    if (values.length > 0 && this.schema.attributeType(attribute)?.equality === undefined) {
      throw new Refusal(ResultCode.inappropriateMatching, `${attribute}: no equality rule to find values by`);
    }
    if (present.size === 0) throw new Refusal(ResultCode.noSuchAttribute, `${attribute}: no such attribute`);
    if (values.length === 0) present.clear();
    for (const [index, value] of values.entries()) {
      if (!present.delete(this.#keyOfPresent(attribute, present, value))) {
        throw new Refusal(ResultCode.noSuchAttribute, `${attribute}: value #${index} does not exist`);
      }
    }
  }

  /** A password is deleted by its clear text, of which only the hash is kept. */
  #keyOfPresent(attribute: string, present: ReadonlyMap<string, Value>, value: Value): string {
    if (isPassword(attribute, this.schema)) {
      for (const [key, hash] of present) if (verifyPassword(hash, value)) return key;
    }
    return this.schema.normalize(attribute, value);
  }

  finish(dn: DN): StoredEntry {
    const changes = [...this.#changed.values()].map(({ name, values }) => new StoredAttribute(name, values));
    return this.entry.with(changes, this.schema, dn);
  }
}
