/** How a connector space is opened, and what an operator sees of it. */
import type { State } from './state';

/** How the space is opened. */
export interface SpaceOptions {
  /** Where the files are; made if need be. */
  readonly folder: string;
  /** The connector's name. */
  readonly name: string;
  /** Knows which generation is current. */
  readonly state: Pick<State, 'generations'>;
  /** Attributes that are not stored, besides those that hold passwords in any product. */
  readonly never?: readonly string[];
  /** Told when a damaged file was set aside: the space is empty now and has to be imported again. */
  readonly onDamaged?: (setAside: string, error: Error) => void;
  /** The clock, in milliseconds since the epoch. */
  readonly now?: () => number;
}

/** What an operator sees of the space. */
export interface SpaceStatistics {
  readonly generation: number;
  readonly file: string;
  readonly entries: Readonly<Record<string, number>>;
  readonly importedAt?: number;
  readonly freshAt?: number;
}
