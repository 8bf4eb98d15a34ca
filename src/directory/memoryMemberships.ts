/**
 * Memberships, as OpenLDAP's memberof overlay keeps them: entries say in `memberOf` which groups have them as `member` or
 * `uniqueMember`. Entries that do not exist yet when a group names them are told nothing, there as here.
 */
import { StoredAttribute, type StoredEntry } from './memoryEntry';
import type { MemoryTree } from './memoryTree';
import type { Schema } from './schema';

/** Canonical name of the attribute in which entries have their groups. */
export const MEMBER_OF = 'memberof';

const MEMBERS = ['member', 'uniquemember'];

/** Notes in the entries of those who have come into a group or left it; they count as unchanged, and have no new time stamp. */
export function noteMemberships(
  tree: MemoryTree,
  before: StoredEntry | undefined,
  after: StoredEntry,
  schema: Schema,
): void {
  const [old, now] = [membersOf(before), membersOf(after)];
  // Values that are not touched stay in the same map: a group of 100,000 members is looked through only when they change.
  if (old.length === now.length && old.every((keys, index) => keys === now[index])) return;
  const [key, name] = [after.dn.normalized(schema), after.dn.toString()];
  for (const member of missingIn(now, old)) {
    noteIn(tree, member, schema, (groups) => groups.set(key, name));
  }
  for (const member of missingIn(old, now)) {
    noteIn(tree, member, schema, (groups) => groups.delete(key));
  }
}

type Members = ReadonlyMap<string, unknown>;

function membersOf(entry: StoredEntry | undefined): readonly Members[] {
  return MEMBERS.flatMap((name) => entry?.byName.get(name)?.keys ?? []);
}

/** What is in the first ones and in none of the others. */
function* missingIn(those: readonly Members[], others: readonly Members[]): Iterable<string> {
  for (const keys of those) for (const key of keys.keys()) if (!others.some((other) => other.has(key))) yield key;
}

function noteIn(tree: MemoryTree, member: string, schema: Schema, change: (groups: Map<string, string>) => void): void {
  const node = tree.at(member);
  if (node === undefined) return;
  const groups = new Map<string, string>();
  for (const [key, value] of node.entry.byName.get(MEMBER_OF)?.keys ?? []) groups.set(key, value.toString());
  change(groups);
  node.entry = node.entry.with([new StoredAttribute('memberOf', groups)], schema);
}
