/** What a filter says of a resource, by the attributes' types, case rules and multiplicity (RFC 7644 §3.4.2.2). */
import { type AttributePath, attributeAt, type CompareOperator, type Filter, targetDefinition } from './attributePath';
import { isEmpty, isObject, own } from './json';
import { absoluteUri } from './references';
import type { Resource } from './resource';
import type { AttributeDefinition } from './resourceType';

/** True, false, or undefined where an attribute is unknown: undefined stays undefined when negated. */
type Truth = boolean | undefined;

type Literal = string | number | boolean | null;

/**
 * Whether a canonical resource matches a filter. A multi-valued attribute matches when one of its values does; `ne` is
 * the contrary of `eq`, so an unassigned attribute is not equal to anything but null.
 */
export function evaluate(filter: Filter, resource: Resource): boolean {
  return truth(filter, resource, inResource) === true;
}

/** The values that a path has in what is being looked at. */
type Reader<Subject> = (subject: Subject, path: AttributePath) => readonly unknown[];

const inResource: Reader<Resource> = (resource, path) => {
  const value = attributeAt(resource, path);
  const values = Array.isArray(value) ? value : [value];
  return path.subAttribute === undefined ? values : values.flatMap((one) => inValue(one, path));
};

const inValue: Reader<unknown> = (value, { subAttribute }) => {
  if (subAttribute === undefined) return [value];
  const part = isObject(value) ? own(value, subAttribute) : undefined;
  return Array.isArray(part) ? part : [part];
};

/** Whether one value of a multi-valued attribute matches a filter whose paths are relative to it. */
export function evaluateValue(filter: Filter, value: unknown): boolean {
  return truth(filter, value, inValue) === true;
}

function truth<Subject>(filter: Filter, subject: Subject, read: Reader<Subject>): Truth {
  switch (filter.kind) {
    case 'and':
      return combine(filter.filters, subject, read, false);
    case 'or':
      return combine(filter.filters, subject, read, true);
    case 'not': {
      const value = truth(filter.filter, subject, read);
      return value === undefined ? undefined : !value;
    }
    case 'present':
      return filter.path && read(subject, filter.path).some(isAssigned);
    case 'compare':
      return filter.path && comparison(filter, read(subject, filter.path), targetDefinition(filter.path));
    case 'valuePath':
      return (
        filter.path &&
        read(subject, filter.path).some((value) => evaluateValue(filter.filter, value) && isAssigned(value))
      );
  }
}

/** One deciding part decides (false for `and`, true for `or`); else one undefined part leaves the whole undefined. */
function combine<Subject>(
  filters: readonly Filter[],
  subject: Subject,
  read: Reader<Subject>,
  deciding: boolean,
): Truth {
  let result: Truth = !deciding;
  for (const filter of filters) {
    const value = truth(filter, subject, read);
    if (value === deciding) return deciding;
    if (value === undefined) result = undefined;
  }
  return result;
}

function isAssigned(value: unknown): boolean {
  return isObject(value) ? Object.values(value).some(isAssigned) : !isEmpty(value);
}

function comparison(
  { operator, value, baseUri }: Extract<Filter, { kind: 'compare' }>,
  values: readonly unknown[],
  type: AttributeDefinition,
): boolean {
  if (baseUri === undefined) return compare(operator, values, value, type);
  const whole = values.map((one) => absoluteUri(one, baseUri));
  return compare(operator, whole, absoluteUri(value, baseUri) as Literal, type);
}

function compare(
  operator: CompareOperator,
  values: readonly unknown[],
  literal: Literal,
  type: AttributeDefinition,
): boolean {
  if (operator === 'ne') return !compare('eq', values, literal, type);
  if (literal === null) return operator === 'eq' && !values.some(isAssigned);
  const isText = operator === 'co' || operator === 'sw' || operator === 'ew';
  // A part of a date is compared with the text of it, and a whole one with the instant that it means.
  const as = isText && type.type === 'dateTime' ? asText : type;
  const wanted = comparable(literal, as);
  return values.some((value) => !isEmpty(value) && holds(operator, comparable(value, as), wanted));
}

const asText: Pick<AttributeDefinition, 'type' | 'caseExact'> = { type: 'string', caseExact: false };

/** A value in a form in which `===` and `<` mean what the attribute's type means by them. */
function comparable(value: unknown, { type, caseExact }: Pick<AttributeDefinition, 'type' | 'caseExact'>): unknown {
  if (typeof value !== 'string') return value;
  if (type === 'dateTime') return instantOf(value) ?? value;
  return caseExact ? value : value.toLowerCase();
}

function holds(operator: CompareOperator, value: unknown, wanted: unknown): boolean {
  if (typeof value === 'string' && typeof wanted === 'string') {
    if (operator === 'co') return value.includes(wanted);
    if (operator === 'sw') return value.startsWith(wanted);
    if (operator === 'ew') return value.endsWith(wanted);
    return ordered(operator, value, wanted);
  }
  if (typeof value === 'number' && typeof wanted === 'number') return ordered(operator, value, wanted);
  return operator === 'eq' && value === wanted;
}

function ordered<T extends string | number>(operator: CompareOperator, value: T, wanted: T): boolean {
  switch (operator) {
    case 'eq':
      return value === wanted;
    case 'gt':
      return value > wanted;
    case 'ge':
      return value >= wanted;
    case 'lt':
      return value < wanted;
    case 'le':
      return value <= wanted;
    default:
      return false;
  }
}

const dateTime = /^(\d{4}-\d\d-\d\d)(?:T(\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?)(Z|[+-]\d\d:\d\d)?)?$/i;

/**
 * Milliseconds since 1970 of an xsd:dateTime or xsd:date (RFC 7643 §2.3.5), or undefined when it is neither. Without an
 * offset it is read as UTC, never as the host's local time.
 */
export function instantOf(text: string): number | undefined {
  const match = dateTime.exec(text);
  if (!match) return undefined;
  const [, date, time = '00:00', offset = 'Z'] = match;
  const instant = Date.parse(`${date}T${time}${offset.toUpperCase()}`);
  return Number.isNaN(instant) ? undefined : instant;
}
