/**
 * What stands below an entry: named to whoever must decide on its delete, or deleted with it where the file says so; known by
 * its new names after a rename.
 */
import { Oid } from '../directory/controls';
import type { Directory, Options, Scope, SearchNotice } from '../directory/directory';
import { DN } from '../directory/dn';
import type { Entry } from '../directory/entry';
import { present } from '../directory/filter';
import { isDNAnchor } from '../mapping/anchor';
import { ScimError } from '../scim/error';
import type { ConnectorContext } from './context';
import type { Entries } from './entries';
import { deleteEntry } from './export';
import type { ReadScope } from './readScope';
import type { NameChange } from './staleNames';

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
  /** Attributes of what is below that are of use when it is gone. */
  readonly attributes: readonly string[];
}

/** Deletes an entry with everything below it; answers all that is gone. `takesAlong` hears before of how many there are below, and may refuse. @throws ScimError 409 where that is not wanted or would leave the connector's scope */
export async function deleteTree(
  directory: Directory,
  entry: Entry,
  { control, recursive, attributes }: TreeDeletion,
  scope: ReadScope,
  options: Options,
  takesAlong: (below: number, oneByOne: boolean) => Promise<void>,
): Promise<readonly Entry[]> {
  const { dn } = entry;
  const atOnce = control && directory.supports(Oid.treeDelete);
  if (!atOnce && !recursive) throw await hasChildren(directory, dn, options);
  const { found: below, referral } = await entriesBelow(directory, dn, 'sub', LARGEST_SUBTREE + 1, options, attributes);
  if (referral !== undefined)
    throw conflict(
      dn,
      `has a referral to another server below it (${referral}): what is there is not to be seen from here, so delete it in the directory`,
    );
  const subtree = below.filter((one) => !one.dn.equals(dn, directory.schema));
  if (subtree.length > LARGEST_SUBTREE)
    throw conflict(dn, `has more than ${LARGEST_SUBTREE} entries below it: delete them in the directory`);
  const outside = subtree.find((one) => !scope.contains(one.dn));
  if (outside !== undefined)
    throw conflict(dn, `has entries below it that are not this connector's, e.g. "${outside.dn.toString()}"`);
  await takesAlong(subtree.length, !atOnce);
  // Whoever is deeper goes first.
  const order = [...subtree, entry].sort((a, b) => b.dn.rdns.length - a.dn.rdns.length);
  if (atOnce) await directory.delete(dn, { ...options, tree: true });
  else for (const one of order) await deleteEntry(directory, one.dn, options);
  return order;
}

/** 409 that names what is in the way. */
async function hasChildren(directory: Directory, dn: DN, options: Options): Promise<ScimError> {
  const { found: children } = await entriesBelow(directory, dn, 'one', COUNTED, options);
  const names = children.slice(0, NAMED).map((child) => `"${child.dn.toString()}"`);
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
async function entriesBelow(
  directory: Directory,
  base: DN,
  scope: Scope,
  sizeLimit: number,
  options: Options,
  more: readonly string[] = [],
): Promise<{ readonly found: readonly Entry[]; readonly referral?: string }> {
  const found: Entry[] = [];
  let referral: string | undefined;
  const notice = (told: SearchNotice) => {
    if (told.kind === 'reference') referral ??= told.urls[0];
  };
  const what = { filter: present('objectClass'), attributes: ['objectClass', ...more], sizeLimit, manageDsaIT: true };
  for await (const entry of directory.search({ base, scope, ...what }, { ...options, notice })) {
    found.push(entry);
    if (entry.values('objectClass').some((name) => name.toString().toLowerCase() === 'referral'))
      referral ??= `"${entry.dn.toString()}"`;
  }
  return { found, ...(referral !== undefined && { referral }) };
}

/**
 * What stands below an entry that was renamed, as it was named and as it is. Each is saved under its new name, and where names
 * are anchors it keeps its id: no directory tells of every one of them.
 */
export async function* renamedBelow(
  { directory, state, objectTypes }: ConnectorContext,
  entries: Entries,
  from: DN,
  to: DN,
  options: Options,
): AsyncGenerator<NameChange> {
  const { schema } = directory;
  const { found: children } = await entriesBelow(directory, to, 'one', 1, options);
  if (children.length === 0) return;
  const attributes = [...new Set(objectTypes.flatMap(({ readAttributes }) => readAttributes))];
  const request = { base: to, scope: 'sub' as const, filter: present('objectClass'), attributes };
  for await (const entry of directory.search(request, options)) {
    if (entry.dn.equals(to, schema)) continue;
    const old = new DN([...entry.dn.rdns.slice(0, -to.rdns.length), ...from.rdns]);
    const owner = entries.ownerOf(entry);
    if (owner !== undefined) {
      if (isDNAnchor(owner.anchor)) await state.ids.renamed(old.normalized(schema), entry.dn.normalized(schema));
      await entries.written(owner, entry);
    }
    yield { from: entry.with([], old), to: entry };
  }
}
