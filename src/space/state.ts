/**
 * The record of one connector: what neither the directory nor a new import could tell again. It stands behind an
 * asynchronous port so that a database server can take the file's place. Each part has its own small interface; this
 * file only puts them together. Passwords are never part of it.
 */
import { join } from 'node:path';
import { type Changes, SqliteChanges } from './state/changes';
import { type Disconnected, SqliteDisconnected } from './state/disconnected';
import {
  type Descriptions,
  type Generations,
  type GuardRails,
  sqliteDescriptions,
  sqliteGenerations,
  sqliteGuardRails,
} from './state/documents';
import { type Ids, SqliteIds } from './state/ids';
import { type Intents, SqliteIntents } from './state/intents';
import { type Moves, SqliteMoves } from './state/moves';
import { type Names, SqliteNames } from './state/names';
import { type Runs, SqliteRuns } from './state/runs';
import { StateFile } from './state/stateFile';
import { SqliteStored, type Stored } from './state/stored';

export { DatabaseBusy, DatabaseFull, DatabaseTooNew } from './database';
export {
  type Change,
  type ChangedAttribute,
  type ChangeOperation,
  type ChangeOutcome,
  changeOperations,
  changeOutcomes,
} from './state/change';
export type { ChangeSelection, Changes, NumberedChange } from './state/changes';
export type { Disconnected, DisconnectedEntry } from './state/disconnected';
export type { Descriptions, Generations, GuardRails, KeptDescription, RailState } from './state/documents';
export type { FailedExport, KeptAttribute, KeptValue } from './state/failures';
export { derivedId, type IdException, type Ids, IdTable } from './state/ids';
export type { Intent, Intents, LeftIntent } from './state/intents';
export type { BegunMove, Moves } from './state/moves';
export type { Names, SpelledName } from './state/names';
export type { Runs } from './state/runs';
export type { Staged } from './state/stateFile';
export { StateDamaged } from './state/stateFile';
export { type Kept, nothingStored, type Stored, type StoredAttributes, type StoredKey } from './state/stored';

/** The record. A write resolves when it would survive a power failure; every method rejects with StateDamaged when the record is. */
export interface State {
  readonly ids: Ids;
  readonly stored: Stored;
  readonly names: Names;
  readonly intents: Intents;
  readonly moves: Moves;
  readonly disconnected: Disconnected;
  readonly descriptions: Descriptions;
  readonly generations: Generations;
  readonly runs: Runs;
  readonly changes: Changes;
  readonly guardRails: GuardRails;
  /** Writes made since opening and the commits they took. */
  readonly statistics: { readonly writes: number; readonly commits: number };
  /**
   * Copies the record as it is at this moment into a new file, which only its owner can read, and reads the copy back.
   * Other processes may work on the record meanwhile.
   */
  copyTo(file: string): Promise<void>;
  /** Ends what was begun and releases the record. */
  close(): Promise<void>;
}

/** How the record is opened. */
export interface StateOptions {
  /** How long an intent is remembered, in milliseconds (default: 24 hours). */
  readonly intentWindowMs?: number;
  /** Runs kept per profile, and as many failed ones (default: 100). */
  readonly runsKept?: number;
  /** The clock, in milliseconds since the epoch. */
  readonly now?: () => number;
}

const DAY_MS = 86_400_000;

/**
 * Opens `<folder>/<name>.state.sqlite` or creates it. Rejects with StateDamaged, DatabaseTooNew (a newer release wrote
 * it), DatabaseBusy or an error of the file system.
 */
export async function openState(folder: string, name: string, options: StateOptions = {}): Promise<State> {
  const file = new StateFile(join(folder, `${name}.state.sqlite`));
  return {
    ids: new SqliteIds(file),
    stored: new SqliteStored(file),
    names: new SqliteNames(file),
    intents: new SqliteIntents(file, options.intentWindowMs ?? DAY_MS, options.now ?? Date.now),
    moves: new SqliteMoves(file),
    disconnected: new SqliteDisconnected(file),
    descriptions: sqliteDescriptions(file),
    generations: sqliteGenerations(file),
    runs: new SqliteRuns(file, options.runsKept ?? 100),
    changes: new SqliteChanges(file),
    guardRails: sqliteGuardRails(file),
    get statistics() {
      return file.statistics;
    },
    copyTo: (target) => file.copyTo(target),
    close: async () => file.close(),
  };
}
