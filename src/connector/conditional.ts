/**
 * Changes on condition that the entry is as the connector space has it (RFC 4528), in place of a read before the write:
 * one operation where there were two, and nothing can come between them. What a condition does not vouch for is left to
 * the caller, who reads: what plug-ins change without a new revision, and what could be concluded from a stale row.
 */
import { Oid } from '../directory/controls';
import type { Directory } from '../directory/directory';
import { isLdapError, ResultCode } from '../directory/error';
import { and, equality, type Filter } from '../directory/filter';
import type { ObjectType } from '../mapping/objectType';
import { flowAttributes } from '../mapping/options';
import { ScimError } from '../scim/error';
import type { Change } from '../scim/handler';
import type { Resource } from '../scim/resource';
import type { Entries, Found } from './entries';
import type { ExportRequest } from './exporting';
import type { EntryChange } from './modifications';
import { identityOf, LOOK } from './valueWriting';

/** An entry as it was seen last, and what is true while it is still so. */
export interface Known {
  readonly found: Found;
  readonly assertion: Filter;
}

/** Conditions of one object type. */
export class Conditions {
  /** The directory has refused one that was met, or any: the account may not search by the revision. */
  #areRefused = false;

  constructor(
    readonly directory: Pick<Directory, 'supports'>,
    readonly entries: Entries,
    readonly objectType: ObjectType,
  ) {}

  /**
   * Makes a change without a look, where that can be. Without `attempt` nothing was written, and the change takes one;
   * `known` is then what the directory did not confirm, if that was it.
   */
  async attempt(
    id: string,
    change: Change,
    request: ExportRequest,
    make: (found: Found, assertion: Filter) => Promise<Resource | undefined>,
  ): Promise<{ readonly attempt?: Resource | undefined; readonly known?: Known }> {
    const known = await this.#knownFor(id, change, request);
    if (known === undefined) return {};
    try {
      return { attempt: await make(known.found, known.assertion) };
    } catch (error) {
      // A control that is listed and not served, at least not to this account.
      const isUnserved = isLdapError(error, ResultCode.unavailableCriticalExtension);
      this.#areRefused ||= isUnserved;
      // What was concluded from a row may be due to its age.
      if (!(error instanceof ScimError) && !isLdapError(error, ...LOOK) && !isUnserved) throw error;
      request.exporting.drop();
      return isLdapError(error, ResultCode.assertionFailed) ? { known } : {};
    }
  }

  /** Told what a look has found after the directory did not confirm what was known. */
  looked(known: Known, found: Found): void {
    const { revisionAttribute = '' } = this.objectType;
    const [before, now] = [known.found, found].map(({ entry }) => entry.values(revisionAttribute)[0]);
    this.#areRefused = before !== undefined && before === now && found.anchor === known.found.anchor;
  }

  async #knownFor(id: string, change: Change, request: ExportRequest): Promise<Known | undefined> {
    const { revisionAttribute } = this.objectType;
    if (revisionAttribute === undefined || this.#areRefused || change.kind !== 'patch') return undefined;
    // The servers of several partitions may differ.
    if (!this.directory.supports(Oid.assertion)) return undefined;
    if (request.exporting.isDry('modify') || change.needs.some((path) => this.#isChangedQuietly(path)))
      return undefined;
    const row = await this.entries.believed(this.objectType, id);
    const revision = row?.entry.values(revisionAttribute)[0];
    if (row === undefined || revision === undefined) return undefined;
    return { found: row, assertion: and(identityOf(this.objectType, row), equality(revisionAttribute, revision)) };
  }

  /** What plug-ins change in an entry leaves its revision as it is: locks and the like are operational attributes. */
  #isChangedQuietly({ schema, attribute }: Change['needs'][number]): boolean {
    const { urn, disableFlow, schema: directorySchema } = this.objectType;
    if (schema !== urn) return attribute === 'active';
    const name = directorySchema.canonicalName(attribute);
    const usage = directorySchema.attributeType(attribute)?.usage;
    const isOfFlow = flowAttributes(disableFlow).some((own) => directorySchema.canonicalName(own) === name);
    return isOfFlow || (usage !== undefined && usage !== 'userApplications');
  }
}

/** A change of values that stays in its entry, of which the directory alone knows whether it has any effect. */
export function isPlain({ entry }: Found, { after, secrets, modifications }: Required<EntryChange>): boolean {
  const stays = entry.dn.toString() === after.dn.toString() && secrets.length === 0;
  // To conclude that there is nothing to do takes a look.
  return stays && modifications.length > 0;
}
