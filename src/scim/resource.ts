/** Resources as plain JSON (RFC 7643 §3), with canonical attribute names once they have passed the dialect. */

export type Json = null | boolean | number | string | Json[] | { [name: string]: Json };

/** `meta` (RFC 7643 §3.1). `location` is completed by the router, which alone knows the base URI. */
export interface Meta {
  resourceType: string;
  created?: string;
  lastModified?: string;
  version?: string;
  location?: string;
}

/**
 * A resource: core attributes at the top, each extension's attributes under its URN. Absent means unassigned: null and
 * empty arrays do not occur in a canonical resource (RFC 7643 §2.5).
 */
export interface Resource {
  schemas?: string[];
  id?: string;
  externalId?: string;
  meta?: Meta;
  [attributeOrUrn: string]: unknown;
}
