/** DNs in filters: one name has many spellings (RFC 4514 §2.4), and resources show one of them. */
import type { AttributePath, Filter } from '../scim/attributePath';
import { virtual } from './directoryFace';
import type { ObjectType } from './objectType';
import { dnOf, looksLikeDN } from './reference';

/** The id of the resource at a normalised DN, where there is one. */
export type IdAt = (normalizedDN: string) => string | undefined;

/**
 * The filter with each DN as resources show it: a name in its plain spelling (case is left to the comparison), a reference
 * as the id of what it refers to.
 */
export function withShownNames(filter: Filter, objectType: ObjectType, idAt: IdAt): Filter {
  switch (filter.kind) {
    case 'and':
    case 'or':
      return { ...filter, filters: filter.filters.map((part) => withShownNames(part, objectType, idAt)) };
    case 'not':
    case 'valuePath':
      return { ...filter, filter: withShownNames(filter.filter, objectType, idAt) };
    case 'compare': {
      const { path, operator, value } = filter;
      const isName = (operator === 'eq' || operator === 'ne') && typeof value === 'string' && looksLikeDN(value);
      const kind = isName && path !== undefined ? kindOf(path, objectType) : undefined;
      const dn = kind === undefined ? undefined : dnOf(String(value));
      if (dn === undefined) return filter;
      const id = kind === 'reference' ? idAt(dn.normalized(objectType.schema)) : undefined;
      return { ...filter, value: id ?? dn.toString() };
    }
    case 'present':
      return filter;
  }
}

/** What an attribute of the directory's face holds that a DN can stand for. */
function kindOf(
  { schema, attribute }: AttributePath,
  { urn, attributes, schema: known }: ObjectType,
): 'name' | 'reference' | undefined {
  if (schema !== urn) return undefined;
  if (attribute === virtual.dn || attribute === virtual.distinguishedName) return 'name';
  return attributes.get(known.canonicalName(attribute))?.type === 'reference' ? 'reference' : undefined;
}
