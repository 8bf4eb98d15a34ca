/** Which attributes a body cannot do without (RFC 7643 §2.2). */
import type { ObjectType } from '../mapping/objectType';
import { missingRequired } from '../scim/dialect';
import { ScimError } from '../scim/error';
import { formatPath } from '../scim/path';
import type { Resource } from '../scim/resource';

/**
 * What RFC 7643 requires is required of whoever speaks the core face, in a create and in a replace (RFC 7644 §3.5.1); the
 * directory's face has its own mandatory attributes. What only the directory demands is told by its schema, in the names
 * of both faces. @throws ScimError 400 `invalidValue` that names what is missing
 */
export function requireCore({ resourceType, links, urn }: ObjectType, resource: Resource): void {
  if (resource[urn] !== undefined) return;
  const missing = missingRequired(resource, resourceType);
  if (missing.length === 0) return;
  const optional = links.flatMap((link) =>
    link.definition.required ? [] : formatPath({ ...link, subAttribute: undefined }),
  );
  const refused = missing.filter((path) => !optional.some((name) => path === name || path.startsWith(`${name}.`)));
  if (refused.length === 0) return;
  throw ScimError.invalidValue(
    `${refused.join(' and ')} ${refused.length === 1 ? 'is' : 'are'} required (RFC 7643 §4) and not in the body: send it, or send the attributes of the directory under the ECMA2Host extension.`,
  );
}
