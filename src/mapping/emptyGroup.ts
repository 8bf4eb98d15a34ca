/**
 * Groups without members whose object class demands one (groupOfNames): the zero-length DN stands in, which names nobody.
 * Clients never see it. An identity provider creates a group first and sends its members afterwards.
 */
import type { Value } from '../directory/entry';
import type { DirectoryAttribute } from './directoryFace';
import type { ObjectType } from './objectType';

/** The zero-length DN (RFC 4514 §2.1), which names the root of the tree and so no entry. */
const placeholder = '';

/** Whether a value stands in for members that are not there. */
export function isPlaceholder(value: Value): boolean {
  return value.length === 0;
}

/** Whether an attribute holds members and may not be without a value, so that the placeholder is allowed to fill it. */
export function fillsEmpty({ links, options }: ObjectType, { key, required, type }: DirectoryAttribute): boolean {
  if (!required || type !== 'reference' || options.emptyGroup === 'refuse') return false;
  return links.some(({ attribute, target }) => attribute === 'members' && target === key);
}

const known = new WeakMap<ObjectType, readonly DirectoryAttribute[]>();

/** The attributes that the placeholder is allowed to fill. */
export function placeholderAttributes(objectType: ObjectType): readonly DirectoryAttribute[] {
  let attributes = known.get(objectType);
  if (attributes === undefined) {
    attributes = [...objectType.attributes.values()].filter((attribute) => fillsEmpty(objectType, attribute));
    known.set(objectType, attributes);
  }
  return attributes;
}

/** Members as they are written: without the placeholder where there are some, with it where there are none. */
export function withPlaceholder(
  objectType: ObjectType,
  attribute: DirectoryAttribute,
  values: readonly Value[],
): readonly Value[] {
  if (!fillsEmpty(objectType, attribute)) return values;
  const members = values.filter((value) => !isPlaceholder(value));
  return members.length > 0 ? members : [placeholder];
}
