/**
 * Active Directory hands out an attribute of many values in parts: instead of `member` the entry holds
 * `member;range=0-1499`, and whoever takes that for the whole group loses the rest (MS-ADTS 3.1.1.3.1.3.3).
 */
import type { Entry, EntryAttribute, Value } from './entry';

const PART = /^(.+);range=(\d+)-(\d+|\*)$/i;

/** Reads one attribute description of the entry; undefined when the entry is gone. */
export type ReadPart = (description: string) => Promise<Entry | undefined>;

/** The entry with every attribute whole. Undefined when it vanished while its parts were read. */
export async function withoutRanges(entry: Entry, read: ReadPart): Promise<Entry | undefined> {
  const changes: EntryAttribute[] = [];
  for (const name of entry.names()) {
    const match = PART.exec(name);
    if (!match?.[1]) continue;
    const values = await allValues(entry, match[1], read);
    if (!values) return undefined;
    changes.push({ name, values: [] }, { name: match[1], values });
  }
  return changes.length === 0 ? entry : entry.with(changes);
}

async function allValues(entry: Entry, attribute: string, read: ReadPart): Promise<Value[] | undefined> {
  const values: Value[] = [];
  let part = partOf(entry, attribute);
  while (part) {
    for (const value of part.values) values.push(value);
    if (part.last === undefined || part.values.length === 0) break;
    const next = await read(`${attribute};range=${part.last + 1}-*`);
    if (!next) return undefined;
    part = partOf(next, attribute);
  }
  return values;
}

/** The part of this attribute that the entry holds; `last` is absent when it is the final one. */
function partOf(entry: Entry, attribute: string): { values: readonly Value[]; last?: number } | undefined {
  for (const { name, values } of entry.attributes()) {
    const match = PART.exec(name);
    if (match?.[1]?.toLowerCase() !== attribute.toLowerCase()) continue;
    return match[3] === '*' ? { values } : { values, last: Number(match[3]) };
  }
  return undefined;
}
