/**
 * Change sequence numbers (draft-ietf-ldup-model): time, counter, number of the server that made the change. Those of one
 * server compare as text; those of two servers do not compare at all, so a moment is one number per server.
 */

/** Server number → its newest change sequence number. */
export type CsnVector = ReadonlyMap<string, string>;

const CSN = /^\d{14}(?:\.\d{1,6})?Z#[0-9a-f]{2,6}#([0-9a-f]{1,3})#[0-9a-f]{2,6}$/i;

/** More servers than any installation has; beyond it a server only wants to fill the memory. */
const MOST_SERVERS = 4_096;

/** The number of the server that made a change; undefined for what is no change sequence number. */
export function serverOf(csn: string): string | undefined {
  return CSN.exec(csn)?.[1];
}

/** The newest number of each server. */
export function newest(csns: Iterable<string>): CsnVector {
  const vector = new Map<string, string>();
  for (const csn of csns) {
    const server = serverOf(csn);
    if (server === undefined) continue;
    const known = vector.get(server);
    if (known === undefined ? vector.size < MOST_SERVERS : csn > known) vector.set(server, csn);
  }
  return vector;
}

/** Whether a change came after the moment. */
export function isAfter(csn: string, moment: CsnVector): boolean {
  const server = serverOf(csn);
  if (server === undefined) return false;
  const known = moment.get(server);
  return known === undefined || csn > known;
}

/** A server of which `now` knows less than `before` did: it was set back, or it is another one. */
export function setBack(now: CsnVector, before: CsnVector): string | undefined {
  return [...before.keys()].find((server) => (now.get(server) ?? '') < (before.get(server) ?? ''));
}

/** The newest of all by time; undefined for none. */
export function last(moment: CsnVector): string | undefined {
  return [...moment.values()].sort().at(-1);
}
