/** Found entries → resources, with their references resolved, what the state store keeps of them, and their versions. */
import { hash } from 'node:crypto';
import type { DN } from '../directory/dn';
import { resourceOf } from '../mapping/attributes';
import type { ObjectType } from '../mapping/objectType';
import { dnsIn, idsIn, type References } from '../mapping/reference';
import type { Resource } from '../scim/resource';
import type { StoredAttributes } from '../space/state';
import type { ConnectorContext } from './context';
import { activeOf } from './deprovisioning';
import type { Found } from './entries';

/** References of more values than this come without `$ref`: each costs a look at the space. */
const typedReferences = 200;

/** The resources of entries that were found together. */
export async function resourcesOf(
  context: ConnectorContext,
  objectType: ObjectType,
  found: readonly Found[],
): Promise<Resource[]> {
  if (found.length === 0) return [];
  const stored = await context.state.stored.getMany(found.map(({ id }) => id));
  const dns = [...new Set(found.flatMap(({ entry }) => dnsIn(entry, objectType)))];
  const references = await referencesOf(context, dns, []);
  return found.map((one) => resource(context, objectType, one, stored.get(one.id) ?? {}, references));
}

/** The resource of one entry, and what the state store keeps of it: an update compares with that. */
export async function resourceFor(
  context: ConnectorContext,
  objectType: ObjectType,
  found: Found,
  /** Where the caller knows it already. */
  kept?: StoredAttributes,
): Promise<{ resource: Resource; stored: StoredAttributes }> {
  const stored = kept ?? (await context.state.stored.get(found.id)) ?? {};
  const references = await referencesOf(context, dnsIn(found.entry, objectType), []);
  return { resource: resource(context, objectType, found, stored, references), stored };
}

/** A resource from what is at hand. */
function resource(
  context: ConnectorContext,
  objectType: ObjectType,
  found: Found,
  stored: StoredAttributes,
  references: References,
): Resource {
  const active = activeOf(objectType, found.entry, stored);
  const made = resourceOf(objectType, found.entry, {
    id: found.id,
    references,
    stored,
    spelled: context.spelled.of(objectType),
    ...(active === undefined ? {} : { active }),
  });
  if (made.meta !== undefined) made.meta.version = versionOf(made);
  return made;
}

/** A hash of the values in scope (decision 14): stamps of the directory miss what plug-ins change, and have coarse clocks. */
function versionOf({ meta: _stamps, ...values }: Resource): string {
  return `W/"${hash('sha1', JSON.stringify(values), 'base64url')}"`;
}

/** Both directions of references, looked up in the connector space in one batch each. */
export async function referencesOf(
  { space }: ConnectorContext,
  normalizedDNs: readonly string[],
  ids: readonly string[],
): Promise<References> {
  const idByDN = normalizedDNs.length === 0 ? new Map<string, string>() : await space.idsOfDNs(normalizedDNs);
  const dnById = ids.length === 0 ? new Map<string, DN>() : await space.dnsOfIds(ids);
  const types = new Map<string, string>();
  if (idByDN.size <= typedReferences) {
    for (const id of idByDN.values()) {
      const row = space.get(id);
      if (row !== undefined) types.set(id, row.objectType);
    }
  }
  return {
    idOf: (normalizedDN) => idByDN.get(normalizedDN),
    dnOf: (id) => dnById.get(id),
    typeOf: (id) => types.get(id),
  };
}

/** The references that a resource makes, resolved. */
export function referencesIn(
  context: ConnectorContext,
  objectType: ObjectType,
  resources: readonly Resource[],
  normalizedDNs: readonly string[],
): Promise<References> {
  return referencesOf(context, normalizedDNs, [...new Set(resources.flatMap((one) => idsIn(one, objectType)))]);
}
