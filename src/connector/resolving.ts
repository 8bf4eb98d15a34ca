/** References in both directions, looked up in the connector space: one batch each, however many there are. */
import type { Entry, Value } from '../directory/entry';
import { displayOf } from '../mapping/described';
import type { ObjectType } from '../mapping/objectType';
import {
  type Name,
  namesAny,
  namesIn,
  noReferences,
  type References,
  type Referring,
  type Target,
} from '../mapping/reference';
import { yieldToEventLoop } from '../space/eventLoop';
import type { Located } from '../space/rowReader';
import type { ConnectorContext } from './context';

/** An entry that refers to more others says which they are, and not what they are called. */
const MOST_DISPLAYED = 200;

/** Values that are looked at without a turn of the event loop. */
const AT_ONCE = 1_000;

/** What is to be resolved. */
export interface Unresolved {
  readonly objectType: ObjectType;
  /** Entries whose values name others. */
  readonly entries?: readonly Entry[];
  /** Ids that values are to be made of. */
  readonly ids?: readonly string[];
  /** Whether names for display are wanted. */
  readonly described?: boolean;
}

/** Keys by value, and each of them once, by the attribute that the values name entries by; '' for DNs. */
type Keys = Map<string, { readonly byValue: Map<string, string>; readonly distinct: Set<string> }>;

/** What was looked up. */
export interface Resolved extends References {
  /** No value names anybody. */
  readonly isEmpty: boolean;
}

const nothingNamed: Resolved = { ...noReferences, isEmpty: true };

/** Looks references up. Yields to the event loop where there are many. */
export async function resolveReferences(
  context: ConnectorContext,
  { objectType, entries = [], ids = [], described = false }: Unresolved,
): Promise<Resolved> {
  if (ids.length === 0 && !entries.some((entry) => namesAny(entry, objectType))) return nothingNamed;
  const { keys, displayed } = await keysIn(entries, objectType);
  if (keys.size === 0 && ids.length === 0) return nothingNamed;
  const located = new Map<string, Map<string, Located>>();
  for (const [by, own] of keys) located.set(by, await locate(context, by, [...own.distinct]));
  const find = ({ by = '' }: Referring, value: Value): Located | undefined => {
    const key = keys.get(by)?.byValue.get(value.toString());
    return key === undefined ? undefined : located.get(by)?.get(key);
  };
  const targets = new Map<string, Located>();
  for (const found of located.values())
    for (const one of found.values()) {
      targets.set(one.id, one);
      if (targets.size % AT_ONCE === 0) await yieldToEventLoop();
    }
  const shown = displayed.flatMap(({ by, key }) => located.get(by ?? '')?.get(key)?.id ?? []);
  const displays = described && shown.length > 0 ? await displaysOf(context, [...new Set(shown)]) : new Map();
  const endpoints = new Map(context.objectTypes.map(({ name, resourceType }) => [name, resourceType.endpoint]));
  const nameOf = await valuesOf(context, ids);
  return {
    isEmpty: keys.size === 0,
    idOf: (attribute, value) => find(attribute, value)?.id,
    nameOf,
    target: (id): Target | undefined => {
      const type = targets.get(id)?.objectType;
      const endpoint = endpoints.get(type ?? '');
      if (type === undefined || endpoint === undefined) return undefined;
      const display = displays.get(id);
      return { type, endpoint, ...(display === undefined ? {} : { display }) };
    },
  };
}

/** The keys of all values, and those values whose entries have few enough to be displayed. */
async function keysIn(
  entries: readonly Entry[],
  objectType: ObjectType,
): Promise<{ keys: Keys; displayed: readonly Name[] }> {
  const keys: Keys = new Map();
  const displayed: Name[] = [];
  let seen = 0;
  for (const entry of entries) {
    const own: Name[] = [];
    for (const name of namesIn(entry, objectType)) {
      const { value, key, by = '' } = name;
      const known = keys.get(by) ?? { byValue: new Map(), distinct: new Set() };
      keys.set(by, known);
      known.byValue.set(value, key);
      known.distinct.add(key);
      if (own.length <= MOST_DISPLAYED) own.push(name);
      seen += 1;
      if (seen % AT_ONCE === 0) await yieldToEventLoop();
    }
    if (own.length <= MOST_DISPLAYED) displayed.push(...own);
  }
  return { keys, displayed };
}

async function locate(
  { space, objectTypes }: ConnectorContext,
  by: string,
  keys: readonly string[],
): Promise<Map<string, Located>> {
  if (by === '') return space.atDNs(keys);
  const found = new Map<string, Located>();
  // The first object type owns what several have.
  for (const { name, matching } of [...objectTypes].reverse())
    if (matching.includes(by)) for (const [key, one] of await space.atMatches(name, by, keys)) found.set(key, one);
  return found;
}

async function displaysOf(
  { space, objectTypes }: ConnectorContext,
  ids: readonly string[],
): Promise<Map<string, string>> {
  const types = new Map(objectTypes.map((objectType) => [objectType.name, objectType]));
  const displays = new Map<string, string>();
  for (const { id, objectType, entry } of await space.byIds(ids, 'short')) {
    const type = types.get(objectType);
    const display = type && displayOf(type, entry);
    if (display !== undefined) displays.set(id, display);
  }
  return displays;
}

/** What names these resources: their DNs, and where some attribute names entries otherwise, those values of theirs. */
async function valuesOf(
  { space, objectTypes }: ConnectorContext,
  ids: readonly string[],
): Promise<References['nameOf']> {
  if (ids.length === 0) return () => undefined;
  const dns = await space.dnsOfIds(ids);
  const isNamed = objectTypes.some(({ attributes }) => [...attributes.values()].some(({ by }) => by !== undefined));
  const entries = isNamed ? new Map((await space.byIds(ids, 'short')).map(({ id, entry }) => [id, entry])) : undefined;
  return ({ by }, id) => {
    if (by === undefined) return dns.get(id);
    return entries?.get(id)?.values(by)[0];
  };
}
