/** The schema of the embedded directory: what RFC 4512, 4519, 2798, 2307 and 4530 define, read once. */
import { ATTRIBUTE_TYPES, LDAP_SYNTAXES, MATCHING_RULES, OBJECT_CLASSES } from './demoSchemaDefinitions';
import { Schema } from './schema';

let schema: Schema | undefined;

/** The same immutable schema at each call. */
export function demoSchema(): Schema {
  schema ??= Schema.parse({
    attributeTypes: lines(ATTRIBUTE_TYPES),
    objectClasses: lines(OBJECT_CLASSES),
    ldapSyntaxes: lines(LDAP_SYNTAXES),
    matchingRules: lines(MATCHING_RULES),
  });
  return schema;
}

function lines(text: string): string[] {
  return text.split('\n').filter((line) => line.startsWith('('));
}
