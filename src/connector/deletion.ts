/** Delete: the delete flow, and what is left of a resource afterwards. After a DELETE its id is always 404 (decision 13). */
import type { Options } from '../directory/directory';
import type { DN } from '../directory/dn';
import type { Entry } from '../directory/entry';
import { isLdapError, ResultCode } from '../directory/error';
import { isDNAnchor } from '../mapping/anchor';
import type { ObjectType } from '../mapping/objectType';
import { ScimError } from '../scim/error';
import { moveOf } from './begunMoves';
import { nameTaken, turnOfName } from './collisions';
import { type ConnectorContext, onBehalfOf } from './context';
import { applyFlow } from './deprovisioning';
import type { Entries, Found } from './entries';
import { deleteEntry, overFreshFlags, updateEntry } from './export';
import { exportContext } from './exportContext';
import type { ExportRequest } from './exporting';
import { modificationsOf } from './modifications';
import { isAmbiguous } from './outcome';
import { hasPrecondition, requireVersion } from './precondition';
import type { ReferenceKeeping } from './references';
import { resourceFor } from './resources';
import { deleteTree } from './subtree';

/** Deletes resources of one object type. The caller has the turn of the id. */
export class Deletion {
  constructor(
    readonly context: ConnectorContext,
    readonly entries: Entries,
    readonly objectType: ObjectType,
    readonly references: ReferenceKeeping,
  ) {}

  /** RFC 7644 §3.6. */
  delete(id: string, request: ExportRequest): Promise<void> {
    return overFreshFlags(this.objectType, () => this.#delete(id, request));
  }

  async #delete(id: string, request: ExportRequest): Promise<void> {
    const found = await this.entries.liveBeforeWrite(this.objectType, id, onBehalfOf(request));
    if (found === undefined)
      throw ScimError.notFound(`There is no ${this.objectType.name} with id "${id.slice(0, 200)}".`);
    if (hasPrecondition(request))
      requireVersion((await resourceFor(this.context, this.objectType, found)).resource, request);
    const { deleteFlow } = this.objectType;
    if (deleteFlow.action === 'delete') await this.deleteFound(found, request);
    else await this.#disconnect(found, request);
  }

  /** Deletes the entry itself, and forgets it. */
  async deleteFound(found: Found, request: ExportRequest): Promise<void> {
    await request.exporting.plan({
      operation: 'delete',
      id: found.id,
      dn: found.entry.dn,
      before: found.entry,
    });
    const move = moveOf(this.objectType, found, undefined, this);
    await this.#losingName(found, move, () => this.#deletePlanned(found, request));
  }

  async #deletePlanned(found: Found, request: ExportRequest): Promise<void> {
    const { context, entries } = this;
    const options = onBehalfOf(request);
    let deleted: readonly Entry[];
    try {
      deleted = await this.#deleteWithTree(found.entry, options, request);
    } catch (error) {
      if (isAmbiguous(error)) entries.suspect(found.id);
      throw error;
    }
    context.space.remove({ id: found.id });
    await this.#forget(found);
    for (const entry of deleted) if (entry !== found.entry) await this.#forgetBelow(entry.dn);
    const left = await this.references.deleted(deleted, options);
    if (left > 0) request.note('referencesLeft', left);
  }

  /** Deletes an entry; with what is below it only where the file says so. Answers what is gone. */
  async #deleteWithTree(entry: Entry, options: Options, { exporting }: ExportRequest): Promise<readonly Entry[]> {
    const { directory, scope, options: connector } = this.context;
    try {
      await deleteEntry(directory, entry.dn, options);
      return [entry];
    } catch (error) {
      if (!isLdapError(error, ResultCode.notAllowedOnNonLeaf)) throw error;
      const { deleteFlow } = this.objectType;
      const recursive = deleteFlow.action === 'delete' && deleteFlow.recursive === true;
      const how = { control: connector.global.treeDelete, recursive, attributes: this.references.naming };
      return deleteTree(directory, entry, how, scope, options, (...below) => exporting.takesAlong(...below));
    }
  }

  async #forgetBelow(dn: DN): Promise<void> {
    const { context } = this;
    const normalizedDN = dn.normalized(context.directory.schema);
    const row = context.space.byDN(normalizedDN);
    context.space.remove({ normalizedDN });
    if (row !== undefined) await context.state.stored.remove(row.id);
    if (context.objectTypes.some(({ anchor }) => isDNAnchor(anchor))) await context.state.ids.deleted(normalizedDN);
  }

  async #forget(found: Found): Promise<void> {
    const { state, disconnections } = this.context;
    await Promise.all([
      state.stored.remove(found.id),
      disconnections.remove(found.id),
      isDNAnchor(this.objectType.anchor) ? state.ids.deleted(found.normalizedDN) : undefined,
    ]);
  }

  /** The flow keeps the entry: it is hidden from now on, also from imports, until a create meets it again. */
  async #disconnect(found: Found, request: ExportRequest): Promise<void> {
    const { objectType } = this;
    const { after } = applyFlow(objectType.deleteFlow, found.entry, objectType.schema);
    await request.exporting.plan({
      operation: 'delete',
      id: found.id,
      dn: found.entry.dn,
      newDN: after.dn,
      keepsEntry: true,
      before: found.entry,
      after,
      modifications: modificationsOf(found.entry, after, objectType.schema),
    });
    const move = moveOf(objectType, found, after.dn, { references: this.references, disconnects: true });
    await this.#losingName(found, move, () => this.#disconnectPlanned(found, after, request));
  }

  /** Nobody is given the name before the record knows what has become of the one who had it. */
  #losingName(found: Found, move: ReturnType<typeof moveOf>, work: () => Promise<void>): Promise<void> {
    const { exclusive, moves } = this.context;
    return exclusive.run([turnOfName(found)], () => moves.during(move, work));
  }

  async #disconnectPlanned(found: Found, after: Entry, request: ExportRequest): Promise<void> {
    const { context, objectType, entries } = this;
    let entry = found.entry;
    try {
      entry = await updateEntry(
        exportContext(context, objectType),
        found.entry,
        { after, secrets: [] },
        onBehalfOf(request),
      );
    } catch (error) {
      if (isAmbiguous(error)) entries.suspect(found.id);
      throw isLdapError(error, ResultCode.entryAlreadyExists) ? nameTaken(after.dn) : error;
    }
    const normalizedDN = entry.dn.normalized(objectType.schema);
    await context.disconnections.add({ id: found.id, normalizedDN, since: context.clock().getTime() });
    if (isDNAnchor(objectType.anchor) && normalizedDN !== found.normalizedDN)
      await context.state.ids.renamed(found.normalizedDN, normalizedDN);
    context.space.remove({ id: found.id });
    // An import that is under way may have read it under its new name, and a dn anchor gives it another id there.
    context.space.remove({ normalizedDN });
    const left = await this.references.renamed(found.entry, entry, onBehalfOf(request));
    if (left > 0) request.note('referencesLeft', left);
  }
}
