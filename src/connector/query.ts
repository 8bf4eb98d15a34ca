/** Where to look: keys in the connector space, a filtered search of the directory, or a walk through the space. */
import type { DN } from '../directory/dn';
import { type Filter as DirectoryFilter, equality, or } from '../directory/filter';
import { type Candidate, idsInFilter, type MatchCandidate, planOf } from '../mapping/filter';
import { withShownNames } from '../mapping/filterNames';
import type { ObjectType } from '../mapping/objectType';
import { ScimError } from '../scim/error';
import type { Filter } from '../scim/filter';
import { evaluate, evaluateValue, instantOf } from '../scim/filterEvaluate';
import type { Context, Page, Query } from '../scim/handler';
import { type AttributePath, attributeAt } from '../scim/path';
import type { Resource } from '../scim/resource';
import type { Extent } from '../space/connectorSpace';
import { type ConnectorContext, onBehalfOf } from './context';
import type { Entries, Found } from './entries';
import { type LeavingContext, lean, leftOutOf, pathsIn } from './leaving';
import { membersApart, membershipFilter } from './membershipQuery';
import { withGroups } from './regrouping';
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
  async query(query: Query, asked: Context): Promise<Page> {
    const conditions = [...pathsIn(query.filter), ...(query.sortBy === undefined ? [] : [query.sortBy])];
    const leave = leftOutOf(this.context, this.objectType, query.projection, conditions);
    const request: LeavingContext = leave === undefined ? asked : { ...asked, leave };
    if (query.filter === undefined)
      return query.sortBy === undefined
        ? this.#list(query, request)
        : this.#sorted(await this.#walk(undefined, request), query);
    const idAt = (normalizedDN: string) => this.context.space.byDN(normalizedDN)?.id;
    const filter = withShownNames(query.filter, this.objectType, idAt);
    const matching = (await this.#ofMembers(filter, query, asked)) ?? (await this.#matching(filter, request));
    return this.#sorted(matching, query);
  }

  /** The groups of some members, where nobody wants to see the members: they are not read. Undefined: something else is asked. */
  async #ofMembers(filter: Filter, { projection, sortBy }: Query, asked: Context): Promise<Resource[] | undefined> {
    const { context, objectType } = this;
    const apart = membersApart(filter, objectType);
    if (apart === undefined) return undefined;
    const conditions = [...pathsIn(apart.rest), ...(sortBy === undefined ? [] : [sortBy])];
    const leave = leftOutOf(context, objectType, projection, conditions);
    if (leave === undefined) return undefined;
    const references = await resolveReferences(context, { objectType, ids: idsInFilter(filter, objectType) });
    const wanted = membershipFilter(apart, objectType, references);
    if (wanted === undefined || wanted === 'none') return wanted && [];
    const found = await this.entries.searchByKeys(objectType, wanted, onBehalfOf({ ...asked, leave }));
    return apart.rest === undefined ? resourcesOf(context, objectType, found) : this.#evaluated(found, apart.rest);
  }

  /** A page of all resources, in anchor order, from the space. */
  async #list({ startIndex, after, count }: Query, request: LeavingContext): Promise<Page> {
    await this.context.filled(request.signal);
    const { space } = this.context;
    if (after !== undefined) {
      const { total, entries } = await space.page(this.objectType.name, 1, count + 1, extentFor(request), after);
      const shown = entries.slice(0, count);
      return {
        totalResults: total,
        resources: await this.#resources(shown, request),
        ...(entries.length > count && { end: shown.at(-1)?.anchor ?? after }),
      };
    }
    const { total, entries } = await space.page(this.objectType.name, startIndex, count, extentFor(request));
    return { totalResults: total, resources: await this.#resources(entries, request) };
  }

  /** The resources of rows of the space. */
  async #resources(rows: readonly Found[], request: LeavingContext, filter?: Filter): Promise<Resource[]> {
    const current = await withGroups(this.context, this.entries, this.objectType, rows, onBehalfOf(request));
    const shown = current.map((row) => leanFor(row, request));
    return filter === undefined ? resourcesOf(this.context, this.objectType, shown) : this.#evaluated(shown, filter);
  }

  async #matching(filter: Filter, request: LeavingContext): Promise<Resource[]> {
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
  async #candidates(candidates: readonly Candidate[], request: LeavingContext): Promise<Found[]> {
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
          const { space } = this.context;
          const { attribute, value } = candidate;
          const rows = space.byMatch(this.objectType.name, attribute, value, extentFor(request));
          if (rows.length > 0 && rows.every((row) => this.entries.isFresh(row)))
            for (const row of rows) take(leanFor(row, request));
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

  async #byDN(dn: DN, request: LeavingContext): Promise<Found | undefined> {
    const row = this.context.space.byDN(dn.normalized(this.objectType.schema), extentFor(request));
    if (row !== undefined && this.entries.isFresh(row)) return leanFor(row, request);
    const found = await this.entries.liveByDN(row?.entry.dn ?? dn, onBehalfOf(request));
    return found && leanFor(found, request);
  }

  /** Every resource that matches, from the space: for what neither keys nor a search of the directory can tell. */
  async #walk(filter: Filter | undefined, request: LeavingContext): Promise<Resource[]> {
    await this.context.filled(request.signal);
    const matching: Resource[] = [];
    let batch: Found[] = [];
    const flush = async () => {
      matching.push(...(await this.#resources(batch, request, filter)));
      batch = [];
    };
    for await (const row of this.context.space.iterate(this.objectType.name, extentFor(request))) {
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

  #sorted(resources: Resource[], { sortBy, sortOrder, startIndex, after, count }: Query): Page {
    const order = sortBy === undefined ? byId : new SortOrder(sortBy, sortOrder === 'descending' ? -1 : 1);
    const placed = resources.map((resource) => ({ resource, place: order.placeOf(resource) }));
    placed.sort((a, b) => order.compare(a.place, b.place));
    const begin = after === undefined ? startIndex - 1 : firstAfter(placed, order, after);
    const page = placed.slice(begin, begin + count);
    const last = page.at(-1);
    const end = begin + count < placed.length ? (last ? JSON.stringify(last.place) : after) : undefined;
    return {
      totalResults: resources.length,
      resources: page.map(({ resource }) => resource),
      ...(after !== undefined && end !== undefined && { end }),
    };
  }
}

/** How much of the rows of the space is needed. */
function extentFor({ leave }: LeavingContext): Extent {
  return leave === undefined ? 'whole' : 'short';
}

function leanFor(row: Found, { leave }: LeavingContext): Found {
  return leave === undefined ? row : lean(row, leave);
}

/** A matching value, looked for where it stands and in the names of entries that lack the attribute. */
function searchFor({ attribute, naming, asserted }: MatchCandidate): DirectoryFilter {
  return or(...[attribute, ...naming].map((name) => equality(name, asserted)));
}

/** Where a resource stands in an order: its sort key, null where it has none, and its id. */
type Place = readonly [key: string | number | null, id: string];

interface Order {
  placeOf(resource: Resource): Place;
  compare(a: Place, b: Place): number;
}

const byId: Order = {
  placeOf: ({ id }) => [null, String(id)],
  compare: ([, a], [, b]) => compareText(a, b),
};

/** RFC 7644 §3.4.2.3: by the primary value where there are several; resources without one come last when ascending. */
class SortOrder implements Order {
  constructor(
    readonly path: AttributePath,
    readonly direction: 1 | -1,
  ) {}

  placeOf(resource: Resource): Place {
    return [this.#key(attributeAt(resource, this.path)), String(resource.id)];
  }

  compare(a: Place, b: Place): number {
    const [[x], [y]] = [a, b];
    if (x === null || y === null) return x === y ? byId.compare(a, b) : this.direction * (x === null ? 1 : -1);
    const order = typeof x === 'number' && typeof y === 'number' ? x - y : compareText(String(x), String(y));
    return order === 0 ? byId.compare(a, b) : this.direction * order;
  }

  #key(value: unknown): string | number | null {
    const { subAttribute, subDefinition, definition } = this.path;
    const { caseExact, type } = subDefinition ?? definition;
    const filter = this.path.valueFilter;
    const values =
      filter === undefined || !Array.isArray(value) ? value : value.filter((one) => evaluateValue(filter, one));
    const first = Array.isArray(values) ? (values.find((element) => isPrimary(element)) ?? values[0]) : values;
    const part =
      typeof first === 'object' && first !== null ? (first as Record<string, unknown>)[subAttribute ?? 'value'] : first;
    if (part === undefined || part === null) return null;
    if (type === 'integer' || type === 'decimal') return Number(part);
    if (type === 'dateTime') return instantOf(String(part)) ?? String(part);
    return caseExact ? String(part) : String(part).toLowerCase();
  }
}

/** The position of the first resource beyond a place, which need not be there any more. @throws ScimError 400 `invalidCursor` */
function firstAfter(placed: readonly { readonly place: Place }[], order: Order, after: string): number {
  if (after === '') return 0;
  const place = placeIn(after);
  const position = placed.findIndex((one) => order.compare(one.place, place) > 0);
  return position < 0 ? placed.length : position;
}

function placeIn(text: string): Place {
  try {
    const place: unknown = JSON.parse(text);
    const [key, id] = Array.isArray(place) ? place : [];
    if (typeof id === 'string' && (key === null || typeof key === 'string' || typeof key === 'number'))
      return [key, id];
  } catch {
    // Not of this form: the same refusal.
  }
  throw ScimError.invalidCursor('It is none that this endpoint has given.');
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function isPrimary(element: unknown): boolean {
  return typeof element === 'object' && element !== null && (element as { primary?: unknown }).primary === true;
}
