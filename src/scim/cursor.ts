/**
 * Cursors of lists (RFC 9865). A cursor names the place after the last resource of a page, and the query that it belongs
 * to. Nothing is kept for it, so it does not expire; and nothing is in it but what its client has seen.
 */
import { createHash } from 'node:crypto';
import { ScimError } from './error';
import type { QueryParameters } from './query';

/** Where a page begins. */
export interface CursorPlace {
  /** Name of the resource type. */
  readonly type: string;
  /** What the handler said of the end of the page before; empty: the type's first resource. */
  readonly after: string;
}

/** The cursor of a place in the results of a query. */
export function formatCursor({ type, after }: CursorPlace, parameters: QueryParameters): string {
  return Buffer.from(JSON.stringify([queryDigest(parameters), type, after])).toString('base64url');
}

/**
 * The place that the cursor among the parameters of a query names; undefined for an empty one, which asks for the first page.
 * Throws 400 `invalidCursor` when it is none, or that of another query.
 */
export function parseCursor(parameters: QueryParameters, types: readonly string[]): CursorPlace | undefined {
  const { cursor = '' } = parameters;
  if (cursor === '') return undefined;
  const [digest, type, after] = partsOf(cursor);
  if (typeof type !== 'string' || typeof after !== 'string' || !types.includes(type))
    throw ScimError.invalidCursor('It is none that this endpoint has given.');
  if (digest !== queryDigest(parameters)) {
    throw ScimError.invalidCursor(
      'It belongs to a query with another filter or another order; only count and attributes may change.',
    );
  }
  return { type, after };
}

function partsOf(cursor: string): readonly unknown[] {
  try {
    const parts: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    return Array.isArray(parts) ? parts : [];
  } catch {
    return [];
  }
}

/** What the order and the choice of resources depend on. */
function queryDigest({ filter = '', sortBy = '', sortOrder = '' }: QueryParameters): string {
  const text = JSON.stringify([filter, sortBy, sortOrder]);
  return createHash('sha256').update(text).digest('base64url').slice(0, 12);
}
