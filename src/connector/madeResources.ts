/** Resources that were made a short while ago: what a client has looked up it is likely to change next, and to read after that. */
import type { Entry } from '../directory/entry';
import type { ObjectType } from '../mapping/objectType';
import type { Resource } from '../scim/resource';
import type { Revision } from '../space/connectorSpace';
import { Recent } from '../space/recent';
import type { StoredAttributes } from '../space/state';

/** What a resource is made from beside its entry. */
export interface Ingredients {
  readonly objectType: ObjectType;
  readonly stored: StoredAttributes;
  /** The revision of the names that clients use. */
  readonly spelled: number;
  /** The space in which those are found whom the entry names. */
  readonly space: Revision;
}

interface Made extends Ingredients {
  readonly entry: Entry;
  readonly isAlone: boolean;
  readonly resource: Resource;
}

/** As many as the space has entries at hand. */
const RECENT = 2_048;

/** The resources of a connector that were made last. */
export class MadeResources {
  readonly #recent = new Recent<Made>(RECENT);

  /** The resource of this very entry, if it was made of the same. */
  find({ id, entry }: Identified, now: Ingredients): Resource | undefined {
    const made = this.#recent.get(id);
    if (made === undefined || made.entry !== entry || made.objectType !== now.objectType) return undefined;
    const isSame = made.stored === now.stored && made.spelled === now.spelled;
    return isSame && (made.isAlone || made.space === now.space) ? made.resource : undefined;
  }

  /** @param isAlone the entry names no others */
  keep({ id, entry }: Identified, ingredients: Ingredients, isAlone: boolean, resource: Resource): void {
    this.#recent.set(id, { ...ingredients, entry, isAlone, resource });
  }
}

interface Identified {
  readonly id: string;
  readonly entry: Entry;
}
