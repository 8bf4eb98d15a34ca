/** The version of a resource: a hash of the values in scope (decision 14). Stamps of the directory miss what plug-ins change, and have coarse clocks. */
import { createHash, type Hash, hash } from 'node:crypto';
import { type Steps, VALUES_PER_STEP } from '../mapping/steps';
import { isLong, isLongList } from '../scim/jsonPieces';
import type { Resource } from '../scim/resource';
import { hashOf } from '../space/nameKey';

/** The version of a resource, of which `meta` is no part, in steps where it has very many values. */
export function* versionSteps(resource: Resource): Steps<string> {
  const values = resource.meta === undefined ? resource : withoutMeta(resource);
  if (!isLong(values)) return tag(hash('sha1', JSON.stringify(values), 'base64url'));
  const digest = createHash('sha1');
  yield* addParts(digest, values);
  return tag(digest.digest('base64url'));
}

function withoutMeta({ meta: _stamps, ...values }: Resource): Resource {
  return values;
}

function tag(text: string): string {
  return `W/"${text}"`;
}

function* addParts(digest: Hash, parts: object): Steps<void> {
  for (const [name, part] of Object.entries(parts)) {
    if (Array.isArray(part) && isLongList(part)) digest.update(`${name}#${yield* sumOf(part)}`);
    else if (!Array.isArray(part) && isLong(part)) {
      digest.update(`${name}:`);
      yield* addParts(digest, part);
    } else digest.update(JSON.stringify([name, part]));
  }
}

/**
 * A number for the values of a long list in any order: a directory may answer them in another one than that in which they
 * came, and what is recorded of single values stands last in the space.
 */
function* sumOf(values: readonly unknown[]): Steps<number> {
  let sum = 0;
  for (const [index, value] of values.entries()) {
    if (index > 0 && index % VALUES_PER_STEP === 0) yield;
    sum = (sum + hashOf(JSON.stringify(value))) % 2 ** 48;
  }
  return sum;
}
