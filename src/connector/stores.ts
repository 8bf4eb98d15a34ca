/** What a connector remembers, and the turns of its entries: they stay the same when it is opened again with other options. */
import { mkdirSync } from 'node:fs';
import { type ConnectorSpace, openSpace } from '../space/connectorSpace';
import { lockStores } from '../space/lock';
import { openState, type State } from '../space/state';
import { BegunMoves } from './begunMoves';
import { Disconnections } from './disconnections';
import { Doubts } from './doubts';
import { Exclusive } from './exclusive';
import { GuardRails } from './guardRails';
import { MadeResources } from './madeResources';
import type { Surroundings } from './open';
import type { ConnectorOptions } from './options';
import { releaseAll } from './release';
import { SpelledNames } from './spelledNames';

/** The stores of one connector. */
export interface Stores {
  readonly state: State;
  readonly space: ConnectorSpace;
  readonly exclusive: Exclusive;
  readonly spelled: SpelledNames;
  readonly made: MadeResources;
  readonly disconnections: Disconnections;
  readonly moves: BegunMoves;
  readonly doubts: Doubts;
  readonly guardRails: GuardRails;
  close(): Promise<void>;
}

/** A host that is started again while the one before still ends waits for it. */
const lockPatienceMs = 10_000;

/** Opens the stores, which no other process may work on meanwhile. @throws StateDamaged, DatabaseTooNew, DatabaseBusy or an error of the file system */
export async function openStores(
  options: ConnectorOptions,
  { stateDirectory, log, clock = () => new Date() }: Surroundings,
  patienceMs = lockPatienceMs,
): Promise<Stores> {
  const releases: (() => Promise<void>)[] = [];
  const { passwordAttribute } = options.global;
  const now = () => clock().getTime();
  try {
    mkdirSync(stateDirectory, { recursive: true, mode: 0o700 });
    const lock = await lockStores(stateDirectory, options.name, patienceMs);
    releases.push(async () => lock.release());
    const state = await openState(stateDirectory, options.name, { now });
    releases.push(() => state.close());
    const space = await openSpace({
      folder: stateDirectory,
      name: options.name,
      state,
      never: passwordAttribute === undefined ? [] : [passwordAttribute],
      onDamaged: (file, error) =>
        log.error('the connector space was damaged and is imported again', { setAside: file, reason: error.message }),
      now,
    });
    releases.push(() => space.close());
    await state.intents.purge();
    return {
      state,
      space,
      exclusive: new Exclusive(),
      spelled: await SpelledNames.open(state.names),
      made: new MadeResources(),
      disconnections: await Disconnections.open(state.disconnected),
      moves: await BegunMoves.open(state.moves, now),
      doubts: new Doubts(),
      guardRails: await GuardRails.open(state.guardRails, state.changes, options.guardRails.windowMs, now),
      close: () => releaseAll(releases),
    };
  } catch (error) {
    await releaseAll(releases);
    throw error;
  }
}
