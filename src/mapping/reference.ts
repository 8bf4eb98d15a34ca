/** Values that name another resource: an id in SCIM, a DN in the directory. The look-ups are done by whoever calls. */
import { DN } from '../directory/dn';
import type { Entry } from '../directory/entry';
import { valuesAt } from './coreFace';
import type { ObjectType } from './objectType';

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
  for (const { name, type } of objectType.attributes.values()) {
    if (type !== 'reference') continue;
    for (const value of entry.values(name)) {
      const dn = dnOf(value.toString());
      if (dn !== undefined) dns.add(dn.normalized(objectType.schema));
    }
  }
  return [...dns];
}

/** The ids that a resource refers to, on either face. Values that are DNs need no look-up. */
export function idsIn(resource: Readonly<Record<string, unknown>>, objectType: ObjectType): string[] {
  const ids = new Set<string>();
  const take = (value: unknown) => {
    if (typeof value === 'string' && !looksLikeDN(value)) ids.add(value);
  };
  for (const link of objectType.links) {
    if (objectType.attributes.get(link.target)?.type === 'reference')
      for (const value of valuesAt(link, resource, true)) take(value);
  }
  const face = resource[objectType.urn] as Record<string, unknown> | undefined;
  if (face === undefined) return [...ids];
  for (const { name, type } of objectType.attributes.values()) {
    const value = face[name];
    if (type === 'reference') for (const item of Array.isArray(value) ? value : [value]) take(item);
  }
  return [...ids];
}

/** Whether a reference is written as a DN rather than as an id; ids never hold `=`. */
export function looksLikeDN(value: string): boolean {
  return value.includes('=');
}

/** A DN, or undefined where the text is none. */
export function dnOf(text: string): DN | undefined {
  try {
    return DN.parse(text);
  } catch {
    return undefined;
  }
}
