/** What a connector remembers, and the turns of its entries: they stay the same when it is opened again with other options. */
import { mkdirSync } from 'node:fs';
import { type ConnectorSpace, openSpace } from '../space/connectorSpace';
import { openState, type State } from '../space/state';
import { Disconnections } from './disconnections';
import { Exclusive } from './exclusive';
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
  readonly disconnections: Disconnections;
  close(): Promise<void>;
}

/** Opens the stores. @throws StateDamaged, DatabaseTooNew, DatabaseBusy or an error of the file system */
export async function openStores(
  options: ConnectorOptions,
  { stateDirectory, log, clock = () => new Date() }: Surroundings,
): Promise<Stores> {
  const releases: (() => Promise<void>)[] = [];
  const { passwordAttribute } = options.global;
  const now = () => clock().getTime();
  try {
    mkdirSync(stateDirectory, { recursive: true, mode: 0o700 });
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
      disconnections: await Disconnections.open(state.disconnected),
      close: () => releaseAll(releases),
    };
  } catch (error) {
    await releaseAll(releases);
    throw error;
  }
}
