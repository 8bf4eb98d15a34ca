/** PUT and PATCH: fresh read, apply, fewest modifications, write, space (decision 8). */
import type { Entry, EntryAttribute, Value } from '../directory/entry';
import type { Filter } from '../directory/filter';
import type { Schema } from '../directory/schema';
import { containerOfType, type ObjectType } from '../mapping/objectType';
import { setAside } from '../mapping/pendingReferences';
import { changedMembers, idsIn } from '../mapping/reference';
import { updateSteps } from '../mapping/update';
import { ScimError } from '../scim/error';
import type { Change } from '../scim/handler';
import type { Resource } from '../scim/resource';
import type { StoredAttributes } from '../space/state';
import { Conditions, isPlain } from './conditional';
import { type ConnectorContext, onBehalfOf } from './context';
import type { Deletion } from './deletion';
import {
  activeChange,
  activeOf,
  applyFlow,
  cannotRemoveActive,
  type Previous,
  previousKey,
  undoFlow,
} from './deprovisioning';
import type { Entries, Found } from './entries';
import { EntryWriting } from './entryWriting';
import { overFreshFlags } from './export';
import type { ExportRequest } from './exporting';
import { keepStored, withWayBack } from './keeping';
import { modificationsInTurns } from './modifications';
import { requireType } from './ownership';
import { paced, turnBetween } from './pacing';
import { requireVersion } from './precondition';
import type { ReferenceKeeping } from './references';
import { requireCore } from './requiredAttributes';
import { resolveReferences } from './resolving';
import { resourceFor } from './resources';
import { ValueWriting } from './valueWriting';

/** Updates resources of one object type. The caller has the turn of the id. */
export class Updating {
  readonly writing: EntryWriting;
  readonly values: ValueWriting;
  readonly conditions: Conditions;

  constructor(
    readonly context: ConnectorContext,
    readonly entries: Entries,
    readonly objectType: ObjectType,
    readonly deletion: Deletion,
    references: ReferenceKeeping,
  ) {
    this.writing = new EntryWriting(context, entries, objectType, references);
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
    const desired =
      change.applyInSteps === undefined ? change.apply(current) : await paced(change.applyInSteps(current));
    await turnBetween(found.entry);
    this.#requireCoreOf(change, desired);
    if (change.kind === 'patch' && desired.active === undefined && current.active !== undefined)
      throw cannotRemoveActive();
    const becomes = activeChange(objectType, current, desired);
    if (becomes === false && objectType.disableFlow?.action === 'delete') {
      await this.deletion.deleteFound(found, request);
      return undefined;
    }
    const update = await this.#entryAfter(found, change, current, desired, becomes, stored);
    const modifications = await modificationsInTurns(found.entry, update.after, objectType.schema);
    const updated = { ...update, modifications };
    if (assertion !== undefined && !isPlain(found, updated)) return undefined;
    const before = becomes === false ? withWayBack(stored, updated.previous) : stored;
    const written = await this.writing.write(found, updated, request, { becomes, assertion, stored, begun: before });
    await turnBetween(written.entry);
    this.entries.regrouped(await paced(changedMembers(current, desired)));
    const previous = becomes === undefined ? stored[previousKey] : updated.previous;
    const [kept] = await Promise.all([
      keepStored(context, objectType, written, desired, { before, current, previous }),
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
    const before = becomes === false ? withWayBack(stored, previous) : stored;
    const surroundings = { becomes, stored, begun: before };
    const written = await this.writing.write(found, { after, secrets: [] }, request, surroundings);
    if (becomes !== undefined)
      await keepStored(
        context,
        objectType,
        written,
        { ...resource, active: is },
        { before, current: resource, previous },
      );
    return request.exporting.isPlanned;
  }

  /** A create that meets an entry which a delete flow has kept: it is what was asked for, enabled, under its old id. */
  reconnect(found: Found, entry: Entry, resource: Resource, request: ExportRequest): Promise<Resource> {
    const { exclusive, disconnections } = this.context;
    // Several creates may meet it, each by another value. Not the turn of its id: whoever has that may wait for the caller's.
    return exclusive.run([`reconnect:${found.id}`], async () => {
      if (!disconnections.has(found.id, found.normalizedDN))
        throw ScimError.uniqueness(
          `Another create has just been given "${found.entry.dn.toString()}", which has this name or a value that must be unique: match it instead of creating it again.`,
        );
      const reconnected = await this.#reconnect(found, entry, resource, request);
      // Last of all: until then nobody else finds it, nor changes it.
      await disconnections.remove(found.id);
      request.note('reconnected', true);
      return reconnected;
    });
  }

  async #reconnect(found: Found, entry: Entry, resource: Resource, request: ExportRequest): Promise<Resource> {
    const { context, objectType } = this;
    const { disableFlow, deleteFlow, schema } = objectType;
    const home = { container: entry.dn.parent ?? entry.dn, schema };
    const kept = undoFlow(deleteFlow, found.entry, undefined, home);
    // Who was disabled before the delete is enabled by being created, unless that says something else.
    const wasDisabled = resource.active !== false && activeOf(objectType, kept, {}) === false;
    const enabled = wasDisabled && disableFlow !== undefined ? undoFlow(disableFlow, kept, undefined, home) : kept;
    const isSecret = ({ name }: EntryAttribute) => objectType.attributes.get(schema.canonicalName(name))?.secret;
    const attributes = [...entry.attributes(), allClasses(kept, entry, schema)];
    const updated = {
      after: enabled.with(
        attributes.filter((one) => !isSecret(one)),
        entry.dn,
      ),
      secrets: attributes.filter(isSecret),
    };
    const written = await this.writing.write(found, updated, request, { becomes: true, held: entry });
    const shown = await this.entries.written(objectType, written.entry);
    const before = await context.state.stored.get(shown.id);
    const stored = await keepStored(context, objectType, shown, resource, { before });
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
    const ids = await paced(idsIn([current, desired], objectType));
    const references = await resolveReferences(context, { objectType, entries: [found.entry], ids });
    const concerned = setAside(
      objectType,
      { kind: change.kind, entry: found.entry, stored, current, desired },
      references,
    );
    const update = await paced(
      updateSteps(objectType, {
        ...concerned,
        kind: change.kind,
        faces: change.faces ?? new Set(),
        emptied: change.emptied ?? new Set(),
        readBack: [objectType.resourceType.schema.id, objectType.urn].every((face) => change.repeated?.has(face)),
        entry: found.entry,
        references,
        now: context.clock,
        random: context.random,
      }),
    );
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
}

/** The classes of an entry that was kept, and those of the new one: others may have given it some, with values that need them. */
function allClasses(kept: Entry, entry: Entry, schema: Schema): EntryAttribute {
  const key = (name: Value) => schema.objectClass(name.toString())?.oid ?? name.toString().toLowerCase();
  const values = [...kept.values('objectClass'), ...entry.values('objectClass')];
  return {
    name: 'objectClass',
    values: [...new Map(values.toReversed().map((value) => [key(value), value])).values()].toReversed(),
  };
}
