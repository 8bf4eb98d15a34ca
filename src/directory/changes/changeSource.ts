/**
 * What changed in a directory since a moment on its own scale. One file here per mechanism; each proves itself against
 * a server that really has it.
 */
import type { DN } from '../dn';

/** A moment on one server's own scale. Another server's watermark is worth nothing and means a full import. */
export interface Watermark {
  readonly method: string;
  readonly serverId: string;
  readonly value: string;
}

/** One change, oldest first. `dn` is the entry's DN after the change; entries are read again before they are saved. */
export type DirectoryChange =
  | { readonly kind: 'changed'; readonly dn: DN; readonly anchor?: string; readonly watermark: Watermark }
  | {
      readonly kind: 'renamed';
      readonly dn: DN;
      readonly oldDN: DN;
      readonly anchor?: string;
      readonly watermark: Watermark;
    }
  | { readonly kind: 'deleted'; readonly dn: DN; readonly anchor?: string; readonly watermark: Watermark };

/** The log no longer reaches back to the watermark, or it is another server's: only a full import is right. */
export class WatermarkExpired extends Error {
  override readonly name = 'WatermarkExpired';
}

/** A directory's account of its changes. */
export interface ChangeSource {
  /** True when deletes are seen; a source that cannot see them needs full imports on a schedule. */
  readonly seesDeletes: boolean;
  /** "Now" on the server's own scale. Taken before the read it vouches for, saved after the last write. */
  latest(): Promise<Watermark>;
  /** Changes after the watermark, oldest first. Rejects with {@link WatermarkExpired} when the log no longer reaches back. */
  since(watermark: Watermark): AsyncIterable<DirectoryChange>;
}
