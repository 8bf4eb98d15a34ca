/** What an export is going to write, said before the first write. */
import type { Modification } from '../directory/directory';
import type { DN } from '../directory/dn';
import type { Entry } from '../directory/entry';
import type { Resource } from '../scim/resource';
import type { ChangeOperation } from '../space/state';

/** What is to be written. */
export interface ExportPlan {
  readonly operation: ChangeOperation;
  readonly id?: string;
  /** The name before; of a create, the name that it is to get. */
  readonly dn: DN;
  /** The name after, where it may be another one. */
  readonly newDN?: DN;
  /** A new entry, and the resource that it was made of. */
  readonly entry?: Entry;
  readonly resource?: Resource;
  /** The entry as it was read before; absent where nobody has read it. */
  readonly before?: Entry;
  /** The entry as it is to be, without what is never read; of those that get another name. */
  readonly after?: Entry;
  /** A delete flow that only changes the entry. */
  readonly keepsEntry?: true;
  readonly modifications?: readonly Modification[];
}
