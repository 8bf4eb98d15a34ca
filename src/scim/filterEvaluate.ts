/** What a filter says of a resource, by the attributes' types, case rules and multiplicity (RFC 7644 §3.4.2.2). */
import { type AttributePath, attributeAt, type CompareOperator, type Filter, targetDefinition } from './attributePath';
import { isEmpty, isObject, own } from './json';
import { absoluteUri } from './references';
import type { Resource } from './resource';
import type { AttributeDefinition } from './resourceType';

/** True, false, or undefined where an attribute is unknown: undefined stays undefined when negated. */
type Truth = boolean | undefined;

type Literal = string | number | boolean | null;

/** Whether something matches a filter; `text` takes the place of the filter's placeholder, where it has one. */
export type Matcher<Subject> = (subject: Subject, text?: string) => boolean;

/**
 * Tells whether canonical resources match a filter. A multi-valued attribute matches when one of its values does; `ne` is
 * the contrary of `eq`, so an unassigned attribute is not equal to anything but null.
 *
 * @param placeholder a value in the filter that stands for the text that each call gives: values of strings only
 */
export function matcher(filter: Filter, placeholder?: string): Matcher<Resource> {
  const test = testOf(filter, inResource, placeholder);
  return (resource, text = '') => test(resource, text) === true;
}

/** Tells whether values of a multi-valued attribute match a filter whose paths are relative to one of them. */
export function valueMatcher(filter: Filter): Matcher<unknown> {
  const test = testOf(filter, inValue, undefined);
  return (value, text = '') => test(value, text) === true;
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

type Test<Subject> = (subject: Subject, text: string) => Truth;

const unknown: Test<unknown> = () => undefined;

function testOf<Subject>(filter: Filter, read: Reader<Subject>, placeholder: string | undefined): Test<Subject> {
  switch (filter.kind) {
    case 'and':
    case 'or':
      return combined(
        filter.filters.map((part) => testOf(part, read, placeholder)),
        filter.kind === 'or',
      );
    case 'not': {
      const test = testOf(filter.filter, read, placeholder);
      return (subject, text) => {
        const truth = test(subject, text);
        return truth === undefined ? undefined : !truth;
      };
    }
    case 'present': {
      const { path } = filter;
      return path === undefined ? unknown : (subject) => read(subject, path).some(isAssigned);
    }
    case 'compare': {
      const { path } = filter;
      if (path === undefined) return unknown;
      const test = comparison(filter, targetDefinition(path), placeholder);
      return (subject, text) => test(read(subject, path), text);
    }
    case 'valuePath': {
      const { path } = filter;
      if (path === undefined) return unknown;
      const test = testOf(filter.filter, inValue, placeholder);
      return (subject, text) => read(subject, path).some((value) => test(value, text) === true && isAssigned(value));
    }
  }
}

/** One deciding part decides (false for `and`, true for `or`); else one undefined part leaves the whole undefined. */
function combined<Subject>(tests: readonly Test<Subject>[], deciding: boolean): Test<Subject> {
  return (subject, text) => {
    let result: Truth = !deciding;
    for (const test of tests) {
      const truth = test(subject, text);
      if (truth === deciding) return deciding;
      if (truth === undefined) result = undefined;
    }
    return result;
  };
}

function isAssigned(value: unknown): boolean {
  return isObject(value) ? Object.values(value).some(isAssigned) : !isEmpty(value);
}

type ValuesTest = (values: readonly unknown[], text: string) => boolean;

function comparison(
  { operator, value: literal, baseUri }: Extract<Filter, { kind: 'compare' }>,
  type: AttributeDefinition,
  placeholder: string | undefined,
): ValuesTest {
  if (baseUri === undefined) return comparing(operator, literal, type, placeholder);
  const test = comparing(operator, absoluteUri(literal, baseUri) as Literal, type, undefined);
  return (values, text) =>
    test(
      values.map((one) => absoluteUri(one, baseUri)),
      text,
    );
}

function comparing(
  operator: CompareOperator,
  literal: Literal,
  type: AttributeDefinition,
  placeholder: string | undefined,
): ValuesTest {
  if (operator === 'ne') {
    const test = comparing('eq', literal, type, placeholder);
    return (values, text) => !test(values, text);
  }
  if (literal === null) return (values) => operator === 'eq' && !values.some(isAssigned);
  const isPart = operator === 'co' || operator === 'sw' || operator === 'ew';
  // A part of a date is compared with the text of it, and a whole one with the instant that it means.
  const as = isPart && type.type === 'dateTime' ? asText : type;
  const constant = literal === placeholder ? undefined : comparable(literal, as);
  return (values, text) => {
    const wanted = constant ?? comparable(text, as);
    return values.some((value) => !isEmpty(value) && holds(operator, comparable(value, as), wanted));
  };
}

const asText: Pick<AttributeDefinition, 'type' | 'caseExact'> = { type: 'string', caseExact: false };

/** A value in a form in which `===` and `<` mean what the attribute's type means by them. */
function comparable(value: unknown, { type, caseExact }: Pick<AttributeDefinition, 'type' | 'caseExact'>): unknown {
  if (typeof value !== 'string') return value;
  if (type === 'dateTime') return instantOf(value) ?? value;
  // Integers beyond 2^53 are text (64-bit values of some directories), and have an order all the same.
  if (type === 'integer' && /^[+-]?\d{1,40}$/.test(value)) return BigInt(value);
  return caseExact ? value : value.toLowerCase();
}

function holds(operator: CompareOperator, value: unknown, wanted: unknown): boolean {
  if (typeof value === 'string' && typeof wanted === 'string') {
    if (operator === 'co') return value.includes(wanted);
    if (operator === 'sw') return value.startsWith(wanted);
    if (operator === 'ew') return value.endsWith(wanted);
    return ordered(operator, value, wanted);
  }
  if (isNumeric(value) && isNumeric(wanted)) return ordered(operator, value, wanted);
  return operator === 'eq' && value === wanted;
}

function isNumeric(value: unknown): value is number | bigint {
  return typeof value === 'number' || typeof value === 'bigint';
}

/** `<` and `>` compare numbers of either kind by what they are worth. */
function ordered<T extends string | number | bigint>(operator: CompareOperator, value: T, wanted: T): boolean {
  switch (operator) {
    case 'eq':
      return value === wanted || (typeof value !== typeof wanted && !(value < wanted || value > wanted));
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
