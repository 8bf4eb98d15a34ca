/** The order of resources in an answer, and the page of them that was asked for. */
import { ScimError } from '../scim/error';
import { instantOf, type Matcher, valueMatcher } from '../scim/filterEvaluate';
import type { Page, Query } from '../scim/handler';
import { type AttributePath, attributeAt } from '../scim/path';
import type { Resource } from '../scim/resource';

/** The page of everything that has been found (RFC 7644 §3.4.2.3, §3.4.2.4). @throws ScimError 400 `invalidCursor` */
export function pageOf(resources: readonly Resource[], { sortBy, sortOrder, startIndex, after, count }: Query): Page {
  if (resources.length <= count && resources.length < 2 && startIndex === 1 && after === undefined)
    return { totalResults: resources.length, resources };
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
  /** Which of several values count. */
  readonly #counts: Matcher<unknown> | undefined;

  constructor(
    readonly path: AttributePath,
    readonly direction: 1 | -1,
  ) {
    this.#counts = path.valueFilter && valueMatcher(path.valueFilter);
  }

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
    const counts = this.#counts;
    const values = counts === undefined || !Array.isArray(value) ? value : value.filter((one) => counts(one));
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
