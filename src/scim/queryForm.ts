/**
 * Queries that differ in one value: identity providers look up one person after the other in the same words. What the
 * words mean is found once for all of them.
 */
import { type AttributePath, type Filter, targetDefinition } from './attributePath';
import { ScimError } from './error';
import { type Matcher, matcher } from './filterEvaluate';
import { comparesUris } from './filterUris';
import type { Projection, Query, QueryForm } from './handler';
import { parametersOfUrl, type QueryLimits, resolveQuery } from './query';
import type { Resource } from './resource';
import type { ResourceType } from './resourceType';
import { Forms, PLACEHOLDER, valueApart, withValue } from './urlForm';

interface FormsOfType {
  readonly limits: QueryLimits;
  readonly forms: Forms<Form | undefined>;
}

const formsOfTypes = new WeakMap<ResourceType, FormsOfType>();

/**
 * The query of a URL, found from its form; undefined where the form does not tell, and the URL has to be read as a whole
 * (which says what is wrong with it).
 */
export function queryOfForm(search: string, type: ResourceType, limits: QueryLimits): Query | undefined {
  const apart = valueApart(search);
  if (apart === undefined) return undefined;
  const form = formsOf(type, limits).of(apart.form, (text) => formOf(text, type, limits));
  const value = form && decoded(apart.value);
  return value === undefined ? undefined : form?.queryFor(value);
}

function formsOf(type: ResourceType, limits: QueryLimits): Forms<Form | undefined> {
  const known = formsOfTypes.get(type);
  if (known?.limits.maxResults === limits.maxResults && known.limits.sort === limits.sort) return known.forms;
  const forms = new Forms<Form | undefined>();
  formsOfTypes.set(type, { limits, forms });
  return forms;
}

function decoded(value: string): string | undefined {
  try {
    return decodeURIComponent(value);
  } catch {
    return undefined;
  }
}

/** What a form means; undefined where that depends on more than the words around the value. */
function formOf(text: string, type: ResourceType, limits: QueryLimits): Form | undefined {
  const parameters = parametersOfUrl(withValue(text, PLACEHOLDER));
  const query = readable(() => resolveQuery(parameters, type, limits, ''));
  const path = query?.filter && pathOfPlaceholder(query.filter);
  // Values of other types have other spellings than the one in the text.
  const isText = path !== undefined && targetDefinition(path).type === 'string';
  if (!isText || parameters.cursor !== undefined || comparesUris(query?.filter)) return undefined;
  return query?.filter && new Form({ ...query, filter: query.filter }, path);
}

function readable<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof ScimError) return undefined;
    throw error;
  }
}

/** What is compared with the placeholder: it stands last, so the last comparison has it if any. */
function pathOfPlaceholder(filter: Filter): AttributePath | undefined {
  switch (filter.kind) {
    case 'and':
    case 'or': {
      const last = filter.filters.at(-1);
      return last && pathOfPlaceholder(last);
    }
    case 'not':
    case 'valuePath':
      return pathOfPlaceholder(filter.filter);
    case 'compare':
      return filter.value === PLACEHOLDER ? filter.path : undefined;
    case 'present':
      return undefined;
  }
}

class Form implements QueryForm {
  readonly #matches: Matcher<Resource>;

  constructor(
    readonly query: Query & { readonly filter: Filter },
    readonly path: AttributePath,
  ) {
    this.#matches = matcher(query.filter, PLACEHOLDER);
  }

  queryFor(value: string): Query {
    return new AskedQuery(this.query, { form: this, value });
  }

  matches(resource: Resource, value: string): boolean {
    return this.#matches(resource, value);
  }
}

/** A query of a form. Who knows what the form means needs no filter. */
class AskedQuery implements Query {
  readonly startIndex: number;
  readonly count: number;
  readonly projection: Projection;
  readonly sortBy?: AttributePath;
  readonly sortOrder?: 'ascending' | 'descending';
  readonly #template: Filter;

  constructor(
    { filter, startIndex, count, projection, sortBy, sortOrder }: Query & { readonly filter: Filter },
    readonly asked: { readonly form: Form; readonly value: string },
  ) {
    this.#template = filter;
    this.startIndex = startIndex;
    this.count = count;
    this.projection = projection;
    if (sortBy !== undefined) this.sortBy = sortBy;
    if (sortOrder !== undefined) this.sortOrder = sortOrder;
  }

  get filter(): Filter {
    return filled(this.#template, this.asked.value);
  }
}

function filled(filter: Filter, value: string): Filter {
  switch (filter.kind) {
    case 'and':
    case 'or':
      return {
        ...filter,
        filters: filter.filters.map((part, at, all) => (at < all.length - 1 ? part : filled(part, value))),
      };
    case 'not':
    case 'valuePath':
      return { ...filter, filter: filled(filter.filter, value) };
    case 'compare':
      return { ...filter, value };
    case 'present':
      return filter;
  }
}
