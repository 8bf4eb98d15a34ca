/** One request as the routes see it, and one answer as they give it: no framework, no sockets. */
import { ScimError } from './error';
import type { Context, ETag } from './handler';
import type { QueryParameters } from './query';
import type { ServiceProvider } from './serviceProvider';

export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** JSON text; of very many values in pieces, which are made one by one when it is sent. */
  readonly body?: string | Buffer | Iterable<string>;
}

/** What the routes may know of a request. */
export interface Exchange {
  readonly provider: ServiceProvider;
  readonly method: string;
  /** The path's segments below the mount point, not yet percent-decoded; a slash at the end makes none. */
  readonly segments: readonly string[];
  /** The query string, without its question mark. */
  readonly search: string;
  parameters(): QueryParameters;
  readonly baseUri: string;
  readonly ifNoneMatch: readonly ETag[] | undefined;
  /** The client wants no resource back from a change (RFC 7240 §4.2). */
  readonly prefersMinimal: boolean;
  readonly context: Context;
  /** The request's JSON body. Rejects with 400, 413 or 415. */
  body(): Promise<unknown>;
  /** For the log: an error that is no answer of its own, or that nobody expected. */
  report(error: unknown): void;
}

/** Splits a URL (RFC 3986 §3.3) below the mount point. */
export function splitUrl(url: string): Pick<Exchange, 'segments' | 'search'> {
  const question = url.indexOf('?');
  const path = question < 0 ? url : url.slice(0, question);
  return {
    segments: path.split('/').filter((segment) => segment !== ''),
    search: question < 0 ? '' : url.slice(question + 1),
  };
}

/** Percent-decodes a segment once; what can not be decoded stays as it is. */
export function decodeSegment(segment: string): string {
  if (!segment.includes('%')) return segment;
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

/** The versions of an If-Match or If-None-Match field (RFC 9110 §13.1); undefined when it is absent. `*` stands for itself. */
export function parseETags(field: string | undefined): readonly ETag[] | undefined {
  if (field === undefined) return undefined;
  return field.trim() === '*' ? ['*'] : (field.match(/(?:W\/)?"[^"]*"/g) ?? []);
}

/** Whether a Prefer field asks for `return=minimal` (RFC 7240 §2); of two words on one preference the first counts. */
export function prefersMinimal(field: string | readonly string[] | undefined): boolean {
  const preferences = String(field ?? '').split(',');
  const wanted = preferences
    .map((preference) => /^\s*return\s*=\s*"?([a-z]+)"?\s*(?:;|$)/i.exec(preference)?.[1])
    .find((value) => value !== undefined);
  return wanted?.toLowerCase() === 'minimal';
}

/** Weak comparison (RFC 9110 §8.8.3.2). */
export function hasETag(tags: readonly ETag[] | undefined, version: ETag | undefined): boolean {
  if (!tags || version === undefined) return false;
  const opaque = version.replace(/^W\//, '');
  return tags.some((tag) => tag === '*' || tag.replace(/^W\//, '') === opaque);
}

/** The answer to an error: a `ScimError` as it is, anything else as 500 without a word of what it was. */
export function errorAnswer(error: unknown, requestId: string): Answer & { readonly body: string } {
  const scimError = asScimError(error, requestId);
  return { status: scimError.status, headers: scimError.headers, body: JSON.stringify(scimError) };
}

/** The error that a client is told of. */
export function asScimError(error: unknown, requestId: string): ScimError {
  if (error instanceof ScimError) return error;
  const detail = `The request failed for a reason that is in the host's log under request id ${requestId}.`;
  return new ScimError(500, undefined, detail);
}
