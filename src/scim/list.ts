/** ListResponse messages (RFC 7644 §3.4.2). */

export const listResponseSchema = 'urn:ietf:params:scim:api:messages:2.0:ListResponse';

/** Where a page stands among all results. */
export interface Place {
  readonly totalResults: number;
  /** The page begins at this one (RFC 7644 §3.4.2.4). */
  readonly startIndex?: number;
  /** Instead, of a page that was asked for by a cursor (RFC 9865 §2): where the next one begins. Without it this is the last. */
  readonly nextCursor?: string;
}

/** The message for one page; `itemsPerPage` is the number of resources that it holds (RFC 7644 §3.4.2.4). */
export function listResponse({ totalResults, startIndex, nextCursor }: Place, resources: readonly unknown[]): object {
  return {
    schemas: [listResponseSchema],
    totalResults,
    itemsPerPage: resources.length,
    ...(startIndex !== undefined && { startIndex }),
    ...(nextCursor !== undefined && { nextCursor }),
    Resources: resources,
  };
}

/** The same as JSON text, from the texts of the resources. */
export function listResponseText({ totalResults, startIndex, nextCursor }: Place, texts: readonly string[]): string {
  const start = startIndex === undefined ? '' : `"startIndex":${startIndex},`;
  const next = nextCursor === undefined ? '' : `"nextCursor":${JSON.stringify(nextCursor)},`;
  const head = `{"schemas":["${listResponseSchema}"],"totalResults":${totalResults},"itemsPerPage":${texts.length},`;
  return `${head}${start}${next}"Resources":[${texts.join(',')}]}`;
}
