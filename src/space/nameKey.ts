/** What stands for the name of an entry, the same for each of its spellings by the usual matching rules. */
import { DN } from '../directory/dn';

const PLAIN_PART = '[a-z][a-z0-9-]*=[a-z0-9._@-]+(?: [a-z0-9._@-]+)*';
/** Names of which nothing but the case can be written otherwise: most of those that groups are full of. */
const PLAIN_NAME = new RegExp(`^${PLAIN_PART}(?:,${PLAIN_PART})*$`, 'i');

/** The key of a name; undefined for what is no name. */
export function nameKey(name: string): string | undefined {
  if (PLAIN_NAME.test(name)) return name.toLowerCase();
  try {
    return DN.keyOf(name);
  } catch {
    return undefined;
  }
}

/** 48 bits of a hash that is made to be fast: names that share a number cost a read, and nothing is kept secret by it. */
export function hashOf(text: string): number {
  let [high, low] = [0xdeadbeef, 0x41c6ce57];
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    high = Math.imul(high ^ code, 0x9e3779b1);
    low = Math.imul(low ^ code, 0x5f356495);
  }
  high = Math.imul(high ^ (high >>> 16), 0x85ebca6b) ^ Math.imul(low ^ (low >>> 13), 0xc2b2ae35);
  low = Math.imul(low ^ (low >>> 16), 0x85ebca6b) ^ Math.imul(high ^ (high >>> 13), 0xc2b2ae35);
  return (high & 0xffff) * 2 ** 32 + (low >>> 0);
}
