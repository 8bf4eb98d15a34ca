/**
 * Members that nobody has asked for: who looks a group up by its name with `excludedAttributes=members` does not want
 * 100,000 of them read, from the directory or from the space, before they are left out of the answer.
 */
import type { Options } from '../directory/directory';
import { membersLink } from '../mapping/coreFace';
import type { ObjectType } from '../mapping/objectType';
import { attributesIn } from '../mapping/objectTypeChecks';
import type { Filter } from '../scim/filter';
import type { Context, Projection } from '../scim/handler';
import type { AttributePath } from '../scim/path';
import type { ConnectorContext } from './context';
import type { Found } from './entries';

/** Names (`ldapName`) of attributes that are not read. Never empty. */
export type LeftOut = ReadonlySet<string>;

/** A request that does without some attributes. */
export interface LeavingContext extends Context {
  readonly leave?: LeftOut;
}

/** Options of a read on behalf of such a request. */
export interface ReadOptions extends Options {
  readonly leave?: LeftOut;
}

/**
 * What an answer and its conditions can do without: the members, where neither face shows them. Who excludes them by the
 * name of the core schema excludes them under the directory's name too, unless that one is asked for.
 */
export function leftOutOf(
  { objectTypes }: Pick<ConnectorContext, 'objectTypes'>,
  objectType: ObjectType,
  { attributes, excludedAttributes = [] }: Projection,
  conditions: readonly AttributePath[] = [],
): LeftOut | undefined {
  const link = membersLink(objectType.links);
  const target = link && objectType.attributes.get(link.target);
  if (link === undefined || target === undefined) return undefined;
  const isCore = (path: AttributePath) => path.schema === link.schema && path.attribute === link.attribute;
  const isDirectory = (path: AttributePath) =>
    path.schema === objectType.urn && objectType.schema.canonicalName(path.attribute) === target.key;
  const isShown =
    attributes?.some((path) => isCore(path) || isDirectory(path)) ??
    !excludedAttributes.some((path) => isCore(path) && path.subAttribute === undefined);
  const isVersion = (path: AttributePath) =>
    path.attribute === 'meta' && (path.subAttribute ?? 'version') === 'version';
  const isNeeded =
    conditions.some((path) => isCore(path) || isDirectory(path) || isVersion(path)) ||
    objectTypes.some(({ filter, schema }) =>
      attributesIn(filter).some((name) => schema.canonicalName(name) === target.key),
    );
  return isShown || isNeeded ? undefined : new Set([target.ldapName]);
}

/** The attributes that a filter looks at. */
export function pathsIn(filter: Filter | undefined): AttributePath[] {
  if (filter === undefined) return [];
  switch (filter.kind) {
    case 'and':
    case 'or':
      return filter.filters.flatMap(pathsIn);
    case 'not':
      return pathsIn(filter.filter);
    default:
      return filter.path === undefined ? [] : [filter.path];
  }
}

/** An entry without what is left out; it no longer tells its version. */
export function lean<T extends Found>(found: T, leave: LeftOut): T {
  return { ...found, entry: found.entry.with([...leave].map((name) => ({ name, values: [] }))), partial: true };
}
