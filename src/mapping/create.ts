/** Resource → the entry that a create adds. */
import { DN, RDN } from '../directory/dn';
import { Entry, type EntryAttribute, type Value } from '../directory/entry';
import { checkEntry } from '../directory/schemaCheck';
import { ScimError } from '../scim/error';
import type { Resource } from '../scim/resource';
import { type DirectoryAttribute, virtual } from './directoryFace';
import { DNExpressionError, evaluateDN } from './dnExpression';
import { type EvaluationScope, flowValues, isAllocated, scopeOf } from './flow';
import type { ObjectType } from './objectType';
import type { References } from './reference';
import { agreed, encode, statementsOf } from './statements';
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
  const scope = scopeOf(objectType, resource, input);
  const values = statedValues(objectType, resource, input.references);
  applyFlows(objectType, scope, values, input.allocated);
  for (const { name, values: more } of input.additional ?? [])
    values.set(objectType.schema.canonicalName(name), [...more]);
  const dn = dnOfNew(objectType, resource, values, scope, input.container);
  addNamingValues(objectType, dn, values);
  values.set('objectclass', objectClasses(objectType, values.get('objectclass') ?? []));
  const attributes = [...values].map(([key, own]) => ({
    name: objectType.attributes.get(key)?.name ?? nameOf(objectType, key),
    values: own,
  }));
  const entry = new Entry(dn, attributes);
  const faults = checkEntry(entry, objectType.schema);
  if (faults.length > 0)
    throw schemaError(faults.map(({ message, attribute }) => hint(objectType, message, attribute)));
  return entry;
}

function nameOf({ schema }: ObjectType, key: string): string {
  return schema.attributeType(key)?.name ?? key;
}

/** What both faces say, in the directory's encoding, by canonical name. */
function statedValues(objectType: ObjectType, resource: Resource, references: References): Map<string, Value[]> {
  const values = new Map<string, Value[]>();
  for (const attribute of objectType.attributes.values()) {
    if (attribute.readOnly) continue;
    const statements = statementsOf(objectType, attribute, resource).filter((statement) => statement.values.length > 0);
    const statement = agreed(statements, attribute, objectType, references);
    if (statement !== undefined) values.set(attribute.key, encode(statement, attribute, objectType, references));
  }
  return values;
}

/** Mappings without a source attribute of their own; what a client states wins over what is made up. */
function applyFlows(
  objectType: ObjectType,
  scope: EvaluationScope,
  values: Map<string, Value[]>,
  allocated: ReadonlyMap<string, string> = new Map(),
): void {
  for (const fallback of [false, true]) {
    for (const flow of objectType.flows) {
      const attribute = objectType.attributes.get(flow.target);
      if (attribute === undefined || flow.fallback !== fallback || values.has(flow.target)) continue;
      const found = allocated.get(flow.target);
      const made = found !== undefined ? [found] : isAllocated(flow) ? [] : (flowValues(flow, scope) ?? []);
      if (made.length > 0)
        values.set(
          flow.target,
          made.map((value) => encodeMade(value, attribute)),
        );
    }
  }
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

function dnOfNew(
  objectType: ObjectType,
  resource: Resource,
  values: ReadonlyMap<string, readonly Value[]>,
  scope: EvaluationScope,
  container: DN,
): DN {
  const given = givenDN(objectType, resource);
  if (given !== undefined) return given;
  if (objectType.dnExpression !== undefined) return evaluated(objectType, scope);
  const type = objectType.rdnAttribute;
  const [value] = values.get(objectType.schema.canonicalName(type)) ?? [];
  if (value === undefined || value.length === 0) {
    const source = objectType.links.find(({ target }) => target === objectType.schema.canonicalName(type))?.source;
    throw new ScimError(
      400,
      'invalidValue',
      `The entry cannot be named: ${type} is its naming attribute and has no value. Send ${source ?? type}, or the name itself as ${virtual.dn}.`,
    );
  }
  return container.child(new RDN([{ type, value }]));
}

/** The `-dn-` of a request, parsed; undefined when there is none. @throws ScimError 400 where it is no DN. */
export function givenDN(objectType: ObjectType, resource: Resource): DN | undefined {
  const text = (resource[objectType.urn] as Record<string, unknown> | undefined)?.[virtual.dn];
  if (text === undefined || text === '') return undefined;
  try {
    if (typeof text !== 'string') throw new Error('it must be a string');
    const dn = DN.parse(text);
    if (dn.isRoot) throw new Error('it is empty');
    return dn;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ScimError(
      400,
      'invalidValue',
      `${virtual.dn} is not a distinguished name (RFC 4514): ${reason}. A comma or another special character inside a value is written with a backslash before it.`,
    );
  }
}

/** The DN that the connector's expression gives. @throws ScimError 400 that says which source is missing. */
export function evaluated(objectType: ObjectType, scope: EvaluationScope): DN {
  if (objectType.dnExpression === undefined)
    throw new ScimError(400, 'invalidValue', 'The connector has no DN expression.');
  try {
    return evaluateDN(objectType.dnExpression, scope);
  } catch (error) {
    if (!(error instanceof DNExpressionError)) throw error;
    throw new ScimError(
      400,
      'invalidValue',
      `The connector's DN expression gives no name for this resource: ${error.message}`,
    );
  }
}

/** An entry holds the values of its RDN (X.501 §9.6.1); most servers refuse one that does not. */
function addNamingValues({ schema }: ObjectType, dn: DN, values: Map<string, Value[]>): void {
  for (const { type, value } of dn.rdn?.parts ?? []) {
    const key = schema.canonicalName(type);
    const present = values.get(key) ?? [];
    const normal = schema.normalize(type, value);
    if (!present.some((other) => schema.normalize(type, other) === normal)) values.set(key, [...present, value]);
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

/** One error for all schema faults. */
export function schemaError(messages: readonly string[]): ScimError {
  return new ScimError(
    400,
    'invalidValue',
    `The directory's schema does not allow this entry: ${messages.join('; ')}.`,
  );
}
