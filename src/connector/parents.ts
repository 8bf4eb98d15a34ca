/** Missing parents, made by the provisioning hierarchy: RDN attribute → object class. */
import type { Directory, Options } from '../directory/directory';
import type { DN } from '../directory/dn';
import { Entry } from '../directory/entry';
import { isLdapError, ResultCode } from '../directory/error';
import type { Schema } from '../directory/schema';
import { checkEntry } from '../directory/schemaCheck';
import { ScimError } from '../scim/error';
import { readEntry } from './export';

/**
 * Makes what is missing above `dn`, top down; none of it where one of them could not be made. Answers false when nothing was
 * missing. @throws ScimError 400 where the hierarchy has no class for a parent, or the schema does not allow it
 */
export async function makeParents(
  directory: Directory,
  hierarchy: Readonly<Record<string, string>>,
  dn: DN,
  options: Options,
): Promise<boolean> {
  const missing: DN[] = [];
  for (let parent = dn.parent; parent !== undefined && !parent.isRoot; parent = parent.parent) {
    if ((await readEntry(directory, parent, ['objectClass'], options)) !== undefined) break;
    missing.unshift(parent);
  }
  const entries = missing.map((parent) => parentEntry(directory.schema, hierarchy, parent));
  for (const entry of entries) {
    try {
      await directory.add(entry, options);
    } catch (error) {
      // Somebody else was quicker: the container is there, and that is all that was wanted.
      if (!isLdapError(error, ResultCode.entryAlreadyExists)) throw error;
    }
  }
  return missing.length > 0;
}

function parentEntry(schema: Schema, hierarchy: Readonly<Record<string, string>>, dn: DN): Entry {
  const parts = dn.rdn?.parts ?? [];
  const objectClass = Object.entries(hierarchy).find(([type]) =>
    parts.some((part) => schema.canonicalName(part.type) === schema.canonicalName(type)),
  )?.[1];
  if (objectClass === undefined) {
    throw ScimError.invalidValue(
      `The container "${dn.toString()}" does not exist and provisioningHierarchy has no object class for it: create it, or add ${parts[0]?.type ?? 'its RDN attribute'} to provisioningHierarchy.`,
    );
  }
  const entry = new Entry(dn, [
    { name: 'objectClass', values: [objectClass] },
    ...parts.map(({ type, value }) => ({ name: type, values: [value] })),
  ]);
  const [fault] = checkEntry(entry, schema);
  if (fault !== undefined)
    throw ScimError.invalidValue(
      `The container "${dn.toString()}" cannot be made as ${objectClass}: ${fault.message}.`,
    );
  return entry;
}
