/** Values that name another resource: an id in SCIM, a DN in the directory. The look-ups are done by whoever calls. */
import { DN } from '../directory/dn';
import type { Entry, Value } from '../directory/entry';
import type { Schema } from '../directory/schema';
import type { Resource } from '../scim/resource';
import { valuesAt } from './coreFace';
import { faceValue } from './directoryFace';
import type { ObjectType } from './objectType';
import { holdsOptionalUID } from './syntax';

/** References that were looked up before: both directions, one batch each. */
export interface References {
  /** The id of the resource at a normalised DN. */
  idOf(normalizedDN: string): string | undefined;
  dnOf(id: string): DN | undefined;
  /** The resource type of a resource that {@link References.idOf} has answered; undefined where it was not looked up. */
  typeOf(id: string): string | undefined;
}

/** No references at all. */
export const noReferences: References = { idOf: () => undefined, dnOf: () => undefined, typeOf: () => undefined };

/** The normalised DNs that an entry refers to, so that they can be resolved together. */
export function dnsIn(entry: Entry, objectType: ObjectType): string[] {
  const dns = new Set<string>();
  for (const { ldapName, type } of objectType.attributes.values()) {
    if (type !== 'reference') continue;
    for (const value of entry.values(ldapName)) {
      const dn = referredDN(value, ldapName, objectType.schema);
      if (dn !== undefined) dns.add(dn.normalized(objectType.schema));
    }
  }
  return [...dns];
}

/** The ids that a resource refers to, on either face. Values that are DNs need no look-up. */
export function idsIn(resource: Resource, objectType: ObjectType): string[] {
  const ids = new Set<string>();
  const take = (value: unknown) => {
    if (typeof value === 'string' && !looksLikeDN(value)) ids.add(value);
  };
  for (const link of objectType.links) {
    if (objectType.attributes.get(link.target)?.type === 'reference')
      for (const value of valuesAt(link, resource)) take(value);
  }
  for (const { name, type } of objectType.attributes.values()) {
    if (type !== 'reference') continue;
    const value = faceValue(resource, objectType.urn, name);
    for (const item of Array.isArray(value) ? value : [value]) take(item);
  }
  return [...ids];
}

/** Whether a reference is written as a DN rather than as an id; ids never hold `=`. */
export function looksLikeDN(value: string): boolean {
  return value.includes('=');
}

/** The DN that a value of the directory is, without the unique identifier that some syntaxes let follow it. */
export function referredDN(value: Value, attribute: string, schema: Schema): DN | undefined {
  const text = value.toString();
  return dnOf(holdsOptionalUID(schema, attribute) ? text.replace(/#'[01]*'B$/, '') : text);
}

/** A DN, or undefined where the text is none. */
export function dnOf(text: string): DN | undefined {
  try {
    return DN.parse(text);
  } catch {
    return undefined;
  }
}
