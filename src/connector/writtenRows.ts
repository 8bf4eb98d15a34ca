/** What a write has answered becomes a row of the connector space. */
import type { Entry } from '../directory/entry';
import type { ObjectType } from '../mapping/objectType';
import { ScimError } from '../scim/error';
import type { SpaceChange, SpaceRow } from '../space/connectorSpace';
import type { ConnectorContext } from './context';
import type { Entries, Found } from './entries';
import { hasMany } from './pacing';

/** A new entry, which can be read at once. */
export interface Added {
  readonly found: Found;
  /** Resolves when its row is committed. A process that is killed before has to find the entry by its intent (decision 48). */
  readonly saved: Promise<void>;
}

/** An entry that was there before, and was read. */
export function isSaved(found: Found): Added {
  return { found, saved: Promise.resolve() };
}

/** Saves what a write has just answered. @throws ScimError when the directory did not tell the entry's anchor */
export async function saveWritten(
  context: ConnectorContext,
  entries: Entries,
  objectType: ObjectType,
  entry: Entry,
): Promise<Found> {
  const { row, change } = await answered(context, entries, objectType, entry);
  await context.space.save([change], 'company');
  context.doubts.believe(row.id);
  return row;
}

/** The same for what an Add has answered, without waiting for the commit. */
export async function acceptAdded(
  context: ConnectorContext,
  entries: Entries,
  objectType: ObjectType,
  entry: Entry,
): Promise<Added> {
  // What takes long to save would hold up whoever reads next.
  if (hasMany(entry)) return isSaved(await saveWritten(context, entries, objectType, entry));
  const { row, change } = await answered(context, entries, objectType, entry);
  context.doubts.believe(row.id);
  return { found: row, saved: context.space.accept([change]) };
}

async function answered(
  { clock }: ConnectorContext,
  entries: Entries,
  objectType: ObjectType,
  entry: Entry,
): Promise<{ row: SpaceRow; change: SpaceChange }> {
  const row = await entries.rowOf(objectType, entry, clock().getTime());
  if (row === undefined) {
    throw new ScimError(
      502,
      undefined,
      `The directory did not return ${objectType.anchor} of "${entry.dn.toString()}": give the connector's account the right to read it, or choose another anchor.`,
    );
  }
  // What no longer meets the object type's filter is written all the same, and then out of sight.
  const isIn = entries.ownerOf(entry) === objectType;
  return { row, change: isIn ? { kind: 'upsert', row } : { kind: 'remove', key: { id: row.id } } };
}
