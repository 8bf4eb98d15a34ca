/**
 * Changes of single values in the directory's words (decision 8): what can be written to a group of 100,000 members
 * without a look at them. Whatever cannot be put that way is left to whoever reads the entry first.
 */
import type { Value } from '../directory/entry';
import type { AttributePath, ValueChange } from '../scim/attributePath';
import type { DirectoryAttribute } from './directoryFace';
import { flowSources, readsAttribute } from './flow';
import type { ObjectType } from './objectType';
import { attributesIn } from './objectTypeChecks';
import { looksLikeDN, type References } from './reference';
import { namesRules } from './rules';
import { encodeSteps } from './statements';
import { eachInSteps, type Steps, VALUES_PER_STEP } from './steps';

/** What is added to one attribute of the directory and taken from it. */
export interface AttributeChange {
  readonly attribute: DirectoryAttribute;
  readonly add: readonly Value[];
  readonly remove: readonly Value[];
}

/** Value changes of one attribute, not yet resolved. */
interface Wanted {
  readonly attribute: DirectoryAttribute;
  readonly changes: readonly ValueChange[];
}

/** Value changes by attribute of the directory; undefined where some of them cannot be written without reading. */
export function changesByAttribute(objectType: ObjectType, changes: readonly ValueChange[]): Wanted[] | undefined {
  const wanted = new Map<string, { attribute: DirectoryAttribute; path: AttributePath; changes: ValueChange[] }>();
  for (const change of changes) {
    const attribute = attributeOf(objectType, change.path);
    if (attribute === undefined || !isFree(objectType, attribute)) return undefined;
    const own = wanted.get(attribute.key) ?? { attribute, path: change.path, changes: [] };
    // Both faces speak of it: whether they agree shows only in what they make of the entry.
    if (own.path.schema !== change.path.schema) return undefined;
    own.changes.push(change);
    wanted.set(attribute.key, own);
  }
  return wanted.size === 0 ? undefined : [...wanted.values()];
}

/** The attribute that holds references under a path, on either face. */
function attributeOf(
  { attributes, links, schema, urn }: ObjectType,
  path: AttributePath,
): DirectoryAttribute | undefined {
  if (path.schema === urn) return attributes.get(schema.canonicalName(path.attribute));
  const own = links.filter((link) => link.schema === path.schema && link.attribute === path.attribute);
  const [link] = own;
  const plain = own.length === 1 && link?.subAttribute === 'value' && Object.keys(link.terms).length === 0;
  return plain ? attributes.get(link.target) : undefined;
}

/** Whether nothing else follows from values of an attribute: names, matching keys, mappings, the type's own filter. */
function isFree(
  objectType: ObjectType,
  { key, type, single, readOnly, secret, ldapName }: DirectoryAttribute,
): boolean {
  if (type !== 'reference' || single || readOnly || secret) return false;
  const { schema, matching, namingAttributes, dnExpression, flows, filter } = objectType;
  if (namesRules(schema) && schema.attributeType(ldapName)?.equality === undefined) return false;
  if (matching.includes(key) || namingAttributes.includes(key)) return false;
  if (attributesIn(filter).some((name) => schema.canonicalName(name) === key)) return false;
  const sources = [...(dnExpression?.sources ?? []), ...flows.flatMap(flowSources)];
  return !sources.some((name) => readsAttribute(objectType, name, key));
}

/** Ids among the values, in steps, so that they can be looked up together. */
export function* idsAmong(changes: readonly ValueChange[]): Steps<string[]> {
  const ids = new Set<string>();
  for (const { values } of changes)
    for (const [index, value] of values.entries()) {
      if (index % VALUES_PER_STEP === VALUES_PER_STEP - 1) yield;
      if (typeof value === 'string' && !looksLikeDN(value)) ids.add(value);
    }
  return [...ids];
}

/**
 * The changes in the directory's encoding, in steps. What is to be removed and is not known is not there for the client either.
 * @throws ScimError 400 for a value that is added and cannot be resolved
 */
export function* encodeChanges(
  objectType: ObjectType,
  wanted: readonly Wanted[],
  references: References,
): Steps<AttributeChange[]> {
  const encoded: AttributeChange[] = [];
  for (const { attribute, changes } of wanted) {
    const values = { add: [] as readonly Value[], remove: [] as readonly Value[] };
    for (const { operation, path, values: given } of changes) {
      const known = (value: unknown) => (isKnown(value, attribute, references) ? value : undefined);
      const said = operation === 'add' ? given : yield* eachInSteps(given, known);
      const statement = { path: path.spelled, face: path.schema, values: said };
      const own = yield* encodeSteps(statement, attribute, objectType, references);
      values[operation] = values[operation].length === 0 ? own : [...values[operation], ...own];
    }
    encoded.push({ attribute, ...values });
  }
  return encoded;
}

function isKnown(value: unknown, attribute: DirectoryAttribute, references: References): boolean {
  if (typeof value !== 'string') return false;
  return looksLikeDN(value) || references.nameOf(attribute, value) !== undefined;
}
