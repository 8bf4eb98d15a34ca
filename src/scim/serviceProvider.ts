/** What the router needs from whoever mounts it. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Context, ResourceHandler } from './handler';
import type { ResourceType } from './resourceType';

/** A resource type and what serves it. */
export interface ResourceEndpoint {
  readonly type: ResourceType;
  readonly handler: ResourceHandler;
}

/** Features that /ServiceProviderConfig announces (RFC 7643 §5). Filters are always there. */
export interface Features {
  /** False: everything that would change a resource is refused, so PATCH, Bulk and changes of passwords are not supported. */
  readonly writes: boolean;
  /** False: `sortBy` is ignored. */
  readonly sort: boolean;
  /** Handlers answer `meta.version` and honour `Context.ifMatch`. */
  readonly etag: boolean;
  readonly changePassword: boolean;
  /** False: the ways of paging are not told (RFC 9865 §4), for clients that refuse what RFC 7643 does not name. */
  readonly pagination?: boolean;
  /** Where people read on, e.g. the operator's own page. */
  readonly documentationUri?: string;
}

/** What the mounter knows of a request; the router adds the rest. */
export type RequestContext = Omit<Context, 'signal' | 'ifMatch' | 'spelledAs'>;

/** One service provider: one base URI, one set of resource types. */
export interface ServiceProvider {
  /** The URI under which the client sees the router, without a slash at its end. */
  baseUri(request: IncomingMessage): string;
  /** The resource types of this moment. Discovery is made anew when a type is another object than before. */
  resourceTypes(): readonly ResourceEndpoint[];
  /** Discovery is made anew when it is another object than before. */
  readonly features: Features;
  /** The most resources in one answer. */
  readonly maxResults: number;
  /** Of every request, bulk or not. Default: 1 MiB. */
  readonly maxBodyBytes?: number;
  /** After so many milliseconds the signal aborts and the answer is 503. */
  readonly requestTimeoutMs: number;
  contextOf(request: IncomingMessage, response: ServerResponse): RequestContext;
  /** Hears every error that was answered, those too that nobody expected (500); what these say is for the log only. */
  onError?(error: unknown, request: IncomingMessage): void;
}

/** The most operations in one bulk request (RFC 7644 §3.7.4): what a directory does within the deadline of a request. */
export const maxBulkOperations = 1_000;

/** The largest body that is read, in bytes. */
export function maxBodyBytesOf({ maxBodyBytes = 1024 * 1024 }: Pick<ServiceProvider, 'maxBodyBytes'>): number {
  return maxBodyBytes;
}
