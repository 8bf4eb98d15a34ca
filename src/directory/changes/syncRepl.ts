/**
 * Content synchronization (RFC 4533) as a source of changes: one refresh from the cookie of the last one. With a session
 * log (syncprov-sessionlog) the server tells what was deleted; without one, or when it does not reach back, it tells what
 * is left, and whatever it does not mention is gone.
 */
import type { Options } from '../directory';
import type { DN } from '../dn';
import type { Entry } from '../entry';
import { isLdapError, LdapError, ResultCode } from '../error';
import { type Filter, present } from '../filter';
import type { SyncEnd, SyncEvent } from '../syncSearch';
import {
  type ChangeMethod,
  type ChangeSource,
  ChangesUnreadable,
  type DirectoryChange,
  type Watermark,
  WatermarkExpired,
} from './changeSource';
import { isAfter, newest, setBack } from './csn';
import { anchorText, type Contexts, type NamingContexts } from './naming';
import { anotherServer, expiredIfHidden, ownValue, reachedWithLast, type Unmarked } from './watermark';

const METHOD: ChangeMethod = 'syncRepl';

/** Changes that are kept in memory until the refresh has ended; with more, a full import is not dearer. */
const MOST_CHANGES = 200_000;
/** Entries of a directory that a refresh may tell to be left. */
const MOST_PRESENT = 5_000_000;

/** One refresh (`SyncSearcher`). */
export type Refresh = (
  request: { readonly base: DN; readonly filter: Filter; readonly attributes: readonly string[] },
  cookie: Buffer,
  take: (event: SyncEvent) => void,
  options?: Options,
) => Promise<SyncEnd>;

/** What one refresh has told. */
class Told {
  readonly changed = new Map<string, Entry>();
  readonly deleted = new Set<string>();
  readonly present = new Set<string>();
  allPresent = false;

  take(event: SyncEvent): void {
    if (event.kind === 'allPresent') this.allPresent = true;
    else if (event.kind === 'ids') for (const id of event.ids) (event.deleted ? this.deleted : this.present).add(id);
    else if (event.kind === 'delete') this.deleted.add(event.id);
    else if (event.kind === 'present') this.present.add(event.id);
    else this.changed.set(event.id, event.entry);
    if (this.changed.size + this.deleted.size > MOST_CHANGES || this.present.size > MOST_PRESENT) {
      throw new WatermarkExpired('So much has changed since the last import that a full import is needed');
    }
  }
}

/** Changes as the server's own replication tells them. */
export class SyncRepl implements ChangeSource {
  readonly methods = [METHOD];
  readonly anchorAttribute = 'entryUUID';

  constructor(
    readonly contexts: NamingContexts,
    readonly refresh: Refresh,
  ) {}

  /** The context's own change sequence numbers are what a cookie is made of, so nothing has to be read to get the first. */
  async latest(options?: Options): Promise<Watermark> {
    const cookies: Record<string, string> = {};
    const { identity } = await this.#identity(options);
    for (const dn of this.contexts.dns()) {
      const { csns } = await this.#identity(options, [dn]);
      if (csns.size === 0) {
        throw new ChangesUnreadable(
          `${dn} has no contextCSN to go on from: the server needs the overlay syncprov, and the account of the connector the right to read contextCSN`,
        );
      }
      cookies[this.#key(dn)] = Buffer.from(`rid=000,csn=${[...csns.values()].join(';')}`).toString('base64');
    }
    return watermarkOf(identity, cookies);
  }

  async *since(watermark: Watermark, options?: Options): AsyncGenerator<DirectoryChange> {
    const { identity } = await this.#identity(options);
    const cookies = cookiesOf(watermark, identity);
    for (const base of this.contexts.dns()) {
      const from = cookies[this.#key(base)];
      if (from === undefined) throw new WatermarkExpired(`${base} was not there at the last import`);
      await this.#requireSameScale(Buffer.from(from, 'base64'), base, options);
      const { told, cookie } = await this.#told(base, Buffer.from(from, 'base64'), options);
      cookies[this.#key(base)] = cookie.toString('base64');
      yield* reachedWithLast(changesOf(told), watermark, () => watermarkOf(identity, cookies));
    }
  }

  async #told(base: DN, from: Buffer, options?: Options): Promise<{ told: Told; cookie: Buffer }> {
    const told = new Told();
    const attributes = ['entryUUID', 'hasSubordinates'];
    const request = { base, filter: present('objectClass'), attributes };
    let end: SyncEnd;
    try {
      end = await this.refresh(request, from, (event) => told.take(event), options);
    } catch (error) {
      if (isLdapError(error) && error.cause instanceof WatermarkExpired) throw error.cause;
      throw expiredIfHidden(error, `${base} cannot be read any more`);
    }
    if (end.status === ResultCode.syncRefreshRequired || end.status === ResultCode.unwillingToPerform) {
      throw new WatermarkExpired('The server cannot tell what has changed since the last import; a full one is needed');
    }
    if (end.status !== ResultCode.success)
      throw new LdapError(end.status, 'search', base.toString(), end.errorMessage, true);
    told.allPresent ||= !end.refreshDeletes && (told.present.size > 0 || told.changed.size > 0);
    return { told, cookie: end.cookie ?? from };
  }

  /** A server that was set back takes a cookie from its future for one that it has no changes for. */
  async #requireSameScale(cookie: Buffer, base: DN, options?: Options): Promise<void> {
    const before = newest((/csn=([^,]*)/.exec(cookie.toString('latin1'))?.[1] ?? '').split(';'));
    const { csns } = await this.#identity(options, [base]);
    const behind = setBack(csns, before);
    if (behind === undefined) return;
    const seen = [...before.values()].some((csn) => isAfter(csn, csns));
    if (seen) throw new WatermarkExpired(`Server ${behind} was set back since the last import; a full one is needed`);
  }

  #identity(options?: Options, dns?: readonly DN[]): Promise<Contexts> {
    return this.contexts.read(this.anchorAttribute, options, dns);
  }

  #key(base: DN): string {
    return base.normalized(this.contexts.reader.schema);
  }
}

function* changesOf(told: Told): Generator<Unmarked> {
  for (const [id, entry] of told.changed) {
    const subtree = entry.first('hasSubordinates')?.toUpperCase() !== 'FALSE';
    yield { kind: 'changed', dn: entry.dn, subtree, anchor: anchorText(entry, 'entryUUID') ?? id };
  }
  for (const anchor of told.deleted) if (!told.changed.has(anchor)) yield { kind: 'deleted', anchor };
  if (!told.allPresent) return;
  for (const id of told.changed.keys()) told.present.add(id);
  yield { kind: 'present', anchors: told.present };
}

function watermarkOf(serverId: string, cookies: Readonly<Record<string, string>>): Watermark {
  return { method: METHOD, serverId, value: JSON.stringify(Object.entries(cookies)) };
}

function cookiesOf(watermark: Watermark, identity: string): Record<string, string> {
  const value = ownValue(watermark, METHOD, identity);
  try {
    return Object.fromEntries(JSON.parse(value) as [string, string][]);
  } catch {
    // As unreadable as one of another version.
    throw anotherServer();
  }
}
