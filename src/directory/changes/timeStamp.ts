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
  WatermarkExpired,
} from './changeSource';
import { anchorText, type ChangeReader, readContexts, readEntry } from './naming';

const METHOD: ChangeMethod = 'timeStamp';

/** How long after its stamp a change may become visible. */
const OVERLAP_MS = 60_000;
/** How far the clock of the server may be behind the host's, where the server does not tell its own. */
const CLOCKS_MS = 300_000;
/** A stamp further in the future is no moment of this server. */
const FUTURE_MS = 3_600_000;

export class TimeStamp implements ChangeSource {
  readonly methods = [METHOD];
  readonly #reader: ChangeReader;
  readonly #stamp: string;
  readonly #contexts: () => readonly DN[];
  readonly #clock: () => number;

  /** @param stamp the attribute that holds when an entry was changed, `modifyTimestamp` as a rule */
  constructor(reader: ChangeReader, stamp: string, contexts: () => readonly DN[], clock: () => number = Date.now) {
    this.#reader = reader;
    this.#stamp = stamp;
    this.#contexts = contexts;
    this.#clock = clock;
  }

  get anchorAttribute(): string {
    return this.#reader.description.proposedAnchor;
  }

  async latest(options?: Options): Promise<Watermark> {
    const shown = await Promise.all(
      this.#contexts().map((dn) => readEntry(this.#reader, dn, [this.#stamp, 'createTimestamp'], options)),
    );
    if (!shown.some((entry) => entry?.has(this.#stamp) || entry?.has('createTimestamp'))) {
      throw new ChangesUnreadable(
        `The directory shows no ${this.#stamp}: give the account of the connector the right to read it`,
      );
    }
    const root = await readEntry(this.#reader, DN.root, ['currentTime'], options);
    const theirs = timeOf(root?.first('currentTime'));
    const moment = theirs ?? this.#clock() - CLOCKS_MS;
    return { method: METHOD, serverId: await this.#identity(options), value: String(moment) };
  }

  /** Entries as the server finds them; only the last one carries a newer watermark, because they are in no order. */
  async *since(watermark: Watermark, options?: Options): AsyncGenerator<DirectoryChange> {
    const from = momentOf(watermark, await this.#identity(options));
    const latest = this.#clock() + FUTURE_MS;
    let newest = from;
    let held: DirectoryChange | undefined;
    for (const base of this.#contexts()) {
      const filter = greaterOrEqual(this.#stamp, generalizedTime(from - OVERLAP_MS));
      const attributes = [
        this.#stamp,
        'hasSubordinates',
        ...(this.anchorAttribute === 'dn' ? [] : [this.anchorAttribute]),
      ];
      for await (const entry of this.#reader.search({ base, scope: 'sub', filter, attributes }, options)) {
        if (held) yield held;
        const stamp = timeOf(entry.first(this.#stamp)) ?? 0;
        if (stamp <= latest) newest = Math.max(newest, stamp);
        held = this.#changeOf(entry, watermark);
      }
    }
    if (held) yield { ...held, watermark: { ...watermark, value: String(newest) } };
  }

  #changeOf(entry: Entry, watermark: Watermark): DirectoryChange {
    const anchor = anchorText(entry, this.anchorAttribute);
    const subtree = entry.first('hasSubordinates')?.toUpperCase() !== 'FALSE';
    return { kind: 'changed', dn: entry.dn, subtree, ...(anchor === undefined ? {} : { anchor }), watermark };
  }

  /** A replica gets changes late, with stamps from before: what one server has told is worth nothing with another. */
  async #identity(options?: Options): Promise<string> {
    const { identity } = await readContexts(this.#reader, this.#contexts(), this.anchorAttribute, options);
    return `${identity} ${this.#reader.description.serverId ?? ''}`;
  }
}

function momentOf({ method, serverId, value }: Watermark, identity: string): number {
  if (method === METHOD && serverId === identity && /^\d{1,15}$/.test(value)) return Number(value);
  throw new WatermarkExpired('Another directory answers than at the last import; a full import is needed');
}

/** RFC 4517 §3.3.13, of which servers use the form in UTC. */
function timeOf(text: string | undefined): number | undefined {
  const [, year, month, day, hour, minute, second, fraction] =
    /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)?(?:[.,](\d{1,9}))?Z$/.exec(text ?? '') ?? [];
  if (minute === undefined) return undefined;
  const at = Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second ?? 0));
  return at + Math.floor(Number(`0.${fraction ?? 0}`) * 1_000);
}

function generalizedTime(time: number): string {
  return `${new Date(time).toISOString().slice(0, 19).replace(/[-:T]/g, '')}Z`;
}
