/**
 * The Export run profile: add, modify, modifyDN, delete, and what the entry then is. Writes happen in the caller's turn
 * (`exclusive.ts`); errors are the directory's own, translated by the caller.
 */
import type { Directory, Modification, Options, WriteOptions } from '../directory/directory';
import type { DN } from '../directory/dn';
import { type Entry, sameValue } from '../directory/entry';
import { isLdapError, LdapError, ResultCode } from '../directory/error';
import { type Filter, present } from '../directory/filter';
import type { ObjectType } from '../mapping/objectType';
import { type EntryChange, modificationsInTurns, modificationsOf, replaceAll } from './modifications';
import { afterRename, dropsOldRdn } from './oldRdn';
import { afterWrite, isAmbiguous, settle } from './outcome';
import { hasMany, unfolded } from './pacing';

/** What an export needs of the connector. */
export interface ExportContext {
  readonly directory: Directory;
  /** Attributes that are read back. */
  readonly readAttributes: readonly string[];
  /** The attribute that identifies an entry for good; absent where its name does. */
  readonly anchor?: string;
  /** Canonical names of integers of which a flow sets single bits: their other bits may be changed by somebody else. */
  readonly flags?: ReadonlySet<string>;
  /** A condition of the modify: the entry is as the caller knows it. */
  readonly assertion?: Filter;
  /** Creates what is missing above a DN; false: nothing was made. */
  readonly makeParents?: (dn: DN, options: Options) => Promise<boolean>;
}

/** Adds an entry and answers it as the directory holds it: with its anchor and whatever else the server minted. */
export async function addEntry(context: ExportContext, entry: Entry, options: Options): Promise<Entry> {
  const write: WriteOptions = { ...options, postRead: context.readAttributes };
  const add = async () =>
    identified(context, await context.directory.add(entry, write)) ??
    (await afterWrite('add', entry.dn, () => readBack(context, entry.dn, options)));
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
  { after, secrets, modifications: known }: EntryChange,
  options: Options,
): Promise<Entry> {
  const { directory, readAttributes, assertion } = context;
  const write: WriteOptions = { ...options, postRead: readAttributes };
  const renamed = before.dn.toString() !== after.dn.toString();
  let read: Entry | undefined;
  let base = before;
  if (renamed) {
    // The new naming value is there, the old one only where it stays: the rest is compared with what the server made of it.
    read =
      identified(context, await rename(context, before, after, write)) ??
      (await afterWrite('modifyDN', before.dn, () => readBack(context, after.dn, options)));
    base = withUnread(context, read, before, after);
  }
  const found = renamed ? undefined : known;
  const visible = found ?? (await modificationsInTurns(base, after, directory.schema));
  const modifications = [...comparing(visible, base, context), ...replaceAll(secrets)];
  if (modifications.length > 0) {
    try {
      const conditional = assertion === undefined ? write : { ...write, assertion };
      read = identified(context, await directory.modify(after.dn, modifications, conditional));
    } catch (error) {
      if (renamed && !isAmbiguous(error)) await undoRename(context, before, after.dn, options);
      read = await settle(error, () => modified(context, visible, after, options));
    }
    read ??= await afterWrite('modify', after.dn, () => readBack(context, after.dn, options));
  }
  return read ?? before;
}

/** What was read after a rename, and what was known before of attributes that it does not ask for, because another object type has them. */
function withUnread(
  { readAttributes, directory: { schema } }: ExportContext,
  read: Entry,
  before: Entry,
  after: Entry,
): Entry {
  const asked = new Set(readAttributes.map((name) => schema.canonicalName(name)));
  const renamed = afterRename(before, after.dn, dropsOldRdn(before.dn, after, schema), schema);
  return read.with([...renamed.attributes()].filter(({ name }) => !asked.has(schema.canonicalName(name))));
}

/** Flags are written over the value that was read and over no other: where that is gone, the server answers noSuchAttribute. */
function comparing(
  modifications: readonly Modification[],
  before: Entry,
  { flags, directory: { schema } }: ExportContext,
): readonly Modification[] {
  if (flags === undefined) return modifications;
  return modifications.flatMap((modification): Modification[] => {
    const { operation, attribute, values } = modification;
    const [old, ...others] = before.values(attribute);
    const compares = operation === 'replace' && flags.has(schema.canonicalName(attribute)) && others.length === 0;
    if (!compares || old === undefined) return [modification];
    return [
      { operation: 'delete', attribute, values: [old] },
      { operation: 'add', attribute, values },
    ];
  });
}

/** Runs a change once more, from its read on, when somebody else has changed the flags of the entry between its read and its write. */
export async function overFreshFlags<T>({ disableFlow, deleteFlow }: ObjectType, change: () => Promise<T>): Promise<T> {
  try {
    return await change();
  } catch (error) {
    const hasFlags = disableFlow?.action === 'setBits' || deleteFlow.action === 'setBits';
    if (!hasFlags || !isLdapError(error, ResultCode.noSuchAttribute)) throw error;
    return change();
  }
}

/** The entry, if it shows what these modifications make of it. Passwords do not show, but a modify is all or nothing. */
async function modified(
  { directory, readAttributes }: ExportContext,
  visible: readonly Modification[],
  after: Entry,
  options: Options,
): Promise<Entry | undefined> {
  const { schema } = directory;
  if (visible.length === 0) return undefined;
  const entry = await readEntry(directory, after.dn, readAttributes, options);
  if (entry === undefined) return undefined;
  const touched = new Set(visible.map(({ attribute }) => schema.canonicalName(attribute)));
  const missing = modificationsOf(entry, after, schema);
  return missing.some(({ attribute }) => touched.has(schema.canonicalName(attribute))) ? undefined : entry;
}

async function rename(
  context: ExportContext,
  before: Entry,
  after: Entry,
  write: WriteOptions,
): Promise<Entry | undefined> {
  const { dn: to } = after;
  const deleteOldRdn = dropsOldRdn(before.dn, after, context.directory.schema);
  const go = async () => {
    try {
      return await context.directory.modifyDN(before.dn, to, { ...write, deleteOldRdn });
    } catch (error) {
      return settle(error, () => renamedTo(context, before, to, write));
    }
  };
  try {
    return await go();
  } catch (error) {
    if (!isLdapError(error, ResultCode.noSuchObject)) throw error;
    // A rename that was sent before, and never answered, may have taken place just now.
    const moved = context.anchor === undefined ? undefined : await renamedTo(context, before, to, write);
    if (moved !== undefined) return moved;
    if (await context.makeParents?.(to, write)) return go();
    throw await missing(context, before, to, write, error);
  }
}

/** What is not there when a rename is answered with noSuchObject: the entry, or what it is to be moved below. */
async function missing(
  { directory }: ExportContext,
  { dn }: Entry,
  to: DN,
  options: Options,
  cause: LdapError,
): Promise<LdapError> {
  const isThere = (await readEntry(directory, dn, [], options)) !== undefined;
  const [operation, name] = isThere ? ['modifyDN', to] : ['modify', dn];
  return new LdapError(ResultCode.noSuchObject, operation, name.toString(), cause.diagnostic, true, { cause });
}

/** The entry under its new name, if it is the same one. */
async function renamedTo(
  { directory, readAttributes, anchor }: ExportContext,
  before: Entry,
  to: DN,
  options: Options,
): Promise<Entry | undefined> {
  const entry = await readEntry(directory, to, readAttributes, options);
  // A name that differs by case only finds the entry before and after: what it is called now tells.
  if (entry === undefined || entry.dn.rdn?.toString() !== to.rdn?.toString()) return undefined;
  if (anchor !== undefined) {
    const [now, then] = [entry.values(anchor)[0], before.values(anchor)[0]];
    return now !== undefined && then !== undefined && sameValue(now, then) ? entry : undefined;
  }
  return (await readEntry(directory, before.dn, [], options)) === undefined ? entry : undefined;
}

async function undoRename({ directory }: ExportContext, before: Entry, now: DN, options: Options): Promise<void> {
  try {
    const deleteOldRdn = dropsOldRdn(now, before, directory.schema);
    await directory.modifyDN(now, before.dn, { ...options, deleteOldRdn });
  } catch {
    // The caller reports the modify's own failure and reads the entry again wherever it now is.
  }
}

/** Deletes an entry; one that is already gone is as good. Answers whether it was there. */
export async function deleteEntry(directory: Directory, dn: DN, options: Options): Promise<boolean> {
  try {
    await directory.delete(dn, options);
    return true;
  } catch (error) {
    if (isLdapError(error, ResultCode.noSuchObject)) return false;
    return settle(error, async () => ((await readEntry(directory, dn, [], options)) === undefined ? true : undefined));
  }
}

/** What a post-read shows, if it shows whose entry it is: some servers leave operational attributes out. Undefined: it has to be read. */
export function identified({ anchor }: ExportContext, shown: Entry | undefined): Entry | undefined {
  return anchor === undefined || shown?.has(anchor) ? shown : undefined;
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
      return hasMany(entry) ? unfolded(entry) : entry;
    return undefined;
  } catch (error) {
    if (isLdapError(error, ResultCode.noSuchObject)) return undefined;
    throw error;
  }
}
