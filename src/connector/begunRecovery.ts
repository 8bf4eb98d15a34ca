/**
 * After a power failure the record may lack what was to be kept of resources whose creates were under way: the disk has
 * it in their intents. Here it is kept after all, for the entries that the directory has. A crash of the host alone
 * loses nothing, because what follows an Add is committed before the answer.
 */
import { isLdapError } from '../directory/error';
import { dnOf } from '../mapping/reference';
import { dateTimeOf } from '../mapping/syntax';
import { nothingStored, type Unkept } from '../space/state';
import type { ConnectorContext } from './context';
import type { Entries, Found } from './entries';

/** How far the clocks of host and directory may differ, in milliseconds. */
const CLOCKS_DIFFER_MS = 300_000;

/**
 * Keeps what intents from before a moment (milliseconds since the epoch) have and the record has not. Whatever the
 * directory cannot be asked about stays for the next time. Answers how many resources got back what was kept of them.
 */
export async function recoverBegun(context: ConnectorContext, entries: Entries, before: number): Promise<number> {
  const { intents } = context.state;
  let recovered = 0;
  for (const ofOneName of byName(await intents.unkept(before))) {
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
