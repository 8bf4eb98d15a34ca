/** Found entries → resources, with their references resolved, what the state store keeps of them, and their versions. */
import { hash } from 'node:crypto';
import { describeReferences, resourceOf } from '../mapping/attributes';
import type { ObjectType } from '../mapping/objectType';
import type { References } from '../mapping/reference';
import type { Resource } from '../scim/resource';
import type { StoredAttributes } from '../space/state';
import type { ConnectorContext } from './context';
import { activeOf } from './deprovisioning';
import type { Found } from './entries';
import { resolveReferences } from './resolving';

/** The resources of entries that were found together. */
export async function resourcesOf(
  context: ConnectorContext,
  objectType: ObjectType,
  found: readonly Found[],
): Promise<Resource[]> {
  if (found.length === 0) return [];
  const stored = await context.state.stored.getMany(found.map(({ id }) => id));
  const entries = found.map(({ entry }) => entry);
  const references = await resolveReferences(context, { objectType, entries, described: true });
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
  const references = await resolveReferences(context, { objectType, entries: [found.entry], described: true });
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
  // A version is that of all values.
  if (made.meta !== undefined && found.partial !== true) made.meta.version = versionOf(made);
  describeReferences(objectType, made, references);
  return made;
}

/** A hash of the values in scope (decision 14): stamps of the directory miss what plug-ins change, and have coarse clocks. */
function versionOf({ meta: _stamps, ...values }: Resource): string {
  return `W/"${hash('sha1', JSON.stringify(values), 'base64url')}"`;
}
