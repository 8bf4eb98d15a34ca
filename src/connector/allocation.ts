/** Values that only the directory can tell: NextNumber and SelectUniqueValue (on create). */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Options } from '../directory/directory';
import { type DN, RDN } from '../directory/dn';
import type { Entry, Value } from '../directory/entry';
import { isLdapError, ResultCode } from '../directory/error';
import { and, equality, type Filter, greaterOrEqual, lessOrEqual, present } from '../directory/filter';
import type { DirectoryAttribute } from '../mapping/directoryFace';
import { evaluate, type Allocation as Wanted } from '../mapping/expression';
import { isAllocated, scopeOf } from '../mapping/flow';
import type { ObjectType } from '../mapping/objectType';
import { ScimError } from '../scim/error';
import type { Resource } from '../scim/resource';
import type { ConnectorContext } from './context';

/** A value that is to be found for an attribute. */
interface Task {
  readonly target: string;
  readonly attribute: DirectoryAttribute;
  readonly wanted: Wanted;
}

/** Whoever sees that somebody else has the same value waits up to so long, in milliseconds, before it gives way: of two the other one need not then. */
const LONGEST_PAUSE_MS = 128;

/** Finds values for the flows of an object type. Numbers are given out once, also under concurrency. */
export class Allocation {
  /** By attribute and range, the highest number that was given out or seen. */
  readonly #highest = new Map<string, number>();

  constructor(readonly context: ConnectorContext) {}

  /** The keys whose turns a create takes so that nobody finds the same values meanwhile; none where nothing is allocated. */
  turnsOf(objectType: ObjectType): string[] {
    return objectType.flows.filter(isAllocated).map(({ target }) => `allocate:${target}`);
  }

  /** The values, by the canonical name of their target, but for the targets that the resource fills itself. */
  async valuesFor(
    objectType: ObjectType,
    resource: Resource,
    options: Options,
    /** Whether numbers are used up: in a dry run the next create gets the same ones. */
    isUsed = true,
  ): Promise<ReadonlyMap<string, string>> {
    const values = new Map<string, string>();
    for (const task of tasksOf(objectType, resource))
      values.set(task.target, await this.#find(task, objectType, resource, options, isUsed));
    return values;
  }

  /** The values that an entry has been given before, by the canonical name of their target. */
  valuesIn(objectType: ObjectType, entry: Entry): ReadonlyMap<string, string> {
    return new Map(
      objectType.flows.filter(isAllocated).flatMap(({ target }): [string, string][] => {
        const value = entry.first(objectType.attributes.get(target)?.ldapName ?? target);
        return value === undefined ? [] : [[target, value]];
      }),
    );
  }

  /** Whether somebody has one of these values by now, which were free when they were found. */
  async areTaken(objectType: ObjectType, values: ReadonlyMap<string, string>, options: Options): Promise<boolean> {
    for (const [target, value] of values) {
      const attribute = objectType.attributes.get(target);
      if (attribute !== undefined && (await this.#holders(attribute.ldapName, value, 1, options)).length > 0)
        return true;
    }
    return false;
  }

  /**
   * A new entry as it has to be so that nobody else has its values: another host, or another connector of this one, may have
   * found the same ones free at the same moment. Both look after their Adds, so at least one sees the other, and gives way. The entry itself where it is alone. @throws ScimError 409 when no other value is left
   */
  async apart(objectType: ObjectType, resource: Resource, entry: Entry, options: Options): Promise<Entry> {
    const { schema } = objectType;
    let after = entry;
    for (const task of tasksOf(objectType, resource)) {
      const { ldapName, key } = task.attribute;
      const value = entry.first(ldapName);
      const isShared = async () =>
        value !== undefined &&
        (await this.#holders(ldapName, value, 2, options)).some((dn) => !dn.equals(entry.dn, schema));
      if (!(await isShared())) continue;
      await sleep(
        (this.context.random(1)[0] ?? 0) % LONGEST_PAUSE_MS,
        undefined,
        options.signal && { signal: options.signal },
      );
      if (!(await isShared())) continue;
      const other = await this.#find(task, objectType, resource, options, true);
      const changed = (own: Value) => (own.toString() === value ? other : own);
      const parts = (after.dn.rdn?.parts ?? []).map((part) =>
        schema.canonicalName(part.type) === key ? { ...part, value: changed(part.value) } : part,
      );
      const values = after.values(ldapName).map(changed);
      after = after.with([{ name: ldapName, values }], after.dn.parent?.child(new RDN(parts)) ?? after.dn);
    }
    return after;
  }

  #find(
    { attribute, wanted }: Task,
    objectType: ObjectType,
    resource: Resource,
    options: Options,
    isUsed: boolean,
  ): Promise<string> {
    if (wanted.kind === 'nextNumber') return this.#nextNumber(attribute.ldapName, wanted, isUsed, options);
    const scope = scopeOf(objectType, resource, { now: this.context.clock, random: this.context.random });
    const candidates = wanted.candidates.flatMap((candidate) => {
      const result = evaluate(candidate, scope);
      return result.kind === 'value' && typeof result.value === 'string' ? [result.value] : [];
    });
    return this.#firstFree(attribute.ldapName, candidates, options);
  }

  async #firstFree(attribute: string, candidates: readonly string[], options: Options): Promise<string> {
    for (const candidate of candidates)
      if (candidate !== '' && (await this.#holders(attribute, candidate, 1, options)).length === 0) return candidate;
    throw ScimError.uniqueness(
      `All ${candidates.length} values that SelectUniqueValue offers for ${attribute} are in use: give it more candidates.`,
    );
  }

  async #nextNumber(
    attribute: string,
    { from, to }: { readonly from: number; readonly to: number },
    isUsed: boolean,
    options: Options,
  ): Promise<string> {
    const key = `${attribute.toLowerCase()} ${from} ${to}`;
    let next = (this.#highest.get(key) ?? (await this.#highestInUse(attribute, from, to, options))) + 1;
    while (next <= to && (await this.#holders(attribute, String(next), 1, options)).length > 0) next += 1;
    if (next > to)
      throw ScimError.uniqueness(`NextNumber(${from}, ${to}) for ${attribute} has no number left: widen its range.`);
    if (isUsed) this.#highest.set(key, next);
    return String(next);
  }

  /** Asked once: afterwards the numbers that were given out are known, and each new one is looked for before it is used. */
  async #highestInUse(attribute: string, from: number, to: number, options: Options): Promise<number> {
    const ordered = this.context.directory.schema.attributeType(attribute)?.ordering !== undefined;
    const filter = ordered
      ? and(greaterOrEqual(attribute, String(from)), lessOrEqual(attribute, String(to)))
      : present(attribute);
    let highest = from - 1;
    for await (const entry of this.#everywhere({ filter, attributes: [attribute] }, options)) {
      for (const value of entry.values(attribute)) {
        const number = Number(value.toString());
        if (number >= from && number <= to && number > highest) highest = number;
      }
    }
    return highest;
  }

  /** Who has a value: at most so many. */
  async #holders(attribute: string, value: string, most: number, options: Options): Promise<readonly DN[]> {
    const request = { filter: equality(attribute, value), attributes: [], sizeLimit: most };
    const found: DN[] = [];
    for await (const { dn } of this.#everywhere(request, options)) {
      found.push(dn);
      if (found.length === most) break;
    }
    return found;
  }

  /** In the whole partitions: who stands beside the containers has numbers too. Where the account sees no more than those, in them. */
  async *#everywhere(
    request: { readonly filter: Filter; readonly attributes: readonly string[]; readonly sizeLimit?: number },
    options: Options,
  ): AsyncGenerator<Entry> {
    const { directory, scope } = this.context;
    for (const partition of scope.partitions) {
      try {
        yield* directory.search({ ...request, base: partition, scope: 'sub' }, options);
      } catch (error) {
        if (!isLdapError(error, ResultCode.noSuchObject, ResultCode.insufficientAccessRights)) throw error;
        for (const base of scope.bases)
          if (base.isWithin(partition, directory.schema))
            yield* directory.search({ ...request, base, scope: 'sub' }, options);
      }
    }
  }
}

/** What is to be found for a resource: what it does not say itself. */
function tasksOf(objectType: ObjectType, resource: Resource): Task[] {
  const face = resource[objectType.urn] as Record<string, unknown> | undefined;
  return objectType.flows.flatMap(({ target, value }): Task[] => {
    const attribute = objectType.attributes.get(target);
    const wanted = 'allocation' in value ? value.allocation : undefined;
    if (wanted === undefined || attribute === undefined || face?.[attribute.name] !== undefined) return [];
    return [{ target, attribute, wanted }];
  });
}
