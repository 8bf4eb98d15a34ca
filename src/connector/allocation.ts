/** Values that only the directory can tell: NextNumber and SelectUniqueValue (on create). */
import type { Options } from '../directory/directory';
import type { Entry } from '../directory/entry';
import { and, equality, greaterOrEqual, lessOrEqual, present } from '../directory/filter';
import { evaluate } from '../mapping/expression';
import { isAllocated, scopeOf } from '../mapping/flow';
import type { ObjectType } from '../mapping/objectType';
import { ScimError } from '../scim/error';
import type { Resource } from '../scim/resource';
import type { ConnectorContext } from './context';

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
    const face = resource[objectType.urn] as Record<string, unknown> | undefined;
    for (const flow of objectType.flows) {
      const attribute = objectType.attributes.get(flow.target);
      if (!('allocation' in flow.value) || flow.value.allocation === undefined || attribute === undefined) continue;
      if (face?.[attribute.name] !== undefined) continue;
      const { allocation } = flow.value;
      if (allocation.kind === 'nextNumber') {
        values.set(flow.target, await this.#nextNumber(attribute.name, allocation, isUsed, options));
      } else {
        const scope = scopeOf(objectType, resource, { now: this.context.clock, random: this.context.random });
        const candidates = allocation.candidates.map((candidate) => evaluate(candidate, scope));
        const texts = candidates.flatMap((result) =>
          result.kind === 'value' && typeof result.value === 'string' ? [result.value] : [],
        );
        values.set(flow.target, await this.#firstFree(attribute.name, texts, options));
      }
    }
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

  async #firstFree(attribute: string, candidates: readonly string[], options: Options): Promise<string> {
    for (const candidate of candidates)
      if (candidate !== '' && !(await this.#isTaken(attribute, candidate, options))) return candidate;
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
    while (next <= to && (await this.#isTaken(attribute, String(next), options))) next += 1;
    if (next > to)
      throw ScimError.uniqueness(`NextNumber(${from}, ${to}) for ${attribute} has no number left: widen its range.`);
    if (isUsed) this.#highest.set(key, next);
    return String(next);
  }

  /** Asked once: afterwards the numbers that were given out are known, and each new one is looked for before it is used. */
  async #highestInUse(attribute: string, from: number, to: number, options: Options): Promise<number> {
    const { directory, scope } = this.context;
    const ordered = directory.schema.attributeType(attribute)?.ordering !== undefined;
    const filter = ordered
      ? and(greaterOrEqual(attribute, String(from)), lessOrEqual(attribute, String(to)))
      : present(attribute);
    let highest = from - 1;
    const look = (entry: Entry) => {
      for (const value of entry.values(attribute)) {
        const number = Number(value.toString());
        if (number >= from && number <= to && number > highest) highest = number;
      }
    };
    for (const base of scope.bases) {
      for await (const entry of directory.search({ base, scope: 'sub', filter, attributes: [attribute] }, options))
        look(entry);
    }
    return highest;
  }

  async #isTaken(attribute: string, value: string, options: Options): Promise<boolean> {
    const { directory, scope } = this.context;
    for (const base of scope.bases) {
      const request = { base, scope: 'sub' as const, filter: equality(attribute, value), attributes: [], sizeLimit: 1 };
      for await (const _entry of directory.search(request, options)) return true;
    }
    return false;
  }
}
