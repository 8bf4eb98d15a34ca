/** Disable flow and delete flow (decision 13): none, set attribute values or bits, move, delete; and the way back. */
import { DN } from '../directory/dn';
import type { Entry, EntryAttribute } from '../directory/entry';
import type { Schema } from '../directory/schema';
import { ldapName } from '../mapping/directoryFace';
import type { ObjectType } from '../mapping/objectType';
import type { BitsFlow, FlowOptions } from '../mapping/options';
import { ScimError } from '../scim/error';
import type { Resource } from '../scim/resource';

/** Key in the state store, beside a resource's stored attributes, under which the way back is kept. */
export const previousKey = '-previous-';

/** What an entry had before a flow changed it. */
export interface Previous {
  readonly attributes?: Readonly<Record<string, readonly string[]>>;
  /** DN of the container it was moved from. */
  readonly container?: string;
}

/** What `active` is, read back from the entry; undefined where no disable flow gives it a meaning. */
export function activeOf(
  objectType: ObjectType,
  entry: Entry,
  stored: Readonly<Record<string, unknown>>,
): boolean | undefined {
  const flow = objectType.disableFlow;
  switch (flow?.action) {
    case undefined:
      return undefined;
    case 'none':
      return stored.active !== false;
    case 'setAttribute':
      return !hasValues(objectType, entry, flow.values);
    case 'setBits':
      return !hasBits(flow, entry, objectType.schema);
    case 'move':
      return !entry.dn.isWithin(DN.parse(flow.container), objectType.schema);
    case 'delete':
      return true;
  }
}

function hasValues(
  { schema }: ObjectType,
  entry: Entry,
  values: Readonly<Record<string, string | readonly string[]>>,
): boolean {
  const flow = Object.entries(values);
  return (
    flow.length > 0 &&
    flow.every(([name, wanted]) => {
      const present = new Set(entry.values(ldapName(schema, name)).map((value) => schema.normalize(name, value)));
      const all = [wanted].flat();
      // A flow that clears an attribute is met where it has no value.
      return all.length === 0 ? present.size === 0 : all.every((value) => present.has(schema.normalize(name, value)));
    })
  );
}

/** The integer that a flow sets bits of; undefined where the entry has none that is one. */
function flagsOf({ attribute }: BitsFlow, entry: Entry, schema: Schema): bigint | undefined {
  const text = entry.first(ldapName(schema, attribute));
  return text !== undefined && /^-?\d{1,20}$/.test(text) ? BigInt(text) : undefined;
}

function hasBits(flow: BitsFlow, entry: Entry, schema: Schema): boolean {
  const bits = BigInt(flow.bits);
  return ((flagsOf(flow, entry, schema) ?? 0n) & bits) === bits;
}

function withFlags({ attribute }: BitsFlow, entry: Entry, schema: Schema, flags: bigint): Entry {
  return entry.with([{ name: ldapName(schema, attribute), values: [flags.toString()] }]);
}

/** A new entry that is active. A product may disable what comes without a word about it, and enable nobody without a password. */
export function enabledWhenNew({ disableFlow: flow, schema, passwordAttribute }: ObjectType, entry: Entry): Entry {
  if (flow?.action !== 'setBits' || flow.initial === undefined) return entry;
  const isSaid = entry.has(ldapName(schema, flow.attribute));
  if (isSaid || !entry.has(ldapName(schema, passwordAttribute))) return entry;
  return withFlags(flow, entry, schema, BigInt(flow.initial));
}

/** The attributes that a flow sets whatever is there, under the names by which entries hold them; none for the other flows. */
export function attributesOf(flow: FlowOptions | undefined, schema: Schema): EntryAttribute[] {
  if (flow?.action !== 'setAttribute') return [];
  return Object.entries(flow.values).map(([name, values]) => ({
    name: ldapName(schema, name),
    values: [values].flat(),
  }));
}

/** An entry after a flow, and what is to be remembered for the way back. */
export interface FlowResult {
  readonly after: Entry;
  readonly previous?: Previous;
}

/** Applies a flow that keeps the entry. */
export function applyFlow(flow: FlowOptions, entry: Entry, schema: Schema): FlowResult {
  if (flow.action === 'setAttribute') {
    const attributes = attributesOf(flow, schema);
    const previous = Object.fromEntries(
      attributes.flatMap(({ name }) => (entry.has(name) ? [[name, entry.values(name).map(String)]] : [])),
    );
    return {
      after: entry.with(attributes),
      ...(Object.keys(previous).length > 0 ? { previous: { attributes: previous } } : {}),
    };
  }
  if (flow.action === 'setBits') {
    const flags = flagsOf(flow, entry, schema) ?? BigInt(flow.initial ?? 0);
    return { after: withFlags(flow, entry, schema, flags | BigInt(flow.bits)) };
  }
  if (flow.action !== 'move' || entry.dn.rdn === undefined || entry.dn.parent === undefined) return { after: entry };
  return {
    after: entry.with([], DN.parse(flow.container).child(entry.dn.rdn)),
    previous: { container: entry.dn.parent.toString() },
  };
}

/** The way back: values and container as they were, or without the flow's values, in the container of new entries. */
export function undoFlow(
  flow: FlowOptions,
  entry: Entry,
  previous: Previous | undefined,
  { container, schema }: { container: DN; schema: Schema },
): Entry {
  if (flow.action === 'setAttribute') {
    const before = previous?.attributes ?? {};
    return entry.with(
      attributesOf(flow, schema).map(({ name }) => ({
        name,
        values: Object.hasOwn(before, name) ? (before[name] ?? []) : [],
      })),
    );
  }
  if (flow.action === 'setBits') {
    const flags = flagsOf(flow, entry, schema);
    return flags === undefined ? entry : withFlags(flow, entry, schema, flags & ~BigInt(flow.bits));
  }
  if (flow.action !== 'move' || entry.dn.rdn === undefined) return entry;
  return entry.with(
    [],
    (previous?.container === undefined ? container : DN.parse(previous.container)).child(entry.dn.rdn),
  );
}

/** 400: the administrator has not said what disabling means. */
export function cannotDisable(objectType: ObjectType): ScimError {
  return ScimError.invalidValue(
    `active cannot be false: the connector has no disable flow for ${objectType.name}. Set deprovisioning.disableFlow in the connector file (none, setAttribute, move or delete).`,
  );
}

/** 400: an account is enabled or disabled, and nobody has said which. */
export function cannotRemoveActive(): ScimError {
  return ScimError.mutability(
    'active cannot be removed: an account is enabled or disabled. Set it to true or to false.',
  );
}

/** What `active` turns into; undefined when it stays. @throws ScimError 400 where the connector cannot disable. */
export function activeChange(objectType: ObjectType, current: Resource, desired: Resource): boolean | undefined {
  if (objectType.disableFlow === undefined) {
    if (desired.active === false) throw cannotDisable(objectType);
    return undefined;
  }
  if (desired.active === undefined || desired.active === current.active) return undefined;
  return desired.active === true;
}

/** Whether the resource is to be created inactive. @throws ScimError 400 where inactive users cannot be. */
export function inactiveBy(objectType: ObjectType, resource: Resource): boolean {
  if (resource.active !== false) return false;
  const action = objectType.disableFlow?.action;
  if (action === undefined) throw cannotDisable(objectType);
  if (action === 'delete') {
    throw ScimError.invalidValue(
      'active is false and the disable flow of this connector deletes: there is nothing to create.',
    );
  }
  return true;
}
