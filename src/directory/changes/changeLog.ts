/**
 * The change log of draft-good-ldap-changelog: 389 Directory Server's retro change log and its relatives. Changes are
 * numbered; the root DSE tells the first and the last number that are there, or they are found by asking. Of an entry of the log only names are read:
 * what was changed (`changes`) is of no use to somebody who reads the entry again, and may hold passwords.
 */
import type { Options } from '../directory';
import { DN, RDN } from '../dn';
import type { Entry } from '../entry';
import { and, type Filter, greaterOrEqual, lessOrEqual } from '../filter';
import {
  type ChangeMethod,
  type ChangeSource,
  ChangesUnreadable,
  type DirectoryChange,
  type Watermark,
  WatermarkExpired,
} from './changeSource';
import { changeOf } from './loggedChange';
import { isNotShown, type NamingContexts, readEntry } from './naming';
import { anotherServer, counter, expiredIfHidden, ownValue, type Unmarked } from './watermark';

const METHOD: ChangeMethod = 'changeLog';

/** Numbers asked for at once: below the look-through limit (5,000 in 389 Directory Server) of whoever is not its manager. */
const WINDOW = 1_000n;

/** Beyond what any server counts to. */
const MOST = 2n ** 64n;

/** The attribute of the log that holds the immutable id of the changed entry. */
const TARGET_IDS: Readonly<Record<string, string>> = { nsuniqueid: 'targetUniqueId', entryuuid: 'targetEntryUUID' };

/** How far the log goes. */
interface Extent {
  /** Not above the first number that is there. */
  readonly first: bigint;
  readonly last: bigint;
}

export class ChangeLog implements ChangeSource {
  readonly methods = [METHOD];

  /** @param log where the log is, `cn=changelog` as a rule */
  constructor(
    readonly contexts: NamingContexts,
    readonly log: DN,
  ) {}

  get anchorAttribute(): string {
    return this.contexts.reader.description.proposedAnchor;
  }

  async latest(options?: Options): Promise<Watermark> {
    const { last } = await this.#extent(1n, options);
    if (last > 0n && !(await readEntry(this.contexts.reader, this.#dnOf(last), ['changeNumber'], options)))
      throw new ChangesUnreadable(this.#advice());
    return this.#watermark(await this.#identity(options), last);
  }

  async *since(watermark: Watermark, options?: Options): AsyncGenerator<DirectoryChange> {
    const identity = await this.#identity(options);
    const from = numberOf(watermark, identity);
    const { first, last } = await this.#extent(from, options).catch((error) => {
      throw error instanceof ChangesUnreadable ? new WatermarkExpired(error.message, { cause: error }) : error;
    });
    if (last < from) {
      throw new WatermarkExpired('The change log counts from the beginning again; a full import is needed');
    }
    if (first > from + 1n) {
      throw new WatermarkExpired('The change log was trimmed since the last import; a full import is needed');
    }
    let seen = false;
    for (let start = from + 1n; start <= last; start += WINDOW) {
      const end = start + WINDOW - 1n < last ? start + WINDOW - 1n : last;
      for (const { entry, number } of await this.#window(start, end, options)) {
        seen = true;
        const change = this.#changeOf(entry);
        if (change) yield { ...change, watermark: this.#watermark(identity, number) };
      }
    }
    if (!seen && last > from) throw new WatermarkExpired(this.#advice());
  }

  /** Entries of the log in the order of their numbers; a server need not return them so. */
  async #window(start: bigint, end: bigint, options?: Options): Promise<{ entry: Entry; number: bigint }[]> {
    const filter = and(greaterOrEqual('changeNumber', String(start)), lessOrEqual('changeNumber', String(end)));
    const attributes = [
      'changeNumber',
      'changeType',
      'targetDn',
      'newRdn',
      'newSuperior',
      ...Object.values(TARGET_IDS),
    ];
    const found: { entry: Entry; number: bigint }[] = [];
    try {
      const request = { base: this.log, scope: 'one', filter, attributes } as const;
      for await (const entry of this.contexts.reader.search(request, options)) {
        const number = counter(entry.first('changeNumber'));
        if (number !== undefined && number >= start && number <= end) found.push({ entry, number });
      }
    } catch (error) {
      throw expiredIfHidden(error, this.#advice());
    }
    return found.sort((a, b) => (a.number < b.number ? -1 : 1));
  }

  /** @param known a number that the log had, or may have */
  async #extent(known: bigint, options?: Options): Promise<Extent> {
    const root = await readEntry(this.contexts.reader, DN.root, ['firstChangeNumber', 'lastChangeNumber'], options);
    const last = counter(root?.first('lastChangeNumber'));
    if (last !== undefined) return { first: counter(root?.first('firstChangeNumber')) ?? 0n, last };
    return this.#found(known, options);
  }

  /** The extent by questions whether the log has anything from a number on: in steps that double, then by halving. */
  async #found(known: bigint, options?: Options): Promise<Extent> {
    const has = (number: bigint) => this.#holds(greaterOrEqual('changeNumber', String(number)), options);
    // An empty log looks like one that the account may not read.
    if (!(await has(known))) throw new ChangesUnreadable(this.#advice());
    let last = known;
    let step = 1n;
    for (; await has(last + step); step *= 2n) {
      if (step > MOST) throw new ChangesUnreadable(`The change log ${this.log} has entries of every number`);
      last += step;
    }
    for (let beyond = last + step; beyond - last > 1n; ) {
      const middle = (last + beyond) / 2n;
      if (await has(middle)) last = middle;
      else beyond = middle;
    }
    const reachesBack = await this.#holds(lessOrEqual('changeNumber', String(known + 1n)), options);
    return { first: reachesBack ? 0n : known + 2n, last };
  }

  async #holds(filter: Filter, options?: Options): Promise<boolean> {
    const request = { base: this.log, scope: 'one', filter, attributes: ['changeNumber'], sizeLimit: 1 } as const;
    try {
      for await (const _ of this.contexts.reader.search(request, options)) return true;
      return false;
    } catch (error) {
      if (isNotShown(error)) return false;
      throw error;
    }
  }

  #changeOf(entry: Entry): Unmarked | undefined {
    return changeOf({
      at: entry.dn,
      type: entry.first('changeType'),
      dn: entry.first('targetDn'),
      newRdn: entry.first('newRdn'),
      newSuperior: entry.first('newSuperior'),
      anchor: entry.first(TARGET_IDS[this.anchorAttribute.toLowerCase()] ?? ''),
    });
  }

  /** Servers of one replication topology number their changes each for itself. */
  #identity(options?: Options): Promise<string> {
    return this.contexts.identityOnServer(this.anchorAttribute, options);
  }

  #dnOf(number: bigint): DN {
    return this.log.child(new RDN([{ type: 'changeNumber', value: String(number) }]));
  }

  #watermark(serverId: string, number: bigint): Watermark {
    return { method: METHOD, serverId, value: String(number) };
  }

  #advice(): string {
    return `The change log ${this.log} cannot be read: switch it on in the directory, and give the account of the connector the right to read and search it`;
  }
}

function numberOf(watermark: Watermark, identity: string): bigint {
  const number = counter(ownValue(watermark, METHOD, identity));
  if (number === undefined) throw anotherServer();
  return number;
}
