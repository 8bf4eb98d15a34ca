/** What is kept of a failed export so that it can be sent again: everything but secrets, and what was there before as a digest. */
import { createHash } from 'node:crypto';
import type { Modification } from '../directory/directory';
import type { Entry, Value } from '../directory/entry';
import type { Schema } from '../directory/schema';
import { virtual } from '../mapping/directoryFace';
import type { ObjectType } from '../mapping/objectType';
import type { Resource } from '../scim/resource';
import type { FailedExport, KeptAttribute, KeptValue } from '../space/state';
import type { ChangeLog } from './changeLog';

/** More octets than this are not kept: a later full write of the client has to do. */
const largest = 1_048_576;

/** What was going to be written when it failed. */
export interface FailedPlan {
  readonly resource?: Resource;
  /** The entry that was read before; absent where none was. */
  readonly before?: Entry;
  readonly entry?: Entry;
  readonly modifications?: readonly Modification[];
}

/** A create without its secrets. */
export function failedCreate(
  log: ChangeLog,
  objectType: ObjectType,
  { resource = {}, entry }: FailedPlan,
): FailedExport {
  const lost: string[] = [];
  const { password, [objectType.urn]: face, ...rest } = resource;
  if (password !== undefined) lost.push('password');
  const secrets = new Set<string>([virtual.exportPassword]);
  for (const { name, secret } of objectType.attributes.values()) if (secret) secrets.add(name);
  const kept = Object.entries((face ?? {}) as Record<string, unknown>).filter(([name]) => {
    if (!secrets.has(name)) return true;
    lost.push(name);
    return false;
  });
  for (const { name } of entry?.attributes() ?? []) if (log.isHidden(name)) lost.push(name);
  const bare = face === undefined ? rest : { ...rest, [objectType.urn]: Object.fromEntries(kept) };
  // What is not to be kept stands in the resource under names of its own.
  const some = entry !== undefined && [...entry.attributes()].some(({ name }) => log.isHidden(name));
  return bounded({ kind: 'create', resource: some ? {} : bare, lost });
}

/** A change of an entry. */
export function failedChange(
  log: ChangeLog,
  objectType: ObjectType,
  { modifications = [], before }: FailedPlan,
): FailedExport {
  const { schema } = objectType;
  const attributes = new Map<string, KeptAttribute>();
  const lost = new Set<string>();
  for (const { operation, attribute, values } of modifications) {
    if (log.isSensitive(objectType, attribute)) {
      lost.add(attribute);
      continue;
    }
    const own = attributes.get(attribute) ?? { name: attribute, added: [], removed: [], replaced: false };
    const kept = values.map(keptValue);
    const replaced = operation === 'replace' || (operation === 'delete' && values.length === 0);
    attributes.set(attribute, {
      ...own,
      ...(operation === 'delete' ? { removed: kept } : { added: kept }),
      ...(replaced && { replaced }),
      ...(before !== undefined && { before: digestOf(before.values(attribute), attribute, schema) }),
    });
  }
  return bounded({ kind: 'change', attributes: [...attributes.values()], lost: [...lost] });
}

/** A delete. */
export function failedDelete({ schema, readAttributes }: ObjectType, before: Entry): FailedExport {
  return { kind: 'delete', before: entryDigest(before, readAttributes, schema) };
}

/** A digest of all that is read of an entry. */
export function entryDigest(entry: Entry, names: readonly string[], schema: Schema): string {
  const digests = [...names].sort().map((name) => `${name} ${digestOf(entry.values(name), name, schema)}`);
  return createHash('sha256').update(digests.join('\n')).digest('base64url');
}

/** A digest of values that does not depend on their order. */
export function digestOf(values: readonly Value[], attribute: string, schema: Schema): string {
  const normal = values.map((value) => schema.normalize(attribute, value)).sort();
  return createHash('sha256').update(JSON.stringify(normal)).digest('base64url');
}

/** A value back from what is kept of it. */
export function valueFrom(kept: KeptValue): Value {
  return typeof kept === 'string' ? kept : Buffer.from(kept.b, 'base64');
}

function keptValue(value: Value): KeptValue {
  return typeof value === 'string' ? value : { b: value.toString('base64') };
}

function bounded(failed: Exclude<FailedExport, { kind: 'delete' }>): FailedExport {
  if (JSON.stringify(failed).length <= largest) return failed;
  const lost = [...failed.lost, 'more values than are kept'];
  return failed.kind === 'create' ? { kind: 'create', resource: {}, lost } : { kind: 'change', attributes: [], lost };
}
