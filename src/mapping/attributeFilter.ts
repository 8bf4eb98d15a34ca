/**
 * One comparison with one attribute of the directory, in the directory's words. What comes out is satisfied by every
 * entry whose resource satisfies the comparison; where the server's rule could be the stricter one, there is none.
 */
import type { Value } from '../directory/entry';
import { equality, type Filter, greaterOrEqual, lessOrEqual, substrings } from '../directory/filter';
import type { AttributeTypeDescription } from '../directory/schema';
import type { CompareOperator } from '../scim/attributePath';
import type { DirectoryAttribute } from './directoryFace';
import type { ObjectType } from './objectType';
import { dnOf, looksLikeDN, type References } from './reference';
import { namesRules } from './rules';
import { toDirectory, ValueFault } from './syntax';

/** A comparison with a value other than null. */
export interface Comparison {
  readonly operator: Exclude<CompareOperator, 'ne'>;
  readonly value: string | number | boolean;
  /** Whether SCIM compares the attribute's values by case. */
  readonly caseExact: boolean;
}

/** The directory's filter; `all` where it cannot tell, `none` where no value of the attribute can match. */
export function attributeFilter(
  attribute: DirectoryAttribute,
  comparison: Comparison,
  objectType: ObjectType,
  references: References,
): Filter | 'all' | 'none' {
  const type = objectType.schema.attributeType(attribute.ldapName);
  // A server that compares by case would hide what SCIM, which does not, finds.
  if (type === undefined || (attribute.type === 'string' && attribute.caseExact && !comparison.caseExact)) return 'all';
  const { operator, value } = comparison;
  switch (operator) {
    case 'eq':
      return equalityFilter(attribute, type, value, objectType, references);
    case 'co':
    case 'sw':
    case 'ew':
      return substringFilter(attribute, type, operator, String(value), objectType);
    default:
      return orderingFilter(attribute, type, operator, value, objectType);
  }
}

function equalityFilter(
  attribute: DirectoryAttribute,
  type: AttributeTypeDescription,
  value: Comparison['value'],
  { schema }: ObjectType,
  references: References,
): Filter | 'all' | 'none' {
  if (namesRules(schema)) {
    // Without the rule a server answers Undefined, which hides what matches (RFC 4511 §4.5.1.7); so does a rule that
    // takes something else than the attribute's own values, as certificateExactMatch does.
    if (type.equality === undefined) return 'all';
    if (attribute.type === 'binary' && !/^(?:octetStringMatch|2\.5\.13\.17)$/i.test(type.equality)) return 'all';
  }
  const asserted = assertionOf(attribute, value, references);
  return asserted === undefined || asserted.length === 0 ? 'none' : equality(attribute.ldapName, asserted);
}

/** What stands for a value in an assertion; undefined where no value of the attribute's syntax can be equal to it. */
export function assertionOf(
  attribute: DirectoryAttribute,
  value: Comparison['value'],
  references: References,
): Value | undefined {
  try {
    if (attribute.type !== 'reference') return toDirectory(value, attribute.type);
    const text = String(value);
    if (attribute.by === undefined && looksLikeDN(text)) return dnOf(text)?.toString();
    return references.nameOf(attribute, text);
  } catch (error) {
    if (error instanceof ValueFault) return undefined;
    throw error;
  }
}

function substringFilter(
  { type: scimType, ldapName }: DirectoryAttribute,
  type: AttributeTypeDescription,
  operator: 'co' | 'sw' | 'ew',
  text: string,
  { schema }: ObjectType,
): Filter | 'all' {
  const hasRule = type.substring !== undefined || !namesRules(schema);
  // Rules that drop blanks and hyphens leave nothing of a text that is made of them.
  if (scimType !== 'string' || !hasRule || schema.normalize(ldapName, text).trim() === '') return 'all';
  const part = { co: { any: [text] }, sw: { initial: text }, ew: { final: text } }[operator];
  return substrings(ldapName, part);
}

/** Numbers and times only: how servers order text depends on their locale, and never is how SCIM does. */
function orderingFilter(
  { type: scimType, ldapName }: DirectoryAttribute,
  type: AttributeTypeDescription,
  operator: 'gt' | 'ge' | 'lt' | 'le',
  value: Comparison['value'],
  { schema }: ObjectType,
): Filter | 'all' {
  const hasRule = type.ordering !== undefined || !namesRules(schema);
  // An integer that is text is beyond what JSON holds, and SCIM compares it as text.
  const isOrdered = scimType === 'dateTime' || (scimType === 'integer' && Number.isSafeInteger(value));
  if (!hasRule || !isOrdered) return 'all';
  try {
    const asserted = toDirectory(value, scimType);
    return operator.startsWith('g') ? greaterOrEqual(ldapName, asserted) : lessOrEqual(ldapName, asserted);
  } catch (error) {
    if (error instanceof ValueFault) return 'all';
    throw error;
  }
}
