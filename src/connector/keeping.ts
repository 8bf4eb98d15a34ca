/** What the state store keeps of a resource: attributes that the directory has no place for, and how multi-valued ones were put. */
import { isDeepStrictEqual } from 'node:util';
import { containerOf } from '../mapping/coreFace';
import { elementText } from '../mapping/filter';
import type { ObjectType } from '../mapping/objectType';
import { noReferences } from '../mapping/reference';
import { isRemainder, remainderOf } from '../mapping/remainder';
import type { Resource } from '../scim/resource';
import type { StoredAttributes, StoredKey } from '../space/state';
import type { ConnectorContext } from './context';
import { previousKey } from './deprovisioning';
import type { Found } from './entries';
import { resource as makeResource } from './resources';

type Elements = Record<string, unknown>[];

/** Keeps what is to be kept of a resource as it was set; nothing is written when nothing changes. */
export async function keepStored(
  context: ConnectorContext,
  objectType: ObjectType,
  found: Found,
  desired: Resource,
  before: StoredAttributes,
  previous?: unknown,
  current: Resource = {},
): Promise<void> {
  const attributes: Record<string, unknown> = {};
  for (const name of objectType.options.stored) {
    const value = valueAt(desired, name);
    if (value !== undefined) attributes[name] = value;
  }
  if (objectType.disableFlow?.action === 'none' && desired.active === false) attributes.active = false;
  if (previous !== undefined) attributes[previousKey] = previous;
  Object.assign(attributes, remainders(context, objectType, found, desired, current, before));
  if (isDeepStrictEqual(attributes, before)) return;
  const keys = Object.entries(attributes).flatMap(([name, value]) => keysOf(name, value));
  if (Object.keys(attributes).length === 0) await context.state.stored.remove(found.id);
  else await context.state.stored.set(found.id, attributes, keys);
}

/** Under which keys a kept attribute is found: its text, or the values of its elements. */
function keysOf(name: string, value: unknown): StoredKey[] {
  if (typeof value === 'string') return [{ attribute: name, value }];
  if (!isRemainder(value)) return [];
  return value.elements.flatMap((element) =>
    element.value === undefined ? [] : [{ attribute: `${name}.value`, value: elementText(element.value) }],
  );
}

function valueAt(resource: Resource, name: string): unknown {
  const colon = name.lastIndexOf(':');
  if (colon < 0) return resource[name];
  return (resource[name.slice(0, colon)] as Record<string, unknown> | undefined)?.[name.slice(colon + 1)];
}

/** Multi-valued attributes whose elements the directory's values alone do not give back. */
function remainders(
  context: ConnectorContext,
  objectType: ObjectType,
  found: Found,
  desired: Resource,
  current: Resource,
  before: StoredAttributes,
): Record<string, unknown> {
  const kept: Record<string, unknown> = {};
  let derived: Resource | undefined;
  for (const link of objectType.links) {
    if (!link.multiValued || link.subAttribute === undefined) continue;
    if (objectType.attributes.get(link.target)?.type === 'reference') continue;
    const name = link.extension ? `${link.schema}:${link.attribute}` : link.attribute;
    const wanted = containerOf(link, desired)?.[link.attribute] as Elements | undefined;
    if (wanted === undefined || kept[name] !== undefined) continue;
    if (isDeepStrictEqual(wanted, containerOf(link, current)?.[link.attribute])) {
      // The other face may have changed its values; how they were put is remembered as it was.
      if (before[name] !== undefined) kept[name] = before[name];
      continue;
    }
    derived ??= makeResource(context, objectType, found, {}, noReferences);
    const remainder = remainderOf(wanted, (containerOf(link, derived)?.[link.attribute] ?? []) as Elements);
    if (remainder !== undefined) kept[name] = remainder;
  }
  return kept;
}
