/** What a directory offers to follow its changes by, and whether this host uses it. */
import { type ChangeMethod, ChangesUnreadable, seesDeletes } from '../directory/changes/changeSource';
import { deletedObjectsOf, showsDeleted } from '../directory/changes/usnChanged';
import type { Directory } from '../directory/directory';
import { DN } from '../directory/dn';
import type { Entry } from '../directory/entry';
import { LdapError } from '../directory/error';
import { present } from '../directory/filter';
import type { ConnectionStep } from './connectionStep';
import { isFollowedBy } from './following';
import type { ConnectorOptions } from './options';
import type { Schedule } from './schedule';

const contentSynchronization = '1.3.6.1.4.1.4203.1.9.1.1';
const dirSync = '1.2.840.113556.1.4.841';

/** What was found, in words, with what the account may read of it. */
export interface ChangeSourceFinding {
  readonly name: string;
  readonly readable: boolean;
}

/** Every source that the root DSE speaks of, the best first. */
export async function findChangeSources(directory: Directory): Promise<readonly ChangeSourceFinding[]> {
  const rootDSE = await rootOf(directory);
  if (rootDSE === undefined) return [];
  const found: ChangeSourceFinding[] = [];
  const contexts = rootDSE.values('namingContexts').map((value) => value.toString());
  const accessLog = contexts.find((context) => /^cn\s*=\s*(?:accesslog|deltalog)$/i.test(context));
  if (accessLog) found.push({ name: `access log (${accessLog})`, readable: await isReadable(directory, accessLog) });
  const changeLog = rootDSE.first('changelog') ?? contexts.find((context) => /^cn\s*=\s*changelog$/i.test(context));
  if (changeLog) found.push({ name: `change log (${changeLog})`, readable: await isReadable(directory, changeLog) });
  if (rootDSE.has('highestCommittedUSN')) found.push(await updateSequence(directory));
  if (directory.supports(dirSync)) found.push({ name: 'DirSync control', readable: true });
  if (directory.supports(contentSynchronization))
    found.push({ name: 'content synchronization (RFC 4533)', readable: true });
  return found;
}

/** Sources in words. */
const METHODS: Readonly<Record<ChangeMethod, string>> = {
  memory: 'the embedded directory',
  accessLog: 'the access log',
  changeLog: 'the change log',
  usnChanged: 'the update sequence number (uSNChanged)',
  syncRepl: 'content synchronization (RFC 4533)',
  timeStamp: 'time stamps',
};

/** The step `changes` of a connection check. It never fails: without a source, full imports find every change. */
export async function changeSourceOf(
  directory: Directory,
  options: ConnectorOptions,
): Promise<Pick<ConnectionStep, 'status' | 'message'>> {
  const { properties, global, runProfiles } = options;
  const full = dueText(properties.autosync);
  if (global.deltaImport === 'none' || !runProfiles.deltaImport.enabled) {
    const message = `the file switches delta imports off: changes made beside the host are found by the full import, ${full}`;
    return { status: 'ok', message };
  }
  const found = await methodOf(directory);
  if (!('method' in found)) {
    const message = `${found.reason}. Changes made beside the host are found by the full import, ${full}`;
    return { status: 'ok', message };
  }
  const log =
    found.method === 'accessLog' ? ` (${global.changeLogDN ?? directory.description.accessLog ?? 'cn=accesslog'})` : '';
  const name = `${METHODS[found.method]}${log}`;
  const often = isFollowedBy(found.method, options)
    ? `delta imports every ${runProfiles.deltaImport.intervalMs / 1_000} s`
    : 'delta imports when somebody asks for one';
  const unreadable = (await findChangeSources(directory)).filter(({ readable }) => !readable);
  const others = unreadable.map((other) => `. Not used: ${other.name}, which the account may not read`).join('');
  if (seesDeletes(found.method))
    return { status: 'ok', message: `${name} tells what changed, deletes included: ${often}${others}` };
  const message = `${name} tell what changed, but not what was deleted: ${often}, and the full import, ${full}, finds deletes${others}`;
  return { status: 'ok', message };
}

async function methodOf({ changes }: Directory): Promise<{ method: ChangeMethod } | { reason: string }> {
  if (changes === undefined) return { reason: 'the directory has nothing that tells what changed' };
  try {
    const { method } = await changes.latest();
    return { method: changes.methods.find((one) => one === method) ?? 'timeStamp' };
  } catch (error) {
    if (error instanceof ChangesUnreadable || error instanceof LdapError) return { reason: error.message };
    throw error;
  }
}

function dueText(autosync: Schedule | undefined): string {
  if (autosync === undefined) return 'at start only';
  return 'cron' in autosync ? `at ${autosync.cron}` : `every ${autosync.everyMs / 60_000} minutes`;
}

async function rootOf(directory: Directory): Promise<Entry | undefined> {
  const attributes = ['*', '+'];
  for await (const entry of directory.search({
    base: DN.root,
    scope: 'base',
    filter: present('objectClass'),
    attributes,
  })) {
    return entry;
  }
  return undefined;
}

/** Update sequence numbers tell of deletes by what is left of the deleted. */
async function updateSequence(directory: Directory): Promise<ChangeSourceFinding> {
  for (const context of directory.description.namingContexts.map((text) => DN.parse(text))) {
    if (await showsDeleted(directory, context)) continue;
    return { name: `update sequence numbers (uSNChanged, with ${deletedObjectsOf(context)})`, readable: false };
  }
  return { name: 'update sequence numbers (uSNChanged)', readable: true };
}

async function isReadable(directory: Directory, dn: string): Promise<boolean> {
  const request = { base: DN.parse(dn), scope: 'base', filter: present('objectClass'), attributes: [] } as const;
  try {
    for await (const _entry of directory.search(request)) return true;
    return false;
  } catch (error) {
    if (error instanceof LdapError) return false;
    throw error;
  }
}
