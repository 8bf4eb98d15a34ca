/**
 * Users whose groups have changed, in lists: their rows do not say so until somebody reads them, so a list reads them
 * again before it shows them.
 */
import { isLdapError, LdapError } from '../directory/error';
import { or } from '../directory/filter';
import { anchorFilter, isDNAnchor } from '../mapping/anchor';
import type { ObjectType } from '../mapping/objectType';
import type { ConnectorContext } from './context';
import type { Entries, Found } from './entries';
import type { ReadOptions } from './leaving';

/** Anchors that one search asks for. */
const AT_ONCE = 50;

/** The same rows, those of users who have come into a group or left one as the directory has them now. */
export async function withGroups(
  { doubts }: Pick<ConnectorContext, 'doubts'>,
  entries: Entries,
  objectType: ObjectType,
  rows: readonly Found[],
  options: ReadOptions,
): Promise<readonly Found[]> {
  const old = rows.filter(({ id }) => doubts.isRegrouped(id));
  if (old.length === 0) return rows;
  const renewed = new Map<string, Found>();
  try {
    for (let start = 0; start < old.length; start += AT_ONCE)
      for (const found of await read(entries, objectType, old.slice(start, start + AT_ONCE), options))
        renewed.set(found.id, found);
  } catch (error) {
    // A list is what the space has: where the directory cannot be asked, that is better than nothing.
    if (!(error instanceof LdapError) || isLdapError(error, 'cancelled')) throw error;
  }
  return rows.map((row) => renewed.get(row.id) ?? row);
}

async function read(
  entries: Entries,
  objectType: ObjectType,
  rows: readonly Found[],
  options: ReadOptions,
): Promise<readonly Found[]> {
  const { anchor, schema } = objectType;
  if (!isDNAnchor(anchor)) {
    const named = rows.map((row) => anchorFilter(row.anchor, anchor, schema.isBinary(anchor)));
    return entries.search(objectType, or(...named), options);
  }
  const found: Found[] = [];
  for (const { entry } of rows) {
    const one = await entries.liveByDN(entry.dn, options);
    if (one !== undefined) found.push(one);
  }
  return found;
}
