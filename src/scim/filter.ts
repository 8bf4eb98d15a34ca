/** Filters of SCIM (RFC 7644 §3.4.2.2): text to tree, tree to text. What a tree says of a resource is in `filterEvaluate`. */
import { type AttributePath, type Filter, formatPath } from './attributePath';
import { ScimError } from './error';
import { SyntaxFault } from './filterLexer';
import { FilterParser } from './filterParser';
import type { ResourceType } from './resourceType';
import { schemaIndex } from './schemaIndex';

export type { CompareOperator, Filter } from './attributePath';

/**
 * Parses the filter of a query. Names are resolved against the resource type; an unknown one leaves `path` undefined.
 * Throws 400 `invalidFilter` with the position when the text is no filter, or names an attribute that is never returned.
 */
export function parseFilter(text: string, type: ResourceType): Filter {
  try {
    return new FilterParser(text, schemaIndex(type), { readableOnly: true }).filter();
  } catch (error) {
    if (error instanceof SyntaxFault) throw ScimError.invalidFilter(`The filter can not be used: ${error.describe()}.`);
    throw error;
  }
}

/** The filter as text, in canonical names; parsing it again gives an equal tree (but for `spelled`). */
export function formatFilter(filter: Filter): string {
  return format(filter, nameOf);
}

function nameOf(path: AttributePath | undefined, spelled: string): string {
  return path ? formatPath(path) : spelled;
}

function relativeName(path: AttributePath | undefined, spelled: string): string {
  return path ? (path.subAttribute ?? 'value') : spelled;
}

function format(filter: Filter, name: typeof nameOf): string {
  switch (filter.kind) {
    case 'and':
    case 'or':
      return filter.filters
        .map((part) => (part.kind === 'and' || part.kind === 'or' ? `(${format(part, name)})` : format(part, name)))
        .join(` ${filter.kind} `);
    case 'not':
      return `not (${format(filter.filter, name)})`;
    case 'present':
      return `${name(filter.path, filter.spelled)} pr`;
    case 'compare':
      return `${name(filter.path, filter.spelled)} ${filter.operator} ${JSON.stringify(filter.value)}`;
    case 'valuePath':
      return `${name(filter.path, filter.spelled)}[${format(filter.filter, relativeName)}]`;
  }
}
