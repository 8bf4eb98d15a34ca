/** PUT and PATCH: fresh read, apply, fewest modifications, write, space (decision 8). */
import type { DN } from '../directory/dn';
import type { Entry, EntryAttribute } from '../directory/entry';
import { isLdapError, LdapError, ResultCode } from '../directory/error';
import type { Filter } from '../directory/filter';
import { checkModification } from '../directory/schemaCheck';
import { isDNAnchor } from '../mapping/anchor';
import { schemaError } from '../mapping/create';
import { containerOfType, type ObjectType } from '../mapping/objectType';
import { idsIn, membersOf } from '../mapping/reference';
import { updateOf } from '../mapping/update';
import { ScimError } from '../scim/error';
import type { Change, Context } from '../scim/handler';
import type { Resource } from '../scim/resource';
import type { StoredAttributes } from '../space/state';
import { collisionFilter, turnsOf } from './collisions';
import { Conditions, isPlain } from './conditional';
import { type ConnectorContext, onBehalfOf } from './context';
import type { Deletion } from './deletion';
import { activeChange, activeOf, applyFlow, type Previous, previousKey, undoFlow } from './deprovisioning';
import type { Entries, Found } from './entries';
import { overFreshFlags, updateEntry } from './export';
import { exportContext } from './exportContext';
import type { ExportRequest } from './exporting';
import { keepStored } from './keeping';
import { modificationsOf, replaceAll } from './modifications';
import { requireType } from './ownership';
import { turnBetween } from './pacing';
import { Passwords } from './passwords';
import { requireVersion } from './precondition';
import type { ReferenceKeeping } from './references';
import { requireCore } from './requiredAttributes';
import { resolveReferences } from './resolving';
import { resourceFor } from './resources';
import { ValueWriting } from './valueWriting';

/** Updates resources of one object type. The caller has the turn of the id. */
export class Updating {
  readonly passwords: Passwords;
  readonly values: ValueWriting;
  readonly conditions: Conditions;

  constructor(
    readonly context: ConnectorContext,
    readonly entries: Entries,
    readonly objectType: ObjectType,
    readonly deletion: Deletion,
    readonly references: ReferenceKeeping,
  ) {
    this.passwords = new Passwords(context, objectType);
    this.values = new ValueWriting(context, entries, objectType);
    this.conditions = new Conditions(context.directory, entries, objectType);
  }

  /** RFC 7644 §3.5. Undefined when the disable flow has deleted the entry, or when it has more values than are worth returning. */
  async update(id: string, change: Change, request: ExportRequest): Promise<Resource | undefined> {
    const { context, objectType } = this;
    const values = await this.values.write(id, change, request);
    if (values !== undefined) {
      await context.spelled.remember(objectType, request.spelledAs ?? new Map());
      return values.resource;
    }
    const { known, attempt } = await this.conditions.attempt(id, change, request, (found, assertion) =>
      this.#update(found, change, request, assertion),
    );
    if (attempt !== undefined) return attempt;
    return overFreshFlags(objectType, async () => {
      const found = await this.entries.liveBeforeWrite(objectType, id, onBehalfOf(request));
      if (found === undefined)
        throw ScimError.notFound(`There is no ${objectType.name} with id "${id.slice(0, 200)}".`);
      if (known !== undefined) this.conditions.looked(known, found);
      return this.#update(found, change, request);
    });
  }

  async #update(
    found: Found,
    change: Change,
    request: ExportRequest,
    assertion?: Filter,
  ): Promise<Resource | undefined> {
    const { context, objectType } = this;
    const { resource: current, stored } = await resourceFor(context, objectType, found);
    requireVersion(current, request);
    const desired = change.apply(current);
    await turnBetween(found.entry);
    this.#requireCoreOf(change, desired);
    const becomes = activeChange(objectType, current, desired);
    if (becomes === false && objectType.disableFlow?.action === 'delete') {
      await this.deletion.deleteFound(found, request);
      return undefined;
    }
    const updated = await this.#entryAfter(found, change, current, desired, becomes, stored);
    if (assertion !== undefined && !isPlain(found, updated, objectType)) return undefined;
    const written = await this.#write(found, updated, request, { becomes, assertion });
    await turnBetween(written.entry);
    this.entries.regrouped(changedMembers(current, desired));
    const previous = becomes === undefined ? stored[previousKey] : updated.previous;
    const [kept] = await Promise.all([
      keepStored(context, objectType, written, desired, { before: stored, current, previous }),
      context.spelled.remember(objectType, request.spelledAs),
    ]);
    return (await resourceFor(context, objectType, written, kept)).resource;
  }

  /** A replace that speaks the core face, and not the directory's, says all of it. */
  #requireCoreOf({ kind, faces }: Change, desired: Resource): void {
    const { resourceType, urn } = this.objectType;
    if (kind !== 'replace' || !faces?.has(resourceType.schema.id) || faces.has(urn)) return;
    const { [urn]: _other, ...core } = desired;
    requireCore(this.objectType, core);
  }

  /** Makes `after` of an entry that was found just now, for a change that is sent again. Answers whether anything was written. */
  async rewrite(found: Found, after: Entry, request: ExportRequest): Promise<boolean> {
    const { context, objectType } = this;
    const { stored, resource } = await resourceFor(context, objectType, found);
    const [was, is] = [found.entry, after].map((entry) => activeOf(objectType, entry, stored));
    const becomes = was === is ? undefined : is;
    const { disableFlow } = objectType;
    const previous =
      becomes === false && disableFlow !== undefined
        ? applyFlow(disableFlow, found.entry, objectType.schema).previous
        : stored[previousKey];
    const written = await this.#write(found, { after, secrets: [] }, request, { becomes });
    if (becomes !== undefined)
      await keepStored(
        context,
        objectType,
        written,
        { ...resource, active: is },
        { before: stored, current: resource, previous },
      );
    return request.exporting.isPlanned;
  }

  /** A create that meets an entry which a delete flow has kept: it is what was asked for, enabled, under its old id. */
  async reconnect(found: Found, entry: Entry, resource: Resource, request: ExportRequest): Promise<Resource> {
    const { context, objectType } = this;
    const { disableFlow, deleteFlow, schema } = objectType;
    const home = { container: entry.dn.parent ?? entry.dn, schema };
    const kept = undoFlow(deleteFlow, found.entry, undefined, home);
    // Who was disabled before the delete is enabled by being created, unless that says something else.
    const wasDisabled = resource.active !== false && activeOf(objectType, kept, {}) === false;
    const enabled = wasDisabled && disableFlow !== undefined ? undoFlow(disableFlow, kept, undefined, home) : kept;
    const wanted = [...entry.attributes()].filter(
      ({ name }) => !objectType.attributes.get(objectType.schema.canonicalName(name))?.secret,
    );
    const secrets = [...entry.attributes()].filter(
      ({ name }) => objectType.attributes.get(objectType.schema.canonicalName(name))?.secret,
    );
    const updated = { after: enabled.with(wanted, entry.dn), secrets };
    const written = await this.#write(found, updated, request, { becomes: true, held: entry });
    await context.disconnections.remove(found.id);
    const shown = await this.entries.written(objectType, written.entry);
    const stored = await keepStored(context, objectType, shown, resource);
    request.note('reconnected', true);
    return (await resourceFor(context, objectType, shown, stored)).resource;
  }

  /** The entry as it shall be, the disable flow or its way back included. */
  async #entryAfter(
    found: Found,
    change: Change,
    current: Resource,
    desired: Resource,
    becomes: boolean | undefined,
    stored: StoredAttributes,
  ) {
    const { context, objectType } = this;
    const ids = [...new Set([current, desired].flatMap((one) => idsIn(one, objectType)))];
    const references = await resolveReferences(context, { objectType, entries: [found.entry], ids });
    const update = updateOf(objectType, {
      kind: change.kind,
      faces: change.faces ?? new Set(),
      emptied: change.emptied ?? new Set(),
      current,
      desired,
      entry: found.entry,
      references,
      now: context.clock,
      random: context.random,
    });
    await turnBetween(found.entry, update.after);
    requireType(objectType, update.after, context.objectTypes);
    const { disableFlow } = objectType;
    if (disableFlow === undefined || becomes === undefined) return { ...update, previous: undefined };
    if (!becomes) {
      const { after, previous } = applyFlow(disableFlow, update.after, objectType.schema);
      return { after, secrets: update.secrets, previous };
    }
    const [base] = context.scope.containers;
    const container = containerOfType(objectType, base ?? found.entry.dn);
    const after = undoFlow(disableFlow, update.after, stored[previousKey] as Previous | undefined, {
      container,
      schema: objectType.schema,
    });
    return { after, secrets: update.secrets, previous: undefined };
  }

  async #write(
    found: Found,
    { after, secrets }: { readonly after: Entry; readonly secrets: readonly EntryAttribute[] },
    request: ExportRequest,
    { becomes, assertion, held = found.entry }: WriteSurroundings,
  ): Promise<Found> {
    const { context, objectType, entries } = this;
    const renamed = after.dn.toString() !== found.entry.dn.toString();
    if (renamed) context.scope.require(after.dn);
    const faults = checkModification(found.entry, after, objectType.schema);
    if (faults.length > 0) throw schemaError(faults.map(({ message }) => message));
    await turnBetween(found.entry, after);
    const turns = new Set(turnsOf(objectType, after));
    for (const own of [found.entry, held]) for (const turn of turnsOf(objectType, own)) turns.delete(turn);
    // A name or a matching value that is new to this entry must not be taken by another one meanwhile.
    return context.exclusive.run(turns, async () => {
      if (turns.size > 0) await this.#refuseCollisions(found, after, request);
      await this.#plan(found, after, secrets, request, becomes);
      try {
        const passwords = await this.passwords.forUpdate(secrets);
        // What is refused most often goes first: then nothing else has been changed.
        await this.passwords.set(found.entry.dn, passwords.separate, onBehalfOf(request));
        const entry = await updateEntry(
          { ...exportContext(context, objectType), ...(assertion === undefined ? {} : { assertion }) },
          found.entry,
          after,
          passwords.secrets,
          onBehalfOf(request),
        );
        if (renamed && isDNAnchor(objectType.anchor))
          await context.state.ids.renamed(found.normalizedDN, entry.dn.normalized(objectType.schema));
        const written = await entries.written(objectType, entry);
        if (renamed && !entry.dn.equals(found.entry.dn, objectType.schema))
          await this.#followReferences(found.entry.dn, entry.dn, request);
        return written;
      } catch (error) {
        // After a rename the entry may stand under either name: nothing that is known of it is believed.
        if (error instanceof LdapError && (error.ambiguous || renamed)) entries.suspect(found.id);
        if (isLdapError(error, ResultCode.entryAlreadyExists)) {
          throw ScimError.uniqueness(`There is an entry already with the name "${after.dn.toString()}".`);
        }
        throw error;
      }
    });
  }

  /** What changes nothing in the directory is no export. */
  async #plan(
    { id, entry }: Found,
    after: Entry,
    secrets: readonly EntryAttribute[],
    request: ExportRequest,
    becomes: boolean | undefined,
  ): Promise<void> {
    const { objectType } = this;
    const visible = modificationsOf(entry, after, objectType.schema);
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

  async #followReferences(from: DN, to: DN, request: Context): Promise<void> {
    const left = await this.references.follow([from], to, onBehalfOf(request));
    if (left > 0) request.note('referencesLeft', left);
  }

  async #refuseCollisions(found: Found, after: Entry, request: Context): Promise<void> {
    const filter = collisionFilter(this.objectType, after);
    if (filter === undefined) return;
    const met = await this.entries.searchAll(this.objectType, filter, onBehalfOf(request), 10);
    const others = met.filter(({ id }) => id !== found.id).map(({ entry }) => `"${entry.dn.toString()}"`);
    if (others.length === 0) return;
    throw ScimError.uniqueness(`Another entry has a value that must be unique: ${others.join(', ')}.`);
  }
}

/** The ids of members that one of the two resources has and the other has not. */
function changedMembers(current: Resource, desired: Resource): string[] {
  if (current.members === desired.members) return [];
  const [before, after] = [membersOf(current), membersOf(desired)];
  return [...before, ...after].filter((id) => before.has(id) !== after.has(id));
}

/** What a write has to know beside the entries. */
interface WriteSurroundings {
  /** What `active` turns into, if it changes. */
  readonly becomes?: boolean | undefined;
  /** A condition of the write. */
  readonly assertion?: Filter | undefined;
  /** An entry whose turns the caller has already. */
  readonly held?: Entry;
}
