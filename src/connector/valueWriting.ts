/**
 * Values that are added and removed without a look at the entry (decision 8): one modify, whatever the size of the group.
 * What is found to need a look after all is left to the caller, who reads, applies the same change and writes the rest of it.
 */
import { Oid } from '../directory/controls';
import type { Modification, Options, WriteOptions } from '../directory/directory';
import type { DN } from '../directory/dn';
import type { Entry, Value } from '../directory/entry';
import { isLdapError, LdapError, ResultCode } from '../directory/error';
import { and, equality, type Filter, not } from '../directory/filter';
import { anchorFilter, isDNAnchor } from '../mapping/anchor';
import { isPlaceholder } from '../mapping/emptyGroup';
import type { ObjectType } from '../mapping/objectType';
import { holdsOptionalUID } from '../mapping/syntax';
import { type AttributeChange, changesByAttribute, encodeChanges, idsAmong } from '../mapping/valueChange';
import type { Change, Context, Projection } from '../scim/handler';
import type { Resource } from '../scim/resource';
import { LONG, type SpaceEntry } from '../space/connectorSpace';
import type { SpaceValueChange } from '../space/valueChange';
import { type ConnectorContext, onBehalfOf } from './context';
import type { Entries } from './entries';
import { identified, readBack } from './export';
import { exportContext } from './exportContext';
import type { ExportRequest } from './exporting';
import { lean, leftOutOf } from './leaving';
import { isAmbiguous } from './outcome';
import { paced } from './pacing';
import { resolveReferences } from './resolving';
import { resourceFor } from './resources';

/** A change that was made. */
export interface ValuesWritten {
  /** Absent where the entry has too many values to be worth returning. */
  readonly resource?: Resource;
}

/** Answers to a write that was made without one after which only a look at the entry helps: it is not where or what it was, or a group would be left without a member. */
export const LOOK = [
  ResultCode.noSuchObject,
  ResultCode.assertionFailed,
  ResultCode.objectClassViolation,
  ResultCode.noSuchAttribute,
  ResultCode.attributeOrValueExists,
] as const;

/** The directory has a value already, or no longer. */
const DONE_ALREADY = [ResultCode.attributeOrValueExists, ResultCode.noSuchAttribute] as const;

/** Values that one search asks for. */
const ASKED_TOGETHER = 1_000;

/** One value to be added or deleted. */
interface Unit {
  readonly operation: 'add' | 'delete';
  readonly attribute: string;
  readonly value: Value;
}

/** Writes value changes of one object type. The caller has the turn of the id. */
export class ValueWriting {
  constructor(
    readonly context: ConnectorContext,
    readonly entries: Entries,
    readonly objectType: ObjectType,
  ) {}

  /** Makes a change that needs no reading. Undefined: nothing is known to be done, the change has to be made by reading. */
  async write(id: string, change: Change, request: ExportRequest): Promise<ValuesWritten | undefined> {
    const { context, entries, objectType } = this;
    // A version is that of all values, so a condition on it is a look at all of them.
    if (change.kind !== 'patch' || request.ifMatch !== undefined || request.exporting.isDry('modify')) return undefined;
    const wanted = changesByAttribute(objectType, change.valueChanges);
    const known = wanted === undefined ? undefined : entries.known(objectType, id);
    if (wanted === undefined || known === undefined) return undefined;
    const ids = await paced(idsAmong(change.valueChanges));
    const references = await resolveReferences(context, { objectType, ids });
    const changes = await paced(encodeChanges(objectType, wanted, references));
    const isLong = known.leftOut.size > 0;
    try {
      const written = isLong
        ? await this.#writeLong(known, changes, request)
        : await this.#write(known, changes, request);
      if (written !== undefined) entries.regrouped(ids);
      return written;
    } catch (error) {
      if (!isLdapError(error, ...LOOK) && !(error instanceof LdapError && isAmbiguous(error))) throw error;
      request.exporting.drop();
      return undefined;
    }
  }

  /** One modify, and the entry as it is after it. */
  async #write(
    known: SpaceEntry,
    changes: readonly AttributeChange[],
    request: ExportRequest,
  ): Promise<ValuesWritten | undefined> {
    const { context, entries, objectType } = this;
    const { dn } = known.entry;
    const units = unitsOf(changes, known.entry);
    if (units.length === 0) return undefined;
    const options = onBehalfOf(request);
    const condition = await this.#condition(known, request);
    if (condition === undefined) return undefined;
    const write = { ...options, ...condition, postRead: objectType.readAttributes };
    const modifications = modificationsOf(units);
    await request.exporting.plan({ operation: 'modify', id: known.id, dn, modifications });
    const exporting = exportContext(context, objectType);
    const entry =
      identified(exporting, await context.directory.modify(dn, modifications, write)) ??
      (await readBack(exporting, dn, options));
    const written = await entries.written(objectType, entry);
    return { resource: (await resourceFor(context, objectType, written)).resource };
  }

  /** The same for an entry of very many values: nothing of them is read, and the space hears of those that have changed. */
  async #writeLong(
    known: SpaceEntry,
    changes: readonly AttributeChange[],
    request: ExportRequest,
  ): Promise<ValuesWritten | undefined> {
    const { objectType } = this;
    const units = unitsOf(changes, known.entry);
    const condition = await this.#condition(known, request);
    if (condition === undefined) return undefined;
    const stamp = objectType.readAttributes.filter((name) => name.toLowerCase() === 'modifytimestamp');
    const write = { ...onBehalfOf(request), ...condition, postRead: stamp };
    const { id, entry } = known;
    if (units.length > 0)
      await request.exporting.plan({ operation: 'modify', id, dn: entry.dn, modifications: modificationsOf(units) });
    const after = units.length === 0 ? undefined : await this.#modify(entry.dn, units, write);
    if (units.length > LONG) await this.#lookAgain(id, request);
    else this.#tellSpace(id, units, after);
    return request.shown === undefined ? {} : this.#shown(known.id, request.shown, request);
  }

  /** So many changes beside a row would cost more, whenever it is read, than it does to read the entry now. */
  async #lookAgain(id: string, request: ExportRequest): Promise<void> {
    this.entries.suspect(id);
    try {
      await this.entries.liveById(this.objectType, id, onBehalfOf(request));
    } catch (error) {
      // The change is made all the same, and the row is not believed until somebody has read the entry.
      if (!(error instanceof LdapError)) throw error;
    }
  }

  #tellSpace(id: string, units: readonly Unit[], after: Entry | undefined): void {
    const changes = units.map(
      ({ operation, attribute, value }): SpaceValueChange => ({
        operation: operation === 'add' ? 'add' : 'remove',
        attribute,
        value: value.toString(),
      }),
    );
    for (const { name, values } of after?.attributes() ?? [])
      changes.push({ operation: 'set', attribute: name, value: String(values[0]) });
    if (changes.length > 0) this.context.space.changeValues(id, changes);
  }

  /** What a client has asked for by name it gets, also of an entry that is too large to be worth returning. */
  async #shown(id: string, projection: Projection, request: ExportRequest): Promise<ValuesWritten> {
    const { context, entries, objectType } = this;
    const leave = leftOutOf(context, objectType, projection);
    const known = leave === undefined ? undefined : entries.known(objectType, id);
    const found =
      leave === undefined || known === undefined
        ? await entries.liveById(objectType, id, onBehalfOf(request))
        : lean(known, leave);
    return found === undefined ? {} : { resource: (await resourceFor(context, objectType, found)).resource };
  }

  /**
   * What makes sure that the name still belongs to the same entry, and the entry to the type: a condition of the write,
   * or a look at the anchor where the directory serves none. Undefined: it does not.
   */
  async #condition(known: SpaceEntry, request: Context): Promise<Pick<WriteOptions, 'assertion'> | undefined> {
    const { directory } = this.context;
    const assertion = identityOf(this.objectType, known);
    if (directory.supports(Oid.assertion)) return { assertion };
    const search = { base: known.entry.dn, scope: 'base', filter: assertion, attributes: [] } as const;
    for await (const _ of directory.search(search, onBehalfOf(request))) return {};
    return undefined;
  }

  /** Everything at once; where some of it is done already, permissively or by halves. Undefined: nothing is known of the entry after. */
  async #modify(dn: DN, units: readonly Unit[], write: WriteOptions): Promise<Entry | undefined> {
    const { directory, schema } = { ...this.context, schema: this.context.directory.schema };
    try {
      return await directory.modify(dn, modificationsOf(units), write);
    } catch (error) {
      if (!isLdapError(error, ...DONE_ALREADY)) throw error;
      // The value may be there with a unique identifier behind it, which only a look can tell.
      const hidden = units.some(
        ({ operation, attribute }) => operation === 'delete' && holdsOptionalUID(schema, attribute),
      );
      const [unit] = units;
      if (unit !== undefined && units.length === 1) {
        if (hidden) throw error;
        return undefined;
      }
      if (directory.supports(Oid.permissiveModify) && !hidden)
        return directory.modify(dn, modificationsOf(units), { ...write, permissive: true });
      // A search costs a hundredth of a write. Where it sees nothing of what the write has met, writes have to find out.
      const left = hidden ? units : await this.#undone(dn, units, write);
      if (left.length === 0) return undefined;
      if (left.length < units.length) return this.#modify(dn, left, write);
      const middle = units.length >> 1;
      const first = await this.#modify(dn, units.slice(0, middle), write);
      return (await this.#modify(dn, units.slice(middle), write)) ?? first;
    }
  }

  /** Those that are still to be done: asked for all at once, and by halves where only some are. */
  async #undone(dn: DN, units: readonly Unit[], options: Options): Promise<readonly Unit[]> {
    if (units.length <= ASKED_TOGETHER) {
      if (await this.#matches(dn, and(...units.map((unit) => holds(unit, 'add'))), options)) return [];
      const isUndone = and(...units.map((unit) => holds(unit, 'delete')));
      if (units.length === 1 || (await this.#matches(dn, isUndone, options))) return units;
    }
    const middle = units.length >> 1;
    const first = await this.#undone(dn, units.slice(0, middle), options);
    return [...first, ...(await this.#undone(dn, units.slice(middle), options))];
  }

  async #matches(base: DN, filter: Filter, options: Options): Promise<boolean> {
    const request = { base, scope: 'base', filter, attributes: [] } as const;
    let found = false;
    for await (const _ of this.context.directory.search(request, options)) found = true;
    return found;
  }
}

/** An entry that is still what it was: of the same anchor and of the same type. */
export function identityOf({ anchor, filter, schema }: ObjectType, known: SpaceEntry): Filter {
  if (isDNAnchor(anchor)) return filter;
  return and(filter, anchorFilter(known.anchor, anchor, schema.isBinary(anchor)));
}

/** That a value is there where it is to be added (deleted, with `operation` delete), and is not where it is to be deleted (added). */
function holds({ operation, attribute, value }: Unit, wanted: Unit['operation']): Filter {
  const isThere = equality(attribute, value);
  return operation === wanted ? isThere : not(isThere);
}

/** Values one by one, removals first. What stands in for members that are not there goes with the first one that is. */
function unitsOf(changes: readonly AttributeChange[], known: Entry): Unit[] {
  return changes.flatMap(({ attribute: { ldapName: attribute }, add, remove }) => {
    const placeholders = add.length > 0 ? known.values(attribute).filter(isPlaceholder) : [];
    return [
      ...[...placeholders, ...remove].map((value): Unit => ({ operation: 'delete', attribute, value })),
      ...add.map((value): Unit => ({ operation: 'add', attribute, value })),
    ];
  });
}

function modificationsOf(units: readonly Unit[]): Modification[] {
  const modifications: { operation: Unit['operation']; attribute: string; values: Value[] }[] = [];
  for (const { operation, attribute, value } of units) {
    const own = modifications.find((one) => one.operation === operation && one.attribute === attribute);
    if (own === undefined) modifications.push({ operation, attribute, values: [value] });
    else own.values.push(value);
  }
  return modifications;
}
