/** Where to look: keys in the connector space, a filtered search of the directory, or a walk through the space. */
import type { DN } from '../directory/dn';
import { type Filter as DirectoryFilter, equality, or } from '../directory/filter';
import { type Candidate, idsInFilter, type MatchCandidate, planOf } from '../mapping/filter';
import type { ObjectType } from '../mapping/objectType';
import type { Filter } from '../scim/filter';
import { evaluate } from '../scim/filterEvaluate';
import type { Context, Page, Query } from '../scim/handler';
import { type AttributePath, attributeAt } from '../scim/path';
import type { Resource } from '../scim/resource';
import { type ConnectorContext, onBehalfOf } from './context';
import type { Entries, Found } from './entries';
import { resolveReferences } from './resolving';
import { resourcesOf } from './resources';

const walkedAtOnce = 100;

/** Answers queries of one object type. */
export class Queries {
  constructor(
    readonly context: ConnectorContext,
    readonly entries: Entries,
    readonly objectType: ObjectType,
  ) {}

  /** RFC 7644 §3.4.2. */
  async query(query: Query, request: Context): Promise<Page> {
    if (query.filter === undefined)
      return query.sortBy === undefined
        ? this.#list(query, request)
        : this.#sorted(await this.#walk(undefined, request), query);
    const matching = await this.#matching(query.filter, request);
    return this.#sorted(matching, query);
  }

  /** A page of all resources, in anchor order, from the space. */
  async #list({ startIndex, count }: Query, request: Context): Promise<Page> {
    await this.context.filled(request.signal);
    const { space } = this.context;
    const { total, entries } = await space.page(this.objectType.name, startIndex, count);
    return { totalResults: total, resources: await resourcesOf(this.context, this.objectType, entries) };
  }

  async #matching(filter: Filter, request: Context): Promise<Resource[]> {
    const ids = idsInFilter(filter, this.objectType);
    const plan = planOf(
      filter,
      this.objectType,
      await resolveReferences(this.context, { objectType: this.objectType, ids }),
    );
    if (plan.superset === 'none') return [];
    if (plan.candidates !== undefined) {
      const found = await this.#candidates(plan.candidates, request);
      return this.#evaluated(found, filter);
    }
    if (plan.superset === 'all') return this.#walk(filter, request);
    return this.#evaluated(await this.entries.search(this.objectType, plan.superset, onBehalfOf(request)), filter);
  }

  /** The entries behind keys: fresh hits of the space, and one search of the directory for all the rest. */
  async #candidates(candidates: readonly Candidate[], request: Context): Promise<Found[]> {
    const found = new Map<string, Found>();
    const take = (entry: Found | undefined) => {
      if (entry !== undefined && entry.objectType === this.objectType.name) found.set(entry.id, entry);
    };
    const asked: DirectoryFilter[] = [];
    for (const candidate of candidates) {
      switch (candidate.kind) {
        case 'id':
          take(await this.entries.byId(this.objectType, candidate.id, onBehalfOf(request)));
          break;
        case 'dn':
          take(await this.#byDN(candidate.dn, request));
          break;
        case 'stored':
          for (const id of await this.context.state.stored.find({
            attribute: candidate.path,
            value: candidate.value,
          })) {
            take(await this.entries.byId(this.objectType, id, onBehalfOf(request)));
          }
          break;
        case 'match': {
          const rows = this.context.space.byMatch(this.objectType.name, candidate.attribute, candidate.value);
          if (rows.length > 0 && rows.every((row) => this.entries.isFresh(row))) rows.forEach(take);
          else asked.push(searchFor(candidate));
          break;
        }
        case 'search':
          asked.push(candidate.filter);
      }
    }
    if (asked.length > 0) {
      for (const entry of await this.entries.searchByKeys(this.objectType, or(...asked), onBehalfOf(request)))
        take(entry);
    }
    return [...found.values()];
  }

  async #byDN(dn: DN, request: Context): Promise<Found | undefined> {
    const row = this.context.space.byDN(dn.normalized(this.objectType.schema));
    if (row !== undefined && this.entries.isFresh(row)) return row;
    return this.entries.liveByDN(row?.entry.dn ?? dn, onBehalfOf(request));
  }

  /** Every resource that matches, from the space: for what neither keys nor a search of the directory can tell. */
  async #walk(filter: Filter | undefined, request: Context): Promise<Resource[]> {
    await this.context.filled(request.signal);
    const matching: Resource[] = [];
    let batch: Found[] = [];
    const flush = async () => {
      matching.push(
        ...(filter === undefined
          ? await resourcesOf(this.context, this.objectType, batch)
          : await this.#evaluated(batch, filter)),
      );
      batch = [];
    };
    for await (const row of this.context.space.iterate(this.objectType.name)) {
      request.signal.throwIfAborted();
      batch.push(row);
      if (batch.length === walkedAtOnce) await flush();
    }
    await flush();
    return matching;
  }

  async #evaluated(found: readonly Found[], filter: Filter): Promise<Resource[]> {
    const resources = await resourcesOf(this.context, this.objectType, found);
    return resources.filter((resource) => evaluate(filter, resource));
  }

  #sorted(resources: Resource[], { sortBy, sortOrder, startIndex, count }: Query): Page {
    const order = sortBy === undefined ? byId : bySortKey(sortBy, sortOrder === 'descending' ? -1 : 1);
    resources.sort(order);
    return { totalResults: resources.length, resources: resources.slice(startIndex - 1, startIndex - 1 + count) };
  }
}

/** A matching value, looked for where it stands and in the names of entries that lack the attribute. */
function searchFor({ attribute, naming, asserted }: MatchCandidate): DirectoryFilter {
  return or(...[attribute, ...naming].map((name) => equality(name, asserted)));
}

function byId(a: Resource, b: Resource): number {
  return compareText(String(a.id), String(b.id));
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** RFC 7644 §3.4.2.3: by the primary value where there are several; resources without one come last when ascending. */
function bySortKey(path: AttributePath, direction: 1 | -1): (a: Resource, b: Resource) => number {
  const { caseExact, type } = path.subDefinition ?? path.definition;
  const key = (resource: Resource): string | number | undefined => {
    const value = attributeAt(resource, path);
    const first = Array.isArray(value) ? (value.find((element) => isPrimary(element)) ?? value[0]) : value;
    const part =
      typeof first === 'object' && first !== null
        ? (first as Record<string, unknown>)[path.subAttribute ?? 'value']
        : first;
    if (part === undefined || part === null) return undefined;
    if (type === 'integer' || type === 'decimal') return Number(part);
    if (type === 'dateTime') return Date.parse(String(part));
    return caseExact ? String(part) : String(part).toLowerCase();
  };
  return (a, b) => {
    const [x, y] = [key(a), key(b)];
    if (x === undefined || y === undefined) return x === y ? byId(a, b) : direction * (x === undefined ? 1 : -1);
    const order = typeof x === 'number' && typeof y === 'number' ? x - y : compareText(String(x), String(y));
    return order === 0 ? byId(a, b) : direction * order;
  };
}

function isPrimary(element: unknown): boolean {
  return typeof element === 'object' && element !== null && (element as { primary?: unknown }).primary === true;
}
