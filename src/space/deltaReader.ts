/** How a delta import reads again what has changed: single entries, and whole subtrees after a rename of what is above them. */
import type { DN } from '../directory/dn';
import type { Entry } from '../directory/entry';
import { isLdapError, ResultCode } from '../directory/error';
import { present } from '../directory/filter';
import type { SpaceRow } from './connectorSpace';
import { covers, type Failures, type ImportScope, type ImportSource, type RowDraft, type ToRow } from './importScope';
import { SearchNotices } from './searchNotices';

/** The entry is there, but could not be made a row: what the space has of it stays. */
export const FAILED = Symbol('failed');

/** Where a delta import reads. */
export interface DeltaReaderOptions {
  readonly directory: ImportSource;
  readonly scopes: readonly ImportScope[];
  readonly toRow: ToRow;
  readonly signal?: AbortSignal;
}

export class DeltaReader {
  /** Entries that were read. */
  seen = 0;
  readonly notices = new SearchNotices();

  constructor(
    readonly options: DeltaReaderOptions,
    readonly failures: Failures,
  ) {}

  /** The entry at a DN as the import's scopes see it; undefined when it is not there or not in any of them. */
  async read(dn: DN, readAt: number): Promise<SpaceRow | undefined | typeof FAILED> {
    const { directory, scopes } = this.options;
    for (const scope of scopes.toReversed()) {
      if (!covers(scope, dn, directory.schema)) continue;
      const entry = await this.#find(dn, scope);
      if (!entry) continue;
      const draft = await this.#draftOf(entry, scope);
      if (draft === FAILED) return FAILED;
      if (draft) return { ...draft, objectType: scope.objectType, readAt };
    }
    return undefined;
  }

  /** Everything below a DN that is of a scope's kind, also where the scope does not reach; the scope that has an entry comes first. */
  async *below(base: DN, readAt: number): AsyncGenerator<{ readonly row: SpaceRow; readonly inScope: boolean }> {
    const { directory, scopes, signal } = this.options;
    const options = { notice: this.notices.take, ...(signal && { signal }) };
    for (const scope of scopes.toReversed()) {
      const { filter, attributes, objectType } = scope;
      try {
        for await (const entry of directory.search({ base, scope: 'sub', filter, attributes }, options)) {
          const draft = await this.#draftOf(entry, scope);
          if (!draft || draft === FAILED) continue;
          yield { row: { ...draft, objectType, readAt }, inScope: covers(scope, entry.dn, directory.schema) };
        }
      } catch (error) {
        if (!isLdapError(error, ResultCode.noSuchObject)) throw error;
      }
    }
  }

  /** Whether there is anything below an entry. */
  async hasChildren(dn: DN): Promise<boolean> {
    const { directory, signal } = this.options;
    const what = { filter: present('objectClass'), attributes: [], sizeLimit: 1, manageDsaIT: true };
    const request = { base: dn, scope: 'one' as const, ...what };
    try {
      for await (const _ of directory.search(request, signal && { signal })) return true;
      return false;
    } catch (error) {
      if (isLdapError(error, ResultCode.noSuchObject)) return false;
      throw error;
    }
  }

  async #draftOf(entry: Entry, { objectType }: ImportScope): Promise<RowDraft | undefined | typeof FAILED> {
    this.seen += 1;
    try {
      return await this.options.toRow(entry, objectType);
    } catch (error) {
      this.failures.add(entry.dn, error);
      return FAILED;
    }
  }

  async #find(dn: DN, { filter, attributes }: ImportScope): Promise<Entry | undefined> {
    const { directory, signal } = this.options;
    // An entry that has become a referral is none of the scope's, and no reason to end the run.
    const request = { base: dn, scope: 'base', filter, attributes, sizeLimit: 1, manageDsaIT: true } as const;
    try {
      for await (const entry of directory.search(request, signal && { signal })) return entry;
      return undefined;
    } catch (error) {
      if (isLdapError(error, ResultCode.noSuchObject)) return undefined;
      throw error;
    }
  }
}
