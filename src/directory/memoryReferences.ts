/**
 * Referential integrity, as OpenLDAP's refint overlay and 389 DS's plug-in keep it: where an entry is renamed or
 * deleted, values that name it (member, manager, seeAlso, uniqueMember, memberOf) follow or go.
 */
import type { DN } from './dn';
import type { Value } from './entry';
import { StoredAttribute, type StoredEntry } from './memoryEntry';
import { MEMBER_OF } from './memoryMemberships';
import type { MemoryNode } from './memoryTree';
import type { Schema } from './schema';
import { Syntax } from './syntax';

/** What became of names: matching key of the old one → the new one, or undefined where the entry is gone. */
export type Renamed = ReadonlyMap<string, DN | undefined>;

/** The entries that named one of them, with those of their attributes as they must be now. */
export function followReferences(
  nodes: Iterable<MemoryNode>,
  renamed: Renamed,
  schema: Schema,
): Map<MemoryNode, readonly StoredAttribute[]> {
  const changed = new Map<MemoryNode, readonly StoredAttribute[]>();
  // Every entry is looked at, so the schema is asked once per attribute and not once per entry.
  const references = new Map<string, boolean>();
  for (const node of nodes) {
    const attributes: StoredAttribute[] = [];
    for (const [canonical, attribute] of node.entry.byName) {
      let reference = references.get(canonical);
      if (reference === undefined) {
        reference = isReference(canonical, schema);
        references.set(canonical, reference);
      }
      if (reference && names(attribute, renamed)) {
        attributes.push(follow(attribute, renamed, node.entry, schema));
      }
    }
    if (attributes.length > 0) changed.set(node, attributes);
  }
  return changed;
}

function isReference(name: string, schema: Schema): boolean {
  const type = schema.attributeType(name);
  if (type?.usage !== 'userApplications' && name !== MEMBER_OF) return false;
  return type?.syntax === Syntax.dn || type?.syntax === Syntax.nameAndOptionalUID;
}

function names({ keys }: StoredAttribute, renamed: Renamed): boolean {
  const [fewer, others] = keys.size < renamed.size ? [keys, renamed] : [renamed, keys];
  for (const key of fewer.keys()) if (others.has(key)) return true;
  return false;
}

function follow(
  { name, keys }: StoredAttribute,
  renamed: Renamed,
  entry: StoredEntry,
  schema: Schema,
): StoredAttribute {
  const followed = new Map<string, Value>();
  for (const [key, value] of keys) {
    if (!renamed.has(key)) followed.set(key, value);
    const dn = renamed.get(key);
    if (dn) followed.set(dn.normalized(schema), dn.toString());
  }
  // A group must not lose its last member where its class demands one; the zero-length DN names nobody.
  if (followed.size === 0 && isRequired(name, entry, schema)) followed.set(schema.normalize(name, ''), '');
  return new StoredAttribute(name, followed);
}

function isRequired(name: string, entry: StoredEntry, schema: Schema): boolean {
  const classes = entry.values('objectClass', schema).map(String);
  const type = schema.attributeType(name);
  return schema.requirements(classes).must.some((required) => required === type);
}
