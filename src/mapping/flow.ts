/** One-way mappings: expressions and constants, evaluated over a resource. */

import { ScimError } from '../scim/error';
import { parsePath } from '../scim/path';
import type { Resource } from '../scim/resource';
import { linkOf, valuesAt } from './coreFace';
import { sourceAliases } from './defaultMapping';
import { faceValue } from './directoryFace';
import { ExpressionEvaluationError, evaluate, type ResultValue, type Scope } from './expression';
import type { Flow, ObjectType } from './objectType';

/** What an expression may look at. */
export type EvaluationScope = Scope;

/** The attributes of a resource, on either face, under the names that expressions use. */
export function scopeOf(
  objectType: ObjectType,
  resource: Resource,
  { now, random }: Pick<Scope, 'now' | 'random'>,
): EvaluationScope {
  return { now, random, attribute: (name) => scalar(sourceValues(objectType, resource, name)) };
}

/** The values of a source, as an expression names it: a SCIM path, a name of the directory, or an identity provider's own name for it. */
export function sourceValues(objectType: ObjectType, resource: Resource, name: string): readonly unknown[] {
  const directory = objectType.attributes.get(objectType.schema.canonicalName(name));
  const core = parsePath(name, objectType.resourceType) ?? parsePath(aliasOf(name) ?? '', objectType.resourceType);
  if (core !== undefined && core.schema !== objectType.urn) {
    const link = linkOf(core.spelled, objectType.rdnAttribute, objectType.name, objectType.schema);
    const values = typeof link === 'string' ? [] : valuesAt(link, resource);
    if (values.length > 0) return values;
  }
  const value = faceValue(resource, objectType.urn, directory?.name ?? name);
  if (value !== undefined) return Array.isArray(value) ? value : [value];
  // A name of the directory that only the core face has filled.
  const link = objectType.links.find(({ target }) => target === directory?.key);
  return link === undefined ? [] : valuesAt(link, resource);
}

/** Whether what an expression names comes from an attribute of the directory, by its key. */
export function readsAttribute({ links, resourceType, schema }: ObjectType, name: string, key: string): boolean {
  if (schema.canonicalName(name) === key) return true;
  const core = parsePath(name, resourceType) ?? parsePath(aliasOf(name) ?? '', resourceType);
  return links.some((link) => link.target === key && link.attribute === core?.attribute);
}

/** Whether anything is known under the name that an expression uses. */
export function isKnownSource(objectType: ObjectType, name: string): boolean {
  if (objectType.attributes.has(objectType.schema.canonicalName(name))) return true;
  return parsePath(name, objectType.resourceType) !== undefined || aliasOf(name) !== undefined;
}

function aliasOf(name: string): string | undefined {
  const key = name.toLowerCase();
  return Object.hasOwn(sourceAliases, key) ? sourceAliases[key] : undefined;
}

function scalar(values: readonly unknown[]): ReturnType<Scope['attribute']> {
  if (values.length === 0) return undefined;
  if (values.length > 1) return values.map(String);
  const [value] = values;
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : undefined;
}

/** What a flow gives, as text values; undefined when it leaves the attribute as it is. @throws ScimError 400 where it has no value */
export function flowValues({ value, target }: Flow, scope: EvaluationScope): string[] | undefined {
  if ('constant' in value) return [value.constant];
  try {
    const result = evaluate(value, scope);
    return result.kind === 'ignore' ? undefined : textsOf(result.value);
  } catch (error) {
    if (!(error instanceof ExpressionEvaluationError)) throw error;
    throw ScimError.invalidValue(
      `The connector's expression for ${target} has no value for this resource: ${error.message}.`,
    );
  }
}

/** The sources of an expression; a constant has none. */
export function flowSources({ value }: Flow): readonly string[] {
  return 'constant' in value ? [] : value.sources;
}

/** Whether only the connector can find the value, by asking the directory. */
export function isAllocated({ value }: Flow): boolean {
  return 'allocation' in value && value.allocation !== undefined;
}

function textsOf(value: ResultValue): string[] {
  if (value === null || value === '') return [];
  if (value instanceof Date) return [value.toISOString()];
  return typeof value === 'object' ? [...value] : [String(value)];
}
