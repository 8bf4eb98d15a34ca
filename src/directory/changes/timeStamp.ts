/**
 * Entries whose time stamp is not older than what was seen last. For directories that tell nothing better: deletes
 * are invisible, and so is an entry that leaves the account's sight. The overlap makes up for stamps that are given before
 * a change can be read, and for clocks that differ; what it finds again is as it was.
 */
import type { Options } from '../directory';
import { DN } from '../dn';
import type { Entry } from '../entry';
import { greaterOrEqual } from '../filter';
import {
  type ChangeMethod,
  type ChangeSource,
  ChangesUnreadable,
  type DirectoryChange,
  type Watermark,
} from './changeSource';
import { generalizedTime, timeOf } from './generalizedTime';
import { anchorText, type NamingContexts, readEntry } from './naming';
import { anotherServer, ownValue, reachedWithLast, type Unmarked } from './watermark';

const METHOD: ChangeMethod = 'timeStamp';

/** How long after its stamp a change may become visible. */
const OVERLAP_MS = 60_000;
/** How far the clock of the server may be behind the host's, where the server does not tell its own. */
const CLOCKS_MS = 300_000;
/** A stamp further in the future is no moment of this server. */
const FUTURE_MS = 3_600_000;

export class TimeStamp implements ChangeSource {
  readonly methods = [METHOD];

  /** @param stamp the attribute that holds when an entry was changed, `modifyTimestamp` as a rule */
  constructor(
    readonly contexts: NamingContexts,
    readonly stamp: string,
    readonly clock: () => number = Date.now,
  ) {}

  get anchorAttribute(): string {
    return this.contexts.reader.description.proposedAnchor;
  }

  async latest(options?: Options): Promise<Watermark> {
    const { reader, dns } = this.contexts;
    const shown = await Promise.all(dns().map((dn) => readEntry(reader, dn, [this.stamp, 'createTimestamp'], options)));
    if (!shown.some((entry) => entry?.has(this.stamp) || entry?.has('createTimestamp'))) {
      throw new ChangesUnreadable(
        `The directory shows no ${this.stamp}: give the account of the connector the right to read it`,
      );
    }
    const root = await readEntry(reader, DN.root, ['currentTime'], options);
    const theirs = timeOf(root?.first('currentTime'));
    const moment = theirs ?? this.clock() - CLOCKS_MS;
    return { method: METHOD, serverId: await this.#identity(options), value: String(moment) };
  }

  /** Entries as the server finds them; only the last one carries a newer watermark, because they are in no order. */
  async *since(watermark: Watermark, options?: Options): AsyncGenerator<DirectoryChange> {
    const from = momentOf(watermark, await this.#identity(options));
    const latest = this.clock() + FUTURE_MS;
    let newest = from;
    const told = this.#told(from, options, (stamp) => {
      if (stamp <= latest) newest = Math.max(newest, stamp);
    });
    yield* reachedWithLast(told, watermark, () => ({ ...watermark, value: String(newest) }));
  }

  async *#told(from: number, options: Options | undefined, stamped: (at: number) => void): AsyncGenerator<Unmarked> {
    const filter = greaterOrEqual(this.stamp, generalizedTime(from - OVERLAP_MS));
    const anchors = this.anchorAttribute === 'dn' ? [] : [this.anchorAttribute];
    const attributes = [this.stamp, 'hasSubordinates', ...anchors];
    for (const base of this.contexts.dns()) {
      for await (const entry of this.contexts.reader.search({ base, scope: 'sub', filter, attributes }, options)) {
        stamped(timeOf(entry.first(this.stamp)) ?? 0);
        yield this.#changeOf(entry);
      }
    }
  }

  #changeOf(entry: Entry): Unmarked {
    const anchor = anchorText(entry, this.anchorAttribute);
    const subtree = entry.first('hasSubordinates')?.toUpperCase() !== 'FALSE';
    return { kind: 'changed', dn: entry.dn, subtree, ...(anchor === undefined ? {} : { anchor }) };
  }

  /** A replica gets changes late, with stamps from before: what one server has told is worth nothing with another. */
  #identity(options?: Options): Promise<string> {
    return this.contexts.identityOnServer(this.anchorAttribute, options);
  }
}

function momentOf(watermark: Watermark, identity: string): number {
  const value = ownValue(watermark, METHOD, identity);
  if (!/^\d{1,15}$/.test(value)) throw anotherServer();
  return Number(value);
}
