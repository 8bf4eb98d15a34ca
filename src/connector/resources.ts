/** Found entries → resources, with their references resolved, what the state store keeps of them, and their versions. */
import { facesSteps, metaOf } from '../mapping/attributes';
import { describingSteps } from '../mapping/described';
import type { ObjectType } from '../mapping/objectType';
import type { References } from '../mapping/reference';
import { atOnce, type Steps } from '../mapping/steps';
import type { Resource } from '../scim/resource';
import { nothingStored, type StoredAttributes } from '../space/state';
import type { ConnectorContext } from './context';
import { activeOf } from './deprovisioning';
import type { Found } from './entries';
import { hasMany, paced } from './pacing';
import { resolveReferences } from './resolving';
import { versionSteps } from './version';

/** The resources of entries that were found together. They are shared: nobody changes them. */
export async function resourcesOf(
  context: ConnectorContext,
  objectType: ObjectType,
  found: readonly Found[],
): Promise<Resource[]> {
  const [first] = found;
  if (first === undefined) return [];
  if (found.length === 1) return [(await resourceFor(context, objectType, first)).resource];
  const stored = await context.state.stored.getMany(found.map(({ id }) => id));
  const entries = found.map(({ entry }) => entry);
  const references = await resolveReferences(context, { objectType, entries, described: true });
  const resources: Resource[] = [];
  for (const one of found)
    resources.push(await resourceInTurns(context, objectType, one, stored.get(one.id) ?? nothingStored, references));
  return resources;
}

/** The resource of one entry, where it was made a short while ago of what it would be made of now. */
export function resourceAtHand(
  { state, made, spelled, space }: ConnectorContext,
  objectType: ObjectType,
  found: Found,
): Resource | undefined {
  const stored = state.stored.atHand(found.id);
  if (stored === undefined) return undefined;
  return made.find(found, { objectType, stored, spelled: spelled.revision, space: space.revision });
}

/** The resource of one entry, and what the state store keeps of it: an update compares with that. It is shared: nobody changes it. */
export async function resourceFor(
  context: ConnectorContext,
  objectType: ObjectType,
  found: Found,
  /** Where the caller knows it already. */
  kept?: StoredAttributes,
): Promise<{ resource: Resource; stored: StoredAttributes }> {
  const stored = kept ?? (await context.state.stored.get(found.id));
  const { made, spelled, space } = context;
  const ingredients = { objectType, stored, spelled: spelled.revision, space: space.revision };
  const known = made.find(found, ingredients);
  if (known !== undefined) return { resource: known, stored };
  const references = await resolveReferences(context, { objectType, entries: [found.entry], described: true });
  const resource = await resourceInTurns(context, objectType, found, stored, references);
  if (found.partial !== true && space.isAtHand(found)) made.keep(found, ingredients, references.isEmpty, resource);
  return { resource, stored };
}

/** A resource; of very many values in turns with whatever else waits. */
function resourceInTurns(...input: Parameters<typeof resourceOf>): Resource | Promise<Resource> {
  const [, , { entry }] = input;
  return hasMany(entry) ? paced(resourceOf(...input)) : atOnce(resourceOf(...input));
}

/** A resource from what is at hand. */
function* resourceOf(
  context: ConnectorContext,
  objectType: ObjectType,
  found: Found,
  stored: StoredAttributes,
  references: References,
): Steps<Resource> {
  const active = activeOf(objectType, found.entry, stored);
  const input = {
    id: found.id,
    references,
    stored,
    spelled: context.spelled.of(objectType),
    ...(active === undefined ? {} : { active }),
  };
  const resource = yield* facesSteps(objectType, found.entry, input);
  // A version is that of all values.
  const version = found.partial === true ? undefined : yield* versionSteps(resource);
  resource.meta = { ...metaOf(objectType, found.entry, input), ...(version !== undefined && { version }) };
  yield* describingSteps(objectType, resource, references);
  return resource;
}
