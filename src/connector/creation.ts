/** Create: a resource becomes an entry, once (decisions 7 and 10). */
import type { Options } from '../directory/directory';
import type { Entry } from '../directory/entry';
import { isLdapError, LdapError, RefusedValue, ResultCode } from '../directory/error';
import { isDNAnchor } from '../mapping/anchor';
import { entrySteps } from '../mapping/create';
import type { ObjectType } from '../mapping/objectType';
import { withoutUnknown } from '../mapping/pendingReferences';
import { changedMembers, idsIn } from '../mapping/reference';
import { ScimError } from '../scim/error';
import type { Context } from '../scim/handler';
import type { Resource } from '../scim/resource';
import { type Kept, nothingStored, type StoredAttributes } from '../space/state';
import type { Secret } from '../telemetry/secret';
import { Allocation } from './allocation';
import { BegunCreates } from './begunCreates';
import { collisionFilter, exists, isCollision, turnsOf } from './collisions';
import { type ConnectorContext, onBehalfOf } from './context';
import { applyFlow, attributesOf, enabledWhenNew, inactiveBy, type Previous } from './deprovisioning';
import type { Entries, Found } from './entries';
import { addEntry, deleteEntry, updateEntry } from './export';
import { exportContext } from './exportContext';
import type { ExportRequest } from './exporting';
import { keptOf, showSameElements } from './keeping';
import { isAmbiguous, settle } from './outcome';
import { requireType } from './ownership';
import { paced } from './pacing';
import { Passwords, type SeparatePassword } from './passwords';
import { containerOfNew } from './readScope';
import { requireCore } from './requiredAttributes';
import { resolveReferences } from './resolving';
import { resourceFor } from './resources';
import { SharedLookouts } from './sharedLookouts';
import type { Updating } from './updating';
import { type Added, isSaved } from './writtenRows';

/** How often a create is begun anew, or gets other values, because somebody else was given the same ones. */
const MOST_ATTEMPTS = 10;

/** Creates resources of one object type. */
export class Creation {
  readonly allocation: Allocation;
  readonly begun: BegunCreates;
  readonly passwords: Passwords;
  readonly #collisions: SharedLookouts<Found>;

  constructor(
    readonly context: ConnectorContext,
    readonly entries: Entries,
    readonly objectType: ObjectType,
    readonly updating: Updating,
  ) {
    this.allocation = new Allocation(context);
    this.begun = new BegunCreates(context, entries, objectType);
    this.passwords = new Passwords(context, objectType);
    this.#collisions = new SharedLookouts((filter, options, limit) =>
      entries.searchAll(objectType, filter, options, limit),
    );
  }

  /** Whether an attempt at the same create finds other values than the one before. */
  get #allocates(): boolean {
    return this.allocation.turnsOf(this.objectType).length > 0;
  }

  /** RFC 7644 §3.3. */
  async create(resource: Resource, request: ExportRequest): Promise<Resource> {
    const { context, objectType } = this;
    requireCore(objectType, resource);
    const inactive = inactiveBy(objectType, resource);
    const ids = await paced(idsIn([resource], objectType));
    const references = await resolveReferences(context, { objectType, ids });
    const concerned = withoutUnknown(objectType, resource, references);
    if (concerned !== resource) request.note('unknownReference', true);
    const attempt = async (allocated: ReadonlyMap<string, string>) => {
      const making = entrySteps(objectType, concerned, {
        references,
        container: containerOfNew(context.scope, objectType),
        now: context.clock,
        random: context.random,
        allocated,
        additional: inactive ? attributesOf(objectType.disableFlow, objectType.schema) : [],
      });
      const active = await paced(making);
      requireType(objectType, active, context.objectTypes);
      const { disableFlow } = objectType;
      const moved =
        inactive && (disableFlow?.action === 'move' || disableFlow?.action === 'setBits')
          ? applyFlow(disableFlow, active, objectType.schema)
          : { after: active };
      const entry = moved.after;
      context.scope.require(entry.dn);
      return context.exclusive.run(turnsOf(objectType, entry), () =>
        this.#createInTurn(entry, resource, request, moved.previous),
      );
    };
    return context.exclusive.run(this.allocation.turnsOf(objectType), () =>
      this.#withFreeValues(resource, request, attempt),
    );
  }

  /** A value that was free may be somebody's by the time of the Add: another host's, or another connector's of this one. */
  async #withFreeValues(
    resource: Resource,
    request: ExportRequest,
    attempt: (allocated: ReadonlyMap<string, string>) => Promise<Resource>,
  ): Promise<Resource> {
    const { allocation, objectType } = this;
    for (let attempts = 1; ; attempts += 1) {
      const allocated = await this.#allocated(resource, request);
      try {
        return await attempt(allocated);
      } catch (error) {
        if (!isCollision(error) || attempts === MOST_ATTEMPTS) throw error;
        if (!(await allocation.areTaken(objectType, allocated, onBehalfOf(request)))) throw error;
      }
    }
  }

  /** Values that are found once for a create: an attempt before this one may have used some already. */
  async #allocated(resource: Resource, request: ExportRequest): Promise<ReadonlyMap<string, string>> {
    if (this.#allocates) {
      const { found } = await this.begun.find(this.begun.key(resource, undefined, request), undefined, request);
      if (found !== undefined) return this.allocation.valuesIn(this.objectType, found.entry);
    }
    return this.allocation.valuesFor(
      this.objectType,
      resource,
      onBehalfOf(request),
      !request.exporting.isDry('create'),
    );
  }

  async #createInTurn(
    entry: Entry,
    resource: Resource,
    request: ExportRequest,
    previous?: Previous,
  ): Promise<Resource> {
    await this.entries.moves.at(() => entry.dn.normalized(this.objectType.schema), onBehalfOf(request));
    const key = this.begun.key(resource, this.#allocates ? undefined : entry.dn, request);
    const { isBegun, found } = await this.begun.find(key, entry, request);
    const disconnected = found === undefined ? await this.#refuseCollisions(entry, request) : undefined;
    if (disconnected !== undefined) return this.updating.reconnect(disconnected, entry, resource, request);
    const { entry: complete, separate, madeUp } = await this.passwords.forCreate(entry);
    const added = enabledWhenNew(this.objectType, complete);
    await request.exporting.plan({ operation: 'create', dn: added.dn, entry: added, resource });
    const kept = keptOf(this.objectType, { id: '', entry: added }, resource, { previous });
    const write = async (): Promise<Added> => {
      const first = found === undefined ? await this.#add(added, kept, key, isBegun, request) : isSaved(found);
      const alone = await this.#apart(first, resource, key, request);
      request.exporting.made(alone.found.id);
      await this.#setPassword(alone.found, separate, key, request);
      return alone;
    };
    const { found: made, saved } = await write().catch((error: unknown) => {
      throw this.passwords.explained(error, madeUp !== undefined);
    });
    // Mostly the directory keeps values as they were sent, and then so do the elements that they stand in.
    const isAsAdded = showSameElements(this.objectType, added, made.entry);
    const keeps = isAsAdded ? kept : keptOf(this.objectType, made, resource, { previous });
    const created = await this.#finish({ found: made, saved }, keeps, resource, key, request);
    // What an earlier attempt has added has the password that was made up then, unless it was set just now.
    if (madeUp !== undefined && (found === undefined || separate !== undefined)) this.#tellOf(made, created, madeUp);
    return created;
  }

  /** Whoever is to get the password that was made up is told of it, once: nothing else knows it. */
  #tellOf({ entry }: Found, resource: Resource, password: Secret): void {
    const { options, tell } = this.context;
    if (options.notifications.createdAccount === undefined) return;
    tell({ kind: 'accountCreated', dn: entry.dn.toString(), resource, password });
  }

  /** Until nobody else has a value that was found for this entry. */
  async #apart(made: Added, resource: Resource, key: string, request: Context): Promise<Added> {
    if (!this.#allocates) return made;
    const { context, objectType, allocation } = this;
    const options = onBehalfOf(request);
    let { entry } = made.found;
    try {
      for (let attempts = 1; attempts <= MOST_ATTEMPTS; attempts += 1) {
        const after = await allocation.apart(objectType, resource, entry, options);
        if (after === entry)
          return entry === made.found.entry ? made : isSaved(await this.entries.written(objectType, entry));
        entry = await updateEntry(exportContext(context, objectType), entry, { after, secrets: [] }, options);
      }
    } catch (error) {
      if (isCollision(error)) await this.#takeBack({ ...made.found, entry }, key, options);
      throw error;
    }
    await this.#takeBack({ ...made.found, entry }, key, options);
    throw ScimError.uniqueness(
      `Others were given the same values as "${entry.dn.toString()}" again and again: repeat the request.`,
    );
  }

  /** A create that failed after its Add leaves nothing behind. */
  async #takeBack({ id, entry }: Found, key: string, options: Options): Promise<void> {
    await deleteEntry(this.context.directory, entry.dn, options);
    this.context.space.remove({ id });
    await this.begun.failed(key);
  }

  /** An entry whose password is refused is not left behind without one. */
  async #setPassword(
    found: Found,
    separate: SeparatePassword | undefined,
    key: string,
    request: Context,
  ): Promise<void> {
    const options = onBehalfOf(request);
    try {
      await this.passwords.set(found.entry.dn, separate, options);
    } catch (error) {
      if (isAmbiguous(error) || !(error instanceof LdapError) || typeof error.result !== 'number') throw error;
      await this.#takeBack(found, key, options);
      throw error;
    }
  }

  /** Adds the entry. */
  async #add(entry: Entry, kept: Kept, key: string, isBegun: boolean, request: Context): Promise<Added> {
    const intent = this.begun.begin(key, entry.dn, kept);
    await intent.committed;
    const made = await this.#addBegun(entry, key, isBegun, request);
    // The disk had time while the directory was at work.
    await intent.onDisk;
    return made;
  }

  /** Where the answer is lost, or an earlier attempt of the same create was quicker, the directory is asked. */
  async #addBegun(entry: Entry, key: string, isBegun: boolean, request: Context): Promise<Added> {
    const { context, objectType, begun } = this;
    let added: Entry;
    try {
      added = await addEntry(exportContext(context, objectType), entry, onBehalfOf(request));
    } catch (error) {
      if (isAmbiguous(error)) return isSaved(await settle(error, () => begun.made(entry, request)));
      const isThere = isLdapError(error, ResultCode.entryAlreadyExists);
      // A server may look at values that must be unique before it looks at names.
      const isTaken = error instanceof RefusedValue && error.why === 'taken';
      const made = (isThere || isTaken) && isBegun ? await begun.made(entry, request) : undefined;
      if (made !== undefined) return isSaved(made);
      await begun.failed(key);
      throw isThere ? exists([entry.dn], error) : error;
    }
    return this.entries.added(objectType, added);
  }

  async #finish(
    { found, saved }: Added,
    kept: Kept,
    resource: Resource,
    key: string,
    request: Context,
  ): Promise<Resource> {
    const { context, objectType, begun } = this;
    const { aborted } = request.signal;
    // The writes share one commit. The disk has their essence in the intent, so nobody waits for it.
    const [stored] = await Promise.all([
      Object.keys(kept.attributes).length > 0
        ? context.state.stored.setBegun(found.id, kept)
        : this.#forgetFormer(found.id),
      aborted ? begun.unanswered(key, found.anchor) : undefined,
      context.spelled.remember(objectType, request.spelledAs),
    ]);
    if (!aborted) begun.answered(key, saved);
    this.entries.regrouped(await paced(changedMembers({}, resource)));
    return (await resourceFor(context, objectType, found, stored)).resource;
  }

  /** Where its name is all that an entry is known by, somebody of that name may have been deleted behind the host's back. */
  async #forgetFormer(id: string): Promise<StoredAttributes> {
    const { stored } = this.context.state;
    if (isDNAnchor(this.objectType.anchor) && (await stored.get(id)) !== nothingStored) await stored.remove(id);
    return nothingStored;
  }

  /** @throws ScimError 409 that names the entries in the way. Answers one that is merely disconnected. */
  async #refuseCollisions(entry: Entry, request: Context): Promise<Found | undefined> {
    const { context, entries, objectType } = this;
    const normalizedDN = entry.dn.normalized(objectType.schema);
    const filter = collisionFilter(objectType, entry);
    const met = filter === undefined ? [] : await this.#collisions.find(filter, onBehalfOf(request), 10);
    const hidden = (found: Found) => context.disconnections.has(found.id, found.normalizedDN);
    const others = met.filter((found) => !hidden(found));
    if (others.length > 0) throw exists(others.map(({ entry: other }) => other.dn));
    const [disconnected] = met.filter(hidden);
    if (disconnected !== undefined) return disconnected;
    return context.disconnections.has('', normalizedDN)
      ? entries.hiddenAt(objectType, entry.dn, onBehalfOf(request))
      : undefined;
  }
}
