/** How a changed entry is written: in the turn of its new name and values, planned, and followed by who names it. */
import type { DN } from '../directory/dn';
import type { Entry } from '../directory/entry';
import { isLdapError, LdapError, ResultCode } from '../directory/error';
import type { Filter } from '../directory/filter';
import { checkModificationSteps } from '../directory/schemaCheck';
import { isDNAnchor } from '../mapping/anchor';
import { schemaError } from '../mapping/create';
import type { ObjectType } from '../mapping/objectType';
import { ScimError } from '../scim/error';
import type { Context } from '../scim/handler';
import type { StoredAttributes } from '../space/state';
import { moveOf } from './begunMoves';
import { collisionFilter, nameTaken, turnOfName, turnsOf, valuesTaken } from './collisions';
import { type ConnectorContext, onBehalfOf } from './context';
import { activeOf, applyFlow } from './deprovisioning';
import type { Entries, Found } from './entries';
import { readBack, updateEntry } from './export';
import { exportContext } from './exportContext';
import type { ExportRequest } from './exporting';
import { keepAttributes } from './keeping';
import { type EntryChange, modificationsInTurns, replaceAll } from './modifications';
import { paced, turnBetween } from './pacing';
import { Passwords } from './passwords';
import type { ReferenceKeeping } from './references';

/** What a write has to know beside the entries. */
export interface WriteSurroundings {
  /** What `active` turns into, if it changes. */
  readonly becomes?: boolean | undefined;
  /** What is kept of the resource, and what is to be kept of it before the write is sent. */
  readonly stored?: StoredAttributes;
  readonly begun?: StoredAttributes;
  /** A condition of the write. */
  readonly assertion?: Filter | undefined;
  /** An entry whose turns the caller has already. */
  readonly held?: Entry;
}

/** Writes changed entries of one object type. The caller has the turn of the id. */
export class EntryWriting {
  readonly passwords: Passwords;

  constructor(
    readonly context: ConnectorContext,
    readonly entries: Entries,
    readonly objectType: ObjectType,
    readonly references: ReferenceKeeping,
  ) {
    this.passwords = new Passwords(context, objectType);
  }

  /** Writes `after` over the entry that was found, once nobody else has its name or its matching values. */
  async write(
    found: Found,
    change: EntryChange,
    request: ExportRequest,
    { becomes, stored, begun, assertion, held = found.entry }: WriteSurroundings,
  ): Promise<Found> {
    const { context, objectType, entries } = this;
    const { after, secrets } = change;
    const modifications = change.modifications ?? (await modificationsInTurns(found.entry, after, objectType.schema));
    const known = { after, secrets, modifications };
    const renamed = after.dn.toString() !== found.entry.dn.toString();
    if (renamed) this.#requireName(found.entry.dn, after.dn);
    const faults = await paced(checkModificationSteps(found.entry, after, objectType.schema));
    if (faults.length > 0) throw schemaError(faults.map(({ message }) => message));
    await turnBetween(found.entry, after);
    const turns = new Set(turnsOf(objectType, after));
    for (const own of [found.entry, held]) for (const turn of turnsOf(objectType, own)) turns.delete(turn);
    const isNew = turns.size > 0;
    // Nor may the name that it loses be anybody else's before the record knows whose it was.
    if (renamed && held === found.entry) turns.add(turnOfName(found));
    // A name or a matching value that is new to this entry must not be taken by another one meanwhile.
    return context.exclusive.run(turns, async () => {
      if (isNew) await this.#refuseCollisions(found, after, request);
      await this.#plan(found, known, request, becomes);
      if (begun !== undefined && begun !== stored) await keepAttributes(context, found.id, begun);
      try {
        return await context.moves.during(moveOf(objectType, found, after.dn, this), () =>
          this.#send(found, known, request, assertion),
        );
      } catch (error) {
        // After a rename the entry may stand under either name: nothing that is known of it is believed.
        if (error instanceof LdapError && (error.ambiguous || renamed)) entries.suspect(found.id);
        if (isLdapError(error, ResultCode.entryAlreadyExists)) {
          throw nameTaken(after.dn);
        }
        throw this.passwords.explained(error, false);
      }
    });
  }

  #requireName(from: DN, to: DN): void {
    const { scope, directory } = this.context;
    scope.require(to);
    if (to.rdns.length > from.rdns.length && to.isWithin(from, directory.schema)) {
      throw ScimError.invalidValue(
        `"${from.toString()}" cannot be moved to "${to.toString()}", which is below itself: correct the name.`,
      );
    }
  }

  /** Writes, and lets the record and whoever names the entry follow a rename. */
  async #send(
    found: Found,
    { after, secrets, modifications }: Required<EntryChange>,
    request: ExportRequest,
    assertion: Filter | undefined,
  ): Promise<Found> {
    const { context, objectType, entries } = this;
    const passwords = await this.passwords.forUpdate(secrets);
    // What is refused most often goes first: then nothing else has been changed.
    await this.passwords.set(found.entry.dn, passwords.separate, onBehalfOf(request));
    const exporting = { ...exportContext(context, objectType), ...(assertion === undefined ? {} : { assertion }) };
    const change = { after, secrets: passwords.secrets, modifications };
    const updated = await context.space.writes.during(() =>
      updateEntry(exporting, found.entry, change, onBehalfOf(request)),
    );
    const entry = secrets.length === 0 ? updated : await this.#stillDisabled(updated, after, request);
    const renamed = !entry.dn.equals(found.entry.dn, objectType.schema);
    if (renamed && isDNAnchor(objectType.anchor))
      await context.state.ids.renamed(found.normalizedDN, entry.dn.normalized(objectType.schema));
    const written = await entries.written(objectType, entry);
    if (renamed || this.references.naming.length > 0) await this.#followReferences(found.entry, entry, request);
    return written;
  }

  /** Some servers unlock an account when its password is set (the ppolicy overlay of OpenLDAP): who is disabled stays so. */
  async #stillDisabled(updated: Entry, after: Entry, request: Context): Promise<Entry> {
    const { objectType } = this;
    const { disableFlow, schema } = objectType;
    if (disableFlow?.action !== 'setAttribute' || activeOf(objectType, after, {}) !== false) return updated;
    const context = exportContext(this.context, objectType);
    const entry = await readBack(context, updated.dn, onBehalfOf(request));
    if (activeOf(objectType, entry, {}) === false) return entry;
    const { after: disabled } = applyFlow(disableFlow, entry, schema);
    return updateEntry(context, entry, { after: disabled, secrets: [] }, onBehalfOf(request));
  }

  /** What changes nothing in the directory is no export. */
  async #plan(
    { id, entry }: Found,
    { after, secrets, modifications: visible }: Required<EntryChange>,
    request: ExportRequest,
    becomes: boolean | undefined,
  ): Promise<void> {
    const { objectType } = this;
    const modifications = [...visible, ...replaceAll(secrets)];
    const renamed = entry.dn.toString() !== after.dn.toString();
    // Whoever writes the attributes of the disable flow by their own names disables too.
    const [was, is] = [entry, after].map((one) => activeOf(objectType, one, {}));
    const active = becomes ?? (was === is ? undefined : is);
    if (active === undefined && !renamed && modifications.length === 0) return;
    const change = renamed ? 'rename' : visible.length === 0 ? 'password' : 'modify';
    const operation = active === undefined ? change : active ? 'enable' : 'disable';
    await request.exporting.plan({ operation, id, dn: entry.dn, newDN: after.dn, before: entry, after, modifications });
  }

  async #followReferences(from: Entry, to: Entry, request: Context): Promise<void> {
    const left = await this.references.renamed(from, to, onBehalfOf(request));
    if (left > 0) request.note('referencesLeft', left);
  }

  async #refuseCollisions(found: Found, after: Entry, request: Context): Promise<void> {
    const filter = collisionFilter(this.objectType, after);
    if (filter === undefined) return;
    const met = await this.entries.searchAll(this.objectType, filter, onBehalfOf(request), 10);
    const others = met.filter(({ id }) => id !== found.id).map(({ entry }) => entry);
    if (others.length > 0) throw valuesTaken(this.objectType, after, others);
  }
}
