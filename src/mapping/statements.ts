/**
 * What a resource says of each attribute of the directory. The two faces may both speak of one attribute (decision 11):
 * who has changed it owns it, and two different changes in one request are a contradiction.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Value } from '../directory/entry';
import { ScimError } from '../scim/error';
import { faceOf } from '../scim/path';
import type { Resource } from '../scim/resource';
import { containerOf, type Link, valuesAt } from './coreFace';
import { type DirectoryAttribute, faceValue, virtual } from './directoryFace';
import type { ObjectType } from './objectType';
import { dnOf, looksLikeDN, type References } from './reference';
import { atOnce, eachAtOnce, eachInSteps, isMany, type Steps } from './steps';
import { toDirectory, ValueFault } from './syntax';

/** What one face says of an attribute. */
export interface Statement {
  /** As a client would write it, for messages. */
  readonly path: string;
  /** URN of the schema that the face stands in. */
  readonly face: string;
  /** JSON values; empty: nothing is said. */
  readonly values: readonly unknown[];
}

/** Everything that is said of one attribute, one statement per face or link. */
export function statementsOf(objectType: ObjectType, attribute: DirectoryAttribute, resource: Resource): Statement[] {
  const onFace = (name: string): Statement => ({
    path: `${objectType.urn}:${name}`,
    face: objectType.urn,
    values: asList(faceValue(resource, objectType.urn, name)),
  });
  const statements = [onFace(attribute.name)];
  const { linksInto, passwordKey } = sourcesOf(objectType);
  for (const link of linksInto.get(attribute.key) ?? []) {
    statements.push({ path: link.source, face: link.schema, values: valuesAt(link, resource) });
  }
  if (attribute.key === passwordKey) {
    statements.push({ path: 'password', face: objectType.resourceType.schema.id, values: asList(resource.password) });
    statements.push(onFace(virtual.exportPassword));
  }
  return statements;
}

/**
 * The attributes of which two resources do not hold the very same values, in the order of the object type. Values are
 * compared by identity: what a change leaves alone is shared, and costs nothing however many attributes the schema has.
 */
export function attributesApart(objectType: ObjectType, a: Resource, b: Resource): DirectoryAttribute[] {
  const { byName, password, places } = sourcesOf(objectType);
  const { urn } = objectType;
  const apart = new Set<DirectoryAttribute | undefined>();
  const [face, other] = [a, b].map((one) => faceOf(one, { schema: urn, extension: true }) ?? {});
  if (face !== other)
    for (const name of new Set([face, other].flatMap((one) => Object.keys(one ?? {}))))
      if (faceValue(a, urn, name) !== faceValue(b, urn, name))
        apart.add(name === virtual.exportPassword ? password : byName.get(name));
  for (const link of objectType.links)
    if (containerOf(link, a)?.[link.attribute] !== containerOf(link, b)?.[link.attribute])
      apart.add(objectType.attributes.get(link.target));
  if (a.password !== b.password) apart.add(password);
  const found = [...apart].filter((attribute) => attribute !== undefined);
  return found.sort((one, other) => (places.get(one) ?? 0) - (places.get(other) ?? 0));
}

/** Who speaks of which attribute: the same for every resource of an object type. */
interface Sources {
  /** By the key of the attribute. */
  readonly linksInto: ReadonlyMap<string, readonly Link[]>;
  /** By the name on the directory's face. */
  readonly byName: ReadonlyMap<string, DirectoryAttribute>;
  /** Its place in the order of the object type. */
  readonly places: ReadonlyMap<DirectoryAttribute, number>;
  readonly passwordKey: string;
  readonly password: DirectoryAttribute | undefined;
}

const knownSources = new WeakMap<ObjectType, Sources>();

function sourcesOf(objectType: ObjectType): Sources {
  let sources = knownSources.get(objectType);
  if (sources === undefined) {
    const linksInto = new Map<string, Link[]>();
    for (const link of objectType.links) linksInto.set(link.target, [...(linksInto.get(link.target) ?? []), link]);
    const passwordKey = objectType.schema.canonicalName(objectType.passwordAttribute);
    const attributes = [...objectType.attributes.values()];
    sources = {
      linksInto,
      byName: new Map(attributes.map((attribute) => [attribute.name, attribute])),
      places: new Map(attributes.map((attribute, place) => [attribute, place])),
      passwordKey,
      password: objectType.attributes.get(passwordKey),
    };
    knownSources.set(objectType, sources);
  }
  return sources;
}

function asList(value: unknown): readonly unknown[] {
  if (value === undefined || value === null || value === '') return [];
  return Array.isArray(value) ? value : [value];
}

/** The one thing that several statements say. @throws ScimError when they contradict each other. */
export function agreed(
  statements: readonly Statement[],
  attribute: DirectoryAttribute,
  objectType: ObjectType,
  references: References,
): Statement | undefined {
  const [first, ...others] = statements;
  if (first === undefined) return undefined;
  // Values of an attribute have no order (RFC 4512 §2.2): the same ones in another order are no contradiction.
  const normal = (statement: Statement) =>
    encode(statement, attribute, objectType, references)
      .map((value) => objectType.schema.normalize(attribute.name, value))
      .sort();
  for (const other of others) {
    if (isDeepStrictEqual(first.values, other.values) || isDeepStrictEqual(normal(first), normal(other))) continue;
    const detail = `${first.path} and ${other.path} are the same attribute of the directory (${attribute.name}) and are given different values: send one of them, or the same value in both.`;
    throw new ScimError(400, 'invalidValue', detail);
  }
  return first;
}

/** A statement in the directory's encoding. @throws ScimError that names the path. */
export function encode(
  statement: Statement,
  attribute: DirectoryAttribute,
  objectType: ObjectType,
  references: References,
): Value[] {
  return atOnce(encodeSteps(statement, attribute, objectType, references));
}

/** The same in steps. */
export function* encodeSteps(
  { path, face, values }: Statement,
  attribute: DirectoryAttribute,
  objectType: ObjectType,
  references: References,
): Steps<Value[]> {
  if (attribute.single && values.length > 1) {
    throw new ScimError(400, 'invalidValue', `${path} takes one value and was given ${values.length}.`);
  }
  const encodeOne = (value: unknown): Value => {
    try {
      if (attribute.type !== 'reference') return toDirectory(value, attribute.type);
      return referenceValue(value, attribute, face === objectType.urn, references);
    } catch (error) {
      if (!(error instanceof ValueFault)) throw error;
      // The value itself stays out of the message: it may be a secret, and the client knows what it sent.
      throw new ScimError(400, 'invalidValue', `${path} ${error.message}.`);
    }
  };
  const encoded = isMany(values) ? yield* eachInSteps(values, encodeOne) : values.map(encodeOne);
  if (encoded.length < 2) return encoded;
  // Two ids are two entries, and so two names: 100,000 of them need no normal form to be told apart.
  const areIds = attribute.type === 'reference' && attribute.by === undefined && !values.some(isNamedByDN);
  if (!isMany(encoded)) return areIds ? [...new Set(encoded)] : eachAtOnce(encoded, distinct(attribute, objectType));
  if (!areIds) return yield* eachInSteps(encoded, distinct(attribute, objectType));
  yield;
  const names = new Set(encoded);
  yield;
  return [...names];
}

function isNamedByDN(value: unknown): boolean {
  return typeof value === 'string' && looksLikeDN(value);
}

/** An attribute is a set: of values that match each other, the first one. */
function distinct({ ldapName }: DirectoryAttribute, { schema }: ObjectType): (value: Value) => Value | undefined {
  const seen = new Set<string>();
  return (value) => {
    const normal = schema.normalize(ldapName, value);
    if (seen.has(normal)) return undefined;
    seen.add(normal);
    return value;
  };
}

function referenceValue(value: unknown, attribute: DirectoryAttribute, isName: boolean, references: References): Value {
  if (typeof value !== 'string') throw new ValueFault('must be the id of a resource');
  if (attribute.by === undefined && looksLikeDN(value)) {
    const dn = dnOf(value);
    if (dn === undefined) throw new ValueFault('must be the id of a resource or a distinguished name');
    return dn.toString();
  }
  // Under the directory's own name an attribute also takes the directory's own values.
  const named = references.nameOf(attribute, value) ?? (attribute.by !== undefined && isName ? value : undefined);
  if (named === undefined)
    throw new ValueFault(`refers to a resource that is not known: there is none with id "${value.slice(0, 100)}"`);
  return named;
}
