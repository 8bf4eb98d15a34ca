/** ListResponse messages (RFC 7644 §3.4.2). */

export const listResponseSchema = 'urn:ietf:params:scim:api:messages:2.0:ListResponse';

/** The message for one page; `itemsPerPage` is the number of resources that it holds (RFC 7644 §3.4.2.4). */
export function listResponse(totalResults: number, startIndex: number, resources: readonly unknown[]): string {
  return JSON.stringify({
    schemas: [listResponseSchema],
    totalResults,
    itemsPerPage: resources.length,
    startIndex,
    Resources: resources,
  });
}
