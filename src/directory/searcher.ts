/** Searches (RFC 4511 §4.5): which connection, in one answer or in pages, and what counts as the end. */
import type { Control } from 'ldapts';
import type { BerCursor } from './ber';
import { Call, observed } from './call';
import { ManageDsaITControl, Oid, ShowDeletedControl } from './controls';
import type { Options, SearchRequest } from './directory';
import type { Entry } from './entry';
import { isLdapError, Referred, ResultCode } from './error';
import { present } from './filter';
import type { Knowledge } from './knowledge';
import type { LdapConnection } from './ldapConnection';
import type { LdapResult } from './ldapMessage';
import { inParts } from './longSearch';
import { withoutRanges } from './rangeRetrieval';
import { dnOfUrl, readReference } from './referral';
import { SearchMessage } from './searchMessage';
import type { Session } from './session';
import { readSyncInfo, readSyncState, SyncControl, type SyncEnd, type SyncEvent } from './syncSearch';
import type { Traits } from './traits';
import { SortControl, type SortKey, sortKeyOf } from './virtualList';

export interface SearcherOptions {
  /** For a search in one answer, and for each page. */
  readonly operationTimeoutMs: number;
  /** Entries per page; default 500. */
  readonly pageSize?: number;
  /** `attribute` or `attribute:orderingRule`, by which a list is sorted where there are no pages; absent: the immutable id. */
  readonly sortKey?: string;
}

const DEFAULT_PAGE_SIZE = 500;

/** What the answer to one search holds. */
interface Found {
  readonly entries: Entry[];
  /** The first servers that it names for what it does not hold. */
  readonly elsewhere: string[];
  /** Whoever reads pages has many entries, and mostly wants to store them, or a few of their attributes. */
  readonly lazily?: boolean;
}

/** Active Directory names the contexts of its own with every search from the top of a domain: nobody would look there. */
function isInternal(url: string, { internalContexts }: Traits): boolean {
  const dn = dnOfUrl(url);
  return internalContexts.some((pattern) => pattern.test(dn));
}

export class Searcher {
  readonly #session: Session;
  readonly #options: SearcherOptions;
  readonly #knowledge: () => Knowledge;

  constructor(session: Session, options: SearcherOptions, knowledge: () => Knowledge) {
    this.#session = session;
    this.#options = options;
    this.#knowledge = knowledge;
  }

  async *search(request: SearchRequest, options: Options): AsyncGenerator<Entry> {
    const { sizeLimit: limit, scope } = request;
    // Zero is "no limit" on the wire.
    if (limit === 0) return;
    const pageSize = request.pageSize ?? this.#options.pageSize ?? DEFAULT_PAGE_SIZE;
    const few = scope === 'base' || (limit !== undefined && limit <= pageSize);
    let left = limit ?? Number.POSITIVE_INFINITY;
    const inParts = this.#knowledge().traits.rangeRetrieval;
    // Page by page, because each step of an asynchronous iteration costs an import as much as half of an entry.
    for await (const page of few ? [await this.atOnce(request, options)] : this.#stream(request, pageSize, options)) {
      for (const found of page) {
        const entry = inParts ? await this.#whole(found, options) : found;
        if (entry) yield entry;
        left -= 1;
        if (left === 0) return;
      }
    }
  }

  /** A search in one answer, on the shared connection. */
  async atOnce(request: SearchRequest, options: Options): Promise<Entry[]> {
    const call = this.#call(request, options);
    const entries: Entry[] = [];
    const message = this.#message(request, [], request.sizeLimit);
    const found = { entries, elsewhere: [] as string[] };
    const ask = (connection: LdapConnection): Promise<LdapResult> =>
      this.#ask(connection, call, message, found, options);
    await observed(call, options, () => this.#session.run(call, ask), entries);
    // Some servers answer a search for one entry that is a referral by a continuation, others by the result code.
    if (request.scope === 'base' && entries.length === 0 && found.elsewhere.length > 0)
      throw new Referred(call.error(ResultCode.referral, '', true), found.elsewhere);
    return entries;
  }

  /** A search on a connection of its own, in the parts that the directory serves. */
  async *#stream(request: SearchRequest, pageSize: number, options: Options): AsyncGenerator<readonly Entry[]> {
    const connection = await this.#session.own(this.#call(request, options));
    const { supported } = this.#knowledge();
    const sortKey = this.#sortKey();
    const ask = async (controls: Control[], sizeLimit?: number) => {
      const call = this.#call(request, options);
      const entries: Entry[] = [];
      const sorted = controls.some((control) => control instanceof SortControl) ? sortKey?.attribute : undefined;
      const message = this.#message(request, controls, sizeLimit, sorted);
      const found = { entries, elsewhere: [], lazily: true };
      const send = (): Promise<LdapResult> => this.#ask(connection, call, message, found, options);
      return { entries, result: await observed(call, options, send, entries) };
    };
    const { sizeLimit } = request;
    let some = false;
    try {
      for await (const part of inParts({
        ...(sizeLimit !== undefined && { sizeLimit }),
        pageSize,
        sortKey,
        supported,
        ask,
        incomplete: (text) => this.#call(request, options).error(ResultCode.other, text, true),
        oneAnswer: (reason) => options.notice?.({ kind: 'oneAnswer', reason }),
      })) {
        some ||= part.length > 0;
        yield part;
      }
      if (!some) await this.#expectBase(request, options);
    } finally {
      connection.close();
    }
  }

  /** The immutable id of every entry, unless the file names another attribute. */
  #sortKey(): SortKey | undefined {
    const { proposedAnchor } = this.#knowledge().description;
    const text = this.#options.sortKey ?? (proposedAnchor === 'dn' ? undefined : proposedAnchor);
    return text === undefined ? undefined : sortKeyOf(text, proposedAnchor);
  }

  /** One refresh of a content synchronization (RFC 4533) on a connection of its own; its result code is the caller's. */
  async refresh(
    { base, filter, attributes }: Pick<SearchRequest, 'base' | 'filter' | 'attributes'>,
    cookie: Buffer,
    take: (event: SyncEvent) => void,
    options: Options = {},
  ): Promise<SyncEnd> {
    const request = { base, scope: 'sub', filter, attributes } as const;
    const call = this.#call(request, options);
    const connection = await this.#session.own(call);
    const { decoder } = this.#knowledge();
    const control = new SyncControl(cookie);
    const receive = (cursor: BerCursor): void => {
      const entry = decoder.decode(cursor);
      take({ ...readSyncState(cursor), entry });
    };
    const receiveInfo = (cursor: BerCursor): void => {
      const event = readSyncInfo(cursor);
      if (event) take(event);
    };
    const message = this.#message(request, [control], 0);
    try {
      const ask = (): Promise<LdapResult> => connection.request(message, call, { entry: receive, info: receiveInfo });
      const { status, errorMessage } = await observed(call, options, ask);
      if (control.fault) throw call.error(ResultCode.other, control.fault.message, true, control.fault);
      const { refreshDeletes } = control;
      return { status, errorMessage, refreshDeletes, ...(control.cookie && { cookie: control.cookie }) };
    } finally {
      connection.close();
    }
  }

  /**
   * Rejects where the base is missing: in pages some servers call that a success, and whoever imports would take
   * everything that was there for deleted.
   */
  async #expectBase({ base }: SearchRequest, options: Options): Promise<void> {
    await this.atOnce({ base, scope: 'base', filter: present('objectClass'), attributes: [] }, options);
  }

  #call(request: SearchRequest, options: Options): Call {
    return Call.of('search', request.base.toString(), options, this.#options.operationTimeoutMs);
  }

  #message(request: SearchRequest, controls: Control[], sizeLimit = 0, also?: string): SearchMessage {
    const { traits, supported } = this.#knowledge();
    const { noAttributes, unaskable } = traits;
    const all = [...controls];
    if (request.showDeleted && supported.has(Oid.showDeleted)) all.push(new ShowDeletedControl());
    if (request.manageDsaIT && supported.has(Oid.manageDsaIT)) all.push(new ManageDsaITControl());
    const isAskable = (name: string): boolean => !unaskable.includes(name.toLowerCase());
    // The very same list is encoded once.
    const askable = request.attributes.every(isAskable) ? request.attributes : request.attributes.filter(isAskable);
    const isThere = also === undefined || askable.some((name) => name.toLowerCase() === also.toLowerCase());
    const attributes = isThere ? askable : [...askable, also];
    const selection = attributes.length === 0 ? [noAttributes] : attributes;
    return new SearchMessage(request, selection, all, sizeLimit);
  }

  /** Sends a search and collects its entries. A size limit is only the end where it is the caller's own. */
  async #ask(
    connection: LdapConnection,
    call: Call,
    message: SearchMessage,
    { entries, elsewhere, lazily }: Found,
    { notice }: Options,
  ): Promise<LdapResult> {
    const { decoder, traits } = this.#knowledge();
    const result = await connection.request(message, call, {
      entry: (cursor) => entries.push(lazily ? decoder.decodeLazily(cursor) : decoder.decode(cursor)),
      reference: (cursor) => {
        const urls = readReference(cursor).filter((url) => !isInternal(url, traits));
        if (urls.length === 0) return;
        if (elsewhere.length === 0) elsewhere.push(...urls);
        notice?.({ kind: 'reference', urls });
      },
    });
    const limit = message.sizeLimit;
    if (result.status === ResultCode.sizeLimitExceeded && limit > 0 && entries.length >= limit) return result;
    return call.expectSuccess(result);
  }

  /** The entry with attributes that came in parts put together; undefined when it is gone meanwhile. */
  async #whole(entry: Entry, options: Options): Promise<Entry | undefined> {
    return withoutRanges(entry, async (description) => {
      const filter = present('objectClass');
      try {
        const request = { base: entry.dn, scope: 'base', filter, attributes: [description] } as const;
        return (await this.atOnce(request, options))[0];
      } catch (error) {
        if (isLdapError(error, ResultCode.noSuchObject)) return undefined;
        throw error;
      }
    });
  }
}
