/** What every source asks of the naming contexts: who keeps them, and how far they are. */
import type { Directory, Options } from '../directory';
import type { DN } from '../dn';
import type { Entry } from '../entry';
import { isLdapError, ResultCode } from '../error';
import { present } from '../filter';
import { type CsnVector, newest } from './csn';

/** What a source needs of a directory. */
export type ChangeReader = Pick<Directory, 'search' | 'schema' | 'description'>;

const NOT_SHOWN = [
  ResultCode.noSuchObject,
  ResultCode.insufficientAccessRights,
  ResultCode.inappropriateAuthentication,
];

/** One entry; undefined when the directory shows none of this name. */
export async function readEntry(
  reader: Pick<ChangeReader, 'search'>,
  dn: DN,
  attributes: readonly string[],
  options?: Options,
): Promise<Entry | undefined> {
  try {
    const request = { base: dn, scope: 'base', filter: present('objectClass'), attributes } as const;
    for await (const entry of reader.search(request, options)) return entry;
    return undefined;
  } catch (error) {
    if (isNotShown(error)) return undefined;
    throw error;
  }
}

/** Whether the directory says that something is not there, or not for this account. */
export function isNotShown(error: unknown): boolean {
  return isLdapError(error, ...NOT_SHOWN);
}

/** Who keeps the naming contexts, as far as they say it, and their contextCSN. */
export interface Contexts {
  /** The immutable ids of the contexts: a directory that was made anew has others. */
  readonly identity: string;
  readonly csns: CsnVector;
}

/** The naming contexts in which the connector reads, and whoever reads them. */
export class NamingContexts {
  /** @param dns their names, which may change with what is known of the directory */
  constructor(
    readonly reader: ChangeReader,
    readonly dns: () => readonly DN[],
  ) {}

  /** Who keeps these contexts (absent: all), by the immutable id of each. */
  async read(anchorAttribute: string, options?: Options, dns: readonly DN[] = this.dns()): Promise<Contexts> {
    const wanted = ['contextCSN', anchorAttribute];
    const entries = await Promise.all(dns.map((dn) => readEntry(this.reader, dn, wanted, options)));
    const ids = entries.map((entry) => (entry && anchorText(entry, anchorAttribute)) ?? '');
    return {
      identity: ids.join(' '),
      csns: newest(entries.flatMap((entry) => (entry?.values('contextCSN') ?? []).map(String))),
    };
  }

  /** The contexts and the server that answers: for what each server of one topology counts for itself. */
  async identityOnServer(anchorAttribute: string, options?: Options): Promise<string> {
    const { identity } = await this.read(anchorAttribute, options);
    return `${identity} ${this.reader.description.serverId ?? ''}`;
  }
}

/** An immutable id as text: octets in hexadecimal. */
export function anchorText(entry: Entry, attribute: string): string | undefined {
  const value = entry.values(attribute)[0];
  if (value === undefined || value.length === 0) return undefined;
  return Buffer.isBuffer(value) ? value.toString('hex') : value;
}
