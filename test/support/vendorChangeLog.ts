/**
 * Stands before a slapd that plays a product, and writes the log of changes that this product would keep: before
 * anybody reads the log, every change that slapd's own access log has becomes an entry below `cn=changelog` in the words
 * of the vendor, and the root DSE shows how far it is where the product shows that. What is published of the dialects is
 * the source; unique ids are slapd's own, as in the rest of the emulation.
 */
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { Attribute, Client } from 'ldapts';
import { MessageFramer } from '../../src/directory/ber';
import type { ServerUnderTest } from './directoryServer';
import { requestOf, searchDone, searchEntry, Tag } from './fakeLdap';

/** A change as slapd's access log has it. */
interface Written {
  readonly type: string;
  readonly dn: string;
  readonly id: string | undefined;
  readonly by: string;
  readonly at: string;
  /** `attribute:+ value`, and so on (slapo-accesslog). */
  readonly modifications: readonly string[];
  readonly newRDN?: string;
  readonly deleteOldRDN?: string;
  readonly newSuperior?: string;
}

/** What has no value is left out. */
type LogEntry = Record<string, string | undefined>;

/** Where slapd has renamed the id it leaves it out of its own attribute, and under one of both names among the values. */
const ID = /^(?:entryUUID|nsUniqueId):\+? (.+)$/;

/** How a product logs: what is in each entry beside its number, and whether the root DSE says how far the log goes. */
export interface Dialect {
  readonly numbersInRootDSE: boolean;
  entries(change: Written): LogEntry[];
}

const ldif = (lines: readonly string[]): string => lines.map((line) => `${line}\n`).join('');
const contentOf = ({ modifications }: Written): string[] =>
  modifications
    .map((each) => each.replace(/:\+ /, ': '))
    .filter((each) => !/^(entryCSN|structuralObjectClass):/.test(each));
const modificationsOf = ({ modifications }: Written): string[] =>
  modifications.flatMap((each) => {
    const [, name, sign, value] = /^([^:]+):([-+=#])(?: (.*))?$/s.exec(each) ?? [];
    if (name === undefined || name === 'entryCSN') return [];
    const operation = { '+': 'add', '-': 'delete', '=': 'replace', '#': 'increment' }[sign ?? '='];
    return [`${operation}: ${name}`, ...(value === undefined ? [] : [`${name}: ${value}`]), '-'];
  });

function common(change: Written): LogEntry {
  const { type, dn, at, newRDN, deleteOldRDN, newSuperior } = change;
  const changes = type === 'add' ? contentOf(change) : type === 'modify' ? modificationsOf(change) : [];
  return {
    objectClass: 'changeLogEntry',
    targetDN: dn,
    changeType: type,
    changeTime: `${at.slice(0, 14)}Z`,
    changes: changes.length > 0 ? ldif(changes) : undefined,
    newRDN,
    deleteOldRDN,
    newSuperior,
  };
}

const draft = (add: (change: Written) => LogEntry): Dialect => ({
  numbersInRootDSE: true,
  entries: (change) => [{ ...common(change), ...add(change) }],
});

const replicated = ({ id, at, by }: Written): LogEntry => ({
  targetEntryUUID: id,
  replicationCSN: `${at}0001`,
  replicaIdentifier: '1',
  changeInitiatorsName: by,
});

const openDj = draft((change) => ({ ...replicated(change), changeLogCookie: `dc=example,dc=com:${change.at}0001;` }));

/** Of the emulated products that keep a log. */
export const dialects = {
  // The names come in lower case, and no id of the entry.
  ibm: {
    numbersInRootDSE: true,
    entries: (change) => {
      const { objectClass: _, ...own } = common(change);
      const lowered = Object.entries(own).map(([name, value]) => [name.toLowerCase(), value] as const);
      return [{ objectClass: 'ibm-changelog', ...Object.fromEntries(lowered), 'ibm-changeinitiatorsname': change.by }];
    },
  },
  // What was changed ends with a NUL.
  dsee: draft((change) => {
    const { changes } = common(change);
    return {
      targetUniqueId: change.id,
      changes: changes && `${changes}\0`,
      deletedEntryAttrs: change.type === 'delete' ? 'delete: uid\nuid: gone\n-\n\0' : undefined,
    };
  }),
  opendj: openDj,
  opends: openDj,
  // What was added begins with its name.
  isode: draft((change) =>
    change.type === 'add' ? { changes: ldif([`dn: ${change.dn}`, 'changetype: add', ...contentOf(change)]) } : {},
  ),
  // Its root DSE is a file, and an entry that is renamed goes and comes. What it says of containers is not published.
  radiantone: {
    numbersInRootDSE: false,
    entries: (change) => {
      const { type, dn, id, by, at, newRDN, newSuperior = dn.replace(/^(?:\\.|[^,\\])*,/, '') } = change;
      const logged = (own: Written): LogEntry => ({ ...common(own), ...replicated(own) });
      if (type !== 'modrdn' || /^ou=/i.test(dn)) return [logged(change)];
      const bare = { id, by, at, modifications: [] };
      const after = `${newRDN},${newSuperior}`;
      return [logged({ ...bare, type: 'delete', dn }), logged({ ...bare, type: 'add', dn: after })];
    },
  },
} satisfies Record<string, Dialect>;

export interface VendorServer {
  /** Plain LDAP. */
  readonly port: number;
  /** Entries of the log so far. */
  readonly count: number;
  /** Takes the oldest entries out of the log, as a server does after their time. */
  trim(upTo: number): Promise<void>;
  close(): Promise<void>;
}

/** Starts to play; the server was started with `changeLog`. */
export async function playChangeLog(server: ServerUnderTest, dialect: Dialect): Promise<VendorServer> {
  const log = await ChangeLogWriter.open(server, dialect);
  const sockets = new Set<Socket>();
  const track = (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => {}).on('close', () => sockets.delete(socket));
  };
  const listener = createServer((client) => {
    const upstream = connect(server.port, '127.0.0.1');
    track(client);
    track(upstream);
    client.on('close', () => upstream.destroy());
    upstream.on('close', () => client.destroy());
    upstream.on('data', (piece) => client.write(piece));
    const framer = new MessageFramer();
    const pass = async (message: Buffer) => {
      const { id, tag, text } = requestOf(message);
      const asksNumbers = tag === Tag.search && text.includes('lastChangeNumber');
      if (asksNumbers || (tag === Tag.search && text.includes('cn=changelog'))) await log.follow();
      if (!asksNumbers || !dialect.numbersInRootDSE) {
        upstream.write(message);
        return;
      }
      const numbers = { firstChangeNumber: [String(log.first)], lastChangeNumber: [String(log.last)] };
      client.write(Buffer.concat([searchEntry(id, '', numbers), searchDone(id)]));
    };
    // One after another, so that no request overtakes another that waits for the log.
    let turn = Promise.resolve();
    client.on('data', (bytes) =>
      framer.push(bytes, (buffer, start, end) => {
        const message = Buffer.from(buffer.subarray(start, end));
        turn = turn.then(() => pass(message)).catch((error: unknown) => void client.destroy(error as Error));
      }),
    );
  });
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  return {
    port: (listener.address() as AddressInfo).port,
    get count() {
      return log.last;
    },
    trim: (upTo) => log.trim(upTo),
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => listener.close(resolve));
      await log.close();
    },
  };
}

class ChangeLogWriter {
  first = 0;
  last = 0;
  readonly #seen = new Set<string>();
  #since = '';
  #following = Promise.resolve();

  private constructor(
    readonly client: Client,
    readonly suffix: string,
    readonly dialect: Dialect,
  ) {}

  static async open({ url, admin, suffix }: ServerUnderTest, dialect: Dialect): Promise<ChangeLogWriter> {
    const client = new Client({ url });
    await client.bind(admin.dn, admin.password);
    await client.add('cn=changelog', { objectClass: 'applicationProcess', cn: 'changelog' });
    return new ChangeLogWriter(client, suffix.toLowerCase(), dialect);
  }

  /** Resolves when everything that is done now stands in the log. */
  follow(): Promise<void> {
    this.#following = this.#following.then(() => this.#follow());
    return this.#following;
  }

  async #follow(): Promise<void> {
    const bound = this.#since === '' ? '' : `(reqStart>=${this.#since})`;
    const filter = `(&(objectClass=auditWriteObject)(reqResult=0)${bound})`;
    const { searchEntries } = await this.client.search('cn=accesslog', { scope: 'one', filter });
    const fresh = searchEntries.filter(({ dn }) => !this.#seen.has(dn));
    fresh.sort((a, b) => (String(a.reqStart) < String(b.reqStart) ? -1 : 1));
    for (const entry of fresh) {
      this.#seen.add(entry.dn);
      const one = (name: string) =>
        entry[name] === undefined || entry[name].length === 0 ? undefined : String(entry[name]);
      const modifications = [entry.reqMod ?? []].flat().map(String);
      const old = [entry.reqOld ?? []].flat().map(String);
      const dn = one('reqDN') ?? '';
      if (!dn.toLowerCase().endsWith(this.suffix) || modifications.some((each) => each.startsWith('pwdLastSuccess:')))
        continue;
      const change: Written = {
        type: one('reqType') ?? '',
        dn,
        id: one('reqEntryUUID') ?? [...modifications, ...old].map((each) => ID.exec(each)?.[1]).find(Boolean),
        by: one('reqAuthzID') ?? '',
        at: one('reqStart') ?? '',
        modifications,
        newRDN: one('reqNewRDN'),
        deleteOldRDN: one('reqDeleteOldRDN'),
        newSuperior: one('reqNewSuperior'),
      };
      for (const each of this.dialect.entries(change)) await this.#write(each);
    }
    // Requests that began earlier may end later.
    const newest = fresh.at(-1);
    if (newest !== undefined) this.#since = `${earlier(String(newest.reqStart))}`;
  }

  async #write(entry: LogEntry): Promise<void> {
    this.last += 1;
    if (this.first === 0) this.first = 1;
    const attributes = Object.entries({ ...entry, changeNumber: String(this.last) }).flatMap(([type, value]) =>
      value === undefined ? [] : [new Attribute({ type, values: [value] })],
    );
    await this.client.add(`changeNumber=${this.last},cn=changelog`, attributes);
  }

  async trim(upTo: number): Promise<void> {
    for (; this.first <= upTo && this.first < this.last; this.first += 1)
      await this.client.del(`changeNumber=${this.first},cn=changelog`);
  }

  close(): Promise<void> {
    return this.client.unbind();
  }
}

/** A minute before a reqStart. */
function earlier(start: string): string {
  const [, ...parts] = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)/.exec(start) ?? [];
  const [year = 0, month = 1, day, hour, minute, second] = parts.map(Number);
  const time = Date.UTC(year, month - 1, day, hour, minute, second) - 60_000;
  return `${new Date(time).toISOString().slice(0, 19).replace(/[-:T]/g, '')}.000000Z`;
}
