/** What stands below an entry that is to be deleted: named to whoever must decide, or deleted with it where the file says so. */
import { Oid } from '../directory/controls';
import type { Directory, Options, Scope, SearchNotice } from '../directory/directory';
import type { DN } from '../directory/dn';
import { present } from '../directory/filter';
import { ScimError } from '../scim/error';
import { deleteEntry } from './export';
import type { ReadScope } from './readScope';

/** Children that a refusal names, and the most that it counts. */
const NAMED = 10;
const COUNTED = 1_000;

/** More than this below one entry is nothing that a single request should delete. */
const LARGEST_SUBTREE = 10_000;

/** How entries with others below them are deleted. */
export interface TreeDeletion {
  /** By the tree delete control where the directory serves it: all or nothing. */
  readonly control: boolean;
  /** One by one, from the bottom. */
  readonly recursive: boolean;
}

/** Deletes an entry with everything below it; answers the names that are gone. `takesAlong` hears before of how many there are below, and may refuse. @throws ScimError 409 where that is not wanted or would leave the connector's scope */
export async function deleteTree(
  directory: Directory,
  dn: DN,
  { control, recursive }: TreeDeletion,
  scope: ReadScope,
  options: Options,
  takesAlong: (below: number, oneByOne: boolean) => Promise<void>,
): Promise<readonly DN[]> {
  const atOnce = control && directory.supports(Oid.treeDelete);
  if (!atOnce && !recursive) throw await hasChildren(directory, dn, options);
  const { names: below, referral } = await namesBelow(directory, dn, 'sub', LARGEST_SUBTREE + 1, options);
  if (referral !== undefined)
    throw conflict(
      dn,
      `has a referral to another server below it (${referral}): what is there is not to be seen from here, so delete it in the directory`,
    );
  const subtree = below.filter((name) => !name.equals(dn, directory.schema));
  if (subtree.length > LARGEST_SUBTREE)
    throw conflict(dn, `has more than ${LARGEST_SUBTREE} entries below it: delete them in the directory`);
  const outside = subtree.find((name) => !scope.contains(name));
  if (outside !== undefined)
    throw conflict(dn, `has entries below it that are not this connector's, e.g. "${outside.toString()}"`);
  await takesAlong(subtree.length, !atOnce);
  // Whoever is deeper goes first.
  const order = [...subtree, dn].sort((a, b) => b.rdns.length - a.rdns.length);
  if (atOnce) await directory.delete(dn, { ...options, tree: true });
  else for (const name of order) await deleteEntry(directory, name, options);
  return order;
}

/** 409 that names what is in the way. */
async function hasChildren(directory: Directory, dn: DN, options: Options): Promise<ScimError> {
  const { names: children } = await namesBelow(directory, dn, 'one', COUNTED, options);
  const names = children.slice(0, NAMED).map((child) => `"${child.toString()}"`);
  const rest = children.length - names.length;
  const more = rest === 0 ? '' : ` and ${children.length === COUNTED ? 'at least ' : ''}${rest} more`;
  return conflict(
    dn,
    `has entries below it (${names.join(', ')}${more}): delete them first, or set "recursive" in the delete flow of the connector file`,
  );
}

function conflict(dn: DN, what: string): ScimError {
  return new ScimError(409, undefined, `"${dn.toString()}" cannot be deleted: it ${what}.`);
}

/** What stands below an entry, entries that are referrals to other servers (RFC 3296) among it; `referral` names one of those. */
async function namesBelow(
  directory: Directory,
  base: DN,
  scope: Scope,
  sizeLimit: number,
  options: Options,
): Promise<{ readonly names: readonly DN[]; readonly referral?: string }> {
  const names: DN[] = [];
  let referral: string | undefined;
  const notice = (told: SearchNotice) => {
    if (told.kind === 'reference') referral ??= told.urls[0];
  };
  const what = { filter: present('objectClass'), attributes: ['objectClass'], sizeLimit, manageDsaIT: true };
  for await (const entry of directory.search({ base, scope, ...what }, { ...options, notice })) {
    names.push(entry.dn);
    if (entry.values('objectClass').some((name) => name.toString().toLowerCase() === 'referral'))
      referral ??= `"${entry.dn.toString()}"`;
  }
  return { names, ...(referral !== undefined && { referral }) };
}
