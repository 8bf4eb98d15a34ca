/** Create: a resource becomes an entry, once (decisions 7 and 10). */
import type { DN } from '../directory/dn';
import type { Entry } from '../directory/entry';
import { isLdapError, LdapError, ResultCode } from '../directory/error';
import { entryOf } from '../mapping/create';
import { containerOfType, type ObjectType } from '../mapping/objectType';
import { missingRequired } from '../scim/dialect';
import { ScimError } from '../scim/error';
import type { Context } from '../scim/handler';
import type { Resource } from '../scim/resource';
import { Allocation } from './allocation';
import { type ConnectorContext, onBehalfOf } from './context';
import { applyFlow, attributesOf, cannotDisable, type Previous } from './deprovisioning';
import type { Entries, Found } from './entries';
import { addEntry } from './export';
import { exportContext } from './exportContext';
import { keepStored } from './keeping';
import { referencesIn, resourceFor } from './resources';
import type { Updating } from './updating';

/** Creates resources of one object type. */
export class Creation {
  readonly allocation: Allocation;
  /** Keys of intents whose answer was given, until the record has forgotten them too. */
  readonly #answered = new Set<string>();

  constructor(
    readonly context: ConnectorContext,
    readonly entries: Entries,
    readonly objectType: ObjectType,
    readonly updating: Updating,
  ) {
    this.allocation = new Allocation(context);
  }

  /** RFC 7644 §3.3. */
  async create(resource: Resource, request: Context): Promise<Resource> {
    const { context, objectType } = this;
    this.#requireCore(resource);
    const inactive = inactiveBy(objectType, resource);
    const references = await referencesIn(context, objectType, [resource], []);
    return context.exclusive.run(this.allocation.turnsOf(objectType), async () => {
      const active = entryOf(objectType, resource, {
        references,
        container: containerOfNew(context, objectType),
        now: context.clock,
        random: context.random,
        allocated: await this.allocation.valuesFor(objectType, resource, onBehalfOf(request)),
        additional: inactive ? attributesOf(objectType.disableFlow, objectType.schema) : [],
      });
      const { disableFlow } = objectType;
      const moved =
        inactive && disableFlow?.action === 'move'
          ? applyFlow(disableFlow, active, objectType.schema)
          : { after: active };
      const entry = moved.after;
      context.scope.require(entry.dn);
      return context.exclusive.run(this.entries.turnsOf(objectType, entry), () =>
        this.#createInTurn(entry, resource, request, moved.previous),
      );
    });
  }

  async #createInTurn(entry: Entry, resource: Resource, request: Context, previous?: Previous): Promise<Resource> {
    const { context, objectType } = this;
    const { intents } = context.state;
    const normalizedDN = entry.dn.normalized(objectType.schema);
    const key = intents.key(request.actor, normalizedDN, JSON.stringify(resource));
    const repeated = await this.#repeated(key, entry.dn, request);
    if (repeated !== undefined) return this.#finish(repeated, resource, key, request, previous);
    const disconnected = await this.#refuseCollisions(entry, request);
    if (disconnected !== undefined) return this.updating.reconnect(disconnected, entry, resource, request);
    if (request.dryRun === true) return resource;
    await intents.begin(key, normalizedDN);
    let after: Entry;
    try {
      after = await addEntry(exportContext(context, objectType), entry, onBehalfOf(request));
    } catch (error) {
      if (!(error instanceof LdapError && error.ambiguous)) await intents.forget(key);
      if (isLdapError(error, ResultCode.entryAlreadyExists)) throw exists([entry.dn]);
      throw error;
    }
    return this.#finish(await this.entries.written(objectType, after), resource, key, request, previous);
  }

  /** The entry of a create whose answer was lost: its intent is kept and the entry is there. */
  async #repeated(key: string, dn: DN, request: Context): Promise<Found | undefined> {
    if (this.#answered.has(key)) return undefined;
    const intent = await this.context.state.intents.find(key);
    if (intent === undefined) return undefined;
    const found = await this.entries.liveByDN(dn, onBehalfOf(request));
    if (found === undefined || (intent.anchor !== undefined && intent.anchor !== found.anchor)) return undefined;
    request.note('repeatedCreate', true);
    return found;
  }

  async #finish(
    found: Found,
    resource: Resource,
    key: string,
    request: Context,
    previous?: Previous,
  ): Promise<Resource> {
    const { context, objectType } = this;
    const { intents } = context.state;
    // Both writes share one commit. A client that has gone away may come back with the same create.
    const kept = keepStored(context, objectType, found, resource, {}, previous);
    const complete = request.signal.aborted ? intents.complete(key, found.anchor) : undefined;
    await Promise.all([kept, complete, context.spelled.remember(objectType, request.spelledAs ?? new Map())]);
    if (complete === undefined) this.#forgetLater(key);
    return (await resourceFor(context, objectType, found)).resource;
  }

  /** The answer does not wait for the record to forget: a repetition within this process is known from memory. */
  #forgetLater(key: string): void {
    this.#answered.add(key);
    const done = () => this.#answered.delete(key);
    this.context.state.intents.forgetLater(key).then(done, done);
  }

  /** @throws ScimError 409 that names the entries in the way. Answers one that is merely disconnected. */
  async #refuseCollisions(entry: Entry, request: Context): Promise<Found | undefined> {
    const { context, entries, objectType } = this;
    const normalizedDN = entry.dn.normalized(objectType.schema);
    const filter = entries.collisionFilter(objectType, entry);
    const met = filter === undefined ? [] : await entries.searchAll(objectType, filter, onBehalfOf(request), 10);
    const hidden = (found: Found) => context.disconnections.has(found.id, found.normalizedDN);
    const others = met.filter((found) => !hidden(found));
    if (others.length > 0) throw exists(others.map(({ entry: other }) => other.dn));
    const [disconnected] = met.filter(hidden);
    if (disconnected !== undefined) return disconnected;
    return context.disconnections.has('', normalizedDN)
      ? entries.hiddenAt(objectType, entry.dn, onBehalfOf(request))
      : undefined;
  }

  /** What RFC 7643 requires is required of whoever speaks the core face; the directory's face has its own mandatory attributes. */
  #requireCore(resource: Resource): void {
    if (resource[this.objectType.urn] !== undefined) return;
    const missing = missingRequired(resource, this.objectType.resourceType);
    if (missing.length === 0) return;
    throw ScimError.invalidValue(
      `${missing.join(' and ')} ${missing.length === 1 ? 'is' : 'are'} required (RFC 7643 §4) and not in the body: send it, or send the attributes of the directory under the ECMA2Host extension.`,
    );
  }
}

/** Whether the resource is to be created inactive. @throws ScimError 400 where inactive users cannot be. */
function inactiveBy(objectType: ObjectType, resource: Resource): boolean {
  if (resource.active !== false) return false;
  const action = objectType.disableFlow?.action;
  if (action === undefined) throw cannotDisable(objectType);
  if (action === 'delete') {
    throw ScimError.invalidValue(
      'active is false and the disable flow of this connector deletes: there is nothing to create.',
    );
  }
  return true;
}

/** Where a new entry goes when nothing else says so. */
function containerOfNew({ scope }: ConnectorContext, objectType: ObjectType): DN {
  const [base] = scope.bases;
  if (base === undefined) {
    throw ScimError.invalidValue('The connector has no container for new entries: name one in the connector file.');
  }
  return containerOfType(objectType, base);
}

/** 409 that says which entries are in the way. */
function exists(dns: readonly DN[]): ScimError {
  const names = dns.map((dn) => `"${dn.toString()}"`).join(', ');
  return ScimError.uniqueness(
    dns.length === 1
      ? `There is an entry already with this name or with a value that must be unique: ${names}. Match it instead of creating it again.`
      : `Several entries have a value that must be unique: ${names}. Correct them in the directory, or match by another attribute.`,
  );
}
