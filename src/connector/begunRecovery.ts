/**
 * What creates have left that were under way when the process before this one ended, found by their intents. A crash of
 * the host may have lost rows of new entries in the connector space (decision 48): they are read again. After a power
 * failure the record may lack what was to be kept of the resources: the disk has it in the intents, and it is kept after
 * all, for the entries that the directory has. A crash of the host alone loses nothing of that, because what follows an
 * Add is committed before the answer.
 */
import type { Options } from '../directory/directory';
import { isLdapError } from '../directory/error';
import { dnOf } from '../mapping/reference';
import { dateTimeOf } from '../mapping/syntax';
import { type Kept, type LeftIntent, nothingStored } from '../space/state';
import type { Log } from '../telemetry/log';
import type { ConnectorContext } from './context';
import type { Entries, Found } from './entries';
import type { ImportProfile } from './operationRefused';

/** How far the clocks of host and directory may differ, in milliseconds. */
const CLOCKS_DIFFER_MS = 300_000;

/** An intent that has something to be kept. */
type Unkept = LeftIntent & { readonly kept: Kept };

/** Nobody is served before; a directory that takes longer is asked again later. */
const READ_WITHIN_MS = 5_000;

/** What creates have left that were under way when the process before this one ended. */
export class LeftCreates {
  readonly #openedAt: number;
  readonly #log: Log;
  /** The connector space has all that they have made. */
  #areRead = false;

  /** @param openedAt when this process has taken over, in milliseconds since the epoch */
  constructor(openedAt: number, log: Log) {
    this.#openedAt = openedAt;
    this.#log = log;
  }

  /** Sees to the connector space, before anybody is served. Where the directory does not answer soon, the next import does it. */
  async atStart(context: ConnectorContext, entries: Entries): Promise<void> {
    try {
      await this.#read(context, entries, { signal: AbortSignal.timeout(READ_WITHIN_MS) });
    } catch (error) {
      this.#log.warn('what was created just before the host ended is read again by the next import', { error });
    }
  }

  /** Sees to all of it. @throws LdapError where the directory cannot be asked */
  async beforeImport(context: ConnectorContext, entries: Entries, profile: ImportProfile): Promise<void> {
    if (!this.#areRead) await this.#read(context, entries, {});
    if (profile !== 'fullImport') return;
    const recovered = await recoverBegun(context, entries, this.#openedAt);
    if (recovered > 0)
      this.#log.info('creates that were under way when the host ended are complete now', { recovered });
  }

  async #read(context: ConnectorContext, entries: Entries, options: Options): Promise<void> {
    const read = await readBegun(context, entries, this.#openedAt, options);
    this.#areRead = true;
    if (read > 0) this.#log.info('what was created just before the host ended was read again', { entries: read });
  }
}

/** Reads again the entries of creates from before a moment that the connector space does not have. Answers how many there were. */
async function readBegun(
  { space, state }: ConnectorContext,
  entries: Entries,
  before: number,
  options: Options,
): Promise<number> {
  let read = 0;
  for (const { normalizedDN, at } of await state.intents.left(before)) {
    const row = space.byDN(normalizedDN, 'short');
    // Without it, or with one of somebody who had the name before, nobody has saved what the create has made.
    if (row !== undefined && row.readAt >= at) continue;
    const dn = dnOf(normalizedDN);
    if (dn !== undefined && (await entries.liveByDN(dn, options)) !== undefined) read += 1;
  }
  return read;
}

/**
 * Keeps what intents from before a moment (milliseconds since the epoch) have and the record has not. Whatever the
 * directory cannot be asked about stays for the next time. Answers how many resources got back what was kept of them.
 */
async function recoverBegun(context: ConnectorContext, entries: Entries, before: number): Promise<number> {
  const { intents } = context.state;
  let recovered = 0;
  for (const ofOneName of byName((await intents.left(before)).filter(isUnkept))) {
    const settled = () => Promise.all(ofOneName.map(({ key }) => intents.settled(key)));
    try {
      if (await keepAfterAll(context, entries, ofOneName, settled)) recovered += 1;
      else await settled();
    } catch (error) {
      if (!isLdapError(error)) throw error;
    }
  }
  return recovered;
}

function isUnkept(intent: LeftIntent): intent is Unkept {
  return intent.kept !== undefined;
}

/** Intents of one name together, oldest first: what the last of them says is what there is to keep. */
function byName(intents: readonly Unkept[]): Iterable<readonly Unkept[]> {
  const names = new Map<string, Unkept[]>();
  for (const intent of intents) {
    const others = names.get(intent.normalizedDN);
    if (others === undefined) names.set(intent.normalizedDN, [intent]);
    else others.push(intent);
  }
  return names.values();
}

async function keepAfterAll(
  context: ConnectorContext,
  entries: Entries,
  intents: readonly Unkept[],
  settled: () => Promise<unknown>,
): Promise<boolean> {
  const unkept = intents.at(-1);
  const dn = unkept && dnOf(unkept.normalizedDN);
  const found = dn && (await entries.liveByDN(dn, {}));
  if (unkept === undefined || found === undefined || !isOurs(found, unkept)) return false;
  const { stored } = context.state;
  return context.exclusive.run([`id:${found.id}`], async () => {
    // What is there is younger: a change has come since.
    if ((await stored.get(found.id)) !== nothingStored) return false;
    // In one commit: what a client removes afterwards must not come back from an intent at the next start.
    await Promise.all([stored.set(found.id, unkept.kept), settled()]);
    return true;
  });
}

/** Somebody else may have an entry of that name: one that is older than the intent is not the one that was added. */
function isOurs({ entry, anchor }: Found, unkept: Unkept): boolean {
  if (unkept.anchor !== undefined) return unkept.anchor === anchor;
  const created = dateTimeOf(entry.first('createTimestamp') ?? '');
  return created !== undefined && Date.parse(created) >= unkept.at - CLOCKS_DIFFER_MS;
}
