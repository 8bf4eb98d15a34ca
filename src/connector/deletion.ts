/** Delete: the delete flow, and what is left of a resource afterwards. After a DELETE its id is always 404 (decision 13). */
import { LdapError } from '../directory/error';
import { isDNAnchor } from '../mapping/anchor';
import type { ObjectType } from '../mapping/objectType';
import { ScimError } from '../scim/error';
import type { Context } from '../scim/handler';
import { type ConnectorContext, onBehalfOf } from './context';
import { applyFlow } from './deprovisioning';
import type { Entries, Found } from './entries';
import { deleteEntry, updateEntry } from './export';
import { exportContext } from './exportContext';

/** Deletes resources of one object type. The caller has the turn of the id. */
export class Deletion {
  constructor(
    readonly context: ConnectorContext,
    readonly entries: Entries,
    readonly objectType: ObjectType,
  ) {}

  /** RFC 7644 §3.6. */
  async delete(id: string, request: Context): Promise<void> {
    const found = await this.entries.liveBeforeWrite(this.objectType, id, onBehalfOf(request));
    if (found === undefined)
      throw ScimError.notFound(`There is no ${this.objectType.name} with id "${id.slice(0, 200)}".`);
    if (request.dryRun === true) return;
    const { deleteFlow } = this.objectType;
    if (deleteFlow.action === 'delete') await this.deleteFound(found, request);
    else await this.#disconnect(found, request);
  }

  /** Deletes the entry itself, and forgets it. */
  async deleteFound(found: Found, request: Context): Promise<void> {
    const { context, objectType, entries } = this;
    try {
      await deleteEntry(exportContext(context, objectType), found.entry.dn, onBehalfOf(request));
    } catch (error) {
      if (error instanceof LdapError && error.ambiguous) entries.suspect(found.id);
      throw error;
    }
    context.space.remove({ id: found.id });
    await this.#forget(found);
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
  async #disconnect(found: Found, request: Context): Promise<void> {
    const { context, objectType, entries } = this;
    const { after } = applyFlow(objectType.deleteFlow, found.entry, objectType.schema);
    let entry = found.entry;
    try {
      entry = await updateEntry(exportContext(context, objectType), found.entry, after, [], onBehalfOf(request));
    } catch (error) {
      if (error instanceof LdapError && error.ambiguous) entries.suspect(found.id);
      throw error;
    }
    const normalizedDN = entry.dn.normalized(objectType.schema);
    await context.disconnections.add({ id: found.id, normalizedDN, since: context.clock().getTime() });
    if (isDNAnchor(objectType.anchor) && normalizedDN !== found.normalizedDN)
      await context.state.ids.renamed(found.normalizedDN, normalizedDN);
    context.space.remove({ id: found.id });
  }
}
