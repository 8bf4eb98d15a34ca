/**
 * What an X.500 server would refuse of an entry (RFC 4512 §2.4, RFC 4511 §4.6 and §4.7), found before the wire and all
 * at once, so that the caller hears attribute names instead of one result code. Pure; it never repeats a value.
 */
import type { Entry, EntryAttribute, Value } from './entry';
import { sameValue, unshared } from './entry';
import type { AttributeTypeDescription, Requirements, Schema } from './schema';
import { atOnce, type Steps, VALUES_PER_STEP } from './steps';
import { allowsEmpty, checkSyntax } from './syntax';

export type SchemaFaultKind =
  | 'unknownClass'
  | 'noStructuralClass'
  /** More than one structural chain, or a change of it. Some products (389 DS) accept both. */
  | 'structuralChain'
  | 'missing'
  | 'notAllowed'
  | 'unknownAttribute'
  | 'singleValue'
  | 'syntax'
  | 'empty'
  | 'rdn'
  | 'readOnly'
  | 'duplicateValue';

/** One thing that a server would refuse. The message is a sentence that names the attribute and what to do. */
export interface SchemaFault {
  readonly kind: SchemaFaultKind;
  /** Attribute description as the entry spells it, or the name of the missing attribute. */
  readonly attribute?: string;
  readonly message: string;
}

/** Faults of an entry as a client would add it (RFC 4511 §4.7). */
export function checkEntry(entry: Entry, schema: Schema): SchemaFault[] {
  return atOnce(checkEntrySteps(entry, schema));
}

/** The same with a pause after every so many values. */
export function* checkEntrySteps(entry: Entry, schema: Schema): Steps<SchemaFault[]> {
  const written = [...entry.byCanonicalName(schema).values()];
  const faults = [...shapeFaults(entry, schema), ...written.flatMap((attribute) => readOnlyFaults(attribute, schema))];
  for (const attribute of written) faults.push(...(yield* valueFaults(attribute, schema)));
  return faults;
}

/**
 * Faults of a change that makes `after` out of `before`: of the attributes that differ, and of the entry as a whole
 * what was not wrong before. What an administrator let in earlier does not block the change of something else.
 */
export function checkModification(before: Entry, after: Entry, schema: Schema): SchemaFault[] {
  return atOnce(checkModificationSteps(before, after, schema));
}

/** The same with a pause after every so many values. */
export function* checkModificationSteps(before: Entry, after: Entry, schema: Schema): Steps<SchemaFault[]> {
  const [had, has] = [before.byCanonicalName(schema), after.byCanonicalName(schema)];
  const changed: [now: EntryAttribute, before: EntryAttribute | undefined][] = [];
  has.forEach((attribute, name) => {
    const earlier = had.get(name);
    if (!isSame(attribute, earlier)) changed.push([attribute, earlier]);
  });
  const removed: EntryAttribute[] = [];
  had.forEach((attribute, name) => {
    if (!has.has(name)) removed.push(attribute);
  });
  const faults = keepsShape(before, after, schema) ? [] : newShapeFaults(before, after, schema);
  for (const [attribute] of changed) faults.push(...readOnlyFaults(attribute, schema));
  for (const attribute of removed) faults.push(...readOnlyFaults(attribute, schema));
  for (const [attribute, earlier] of changed)
    faults.push(...(yield* valueFaults(yield* newIn(attribute, earlier), schema)));
  return faults;
}

function newShapeFaults(before: Entry, after: Entry, schema: Schema): SchemaFault[] {
  const key = ({ kind, attribute, message }: SchemaFault): string => `${kind} ${attribute} ${message}`;
  const known = new Set(shapeFaults(before, schema).map(key));
  return [
    ...shapeFaults(after, schema).filter((fault) => !known.has(key(fault))),
    ...structuralChange(before, after, schema),
  ];
}

/** Whether a change touches nothing of which the faults of the entry as a whole tell. */
function keepsShape(before: Entry, after: Entry, schema: Schema): boolean {
  const [had, has] = [before.byCanonicalName(schema), after.byCanonicalName(schema)];
  if (before.dn !== after.dn || had.size !== has.size) return false;
  for (const [name, attribute] of has) {
    const earlier = had.get(name);
    if (earlier === attribute) continue;
    if (earlier?.name !== attribute.name || name === 'objectclass' || namesEntry(name, after, schema)) return false;
  }
  return true;
}

function namesEntry(name: string, { dn }: Entry, schema: Schema): boolean {
  return dn.rdn?.parts.some(({ type }) => schema.canonicalName(type) === name) ?? false;
}

/** Of very many values those that were not there before: the others the server has taken already. */
function* newIn({ name, values }: EntryAttribute, before: EntryAttribute | undefined): Steps<EntryAttribute> {
  return { name, values: (yield* unshared(before?.values ?? [], values))?.[1] ?? values };
}

type Attributes = ReadonlyMap<string, EntryAttribute>;

/** Whether an attribute is as it was; what a change leaves alone it mostly shares. */
function isSame(attribute: EntryAttribute, before: EntryAttribute | undefined): boolean {
  if (attribute === before) return true;
  const [values, had] = [attribute.values, before?.values ?? []];
  return values.length === had.length && values.every((value, index) => sameValue(value, had[index] ?? ''));
}

/** Faults of the entry as a whole: classes, what they require and allow, and its name. */
function shapeFaults(entry: Entry, schema: Schema): SchemaFault[] {
  const classes = classesOf(entry);
  const requirements = schema.requirements(classes);
  const attributes = entry.byCanonicalName(schema);
  return [
    ...classFaults(requirements),
    ...missingFaults(requirements, attributes, schema),
    ...allowedFaults(classes, requirements, attributes, schema),
    ...rdnFaults(entry, attributes, schema),
  ];
}

function classesOf(entry: Entry): string[] {
  return entry.values('objectClass').map((value) => value.toString());
}

function classFaults({ unknown, structuralEnds }: Requirements): SchemaFault[] {
  const attribute = 'objectClass';
  const faults: SchemaFault[] = unknown.map((name) => ({
    kind: 'unknownClass',
    attribute,
    message: `The object class ${shown(name)} is not in the directory's schema; correct its name or leave it out`,
  }));
  if (structuralEnds.length === 0 && unknown.length === 0) {
    const message = `The entry has no structural object class; add one, such as inetOrgPerson, to objectClass`;
    faults.push({ kind: 'noStructuralClass', attribute, message });
  }
  if (structuralEnds.length > 1) {
    const names = structuralEnds.map(({ name }) => name).join(' and ');
    const message = `${names} are structural object classes that do not inherit from each other; keep one of them`;
    faults.push({ kind: 'structuralChain', attribute, message });
  }
  return faults;
}

function structuralChange(before: Entry, after: Entry, schema: Schema): SchemaFault[] {
  const endsOf = (entry: Entry) => schema.requirements(classesOf(entry)).structuralEnds;
  const [[from], [to, second]] = [endsOf(before), endsOf(after)];
  if (!from || !to || second || from === to) return [];
  const message = `The structural object class cannot change from ${from.name} to ${to.name}; delete and add the entry instead`;
  return [{ kind: 'structuralChain', attribute: 'objectClass', message }];
}

/** Writable MUST attributes that Active Directory sets where a client does not, [MS-ADTS] §3.1.1.5.2.4; no other product has them. */
const SET_BY_SERVER: ReadonlySet<string> = new Set([
  'grouptype',
  'ntsecuritydescriptor',
  'objectcategory',
  'samaccountname',
]);

function missingFaults({ must, requiredBy }: Requirements, attributes: Attributes, schema: Schema): SchemaFault[] {
  const present = new Set([...attributes.values()].map(({ name }) => schema.attributeType(name)));
  return must
    .filter((type) => !present.has(type) && !type.noUserModification && !SET_BY_SERVER.has(type.name.toLowerCase()))
    .map((type) => ({
      kind: 'missing',
      attribute: type.name,
      message: `${type.name} is required by ${requiredBy.get(type)} and has no value; give it one`,
    }));
}

function allowedFaults(
  classes: readonly string[],
  { allowed, allowsAny, unknown }: Requirements,
  attributes: Attributes,
  schema: Schema,
): SchemaFault[] {
  // What an unknown class allows is unknown: only the class is reported then.
  const anything = allowsAny || unknown.length > 0;
  const faults: SchemaFault[] = [];
  for (const { name } of attributes.values()) {
    const type = schema.attributeType(name);
    if (!type) {
      const message = `The attribute ${shown(name)} is not in the directory's schema; correct its name or leave it out`;
      faults.push({ kind: 'unknownAttribute', attribute: name, message });
    } else if (!anything && !allowed.has(type) && type.usage === 'userApplications' && !isObjectClass(type)) {
      const message = `${shown(name)} is not allowed by the object classes ${classes.join(', ') || '(none)'}; add a class that has it or leave it out`;
      faults.push({ kind: 'notAllowed', attribute: name, message });
    }
  }
  return faults;
}

function isObjectClass({ oid }: AttributeTypeDescription): boolean {
  return oid === '2.5.4.0';
}

function rdnFaults(entry: Entry, attributes: Attributes, schema: Schema): SchemaFault[] {
  const faults: SchemaFault[] = [];
  for (const { type, value } of entry.dn.rdn?.parts ?? []) {
    const values = attributes.get(schema.canonicalName(type))?.values ?? [];
    const wanted = schema.normalize(type, value);
    if (values.some((present) => schema.normalize(type, present) === wanted)) continue;
    const message = `The name of the entry says a value of ${shown(type)} that the entry does not have; add it to ${shown(type)}`;
    faults.push({ kind: 'rdn', attribute: type, message });
  }
  return faults;
}

function readOnlyFaults({ name }: EntryAttribute, schema: Schema): SchemaFault[] {
  if (!schema.attributeType(name)?.noUserModification) return [];
  return [
    { kind: 'readOnly', attribute: name, message: `${shown(name)} is set by the directory itself; leave it out` },
  ];
}

function* valueFaults({ name, values }: EntryAttribute, schema: Schema): Steps<SchemaFault[]> {
  const type = schema.attributeType(name);
  if (!type) return [];
  const faults: SchemaFault[] = [];
  const fault = (kind: SchemaFaultKind, message: string): void => {
    faults.push({ kind, attribute: name, message });
  };
  const which = (index: number): string =>
    values.length === 1 ? `The value of ${shown(name)}` : `Value ${index + 1} of ${shown(name)}`;
  if (type.singleValue && values.length > 1) {
    fault('singleValue', `${shown(name)} can have one value only and has ${values.length}; keep one`);
  }
  const empty = allowsEmpty(type.syntax) ? -1 : values.findIndex((value) => value.length === 0);
  if (empty >= 0) fault('empty', `${which(empty)} is empty; leave the value out`);
  const wrong = name.toLowerCase().endsWith(';binary') ? undefined : yield* firstWrong(values, type.syntax);
  if (wrong) fault('syntax', `${which(wrong.index)} ${wrong.complaint}; correct it`);
  const duplicate = wrong ? -1 : yield* firstDuplicate(name, values, schema);
  if (duplicate >= 0) fault('duplicateValue', `${which(duplicate)} repeats an earlier one; leave it out`);
  return faults;
}

/** The first only: one attribute can hold 100,000 values. */
function* firstWrong(
  values: readonly Value[],
  syntax: string | undefined,
): Steps<{ readonly index: number; readonly complaint: string } | undefined> {
  if (syntax === undefined) return undefined;
  for (const [index, value] of values.entries()) {
    if (index > 0 && index % VALUES_PER_STEP === 0) yield;
    const complaint = value.length === 0 ? undefined : checkSyntax(syntax, value);
    if (complaint !== undefined) return { index, complaint };
  }
  return undefined;
}

function* firstDuplicate(name: string, values: readonly Value[], schema: Schema): Steps<number> {
  if (values.length < 2) return -1;
  const seen = new Set<string>();
  for (const [index, value] of values.entries()) {
    if (index > 0 && index % VALUES_PER_STEP === 0) yield;
    const key = schema.normalize(name, value);
    if (seen.has(key)) return index;
    seen.add(key);
  }
  return -1;
}

const SHOWN = 100;

/** A name that came from outside, fit for one line of a message. */
function shown(name: string): string {
  const clean = name.replace(/\p{Cc}+/gu, ' ');
  return clean.length > SHOWN ? `${clean.slice(0, SHOWN)}…` : clean;
}
