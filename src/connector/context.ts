/** What the parts of one opened connector share. */
import type { Directory, Observer } from '../directory/directory';
import { toScimError } from '../mapping/error';
import type { ObjectType } from '../mapping/objectType';
import { ScimError } from '../scim/error';
import type { ConnectorSpace } from '../space/connectorSpace';
import type { State } from '../space/state';
import { DatabaseFull } from '../space/state';
import type { BegunMoves } from './begunMoves';
import type { ChangeLog } from './changeLog';
import type { Disconnections } from './disconnections';
import type { Doubts } from './doubts';
import type { Happening } from './events';
import type { Exclusive } from './exclusive';
import type { GuardRails } from './guardRails';
import type { LeavingContext, ReadOptions } from './leaving';
import type { MadeResources } from './madeResources';
import type { ConnectorOptions } from './options';
import type { ReadScope } from './readScope';
import type { SpelledNames } from './spelledNames';

/** An opened connector's parts. */
export interface ConnectorContext {
  readonly options: ConnectorOptions;
  readonly directory: Directory;
  readonly state: State;
  readonly space: ConnectorSpace;
  readonly scope: ReadScope;
  readonly objectTypes: readonly ObjectType[];
  readonly exclusive: Exclusive;
  readonly spelled: SpelledNames;
  readonly made: MadeResources;
  readonly disconnections: Disconnections;
  readonly moves: BegunMoves;
  readonly doubts: Doubts;
  readonly changeLog: ChangeLog;
  readonly guardRails: GuardRails;
  readonly clock: () => Date;
  readonly random: (length: number) => Uint8Array;
  /** Tells whoever wants to know of something that has happened. */
  readonly tell: (what: Happening) => void;
  /** Resolves when the first import has filled the space. @throws ScimError 503 when it has failed, or at the signal. */
  readonly filled: (signal: AbortSignal) => Promise<void>;
}

/** The options of a directory operation on behalf of a request. */
export function onBehalfOf(context: LeavingContext): ReadOptions {
  return {
    signal: context.signal,
    ...(context.leave === undefined ? {} : { leave: context.leave }),
    ...(context.observe === undefined ? {} : { observer: context.observe as Observer }),
  };
}

/** Runs a request's work; errors of the directory leave it as SCIM errors, translated once. */
export async function translated<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof DatabaseFull) throw full(error);
    throw toScimError(error);
  }
}

function full(error: DatabaseFull): ScimError {
  const detail = 'The host has no room left to keep its records, so it changes nothing: its operator has to make some.';
  return new ScimError(503, undefined, detail, { headers: { 'Retry-After': '60' }, cause: error });
}
