/** Which object type an entry belongs to: the first one whose class and filter it meets. */
import type { Entry } from '../directory/entry';
import { matches } from '../directory/filterMatch';
import type { ObjectType } from '../mapping/objectType';
import { attributesIn } from '../mapping/objectTypeChecks';
import { ScimError } from '../scim/error';

/** The object type of an entry, wherever it stands; undefined where it is of none. */
export function typeOf(entry: Entry, objectTypes: readonly ObjectType[]): ObjectType | undefined {
  return objectTypes.find(({ filter, schema }) => matches(filter, entry, schema) === true);
}

/**
 * Sees to it that an entry is still of its type when it has been written.
 * @throws ScimError 400 where it would not be, and clients could not see it any more
 */
export function requireType(objectType: ObjectType, entry: Entry, objectTypes: readonly ObjectType[]): void {
  const { schema, filter, name, options } = objectType;
  // What only the directory writes shows when it has done so.
  if (attributesIn(filter).some((one) => schema.attributeType(one)?.noUserModification)) return;
  const owner = typeOf(entry, objectTypes);
  if (owner === objectType) return;
  const becomes = owner === undefined ? `no ${name} any more` : `a ${owner.name} and no ${name}`;
  throw ScimError.invalidValue(
    `The entry would be ${becomes}, so this connector could not show it: it has to meet ${options.filter ?? `(objectClass=${options.targetObject})`}, which objectTypes in the connector file demands.`,
  );
}
