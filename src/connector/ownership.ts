/** Which object type an entry belongs to: the first one whose class and filter it meets. */
import type { Entry } from '../directory/entry';
import { compileFilter, type Test } from '../directory/filterMatch';
import type { ObjectType } from '../mapping/objectType';
import { attributesIn } from '../mapping/objectTypeChecks';
import { ScimError } from '../scim/error';

/** What makes an entry one of an object type: found once for each object type. */
interface Membership {
  readonly test: Test;
  /** Its filter looks at what only the directory writes. */
  readonly isComputed: boolean;
}

const memberships = new WeakMap<ObjectType, Membership>();

function membershipOf(objectType: ObjectType): Membership {
  let membership = memberships.get(objectType);
  if (membership === undefined) {
    const { filter, schema } = objectType;
    membership = {
      test: compileFilter(filter, schema),
      isComputed: attributesIn(filter).some((one) => schema.attributeType(one)?.noUserModification),
    };
    memberships.set(objectType, membership);
  }
  return membership;
}

/** The object type of an entry, wherever it stands; undefined where it is of none. */
export function typeOf(entry: Entry, objectTypes: readonly ObjectType[]): ObjectType | undefined {
  return objectTypes.find((objectType) => membershipOf(objectType).test(entry) === true);
}

/**
 * Sees to it that an entry is still of its type when it has been written.
 * @throws ScimError 400 where it would not be, and clients could not see it any more
 */
export function requireType(objectType: ObjectType, entry: Entry, objectTypes: readonly ObjectType[]): void {
  const { name, options } = objectType;
  // What only the directory writes shows when it has done so.
  if (membershipOf(objectType).isComputed) return;
  const owner = typeOf(entry, objectTypes);
  if (owner === objectType) return;
  const becomes = owner === undefined ? `no ${name} any more` : `a ${owner.name} and no ${name}`;
  throw ScimError.invalidValue(
    `The entry would be ${becomes}, so this connector could not show it: it has to meet ${options.filter ?? `(objectClass=${options.targetObject})`}, which objectTypes in the connector file demands.`,
  );
}
