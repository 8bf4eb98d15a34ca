/**
 * How a search is read that may find more entries than a server puts into one answer: in pages (RFC 2696), else as a
 * sorted list (RFC 2891 with virtual list views), else in one answer all the same. A server may list a control and refuse
 * it, to everybody or to this account: only its answer to the first request tells.
 */
import type { Control } from 'ldapts';
import { Oid } from './controls';
import type { Entry } from './entry';
import { isLdapError, ResultCode } from './error';
import type { LdapResult } from './ldapMessage';
import { cookieOf, pages } from './pagedSearch';
import { ListReading, ListRefused, type SortKey, windowOf } from './virtualList';

/** One such search. */
export interface LongSearch {
  readonly pageSize: number;
  /** Of the caller. Servers disagree on whether one means a page or the whole, so that it is sent without pages only. */
  readonly sizeLimit?: number;
  /** By what a list can be sorted; absent: by nothing. */
  readonly sortKey?: SortKey | undefined;
  readonly supported: ReadonlySet<string>;
  /** Sends the search with these controls. */
  ask(
    controls: Control[],
    sizeLimit?: number,
  ): Promise<{ readonly entries: readonly Entry[]; readonly result: LdapResult }>;
  incomplete(diagnostic: string): Error;
  /** Told that all entries come in one answer, and why. */
  oneAnswer(reason: string): void;
}

/** What a server answers to pages that it lists and does not serve; slapd the former where an account may have none (`size.prtotal=disabled`). */
const PAGES_REFUSED = [ResultCode.adminLimitExceeded, ResultCode.unavailableCriticalExtension] as const;

/** What servers answer where they cannot sort, or not by this, or not without an index. */
const LIST_REFUSED = [
  ...PAGES_REFUSED,
  ResultCode.operationsError,
  ResultCode.noSuchAttribute,
  ResultCode.undefinedAttributeType,
  ResultCode.inappropriateMatching,
  ResultCode.unwillingToPerform,
  ResultCode.sortControlMissing,
] as const;

const WAYS = [
  { open: inPages, isRefusal: (error: unknown) => isLdapError(error, ...PAGES_REFUSED) },
  {
    open: asList,
    isRefusal: (error: unknown) => error instanceof ListRefused || isLdapError(error, ...LIST_REFUSED),
  },
];

/** The entries, part by part. What was refused before anything was read is tried in the next way. */
export async function* inParts(search: LongSearch): AsyncGenerator<readonly Entry[]> {
  const reasons: string[] = [];
  for (const { open, isRefusal } of WAYS) {
    const parts = open(search);
    if (typeof parts === 'string') {
      reasons.push(parts);
      continue;
    }
    try {
      const first = await parts.next();
      if (!first.done) yield first.value;
    } catch (error) {
      if (!isRefusal(error)) throw error;
      reasons.push((error as Error).message);
      continue;
    }
    return yield* parts;
  }
  search.oneAnswer(reasons.join('; '));
  yield (await search.ask([], search.sizeLimit)).entries;
}

type Parts = AsyncGenerator<readonly Entry[], unknown>;

function inPages({ supported, ask, pageSize, incomplete }: LongSearch): Parts | string {
  if (!supported.has(Oid.pagedResults)) return 'no paged results';
  const read = async (control: Control) => {
    const { entries, result } = await ask([control]);
    return { entries, cookie: cookieOf(result) };
  };
  return pages(read, pageSize, incomplete);
}

function asList({ supported, ask, pageSize, sortKey, incomplete }: LongSearch): Parts | string {
  if (!supported.has(Oid.virtualListView) || !supported.has(Oid.serverSideSort)) return 'no virtual list views';
  if (sortKey === undefined) return 'nothing to sort a virtual list view by';
  const reading = new ListReading(
    async (sort, list) => windowOf((await ask([sort, list])).entries, sort, list),
    sortKey,
    pageSize,
    incomplete,
  );
  return reading.windows();
}
