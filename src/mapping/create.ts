/** Resource → the entry that a create adds. */
import { DN, RDN } from '../directory/dn';
import { Entry, type EntryAttribute, type Value } from '../directory/entry';
import { checkEntrySteps } from '../directory/schemaCheck';
import { ScimError } from '../scim/error';
import type { Resource } from '../scim/resource';
import { type DirectoryAttribute, faceValue, ldapName, virtual } from './directoryFace';
import { DNExpressionError, evaluateDN } from './dnExpression';
import { placeholderAttributes, withPlaceholder } from './emptyGroup';
import { type EvaluationScope, flowValues, isAllocated, scopeOf } from './flow';
import type { ObjectType } from './objectType';
import type { References } from './reference';
import { agreed, attributesApart, encodeSteps, statementsOf } from './statements';
import { atOnce, type Steps } from './steps';
import { toDirectory, ValueFault } from './syntax';

/** What a new entry is made from beside the resource. */
export interface CreateInput {
  readonly references: References;
  /** Where the entry goes when neither `-dn-` nor an expression says so. */
  readonly container: DN;
  readonly now: () => Date;
  readonly random: (length: number) => Uint8Array;
  /** Values that only the connector could find, by the canonical name of their target. */
  readonly allocated?: ReadonlyMap<string, string>;
  /** Further values, e.g. those of the disable flow when it is created inactive. */
  readonly additional?: readonly EntryAttribute[];
}

/** The entry to add, checked against the schema. @throws ScimError 400 that names every fault. */
export function entryOf(objectType: ObjectType, resource: Resource, input: CreateInput): Entry {
  return atOnce(entrySteps(objectType, resource, input));
}

/** The same in steps. */
export function* entrySteps(objectType: ObjectType, resource: Resource, input: CreateInput): Steps<Entry> {
  const scope = scopeOf(objectType, resource, input);
  const values = yield* statedValues(objectType, resource, input.references);
  const stated = new Set(values.keys());
  applyFlows(objectType, scope, values, { fallback: false, allocated: input.allocated });
  const named = givenDN(objectType, resource) ?? evaluatedDN(objectType, withMade(scope, objectType, values));
  if (named !== undefined) addNamingValues(objectType, named, values, stated);
  applyFlows(objectType, scope, values, { fallback: true, allocated: input.allocated });
  const dn = requireReadable(named ?? dnByAttribute(objectType, values, input.container));
  addNamingValues(objectType, dn, values, stated);
  for (const { name, values: more } of input.additional ?? [])
    values.set(objectType.schema.canonicalName(name), [...more]);
  for (const attribute of placeholderAttributes(objectType))
    if (!values.has(attribute.key)) values.set(attribute.key, [...withPlaceholder(objectType, attribute, [])]);
  values.set('objectclass', objectClasses(objectType, values.get('objectclass') ?? []));
  const attributes = [...values].map(([key, own]) => ({ name: ldapName(objectType.schema, key), values: own }));
  const entry = new Entry(dn, attributes);
  const faults = yield* checkEntrySteps(entry, objectType.schema);
  if (faults.length > 0)
    throw schemaError(faults.map(({ message, attribute }) => hint(objectType, message, attribute)));
  const { givenAnchor } = objectType;
  if (givenAnchor !== undefined && !entry.has(givenAnchor)) {
    const message = `${objectType.anchor} is the anchor, by which the entry is known for good, and has no value: send one.`;
    throw ScimError.invalidValue(hint(objectType, message, givenAnchor));
  }
  return entry;
}

const nothingSaid: Resource = {};

/** What both faces say, in the directory's encoding, by canonical name. */
function* statedValues(
  objectType: ObjectType,
  resource: Resource,
  references: References,
): Steps<Map<string, Value[]>> {
  const values = new Map<string, Value[]>();
  for (const attribute of attributesApart(objectType, resource, nothingSaid)) {
    if (attribute.readOnly) continue;
    const statements = statementsOf(objectType, attribute, resource).filter((statement) => statement.values.length > 0);
    const statement = agreed(statements, attribute, objectType, references);
    if (statement !== undefined)
      values.set(attribute.key, yield* encodeSteps(statement, attribute, objectType, references));
  }
  return values;
}

/** Mappings without a source attribute of their own; what a client states wins over what is made up. */
function applyFlows(
  objectType: ObjectType,
  scope: EvaluationScope,
  values: Map<string, Value[]>,
  { fallback, allocated }: { fallback: boolean; allocated: ReadonlyMap<string, string> | undefined },
): void {
  for (const flow of objectType.flows) {
    const attribute = objectType.attributes.get(flow.target);
    if (attribute === undefined || flow.fallback !== fallback || values.has(flow.target)) continue;
    const found = allocated?.get(flow.target);
    const made = found !== undefined ? [found] : isAllocated(flow) ? [] : (flowValues(flow, scope) ?? []);
    const encoded = made.map((value) => encodeMade(value, attribute));
    if (encoded.length > 0) values.set(flow.target, encoded);
  }
}

/** The scope of a DN expression: what the resource says, and then what mappings have made, e.g. a unique value. */
function withMade(
  scope: EvaluationScope,
  { schema }: ObjectType,
  values: ReadonlyMap<string, readonly Value[]>,
): EvaluationScope {
  return {
    ...scope,
    attribute: (name) => scope.attribute(name) ?? values.get(schema.canonicalName(name))?.[0]?.toString(),
  };
}

/** A value that a mapping of the connector file has made. @throws ScimError 400 that names the attribute */
export function encodeMade(value: string, { name, type }: DirectoryAttribute): Value {
  try {
    return toDirectory(value, type);
  } catch (error) {
    if (!(error instanceof ValueFault)) throw error;
    throw ScimError.invalidValue(
      `The connector's mapping into ${name} gives a value that does not fit: it ${error.message}.`,
    );
  }
}

function dnByAttribute(objectType: ObjectType, values: ReadonlyMap<string, readonly Value[]>, container: DN): DN {
  const type = objectType.rdnAttribute;
  const [value] = values.get(objectType.schema.canonicalName(type)) ?? [];
  if (value === undefined || value.length === 0) {
    const source = objectType.links.find(({ target }) => target === objectType.schema.canonicalName(type))?.source;
    throw ScimError.invalidValue(
      `The entry cannot be named: ${type} is its naming attribute and has no value. Send ${source ?? type}, or the name itself as ${virtual.dn}.`,
    );
  }
  return container.child(new RDN([{ type, value }]));
}

/** The `-dn-` of a request, parsed; undefined when there is none. @throws ScimError 400 where it is no DN. */
export function givenDN(objectType: ObjectType, resource: Resource): DN | undefined {
  const text = faceValue(resource, objectType.urn, virtual.dn);
  if (text === undefined || text === '') return undefined;
  try {
    if (typeof text !== 'string') throw new Error('it must be a string');
    const dn = DN.parse(text);
    if (dn.isRoot) throw new Error('it is empty');
    return dn;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw ScimError.invalidValue(
      `${virtual.dn} is not a distinguished name (RFC 4514): ${reason}. A comma or another special character inside a value is written with a backslash before it.`,
    );
  }
}

/**
 * A name that is longer than those that are read would be written, and then be found by nobody; a blank one is read by
 * nobody. @throws ScimError 400
 */
export function requireReadable(dn: DN): DN {
  const blank = dn.rdn?.parts.find(({ value }) => value.toString().trim() === '');
  if (blank !== undefined) {
    throw ScimError.invalidValue(
      `The entry would be named by a value of ${blank.type} that has only white space: send another one.`,
    );
  }
  const { length } = dn.toString();
  if (length <= DN.maxLength) return dn;
  throw ScimError.invalidValue(
    `The name of the entry would have ${length} characters, and ${DN.maxLength} are the most: give it a shorter value to be named by.`,
  );
}

/** The DN that the connector's expression gives; undefined where it has none. @throws ScimError 400 that says which source is missing. */
export function evaluatedDN({ dnExpression }: ObjectType, scope: EvaluationScope): DN | undefined {
  if (dnExpression === undefined) return undefined;
  try {
    return evaluateDN(dnExpression, scope);
  } catch (error) {
    if (!(error instanceof DNExpressionError)) throw error;
    throw ScimError.invalidValue(`The connector's DN expression gives no name for this resource: ${error.message}`);
  }
}

/**
 * An entry holds the values of its RDN (X.501 §9.6.1); most servers refuse one that does not. Where an attribute can have
 * one value only, the name wins over what a mapping has made; what a client has stated is left for the schema to judge.
 */
function addNamingValues(
  { schema }: ObjectType,
  dn: DN,
  values: Map<string, Value[]>,
  stated: ReadonlySet<string>,
): void {
  for (const { type, value } of dn.rdn?.parts ?? []) {
    const key = schema.canonicalName(type);
    const present = values.get(key) ?? [];
    const normal = schema.normalize(type, value);
    if (present.some((other) => schema.normalize(type, other) === normal)) continue;
    const replaced = schema.attributeType(type)?.singleValue === true && !stated.has(key);
    values.set(key, replaced ? [value] : [...present, value]);
  }
}

/** Target object and auxiliary classes of the file, then what the request adds, each once. */
function objectClasses(objectType: ObjectType, requested: readonly Value[]): Value[] {
  const classes = new Map<string, string>();
  for (const name of [...requested.map(String), ...objectType.classes]) {
    const key = objectType.schema.objectClass(name)?.oid ?? name.toLowerCase();
    if (!classes.has(key)) classes.set(key, name);
  }
  return [...classes.values()];
}

/** Names the SCIM attribute that would fill what the directory misses. */
function hint(objectType: ObjectType, message: string, attribute: string | undefined): string {
  if (attribute === undefined) return message;
  const key = objectType.schema.canonicalName(attribute);
  const source = objectType.links.find(({ target }) => target === key)?.source;
  return source === undefined ? message : `${message} (SCIM: ${source})`;
}

/** More faults than this are no help to whoever reads them. */
const SHOWN_FAULTS = 20;

/** One error for all schema faults. */
export function schemaError(messages: readonly string[]): ScimError {
  const more = messages.length > SHOWN_FAULTS ? `; and ${messages.length - SHOWN_FAULTS} more` : '';
  const shown = messages.slice(0, SHOWN_FAULTS).join('; ');
  return ScimError.invalidValue(`The directory's schema does not allow this entry: ${shown}${more}.`);
}
