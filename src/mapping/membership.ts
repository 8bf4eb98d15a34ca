/** What directories know of the members of groups under names that RFC 2307 and their vendors have given them. */
import type { Schema } from '../directory/schema';

/** Attributes in which directories themselves say to which groups an entry belongs. */
export const backlinks: readonly string[] = ['memberOf', 'isMemberOf'];

/** What a directory derives from the members of groups is not for clients to write, even where the server would take it. */
export function isBacklink(key: string, schema: Schema): boolean {
  return backlinks.some((name) => schema.canonicalName(name) === key);
}

/** RFC 2307: the members of a posixGroup are named by their `uid`. Answers canonical names; undefined for what holds DNs, or no names at all. */
export function namedBy(key: string, schema: Schema): string | undefined {
  return key === schema.canonicalName('memberUid') ? schema.canonicalName('uid') : undefined;
}
