/**
 * The Export run profile: add, modify, modifyDN, delete, and what the entry then is. Writes happen in the caller's turn
 * (`exclusive.ts`); errors are the directory's own, translated by the caller.
 */
import type { Directory, Options, WriteOptions } from '../directory/directory';
import type { DN } from '../directory/dn';
import type { Entry, EntryAttribute, Value } from '../directory/entry';
import { isLdapError, LdapError, ResultCode } from '../directory/error';
import { present } from '../directory/filter';
import type { Schema } from '../directory/schema';
import { modificationsOf, replaceAll } from './modifications';

/** What an export needs of the connector. */
export interface ExportContext {
  readonly directory: Directory;
  /** Attributes that are read back. */
  readonly readAttributes: readonly string[];
  /** Creates what is missing above a DN; false: nothing was made. */
  readonly makeParents?: (dn: DN, options: Options) => Promise<boolean>;
}

/** Adds an entry and answers it as the directory holds it: with its anchor and whatever else the server minted. */
export async function addEntry(context: ExportContext, entry: Entry, options: Options): Promise<Entry> {
  const write: WriteOptions = { ...options, postRead: context.readAttributes };
  const add = async () => (await context.directory.add(entry, write)) ?? (await readBack(context, entry.dn, options));
  try {
    return await add();
  } catch (error) {
    if (!isLdapError(error, ResultCode.noSuchObject) || !(await context.makeParents?.(entry.dn, options))) throw error;
    return add();
  }
}

/**
 * Makes `after` out of `before`: modifyDN first, then modify. When the modify fails definitely the rename is undone; when
 * nobody knows, the error says so and the caller repairs the space from the directory (decision 9).
 */
export async function updateEntry(
  context: ExportContext,
  before: Entry,
  after: Entry,
  secrets: readonly EntryAttribute[],
  options: Options,
): Promise<Entry> {
  const { directory, readAttributes } = context;
  const write: WriteOptions = { ...options, postRead: readAttributes };
  const renamed = before.dn.toString() !== after.dn.toString();
  let read: Entry | undefined;
  let base = before;
  if (renamed) {
    // The new naming value is there, the old one only where it stays: the rest is compared with what the server made of it.
    base = (await rename(context, before.dn, after, write)) ?? (await readBack(context, after.dn, options));
    read = base;
  }
  const modifications = [...modificationsOf(base, after, directory.schema), ...replaceAll(secrets)];
  if (modifications.length > 0) {
    try {
      read = await directory.modify(after.dn, modifications, write);
    } catch (error) {
      if (renamed && error instanceof LdapError && !error.ambiguous)
        await undoRename(context, before, after.dn, options);
      throw error;
    }
    read ??= await readBack(context, after.dn, options);
  }
  return read ?? before;
}

async function rename(
  context: ExportContext,
  from: DN,
  after: Entry,
  write: WriteOptions,
): Promise<Entry | undefined> {
  const { dn: to } = after;
  const deleteOldRdn = dropsOldRdn(from, after, context.directory.schema);
  const go = () => context.directory.modifyDN(from, to, { ...write, deleteOldRdn });
  try {
    return await go();
  } catch (error) {
    if (!isLdapError(error, ResultCode.noSuchObject) || !(await context.makeParents?.(to, write))) throw error;
    return go();
  }
}

async function undoRename({ directory }: ExportContext, before: Entry, now: DN, options: Options): Promise<void> {
  try {
    const deleteOldRdn = dropsOldRdn(now, before, directory.schema);
    await directory.modifyDN(now, before.dn, { ...options, deleteOldRdn });
  } catch {
    // The caller reports the modify's own failure and reads the entry again wherever it now is.
  }
}

/** Whether the values of an old RDN go with it. One that the entry keeps may be mandatory, and the server would refuse. */
function dropsOldRdn(old: DN, after: Entry, schema: Schema): boolean {
  const key = (type: string, value: Value) => `${schema.canonicalName(type)}=${schema.normalize(type, value)}`;
  const named = new Set((after.dn.rdn?.parts ?? []).map(({ type, value }) => key(type, value)));
  const kept = (old.rdn?.parts ?? []).filter(
    ({ type, value }) =>
      !named.has(key(type, value)) &&
      after.values(schema.canonicalName(type)).some((own) => key(type, own) === key(type, value)),
  );
  return kept.length === 0;
}

/** Deletes an entry; one that is already gone is as good. Answers whether it was there. */
export async function deleteEntry({ directory }: ExportContext, dn: DN, options: Options): Promise<boolean> {
  try {
    await directory.delete(dn, options);
    return true;
  } catch (error) {
    if (isLdapError(error, ResultCode.noSuchObject)) return false;
    throw error;
  }
}

/** The entry as the server that was written to holds it. @throws LdapError 32 when it is not there. */
export async function readBack({ directory, readAttributes }: ExportContext, dn: DN, options: Options): Promise<Entry> {
  const entry = await readEntry(directory, dn, readAttributes, options);
  if (entry === undefined) throw new LdapError(ResultCode.noSuchObject, 'read', dn.toString(), '');
  return entry;
}

/** One entry by its name, or undefined when the directory says that there is none. */
export async function readEntry(
  directory: Directory,
  base: DN,
  attributes: readonly string[],
  options: Options,
): Promise<Entry | undefined> {
  try {
    for await (const entry of directory.search(
      { base, scope: 'base', filter: present('objectClass'), attributes },
      options,
    ))
      return entry;
    return undefined;
  } catch (error) {
    if (isLdapError(error, ResultCode.noSuchObject)) return undefined;
    throw error;
  }
}
