/** ListResponse messages (RFC 7644 §3.4.2). */

export const listResponseSchema = 'urn:ietf:params:scim:api:messages:2.0:ListResponse';

/** The message for one page; `itemsPerPage` is the number of resources that it holds (RFC 7644 §3.4.2.4). */
export function listResponse(totalResults: number, startIndex: number, resources: readonly unknown[]): object {
  return message(totalResults, { startIndex }, resources);
}

/** The same for a page that was asked for by a cursor (RFC 9865 §2); without `nextCursor` it is the last one. */
export function cursorResponse(
  totalResults: number,
  nextCursor: string | undefined,
  resources: readonly unknown[],
): object {
  return message(totalResults, { nextCursor }, resources);
}

function message(totalResults: number, place: object, resources: readonly unknown[]): object {
  return {
    schemas: [listResponseSchema],
    totalResults,
    itemsPerPage: resources.length,
    ...place,
    Resources: resources,
  };
}
