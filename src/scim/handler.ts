/**
 * `scim/` is a SCIM 2.0 service provider (RFC 7643, 7644) that has never heard of LDAP. It owns resources, resource
 * types, filters, patches, client dialects, lists, errors and the routes, and it imports nothing else of ours. This file
 * is its port: what a service provider asks of a connector. There is one handler per resource type.
 */

import type { AttributePath, ValueChange } from './attributePath';
import type { Filter } from './filter';
import type { Resource } from './resource';
import type { Steps } from './steps';

/** A version of a resource as HTTP sees it, e.g. `W/"8f3a…"` (RFC 7644 §3.14). */
export type ETag = string;

/** What travels with every request: who asks, until when, on which condition. */
export interface Context {
  readonly requestId: string;
  /** Who asks, for intents and the change log; never a secret. */
  readonly actor: string;
  /** Aborts at the request's deadline and when the client has gone. */
  readonly signal: AbortSignal;
  /** The versions of If-Match; the change happens only if the resource has one of them (412 otherwise). */
  readonly ifMatch?: readonly ETag[];
  /**
   * The other names by which the body or path of a change called attributes: canonical path (`formatPath`) to alias. The
   * answer to the request itself is renamed by the router. A handler that wants later answers to use them too keeps them,
   * and answers with the alias in the canonical name's place.
   */
  readonly spelledAs?: ReadonlyMap<string, string>;
  /** Which attributes of the resource the answer to a change has to show, where the client names some (RFC 7644 §3.5.2). */
  readonly shown?: Projection;
  /** Everything is computed and checked, nothing is written. */
  readonly dryRun?: boolean;
  /** Something worth a line in the request's log, e.g. the attributes that were ignored. Never values. */
  note(key: string, value: unknown): void;
  /** Told of each operation on the other side, for the request's log line. Opaque to this room. */
  readonly observe?: (operation: object) => void;
}

/** Which attributes of a resource are wanted (RFC 7644 §3.4.2.5), resolved against the schema. */
export interface Projection {
  readonly attributes?: readonly AttributePath[];
  readonly excludedAttributes?: readonly AttributePath[];
}

/** A query (RFC 7644 §3.4.2), already checked: `startIndex` is at least 1, `count` at least 0 and at most the provider's maximum. */
export interface Query {
  readonly filter?: Filter;
  readonly sortBy?: AttributePath;
  readonly sortOrder?: 'ascending' | 'descending';
  readonly startIndex: number;
  /** Instead of `startIndex`, the place where the page begins: the `end` of the page before, or empty for the first one. */
  readonly after?: string;
  readonly count: number;
  readonly projection: Projection;
  /** Where the same is asked with one value after the other: what does not depend on the value may be found once. */
  readonly asked?: { readonly form: QueryForm; readonly value: string };
}

/** Queries that are the same but for one text in their filters. It is the same object for all of them. */
export interface QueryForm {
  /** What the text is compared with. */
  readonly path: AttributePath;
  /** The query of this form that has a text. */
  queryFor(value: string): Query;
  /** Whether a canonical resource matches the filter of that query. */
  matches(resource: Resource, value: string): boolean;
}

/** A page of a query's result; `resources` are those of this page only. */
export interface Page {
  readonly totalResults: number;
  readonly resources: readonly Resource[];
  /** To a query with `after`: where the page has ended, if there are resources beyond it. Of any form, and shown to clients. */
  readonly end?: string;
}

/** PUT and PATCH alike: what can be written without reading, what must be read for the rest, and the rest. */
export interface Change {
  readonly kind: 'replace' | 'patch';
  /** When not empty, these are the whole change and `apply` does the same to a resource at hand. */
  readonly valueChanges: readonly ValueChange[];
  /** URNs of the schemas that the body of a replace speaks of; its silence means nothing elsewhere. */
  readonly faces?: ReadonlySet<string>;
  /** Canonical paths of the attributes that the body of a replace says to be empty, which is more than its silence. */
  readonly emptied?: ReadonlySet<string>;
  /** URNs of the schemas that a replace sends back as they were read, changed or not: what is missing there was taken out. */
  readonly repeated?: ReadonlySet<string>;
  /** The paths that the change looks at or touches. */
  readonly needs: readonly AttributePath[];
  /** The resource after the change. Pure; throws ScimError (`noTarget`, `mutability`, `invalidValue` …). */
  apply(current: Resource): Resource;
  /** The same with pauses, where it may take long. */
  readonly applyInSteps?: (current: Resource) => Steps<Resource>;
}

/**
 * What a service provider asks of a connector. Every method rejects with a `ScimError` or an unexpected error (500).
 * Nobody changes a resource after it was answered: one that is answered again is as it was.
 */
export interface ResourceHandler {
  /** RFC 7644 §3.3. Answers the resource as it now is, `id` and `meta` included; `uniqueness` (409) when it exists. */
  create(resource: Resource, context: Context): Promise<Resource>;
  /** RFC 7644 §3.4.1. 404 only when the directory has said so; unreachable is 503. */
  get(id: string, projection: Projection, context: Context): Promise<Resource>;
  /** RFC 7644 §3.4.2. An unknown attribute in the filter matches nothing. */
  query(query: Query, context: Context): Promise<Page>;
  /** RFC 7644 §3.5. Answers the resource as it now is, or undefined when it is too large to be worth returning (204). */
  update(id: string, change: Change, context: Context): Promise<Resource | undefined>;
  /** RFC 7644 §3.6. Resolves when the resource is gone for SCIM; 404 when it was not there, 412 when it has another version. */
  delete(id: string, context: Context): Promise<void>;
}
