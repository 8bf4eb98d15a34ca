/** What a server can find values by: the matching rules of an attribute (RFC 4512 §4.1.2). */
import type { Schema } from '../directory/schema';

const known = new WeakMap<Schema, boolean>();

/** Whether a schema names matching rules at all. Active Directory and eDirectory publish none; there the syntax decides. */
export function namesRules(schema: Schema): boolean {
  let names = known.get(schema);
  if (names === undefined) {
    names = schema.attributeTypes.some(({ equality }) => equality !== undefined);
    known.set(schema, names);
  }
  return names;
}
