/** What a delta import is told. */
import type { DN } from '../directory/dn';
import type { ConnectorSpace } from './connectorSpace';
import type { ImportScope, ImportSource, ToRow } from './importScope';

/** How a delta import goes. */
export interface DeltaImportOptions {
  readonly space: ConnectorSpace;
  readonly directory: ImportSource;
  readonly scopes: readonly ImportScope[];
  readonly toRow: ToRow;
  /** Told of a rename before the entry becomes a row, so that the id of a dn-anchored entry can follow it. */
  readonly onRenamed?: (from: DN, to: DN) => Promise<void>;
  /** Attributes whose values name other entries, such as `member` and `manager`. */
  readonly references?: readonly string[];
  /** Whether entries have attributes that the directory derives from such values of others, such as `memberOf`. */
  readonly hasBackLinks?: boolean;
  /** The share (0 to 1) of the entries that one run may find missing; more means a full import (default: 0.1). */
  readonly accidentLimit?: number;
  /** Milliseconds to wait before entries that name one that is gone are read once more (default: 0.2 and 0.6 seconds). */
  readonly pausesMs?: readonly number[];
  /** Changes whose entries are read side by side and saved together (default: 32). */
  readonly batchSize?: number;
  readonly signal?: AbortSignal;
  /** The clock, in milliseconds since the epoch. */
  readonly now?: () => number;
}
