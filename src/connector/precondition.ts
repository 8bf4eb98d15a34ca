/** If-Match (RFC 7644 §3.14, RFC 9110 §13.1.1): a change happens only to a version that the client has seen. */
import { ScimError } from '../scim/error';
import type { Context } from '../scim/handler';
import type { Resource } from '../scim/resource';

/** Whether a request names versions. `*` asks for none, only that the resource is there, which every change demands anyway. */
export function hasPrecondition({ ifMatch }: Context): boolean {
  return ifMatch !== undefined && !ifMatch.includes('*');
}

/** @throws ScimError 412 when the resource has none of the versions of If-Match. Compared weakly: all versions are weak (decision 14). */
export function requireVersion(current: Resource, request: Context): void {
  if (!hasPrecondition(request)) return;
  const opaque = (tag: string) => tag.replace(/^W\//, '');
  const version = current.meta?.version;
  if (version !== undefined && request.ifMatch?.some((tag) => opaque(tag) === opaque(version))) return;
  throw ScimError.preconditionFailed(
    'The resource has been changed since that version: read it again and repeat the change.',
  );
}
