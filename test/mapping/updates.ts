/** What a change makes of an entry, as PUT and PATCH come in. */
import { DN } from '../../src/directory/dn';
import { Entry, type Value } from '../../src/directory/entry';
import { resourceOf } from '../../src/mapping/attributes';
import type { ObjectType } from '../../src/mapping/objectType';
import { noReferences, type References } from '../../src/mapping/reference';
import { updateOf } from '../../src/mapping/update';
import { canonicalize } from '../../src/scim/dialect';
import { compilePatch } from '../../src/scim/patch';
import { compileReplace } from '../../src/scim/replace';
import { clock, objectType, schema } from './objectTypes';

export const user = objectType({ auxiliaryClasses: ['oddities'] });
export const urn = user.urn;

export type Attributes = Readonly<Record<string, Value | readonly Value[]>>;

export function entry(attributes: Attributes = {}, dn = 'uid=ada,ou=people,dc=example,dc=com'): Entry {
  const named = (DN.parse(dn).rdn?.parts ?? []).map(({ type, value }) => [schema.canonicalName(type), value]);
  const classes = ['inetOrgPerson', 'oddities'];
  return new Entry(DN.parse(dn), {
    objectClass: classes,
    cn: 'Ada L',
    sn: 'L',
    ...Object.fromEntries(named),
    ...attributes,
  });
}

interface Result {
  readonly dn: string;
  readonly changed: Record<string, readonly Value[]>;
  readonly secrets: readonly string[];
}

/** What differs between an entry and what a change makes of it. */
export function update(
  type: ObjectType,
  before: Entry,
  change: { put: Record<string, unknown> } | { patch: readonly unknown[] },
  known: References = noReferences,
): Result {
  const current = resourceOf(type, before, { id: 'x', references: known, stored: {}, spelled: new Map() });
  const { resource, faces, emptied, repeated } =
    'put' in change
      ? canonicalize(change.put, type.resourceType)
      : { resource: {}, faces: undefined, emptied: undefined, repeated: undefined };
  const compiled =
    'put' in change
      ? compileReplace(resource, type.resourceType, faces?.size ? faces : undefined, emptied, repeated)
      : compilePatch(
          { schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'], Operations: change.patch },
          type.resourceType,
        );
  const desired = compiled.apply(current);
  const { after, secrets } = updateOf(type, {
    ...clock,
    kind: compiled.kind,
    faces: compiled.faces ?? new Set(),
    emptied: compiled.emptied ?? new Set(),
    readBack: [type.resourceType.schema.id, type.urn].every((face) => compiled.repeated?.has(face)),
    current,
    desired,
    entry: before,
    references: known,
  });
  const names = new Set([...before.attributes(), ...after.attributes()].map(({ name }) => name));
  const differing = [...names].filter(
    (name) => JSON.stringify(before.values(name)) !== JSON.stringify(after.values(name)),
  );
  return {
    dn: after.dn.toString(),
    changed: Object.fromEntries(differing.map((name) => [name, after.values(name)])),
    secrets: secrets.map(({ name, values }) => `${name}=${values.join()}`),
  };
}

export const replace = (path: string, value: unknown) => ({ op: 'replace', path, value });
export const remove = (path: string) => ({ op: 'remove', path });
export const onFace = (name: string) => `${urn}:${name}`;
export const same = { dn: 'uid=ada,ou=people,dc=example,dc=com', secrets: [] };
