/**
 * Update sequence numbers of Active Directory, AD LDS and Samba AD (MS-ADTS 3.1.1.1.9). Each server numbers its own
 * commits, and an entry shows the number of its last one: a search finds what is newer than the last import, deleted
 * objects included where the account may see them. Of an entry only names, ids and numbers are read.
 */
import type { Options } from '../directory';
import { DN, DNSyntaxError, RDN } from '../dn';
import type { Entry } from '../entry';
import { greaterOrEqual, present } from '../filter';
import {
  type ChangeMethod,
  type ChangeSource,
  ChangesUnreadable,
  type DirectoryChange,
  type Watermark,
  WatermarkExpired,
} from './changeSource';
import { anchorText, type ChangeReader, isNotShown, type NamingContexts, readEntry } from './naming';
import { renamedSince } from './propertyMetaData';
import { anotherServer, counter, expiredIfHidden, ownValue, reachedWithLast, type Unmarked } from './watermark';

const METHOD: ChangeMethod = 'usnChanged';

/** Where the forest says how long a deleted object is there (MS-ADTS 6.1.1.2.4.1.1). */
const DIRECTORY_SERVICE = 'CN=Directory Service,CN=Windows NT,CN=Services';
const LIFETIMES = ['tombstoneLifetime', 'msDS-DeletedObjectLifetime'];
/** What holds where none is given. */
const DEFAULT_LIFETIME_DAYS = 60;
const DAY_MS = 86_400_000;

/** How far a server was, and at what time of the host that was asked. */
interface Position {
  readonly usn: bigint;
  readonly at: number;
}

/** The server that answers, as its root DSE describes it. */
interface Server {
  readonly identity: string;
  readonly usn: bigint;
  readonly configuration: string | undefined;
}

export class UsnChanged implements ChangeSource {
  readonly methods = [METHOD];
  readonly anchorAttribute = 'objectGUID';

  constructor(
    readonly contexts: NamingContexts,
    readonly clock: () => number = Date.now,
  ) {}

  async latest(options?: Options): Promise<Watermark> {
    await this.#requireDeleted(options);
    const { identity, usn } = await this.#server(options);
    return watermarkOf(identity, { usn, at: this.clock() });
  }

  /**
   * Entries as the server finds them; only the last one carries a newer watermark, because they are in no order. That is
   * how far the server was before the search: below it nothing is under way any more (MS-ADTS 3.1.1.3.2.9).
   */
  async *since(watermark: Watermark, options?: Options): AsyncGenerator<DirectoryChange> {
    const at = this.clock();
    const { identity, usn, configuration } = await this.#server(options);
    const from = positionOf(watermark, identity);
    if (usn < from.usn) {
      throw new WatermarkExpired(
        'The server counts from a lower number than before: it was set back, or is from a backup; a full import is needed',
      );
    }
    if (usn === from.usn) return;
    await this.#requireKept(at - from.at, configuration, options);
    yield* reachedWithLast(this.#changed(from, options), watermark, () => watermarkOf(identity, { usn, at }));
  }

  async *#changed(from: Position, options?: Options): AsyncGenerator<Unmarked> {
    const filter = greaterOrEqual('uSNChanged', String(from.usn + 1n));
    const attributes = [this.anchorAttribute, 'isDeleted', 'uSNCreated', 'replPropertyMetaData'];
    for (const base of this.contexts.dns()) {
      const request = { base, scope: 'sub', filter, attributes, showDeleted: true } as const;
      try {
        for await (const entry of this.contexts.reader.search(request, options)) yield changeOf(entry, from);
      } catch (error) {
        throw expiredIfHidden(error, `${base} cannot be read any more`);
      }
    }
  }

  async #server(options?: Options): Promise<Server> {
    const wanted = ['highestCommittedUSN', 'dsServiceName', 'configurationNamingContext'];
    const root = await readEntry(this.contexts.reader, DN.root, wanted, options);
    const usn = counter(root?.first('highestCommittedUSN'));
    if (usn === undefined) {
      throw new ChangesUnreadable(
        'The root DSE shows no highestCommittedUSN: changes can be followed so on Active Directory, AD LDS and Samba AD only',
      );
    }
    const service = root?.first('dsServiceName') ?? '';
    const [{ identity }, invocation] = await Promise.all([
      this.contexts.read(this.anchorAttribute, options),
      this.#invocationOf(service, options),
    ]);
    const configuration = root?.first('configurationNamingContext');
    return { identity: `${identity} ${service} ${invocation}`, usn, configuration };
  }

  /** A server that was restored from a backup goes on with another invocation id, and counts numbers again. */
  async #invocationOf(service: string, options?: Options): Promise<string> {
    const dn = parsed(service);
    const entry = dn && (await readEntry(this.contexts.reader, dn, ['invocationId'], options));
    return (entry && anchorText(entry, 'invocationId')) ?? '';
  }

  /** Deleted objects are hidden from all but administrators, and a search does not say that it leaves them out. */
  async #requireDeleted(options?: Options): Promise<void> {
    for (const context of this.contexts.dns()) {
      if (!(await showsDeleted(this.contexts.reader, context, options)))
        throw new ChangesUnreadable(adviceFor(context));
    }
  }

  async #requireKept(agoMs: number, configuration: string | undefined, options?: Options): Promise<void> {
    try {
      await this.#requireDeleted(options);
    } catch (error) {
      throw error instanceof ChangesUnreadable ? new WatermarkExpired(error.message, { cause: error }) : error;
    }
    const dn = configuration === undefined ? undefined : parsed(`${DIRECTORY_SERVICE},${configuration}`);
    const entry = dn && (await readEntry(this.contexts.reader, dn, LIFETIMES, options));
    const days = LIFETIMES.map((name) => Number(entry?.first(name))).filter((each) => each > 0);
    if (agoMs < Math.min(...(days.length === 0 ? [DEFAULT_LIFETIME_DAYS] : days)) * DAY_MS) return;
    throw new WatermarkExpired(
      'The last import is longer ago than the directory keeps deleted objects; a full import is needed',
    );
  }
}

/** Where a naming context keeps what was deleted (MS-ADTS 6.1.1.4.2). */
export function deletedObjectsOf(context: DN): DN {
  return context.child(new RDN([{ type: 'CN', value: 'Deleted Objects' }]));
}

/**
 * Whether the account may see what was deleted from a naming context. Samba shows the name of the container to everybody,
 * and what is in it to those alone who may read it too.
 */
export async function showsDeleted(
  reader: Pick<ChangeReader, 'search'>,
  context: DN,
  options?: Options,
): Promise<boolean> {
  const base = deletedObjectsOf(context);
  const filter = present('objectClass');
  const request = { base, scope: 'base', filter, attributes: ['isDeleted'], showDeleted: true } as const;
  try {
    for await (const container of reader.search(request, options)) return container.has('isDeleted');
    return false;
  } catch (error) {
    if (isNotShown(error)) return false;
    throw error;
  }
}

function adviceFor(context: DN): string {
  return `The account of the connector may not see deleted objects: let it list and read ${deletedObjectsOf(context)} (on Windows, once it is owned: dsacls "${deletedObjectsOf(context)}" /G "<account>:LCRP")`;
}

/** The entry may have been renamed with others below it: its children are told apart from it only where it was. */
function changeOf(entry: Entry, { usn }: Position): Unmarked {
  const id = anchorText(entry, 'objectGUID');
  const anchor = id === undefined ? {} : { anchor: id };
  if (isDeleted(entry)) return { kind: 'deleted', ...anchor };
  // What came into a new container since has numbers of its own.
  const isNew = (counter(entry.first('uSNCreated')) ?? 0n) > usn;
  const subtree = !isNew && renamedSince(entry.values('replPropertyMetaData')[0], usn);
  return { kind: 'changed', dn: entry.dn, ...anchor, subtree };
}

/** By the attribute, or by the name alone where the account may not read that (MS-ADTS 3.1.1.5.5.1). */
function isDeleted(entry: Entry): boolean {
  const marked = entry.dn.rdn?.parts.some(({ value }) => /\nDEL:[0-9a-f-]{36}$/i.test(value.toString()));
  return marked === true || entry.first('isDeleted')?.toUpperCase() === 'TRUE';
}

function watermarkOf(serverId: string, { usn, at }: Position): Watermark {
  return { method: METHOD, serverId, value: `${usn} ${at}` };
}

function positionOf(watermark: Watermark, identity: string): Position {
  const [, usn, at] = /^(\d{1,20}) (\d{1,15})$/.exec(ownValue(watermark, METHOD, identity)) ?? [];
  if (usn === undefined) throw anotherServer();
  return { usn: BigInt(usn), at: Number(at) };
}

function parsed(text: string): DN | undefined {
  try {
    return text === '' ? undefined : DN.parse(text);
  } catch (error) {
    if (error instanceof DNSyntaxError) return undefined;
    throw error;
  }
}
