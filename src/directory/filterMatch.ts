/** What a filter finds: the three-valued logic of RFC 4511 §4.5.1.7, with the names and values that a schema equates. */
import { type DN, defaultRules, type MatchingRules } from './dn';
import type { Value } from './entry';
import type { Filter, SubstringsFilter } from './filter';

/** What a schema can add to the matching rules. Without `attributeType`, every attribute counts as known. */
export interface FilterRules extends MatchingRules {
  /** The type's superior and its rules; undefined for a type that is not known: its filters are undefined. */
  attributeType?(
    description: string,
  ): { readonly superior?: string; readonly equality?: string; readonly substring?: string } | undefined;
  /** Whether an object class is `ancestor` or inherits from it: an entry of a class is one of its superclasses too. */
  isSubclassOf?(name: string, ancestor: string): boolean;
  /** Less than, equal to or greater than 0; undefined where the attribute has no order. */
  ordering?(description: string, a: Value, b: Value): number | undefined;
}

/** What a filter is held against: an `Entry`, or a store's own form of one. */
export interface Candidate {
  readonly dn: DN;
  attributes(): Iterable<CandidateAttribute>;
}

/** One attribute; `keys` are its values under `rules.normalize`, where a store has them at hand. */
export interface CandidateAttribute {
  readonly name: string;
  readonly values: Iterable<Value>;
  readonly keys?: { has(key: string): boolean };
}

/** True, false, or undefined where it cannot be said. */
export type Test = (candidate: Candidate) => boolean | undefined;

/** Whether an entry matches; undefined where RFC 4511 says Undefined, which a search treats as no match. */
export function matches(filter: Filter, candidate: Candidate, rules: FilterRules): boolean | undefined {
  return compileFilter(filter, rules)(candidate);
}

/** The same for many entries: what does not depend on the entry is done once. */
export function compileFilter(filter: Filter, rules: FilterRules): Test {
  switch (filter.kind) {
    case 'and':
      return junction(
        filter.filters.map((member) => compileFilter(member, rules)),
        false,
      );
    case 'or':
      return junction(
        filter.filters.map((member) => compileFilter(member, rules)),
        true,
      );
    case 'not': {
      const test = compileFilter(filter.filter, rules);
      return (candidate) => {
        const result = test(candidate);
        return result === undefined ? undefined : !result;
      };
    }
    case 'extensible':
      return extensibleTest(filter, rules);
    default:
      return known(filter.attribute, rules) ? itemTest(filter, rules) : undefinedTest;
  }
}

const undefinedTest: Test = () => undefined;

/** An `or` (`decisive` true) or an `and` (`decisive` false): one decisive member decides, else one undefined does. */
function junction(tests: readonly Test[], decisive: boolean): Test {
  return (candidate) => {
    let result: boolean | undefined = !decisive;
    for (const test of tests) {
      const one = test(candidate);
      if (one === decisive) return decisive;
      if (one === undefined) result = undefined;
    }
    return result;
  };
}

type Item = Exclude<Filter, { kind: 'and' | 'or' | 'not' | 'extensible' }>;

function itemTest(filter: Item, rules: FilterRules): Test {
  const { attribute } = filter;
  switch (filter.kind) {
    case 'present':
      return anyAttribute(attribute, rules, () => true);
    case 'equality':
    case 'approx':
      return anyAttribute(attribute, rules, equalTo(attribute, filter.value, rules));
    case 'substrings':
      return substringsTest(filter, rules);
    default: {
      const { value } = filter;
      const sign = filter.kind === 'greaterOrEqual' ? 1 : -1;
      if (rules.ordering?.(attribute, value, value) === undefined) return undefinedTest;
      return anyAttribute(attribute, rules, ({ values }) =>
        some(values, (one) => (rules.ordering?.(attribute, one, value) ?? Number.NaN) * sign >= 0),
      );
    }
  }
}

function equalTo(description: string, value: Value, rules: FilterRules): (attribute: CandidateAttribute) => boolean {
  if (rules.isSubclassOf && rules.canonicalName(description) === 'objectclass') {
    return ({ values }) => some(values, (one) => rules.isSubclassOf?.(one.toString(), value.toString()) === true);
  }
  const key = rules.normalize(description, value);
  return ({ values, keys }) =>
    keys ? keys.has(key) : some(values, (one) => rules.normalize(description, one) === key);
}

/** RFC 4518 §2.6.1: a value is compared as if between blanks, so parts may begin or end with one. */
function substringsTest(filter: SubstringsFilter, rules: FilterRules): Test {
  const { attribute } = filter;
  if (!hasSubstringRule(attribute, rules)) return undefinedTest;
  // Rules that drop blanks (telephone numbers, integers) have none to compare.
  const blank = rules.normalize(attribute, 'a b').includes(' ') ? ' ' : '';
  const part = (text: string): string => {
    const key = rules.normalize(attribute, text);
    if (key === blank) return key;
    return `${/^\s/.test(text) ? blank : ''}${key}${/\s$/.test(text) ? blank : ''}`;
  };
  const initial = filter.initial === undefined ? '' : blank + part(filter.initial).trimStart();
  const final = filter.final === undefined ? '' : part(filter.final).trimEnd() + blank;
  const any = filter.any.map(part);
  return anyAttribute(attribute, rules, ({ values }) =>
    some(values, (value) => {
      const text = blank + rules.normalize(attribute, value) + blank;
      if (!text.startsWith(initial)) return false;
      let from = initial.length;
      for (const piece of any) {
        const at = text.indexOf(piece, from);
        if (at < 0) return false;
        from = at + piece.length;
      }
      return text.length - final.length >= from && text.endsWith(final);
    }),
  );
}

const caseExact = (value: Value): string => value.toString().replace(/\s+/g, ' ').trim();
const caseIgnore = (value: Value): string => defaultRules.normalize('', value);

/** Rules that a filter may name although they are not the attribute's own. */
const NAMED_RULES: ReadonlyMap<string, (value: Value) => string> = new Map([
  ['caseignorematch', caseIgnore],
  ['2.5.13.2', caseIgnore],
  ['caseexactmatch', caseExact],
  ['2.5.13.5', caseExact],
]);

function extensibleTest(filter: Filter & { kind: 'extensible' }, rules: FilterRules): Test {
  const { attribute, rule, value } = filter;
  if (attribute !== undefined && !known(attribute, rules)) return undefinedTest;
  const namedRule = rule === undefined ? undefined : NAMED_RULES.get(rule.toLowerCase());
  const isOwnRule =
    attribute !== undefined &&
    (rule === undefined || rules.attributeType?.(attribute)?.equality?.toLowerCase() === rule.toLowerCase());
  if (!namedRule && !isOwnRule) return undefinedTest;
  const matchesValue = (candidate: CandidateAttribute): boolean => {
    if (namedRule) return some(candidate.values, (one) => namedRule(one) === namedRule(value));
    return equalTo(candidate.name, value, rules)(candidate);
  };
  const inAttributes = attribute === undefined ? undefined : anyAttribute(attribute, rules, matchesValue);
  const describes = attribute === undefined ? () => true : describer(attribute, rules);
  return (candidate) => {
    if (inAttributes ? inAttributes(candidate) : some(candidate.attributes(), matchesValue)) return true;
    return (
      filter.dnAttributes &&
      candidate.dn.rdns.some(({ parts }) =>
        parts.some((part) => describes(part.type) && matchesValue({ name: part.type, values: [part.value] })),
      )
    );
  };
}

function anyAttribute(description: string, rules: FilterRules, test: (attribute: CandidateAttribute) => boolean): Test {
  const describes = describer(description, rules);
  return (candidate) => some(candidate.attributes(), (attribute) => describes(attribute.name) && test(attribute));
}

/** More than the names of the attributes of all entries; beyond it answers are forgotten, so that names cannot fill the memory. */
const REMEMBERED_NAMES = 1_000;

/**
 * Whether an attribute description means another: the same type or a subtype of it, with at least its options
 * (RFC 4512 §2.5). The function remembers its answers: make one for many entries.
 */
export function describer(wanted: string, rules: FilterRules): (actual: string) => boolean {
  const [wantedType, ...wantedOptions] = rules.canonicalName(wanted).split(';');
  const answers = new Map<string, boolean>();
  return (actual) => {
    let answer = answers.get(actual);
    if (answer === undefined) {
      const [type = '', ...options] = rules.canonicalName(actual).split(';');
      answer =
        wantedOptions.every((option) => options.includes(option)) &&
        lineage(type, rules).some((ancestor) => ancestor === wantedType);
      if (answers.size >= REMEMBERED_NAMES) answers.clear();
      answers.set(actual, answer);
    }
    return answer;
  };
}

/** A type and its superiors, upwards; a schema that runs in circles ends where it meets itself. */
function lineage(type: string, rules: FilterRules): string[] {
  const types = new Set([type]);
  for (const one of types) {
    const superior = rules.attributeType?.(one)?.superior;
    if (superior !== undefined) types.add(rules.canonicalName(superior));
  }
  return [...types];
}

function known(attribute: string, rules: FilterRules): boolean {
  return rules.attributeType === undefined || rules.attributeType(attribute) !== undefined;
}

/** Schemas of some products name no rules at all; there the syntax decides, and it compares. */
function hasSubstringRule(attribute: string, rules: FilterRules): boolean {
  const type = rules.attributeType?.(attribute);
  return type === undefined || type.substring !== undefined || type.equality === undefined;
}

function some<T>(items: Iterable<T>, test: (item: T) => boolean): boolean {
  for (const item of items) if (test(item)) return true;
  return false;
}
