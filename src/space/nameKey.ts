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
