/** Where to look: keys in the connector space, a filtered search of the directory, or a walk through the space. */
import type { DN } from '../directory/dn';
import { type Filter as DirectoryFilter, equality, or } from '../directory/filter';
import { type Candidate, idsInFilter, type MatchCandidate, planOf } from '../mapping/filter';
import { withShownNames } from '../mapping/filterNames';
import type { ObjectType } from '../mapping/objectType';
import type { Filter } from '../scim/filter';
import { type Matcher, matcher } from '../scim/filterEvaluate';
import type { Context, Page, Query } from '../scim/handler';
import type { Resource } from '../scim/resource';
import type { SpaceEntry } from '../space/connectorSpace';
import { type ConnectorContext, onBehalfOf } from './context';
import type { Entries, Found } from './entries';
import { type LeavingContext, lean, leftOutOf, pathsIn } from './leaving';
import { LookUps } from './lookUps';
import { membersApart, membershipFilter } from './membershipQuery';
import { pageOf } from './order';
import { withGroups } from './regrouping';
import { resolveReferences } from './resolving';
import { resourceAtHand, resourcesOf } from './resources';

const walkedAtOnce = 100;

/** Answers queries of one object type. */
export class Queries {
  readonly #lookUps: LookUps;

  constructor(
    readonly context: ConnectorContext,
    readonly entries: Entries,
    readonly objectType: ObjectType,
  ) {
    this.#lookUps = new LookUps(context, objectType);
  }

  /** RFC 7644 §3.4.2. */
  async query(query: Query, asked: Context): Promise<Page> {
    const known = this.#lookedUp(query);
    return known === undefined ? this.#query(query, asked) : pageOf(Array.isArray(known) ? known : await known, query);
  }

  /** What a look-up finds in the space; undefined where it is no look-up, or has to be asked of the directory. */
  #lookedUp(query: Query): Resource[] | Promise<Resource[]> | undefined {
    const lookUp = this.#lookUps.of(query);
    if (lookUp === undefined) return undefined;
    const { attribute, key, leave } = lookUp;
    const { space } = this.context;
    const rows = space.byMatch(this.objectType.name, attribute, key, 'short');
    if (rows.length === 0 || !rows.every((row) => this.entries.isFresh(row))) return undefined;
    // What was left out is read in turns.
    if (leave === undefined && rows.some(({ leftOut }) => leftOut.size > 0)) return undefined;
    const found = leave === undefined ? rows : rows.map((row) => lean(row, leave));
    const [first, ...others] = found;
    const known = first && others.length === 0 ? resourceAtHand(this.context, this.objectType, first) : undefined;
    if (known !== undefined) return lookUp.matches(known) ? [known] : [];
    return this.#evaluated(found, (resource) => lookUp.matches(resource));
  }

  async #query(query: Query, asked: Context): Promise<Page> {
    const conditions = [...pathsIn(query.filter), ...(query.sortBy === undefined ? [] : [query.sortBy])];
    const leave = leftOutOf(this.context, this.objectType, query.projection, conditions);
    const request: LeavingContext = leave === undefined ? asked : { ...asked, leave };
    if (query.filter === undefined)
      return query.sortBy === undefined
        ? this.#list(query, request)
        : pageOf(await this.#walk(undefined, request), query);
    const idAt = (normalizedDN: string) => this.context.space.byDN(normalizedDN, 'short')?.id;
    const filter = withShownNames(query.filter, this.objectType, idAt);
    const matching = (await this.#ofMembers(filter, query, asked)) ?? (await this.#matching(filter, request));
    return pageOf(matching, query);
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
    return apart.rest === undefined
      ? resourcesOf(context, objectType, found)
      : this.#evaluated(found, matcher(apart.rest));
  }

  /** A page of all resources, in anchor order, from the space. */
  async #list({ startIndex, after, count }: Query, request: LeavingContext): Promise<Page> {
    await this.context.filled(request.signal);
    const { space } = this.context;
    if (after !== undefined) {
      const { total, entries } = await space.page(this.objectType.name, 1, count + 1, 'short', after);
      const shown = entries.slice(0, count);
      return {
        totalResults: total,
        resources: await this.#resources(shown, request),
        ...(entries.length > count && { end: shown.at(-1)?.anchor ?? after }),
      };
    }
    const { total, entries } = await space.page(this.objectType.name, startIndex, count, 'short');
    return { totalResults: total, resources: await this.#resources(entries, request) };
  }

  /** The resources of rows of the space. */
  async #resources(
    rows: readonly SpaceEntry[],
    request: LeavingContext,
    matches?: Matcher<Resource>,
  ): Promise<Resource[]> {
    const wanted = await this.#wanted(rows, request);
    const current = await withGroups(this.context, this.entries, this.objectType, wanted, onBehalfOf(request));
    const shown = current.map((row) => leanFor(row, request));
    return matches === undefined ? resourcesOf(this.context, this.objectType, shown) : this.#evaluated(shown, matches);
  }

  /** Rows that were read short, with as much as a request wants of them. */
  async #wanted(rows: readonly SpaceEntry[], { leave }: LeavingContext): Promise<readonly Found[]> {
    if (leave !== undefined) return rows.map((row) => lean(row, leave));
    if (rows.every(({ leftOut }) => leftOut.size === 0)) return rows;
    const found: Found[] = [];
    for (const row of rows) {
      const whole = await this.context.space.long.whole(row);
      if (whole !== undefined) found.push(whole);
    }
    return found;
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
      return this.#evaluated(found, matcher(filter));
    }
    if (plan.superset === 'all') return this.#walk(matcher(filter), request);
    const found = await this.entries.search(this.objectType, plan.superset, onBehalfOf(request));
    return this.#evaluated(found, matcher(filter));
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
          const rows = space.byMatch(this.objectType.name, attribute, value, 'short');
          if (rows.length > 0 && rows.every((row) => this.entries.isFresh(row)))
            for (const row of await this.#wanted(rows, request)) take(row);
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
    const row = this.context.space.byDN(dn.normalized(this.objectType.schema), 'short');
    if (row !== undefined && this.entries.isFresh(row)) return (await this.#wanted([row], request))[0];
    const found = await this.entries.liveByDN(row?.entry.dn ?? dn, onBehalfOf(request));
    return found && leanFor(found, request);
  }

  /** Every resource that matches, from the space: for what neither keys nor a search of the directory can tell. */
  async #walk(matches: Matcher<Resource> | undefined, request: LeavingContext): Promise<Resource[]> {
    await this.context.filled(request.signal);
    const matching: Resource[] = [];
    let batch: SpaceEntry[] = [];
    const flush = async () => {
      matching.push(...(await this.#resources(batch, request, matches)));
      batch = [];
    };
    for await (const row of this.context.space.iterate(this.objectType.name, 'short')) {
      request.signal.throwIfAborted();
      batch.push(row);
      if (batch.length === walkedAtOnce) await flush();
    }
    await flush();
    return matching;
  }

  async #evaluated(found: readonly Found[], matches: Matcher<Resource>): Promise<Resource[]> {
    const resources = await resourcesOf(this.context, this.objectType, found);
    return resources.filter((resource) => matches(resource));
  }
}

function leanFor(row: Found, { leave }: LeavingContext): Found {
  return leave === undefined ? row : lean(row, leave);
}

/** A matching value, looked for where it stands and in the names of entries that lack the attribute. */
function searchFor({ attribute, naming, asserted }: MatchCandidate): DirectoryFilter {
  return or(...[attribute, ...naming].map((name) => equality(name, asserted)));
}
