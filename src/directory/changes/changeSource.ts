/**
 * What changed in a directory since a moment on its own scale. One file here per mechanism; each proves itself against
 * a server that really has it.
 */
import type { Options } from '../directory';
import type { DN } from '../dn';

/** How a directory can be asked what changed. */
export type ChangeMethod = 'memory' | 'accessLog' | 'changeLog' | 'usnChanged' | 'syncRepl' | 'timeStamp';

/** Whether a method tells of deletes; one that does not needs full imports on a schedule. */
export function seesDeletes(method: string): boolean {
  return method !== 'timeStamp';
}

/** A moment on one server's own scale. Another server's watermark is worth nothing and means a full import. */
export interface Watermark {
  readonly method: string;
  readonly serverId: string;
  readonly value: string;
}

/**
 * One change, oldest first. `dn` is the entry's DN after the change; entries are read again before they are saved, so a
 * change may be told more than once. `anchor` is a value of the source's {@link ChangeSource.anchorAttribute}.
 */
export type DirectoryChange =
  | {
      readonly kind: 'changed';
      readonly dn: DN;
      readonly anchor?: string;
      /** The entry has others below it, and may have been renamed or moved together with them. */
      readonly subtree?: boolean;
      readonly watermark: Watermark;
    }
  | {
      readonly kind: 'renamed';
      readonly dn: DN;
      readonly oldDN: DN;
      readonly anchor?: string;
      readonly watermark: Watermark;
    }
  | {
      readonly kind: 'deleted';
      /** Absent where the directory tells the anchor alone. */
      readonly dn?: DN;
      readonly anchor?: string;
      readonly watermark: Watermark;
    }
  | {
      /** Everything that is left; an entry with none of these anchors is gone. */
      readonly kind: 'present';
      readonly anchors: ReadonlySet<string>;
      /** Of which names it is everything; absent: of all. */
      readonly holds?: (dn: DN) => boolean;
      readonly watermark: Watermark;
    };

/** The log no longer reaches back to the watermark, or it is another server's: only a full import is right. */
export class WatermarkExpired extends Error {
  override readonly name = 'WatermarkExpired';
}

/** The directory does not tell what changed, at least not to this account. The message says why and what to do. */
export class ChangesUnreadable extends Error {
  override readonly name = 'ChangesUnreadable';
}

/** A directory's account of its changes. */
export interface ChangeSource {
  /** The methods that may be used, the best first. */
  readonly methods: readonly ChangeMethod[];
  /** The immutable id by which changes name entries. */
  readonly anchorAttribute: string;
  /** Why the last {@link latest} could use none of the better methods, with what to do; absent or empty: it uses the best one. */
  readonly passedOver?: readonly string[];
  /**
   * "Now" on the server's own scale. Taken before the read it vouches for, saved after the last write.
   * @throws ChangesUnreadable, LdapError
   */
  latest(options?: Options): Promise<Watermark>;
  /** The watermark as if the server that holds this name had not been read: then it has to be read whole. Absent: there is one server. */
  without?(watermark: Watermark, name: DN): Watermark;
  /** Changes after the watermark, oldest first. @throws WatermarkExpired when the log no longer reaches back, LdapError */
  since(watermark: Watermark, options?: Options): AsyncIterable<DirectoryChange>;
}
