/**
 * The access log of OpenLDAP (slapo-accesslog). A change is known by the change sequence number that its log entry shares
 * with the changed entry, and not by reqStart: that one is taken when a request begins, and of several writers it is not
 * the order in which their changes take place.
 */
import type { Options } from '../directory';
import type { DN } from '../dn';
import { and, equality, type Filter, greaterOrEqual, lessOrEqual, not, or, substrings } from '../filter';
import {
  type ChangeMethod,
  type ChangeSource,
  ChangesUnreadable,
  type DirectoryChange,
  type Watermark,
  WatermarkExpired,
} from './changeSource';
import { type CsnVector, isAfter, last, newest, serverOf, setBack } from './csn';
import { generalizedTime, timeOf } from './generalizedTime';
import { changeOf } from './loggedChange';
import { type Contexts, type NamingContexts, readEntry } from './naming';
import { expiredIfHidden, ownValue } from './watermark';

const METHOD: ChangeMethod = 'accessLog';
const WRITE = equality('objectClass', 'auditWriteObject');
const ATTRIBUTES = ['reqType', 'reqDN', 'reqNewRDN', 'reqNewSuperior', 'reqEntryUUID', 'reqStart', 'entryCSN'];

/** What a bind writes where the server remembers the last one; it changes nothing that anybody maps. */
const NOISE = ['pwdLastSuccess:', 'authTimestamp:'].map((initial) => not(substrings('reqMod', { initial })));

/** How late a change of another server may arrive after one of its own that was made later. */
const LATE_MS = 600_000;

/** A moment in the log. */
interface Position {
  readonly csns: CsnVector;
  /** The reqStart of the last change that was read. */
  readonly start: string;
  /** A change that was in the log then. A log without it was trimmed or set back, whatever has happened since. */
  readonly proof?: string;
}

/** Changes as an access log tells them. */
export class AccessLog implements ChangeSource {
  readonly methods = [METHOD];
  readonly anchorAttribute = 'entryUUID';

  /** @param log where the log is, `cn=accesslog` as a rule */
  constructor(
    readonly contexts: NamingContexts,
    readonly log: DN,
  ) {}

  async latest(options?: Options): Promise<Watermark> {
    const container = await readEntry(this.contexts.reader, this.log, ['objectClass'], options);
    if (!container) throw new ChangesUnreadable(this.#advice());
    const { identity, csns } = await this.#now(options);
    // Without contextCSN (no overlay syncprov) the log itself is the only one to know how far it is.
    const known = csns.size > 0 ? csns : await this.#lastOfLog(options);
    const newestOfAll = last(known) ?? '';
    // It may stand for a change from before the log was there.
    const isLogged = newestOfAll !== '' && (await this.#holds(equality('entryCSN', newestOfAll), options));
    const start = newestOfAll.split('#', 1)[0] ?? '';
    return watermarkOf(identity, { csns: known, start, ...(isLogged && { proof: newestOfAll }) });
  }

  async *since(watermark: Watermark, options?: Options): AsyncGenerator<DirectoryChange> {
    const now = await this.#now(options);
    const from = positionOf(watermark, now.identity);
    let { csns, start } = from;
    try {
      if (!(await this.#reachesBack(from, now.csns, options))) return;
      const filter = and(WRITE, equality('reqResult', '0'), after({ csns, start }), ...NOISE);
      const request = { base: this.log, scope: 'one', filter, attributes: ATTRIBUTES } as const;
      for await (const entry of this.contexts.reader.search(request, options)) {
        const csn = entry.first('entryCSN') ?? '';
        if (!isAfter(csn, csns)) continue;
        csns = newest([...csns.values(), csn]);
        start = entry.first('reqStart') ?? start;
        const change = changeOf({
          at: entry.dn,
          type: entry.first('reqType'),
          dn: entry.first('reqDN'),
          newRdn: entry.first('reqNewRDN'),
          newSuperior: entry.first('reqNewSuperior'),
          anchor: entry.first('reqEntryUUID'),
        });
        if (change) yield { ...change, watermark: watermarkOf(now.identity, { csns, start, proof: csn }) };
      }
    } catch (error) {
      throw expiredIfHidden(error, this.#advice());
    }
  }

  #now(options?: Options): Promise<Contexts> {
    return this.contexts.read(this.anchorAttribute, options);
  }

  /** False: nothing has happened. A log is purged from its beginning, so one older entry proves that nothing is missing. */
  async #reachesBack({ csns: from, proof }: Position, now: CsnVector, options?: Options): Promise<boolean> {
    const moment = last(from);
    const behind = now.size === 0 ? undefined : setBack(now, from);
    if (behind !== undefined && !(await this.#holds(equality('entryCSN', from.get(behind) ?? ''), options))) {
      const what = `Server ${behind} knows less than it did: it was set back, or the data are from a backup`;
      throw new WatermarkExpired(`${what}; a full import is needed`);
    }
    // The log of a server that has just been made: everything in it is new.
    if (moment === undefined) return true;
    if (now.size > 0 && [...now.values()].every((csn) => !isAfter(csn, from))) return behind !== undefined;
    const earlier = proof === undefined ? lessOrEqual('entryCSN', moment) : equality('entryCSN', proof);
    if (await this.#holds(earlier, options)) return true;
    throw new WatermarkExpired(
      `The access log ${this.log} does not reach back to the last import, is from a backup, or the account may not read its entries; a full import is needed`,
    );
  }

  async #holds(filter: Filter, options?: Options): Promise<boolean> {
    const request = { base: this.log, scope: 'one', filter: and(WRITE, filter), attributes: ['entryCSN'] } as const;
    for await (const _ of this.contexts.reader.search({ ...request, sizeLimit: 1 }, options)) return true;
    return false;
  }

  async #lastOfLog(options?: Options): Promise<CsnVector> {
    let csns: CsnVector = new Map();
    const request = { base: this.log, scope: 'one', filter: WRITE, attributes: ['entryCSN'] } as const;
    for await (const entry of this.contexts.reader.search(request, options)) {
      const csn = entry.first('entryCSN') ?? '';
      if (isAfter(csn, csns)) csns = newest([...csns.values(), csn]);
    }
    return csns;
  }

  #advice(): string {
    return `The access log ${this.log} cannot be read: give the account of the connector the right to read it (access to * by dn.exact="…" read, in the database of the log)`;
  }
}

/** Changes of one server are found by their number. Those of another may come late, with a number from before. */
function after({ csns, start }: Position): Filter {
  const newer = greaterOrEqual('entryCSN', last(csns) ?? '');
  if (csns.size === 0) return WRITE;
  const time = timeOf(start);
  return csns.size === 1 || time === undefined ? newer : or(newer, greaterOrEqual('reqStart', earlier(time)));
}

function earlier(time: number): string {
  return generalizedTime(time - LATE_MS).replace('Z', '.000000Z');
}

function watermarkOf(serverId: string, { csns, ...rest }: Position): Watermark {
  return { method: METHOD, serverId, value: JSON.stringify({ csns: [...csns.values()], ...rest }) };
}

function positionOf(watermark: Watermark, identity: string): Position {
  const value = ownValue(watermark, METHOD, identity);
  try {
    const { csns, start, proof } = JSON.parse(value) as { csns: string[]; start: string; proof?: string };
    const known = proof === undefined ? {} : { proof: String(proof) };
    if (csns.every((csn) => serverOf(csn) !== undefined)) return { csns: newest(csns), start: String(start), ...known };
  } catch {
    // As unreadable as one of another version.
  }
  throw new WatermarkExpired('The watermark of the last import cannot be read; a full import is needed');
}
