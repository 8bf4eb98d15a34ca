/** What the state store keeps of a resource: attributes that the directory has no place for, references to nobody, and how multi-valued ones were put. */
import { isDeepStrictEqual } from 'node:util';
import { type Entry, sameValue } from '../directory/entry';
import { coreListsOf } from '../mapping/attributes';
import { containerOf } from '../mapping/coreFace';
import { elementText } from '../mapping/filter';
import type { ObjectType } from '../mapping/objectType';
import { pendingOf } from '../mapping/pendingReferences';
import { isRemainder, remainderOf } from '../mapping/remainder';
import type { Resource } from '../scim/resource';
import { type Kept, nothingStored, type StoredAttributes, type StoredKey } from '../space/state';
import type { ConnectorContext } from './context';
import { previousKey } from './deprovisioning';
import type { Found } from './entries';

type Elements = Record<string, unknown>[];

/** An entry as the directory holds it, or is going to. */
type Shown = Pick<Found, 'id' | 'entry'>;

/** What was before a change; nothing before a create. */
export interface Earlier {
  readonly before?: StoredAttributes;
  readonly current?: Resource;
  /** The way back from a disable flow, to be kept too. */
  readonly previous?: unknown;
}

/** What is to be kept of a resource as it was set: `current` and `before` are the resource and what was kept of it until now. */
export function keptOf(
  objectType: ObjectType,
  found: Shown,
  desired: Resource,
  { before = {}, current = {}, previous }: Earlier = {},
): Kept {
  const attributes: Record<string, unknown> = {};
  for (const name of objectType.options.stored) {
    const value = valueAt(desired, name);
    if (value !== undefined) attributes[name] = value;
  }
  if (objectType.disableFlow?.action === 'none' && desired.active === false) attributes.active = false;
  if (previous !== undefined) attributes[previousKey] = previous;
  Object.assign(attributes, pendingOf(objectType, found.entry, desired));
  Object.assign(attributes, remainders(objectType, found, desired, current, before));
  return { attributes, keys: keysIn(attributes) };
}

/** Keeps what is to be kept of a resource as it was set, and answers it; nothing is written when nothing changes. */
export async function keepStored(
  context: ConnectorContext,
  objectType: ObjectType,
  found: Found,
  desired: Resource,
  earlier: Earlier = {},
): Promise<StoredAttributes> {
  const { attributes, keys } = keptOf(objectType, found, desired, earlier);
  const { before = nothingStored } = earlier;
  if (isDeepStrictEqual(attributes, before)) return before;
  return context.state.stored.set(found.id, { attributes, keys });
}

/**
 * What is kept of a resource that a disable flow is about to change, with the way back. It is kept before the flow is
 * written: afterwards nobody can read what was there, and the answer to the write may be lost. The same object where
 * nothing changes.
 */
export function withWayBack(stored: StoredAttributes, previous: unknown): StoredAttributes {
  if (isDeepStrictEqual(stored[previousKey], previous)) return stored;
  const { [previousKey]: _, ...others } = stored;
  return previous === undefined ? others : { ...others, [previousKey]: previous };
}

/** Keeps these attributes of a resource, whatever it was before. */
export async function keepAttributes(
  { state }: ConnectorContext,
  id: string,
  attributes: StoredAttributes,
): Promise<void> {
  await state.stored.set(id, { attributes, keys: keysIn(attributes) });
}

/** Whether two entries show the same elements of multi-valued attributes, so that what is to be kept of them is the same. */
export function showSameElements({ links, attributes }: ObjectType, a: Entry, b: Entry): boolean {
  return links.every(({ multiValued, subAttribute, target }) => {
    const name = attributes.get(target)?.ldapName;
    if (!multiValued || subAttribute === undefined || name === undefined) return true;
    const [values, others] = [a.values(name), b.values(name)];
    return values.length === others.length && values.every((value, index) => sameValue(value, others[index] ?? ''));
  });
}

const keysIn = (attributes: StoredAttributes): StoredKey[] =>
  Object.entries(attributes).flatMap(([name, value]) => keysOf(name, value));

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
  objectType: ObjectType,
  found: Shown,
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
    derived ??= coreListsOf(objectType, found.entry);
    const remainder = remainderOf(wanted, (containerOf(link, derived)?.[link.attribute] ?? []) as Elements);
    if (remainder !== undefined) kept[name] = remainder;
  }
  return kept;
}
