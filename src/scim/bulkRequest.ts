/** Bulk requests (RFC 7644 §3.7): a message read into operations, each with what it has to wait for. */
import { bulkIdsIn } from './bulkReferences';
import { ScimError } from './error';
import { decodeSegment, parseETags, splitUrl } from './exchange';
import type { ETag } from './handler';
import { isEmpty, isObject, ownAnyCase } from './json';

/** One operation of a bulk request. */
export interface BulkOperation {
  /** Counts from 0, in the order of the request. */
  readonly position: number;
  readonly method: string;
  readonly bulkId?: string;
  /** The version that the resource has to have. */
  readonly ifMatch?: readonly ETag[];
  /** Of the path; one for POST, two for every other method. */
  readonly segments: readonly string[];
  readonly search: string;
  readonly data: unknown;
  /** The bulkIds that path and data refer to. */
  readonly bulkIds: ReadonlySet<string>;
  /** Those that can not be had before the resource is made, because what they stand for refers to it. POST only. */
  readonly circular: ReadonlySet<string>;
  /** What has to be done before. */
  readonly after: ReadonlySet<BulkOperation>;
  /** Why it can not be carried out at all. */
  readonly fault?: ScimError;
}

export interface BulkRequest {
  /** In an order in which each comes after all that it has to wait for, and else in that of the request. */
  readonly operations: readonly BulkOperation[];
  /** So many errors end the request. */
  readonly failOnErrors?: number;
}

type Draft = Omit<BulkOperation, 'after' | 'circular' | 'fault'> & {
  readonly after: Set<Draft>;
  readonly circular: Set<string>;
  fault?: ScimError;
};

const methods: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH', 'DELETE']);

/**
 * Reads a BulkRequest message. Throws 400 when it is none and 413 for more operations than are allowed; what is wrong with
 * one operation is that operation's fault.
 */
export function readBulkRequest(body: unknown, maxOperations: number): BulkRequest {
  const list = isObject(body) ? ownAnyCase(body, 'Operations') : undefined;
  if (!isObject(body) || !Array.isArray(list) || list.length === 0 || !list.every(isObject)) {
    throw ScimError.invalidSyntax('A bulk request takes an object with a list "Operations" of at least one operation.');
  }
  if (list.length > maxOperations) {
    const detail = `A bulk request takes at most ${maxOperations} operations (maxOperations) but got ${list.length}.`;
    throw new ScimError(413, undefined, detail);
  }
  const failOnErrors = ownAnyCase(body, 'failOnErrors');
  if (!isEmpty(failOnErrors) && !(Number.isSafeInteger(failOnErrors) && Number(failOnErrors) > 0)) {
    throw ScimError.invalidValue('"failOnErrors" takes an integer above 0.');
  }
  const drafts = list.map(readOperation);
  link(drafts);
  return { operations: inOrder(drafts), ...(typeof failOnErrors === 'number' && { failOnErrors }) };
}

function readOperation(operation: Record<string, unknown>, position: number): Draft {
  const text = (name: string) => {
    const value = ownAnyCase(operation, name);
    return typeof value === 'string' && value !== '' ? value : undefined;
  };
  const method = text('method')?.toUpperCase() ?? '';
  const path = text('path');
  const bulkId = text('bulkId');
  const version = text('version');
  const data = ownAnyCase(operation, 'data');
  const { segments, search } = splitUrl(path ?? '');
  const fault = faultOf({ method, path, bulkId, data, segments });
  const named = bulkIdsIn(segments.map(decodeSegment));
  return {
    position,
    method,
    segments,
    search,
    data,
    bulkIds: new Set([...named, ...bulkIdsIn(method === 'DELETE' ? undefined : data)]),
    circular: new Set(),
    after: new Set(),
    ...(bulkId !== undefined && { bulkId }),
    ...(version !== undefined && version !== '*' && { ifMatch: versionsIn(version) }),
    ...(fault && { fault }),
  };
}

/** A version as its resource's `meta` tells it; some clients leave the quotation marks out. */
function versionsIn(version: string): readonly ETag[] {
  const versions = parseETags(version) ?? [];
  return versions.length > 0 ? versions : [`"${version}"`];
}

function faultOf(operation: {
  method: string;
  path: string | undefined;
  bulkId: string | undefined;
  data: unknown;
  segments: readonly string[];
}): ScimError | undefined {
  const { method, path, bulkId, data, segments } = operation;
  if (!methods.has(method)) return ScimError.invalidValue('"method" must be POST, PUT, PATCH or DELETE.');
  const needed = method === 'POST' ? 1 : 2;
  if (path === undefined || segments.length !== needed) {
    const example = needed === 1 ? 'an endpoint such as /Users' : 'a resource such as /Users/2819c223';
    return ScimError.invalidPath(`"path" must be that of ${example} for ${method}.`);
  }
  if (method === 'POST' && bulkId === undefined) return ScimError.invalidValue('POST needs a "bulkId".');
  if (method !== 'DELETE' && !isObject(data)) return ScimError.invalidSyntax(`${method} needs an object as "data".`);
  return undefined;
}

/** Finds out who waits for whom: for what is referred to, and for what is done to the same resource before. */
function link(drafts: readonly Draft[]): void {
  const creators = new Map<string, Draft>();
  for (const draft of drafts) {
    if (draft.method !== 'POST' || draft.bulkId === undefined || draft.fault) continue;
    if (creators.has(draft.bulkId))
      draft.fault = ScimError.invalidValue(`The bulkId "${shown(draft.bulkId)}" is taken.`);
    else creators.set(draft.bulkId, draft);
  }
  const latest = new Map<string, Draft>();
  for (const draft of drafts) {
    for (const bulkId of draft.bulkIds) {
      const creator = creators.get(bulkId);
      if (creator) draft.after.add(creator);
      else draft.fault ??= ScimError.invalidValue(`No operation of this request creates "bulkId:${shown(bulkId)}".`);
    }
    if (draft.method === 'POST') continue;
    const resource = draft.segments.map(decodeSegment).join('/').toLowerCase();
    const before = latest.get(resource);
    if (before) draft.after.add(before);
    latest.set(resource, draft);
  }
}

/**
 * Each after what it waits for. Where that leads back to an operation that waits itself, the reference is circular; only
 * creates are waited for by bulkId, so only they can be. Without recursion: a chain may be as long as the request.
 */
function inOrder(drafts: readonly Draft[]): readonly Draft[] {
  const ordered = new Set<Draft>();
  const open = new Map<Draft, Iterator<Draft>>();
  for (const draft of drafts) {
    const path = ordered.has(draft) ? [] : [draft];
    for (let current = path.at(-1); current; current = path.at(-1)) {
      const rest = open.get(current) ?? [...current.after].values();
      open.set(current, rest);
      const { value: next, done } = rest.next();
      if (done) {
        open.delete(current);
        ordered.add(current);
        path.pop();
      } else if (open.has(next)) {
        current.after.delete(next);
        current.circular.add(next.bulkId ?? '');
      } else if (!ordered.has(next)) path.push(next);
    }
  }
  return [...ordered];
}

function shown(bulkId: string): string {
  return bulkId.slice(0, 200);
}
