/**
 * A search in pages (RFC 2696) as a stream of pages. It ends only on an empty cookie: a page without entries is no
 * end, and an answer without a cookie is an error, because whoever imports would take what is missing for deleted.
 */
import { PagedResultsControl } from 'ldapts';
import type { Entry } from './entry';
import type { LdapResult } from './ldapMessage';

/** One page as the server gave it. `cookie` is absent where the server sent no paging control. */
export interface Page {
  readonly entries: readonly Entry[];
  readonly cookie: Buffer | undefined;
}

/** Asks for a page; the first one without a cookie. */
export type ReadPage = (control: PagedResultsControl) => Promise<Page>;

/** A server may pause on empty pages; one that hands out nothing else for so long will never end. */
const EMPTY_PAGES = 1_000;

/** The next page is on its way while one is consumed, so two are in memory at most. */
export async function* pages(
  readPage: ReadPage,
  pageSize: number,
  incomplete: (diagnostic: string) => Error,
): AsyncGenerator<readonly Entry[]> {
  const ask = (cookie?: Buffer): Promise<Page> =>
    readPage(new PagedResultsControl({ critical: true, value: { size: pageSize, ...(cookie ? { cookie } : {}) } }));
  let empty = 0;
  let next: Promise<Page> | undefined = ask();
  while (next) {
    const { entries, cookie }: Page = await next;
    // Short of one page there can be no more; some servers then leave the control out.
    if (cookie === undefined && entries.length >= pageSize)
      throw incomplete('the server gave a full page without a cookie');
    empty = entries.length === 0 ? empty + 1 : 0;
    if (empty > EMPTY_PAGES) throw incomplete(`the server gave ${EMPTY_PAGES} empty pages in a row`);
    next = cookie && cookie.length > 0 ? ask(cookie) : undefined;
    // A consumer who stops early never awaits it.
    next?.catch(() => {});
    yield entries;
  }
}

/** The cookie of a search result, if it carries one; a copy, because the answer's buffer holds a whole page. */
export function cookieOf(result: LdapResult): Buffer | undefined {
  const control = result.controls?.find((each) => each instanceof PagedResultsControl);
  const cookie = control instanceof PagedResultsControl ? control.value?.cookie : undefined;
  return cookie && Buffer.from(cookie);
}
