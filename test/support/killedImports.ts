/**
 * A host that is killed again and again while it imports and exports, on whatever server and by whatever method: the
 * connector space opens, holds nothing that was never true and loses nothing that was answered, the next import
 * completes, and in the end the space is what the directory is.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { eventually, type HostProcess } from './hostProcess';
import type { LdapLook } from './ldapLook';
import { randomOf } from './random';
import { CORE_USER } from './scimClient';

/** How a connector gets to know of what others do: all anew at each start, by deltas alone, or by such as see no deletes. */
export type Following = 'anew' | 'deltas' | 'blindly';

export interface KilledImports {
  readonly rounds: number;
  /** People whom somebody else changes. */
  readonly residents: number;
  readonly connectors: Readonly<Record<string, Following>>;
  readonly host: HostProcess;
  readonly look: LdapLook;
  readonly world: World;
  /** Makes the connector read everything at the next start. */
  readonly readAnew: (connector: string) => void;
}

/** The words of one server's directory. */
export interface World {
  dnOf(uid: string): string;
  readonly groupDN: string;
  /** What an entry is called, as its rows and its values say. */
  readonly name: string;
  person(uid: string): Readonly<Record<string, string>>;
  readonly group: Readonly<Record<string, string>>;
  /** Filter and container of what there is of each object type. */
  readonly selections: Readonly<Record<'User' | 'Group', readonly [filter: string, base: string]>>;
}

/** People and groups as servers with the standard schema have them. */
export function standardWorld(suffix: string): World {
  return {
    dnOf: (uid) => `uid=${uid},ou=people,${suffix}`,
    groupDN: `cn=team,ou=groups,${suffix}`,
    name: 'uid',
    person: (uid) => ({ objectClass: 'inetOrgPerson', uid, cn: uid, sn: uid }),
    group: { objectClass: 'groupOfNames', cn: 'team' },
    selections: {
      User: ['(objectClass=inetOrgPerson)', `ou=people,${suffix}`],
      Group: ['(objectClass=groupOfNames)', `ou=groups,${suffix}`],
    },
  };
}

const MEMBERS = 12;

/** Two values that somebody else always writes together: a row with values of two writes was never true. */
const pair = (version: number) => ({ title: [`a ${version}`], description: [`b ${version}`] });

interface Row {
  readonly id: string;
  readonly '-dn-': string;
  readonly [attribute: string]: string | readonly string[];
}

/** All rows, from the connector space alone. */
async function cached(host: HostProcess, connector: string, objectType: string): Promise<readonly Row[]> {
  const { status, text } = await host.client(connector).get(`/cache/${objectType}`);
  expect([connector, status]).toEqual([connector, 200]);
  return JSON.parse(text);
}

/** What one connector was answered. */
class Exports {
  readonly created = new Map<string, string>();
  readonly deleted = new Set<string>();
  #number = 0;

  constructor(
    readonly host: HostProcess,
    readonly connector: string,
  ) {}

  /** Creates, and deletes every third of them, until the host is gone. */
  async run(): Promise<void> {
    const client = this.host.client(this.connector);
    for (;;) {
      this.#number += 1;
      const userName = `made-${this.connector}-${this.#number}`.slice(-20);
      const made = await client.post('/Users', { schemas: [CORE_USER], userName, name: { familyName: 'Made' } });
      if (made.status !== 201) continue;
      const id = String(made.body.id);
      this.created.set(id, userName);
      if (this.#number % 3 > 0) continue;
      // Until it is answered nobody knows whether it is there.
      this.created.delete(id);
      if ((await client.delete(`/Users/${id}`)).status === 204) this.deleted.add(id);
      await sleep(20);
    }
  }

  expectIn(rows: readonly Row[]): void {
    const ids = new Set(rows.map(({ id }) => id));
    expect(ids.size).toBe(rows.length);
    expect([...this.created.keys()].filter((id) => !ids.has(id))).toEqual([]);
    expect([...this.deleted].filter((id) => ids.has(id))).toEqual([]);
  }
}

/** What somebody else does: modifications, and renames and deletes of people of whom a group holds the names. */
class Outside {
  version = 0;
  /** The uid of each member: `m<n>` or, renamed, `m<n>-<version>`. */
  readonly #members = Array.from({ length: MEMBERS }, (_, index) => `m${index}`);

  constructor(
    readonly look: LdapLook,
    readonly world: World,
    readonly residents: number,
  ) {}

  async run(signal: AbortSignal): Promise<void> {
    const { look, world, residents } = this;
    while (!signal.aborted) {
      this.version += 1;
      const at = this.version % MEMBERS;
      if (this.version % 10 === 3) await this.#rename(at);
      else if (this.version % 10 === 7) await this.#replace(at);
      else await look.replace(world.dnOf(`p${this.version % residents}`), pair(this.version));
    }
  }

  async #rename(at: number): Promise<void> {
    const uid = `m${at}-${this.version}`;
    await this.look.rename(this.world.dnOf(this.#members[at] ?? ''), this.world.dnOf(uid));
    this.#members[at] = uid;
  }

  /** Somebody else takes the place; the directory itself takes the old name out of the group. */
  async #replace(at: number): Promise<void> {
    const uid = `m${at}-${this.version}`;
    await this.look.remove(this.world.dnOf(this.#members[at] ?? ''));
    await this.look.add(this.world.dnOf(uid), { ...this.world.person(uid), ...pair(this.version) });
    this.#members[at] = uid;
  }
}

/** The people and the group that there are before a host is started. */
export async function settle(look: LdapLook, world: World, residents: number): Promise<void> {
  const members = Array.from({ length: MEMBERS }, (_, index) => `m${index}`);
  const others = Array.from({ length: residents }, (_, index) => `p${index}`);
  for (const uid of [...others, ...members]) await look.add(world.dnOf(uid), { ...world.person(uid), ...pair(0) });
  await look.add(world.groupDN, { ...world.group, member: ['p0', ...members].map(world.dnOf) });
}

const at = (text: string | readonly string[] | undefined) => Number(String(text).slice(2));

function expectTrue(rows: readonly Row[], name: string, version: number): void {
  for (const row of rows) {
    if (!/^[pm]\d/.test(String(row[name]))) continue;
    expect([row[name], at(row.title)]).toEqual([row[name], at(row.description)]);
    expect(at(row.title)).toBeLessThanOrEqual(version);
  }
}

const sorted = (values: Iterable<string>) => [...values].sort();
const shown = (dn: string, { title, description, member }: Readonly<Record<string, unknown>>) =>
  JSON.stringify([[dn.toLowerCase()], title, description, member].map((each) => [each ?? []].flat().sort()));

/** Kills, and looks. */
export async function runKilledImports(options: KilledImports): Promise<void> {
  const { rounds, residents, connectors, host, look, world } = options;
  const random = randomOf(4711);
  const exports = Object.keys(connectors).map((connector) => new Exports(host, connector));
  const outside = new Outside(look, world, residents);
  for (let round = 0; round < rounds; round += 1) {
    const over = new AbortController();
    const work = [outside.run(over.signal), ...exports.map((each) => each.run().catch(() => undefined))];
    await sleep(random.between(0, 900));
    await host.end('SIGKILL');
    over.abort();
    await Promise.all(work);
    await host.restart();
    for (const each of exports) {
      const rows = await cached(host, each.connector, 'User');
      each.expectIn(rows);
      expectTrue(rows, world.name, outside.version);
    }
  }
  const isAs = (connector: string, objectTypes: readonly ('User' | 'Group')[], isAll = true) =>
    eventually(async () => {
      // Each look is an answer of all rows, which the host process keeps to look for secrets in.
      await sleep(250);
      for (const objectType of objectTypes) {
        const there = new Set(
          (await look.find(...world.selections[objectType])).map(({ dn, values }) => shown(dn, values)),
        );
        const rows = (await cached(host, connector, objectType)).map((row) => shown(row['-dn-'], row));
        const seen = isAll ? rows : rows.filter((row) => there.has(row));
        expect([connector, ...sorted(seen)]).toEqual([connector, ...sorted(there)]);
      }
    });
  const followed = Object.entries(connectors);
  // The space holds what the directory does, also what that has changed by itself.
  for (const [connector, following] of followed)
    await isAs(connector, following === 'blindly' ? ['User'] : ['User', 'Group'], following !== 'blindly');
  const fullImports = (connector: string) =>
    host.output
      .split('\n')
      .filter((line) => line.includes('"message":"fullImport ended"') && line.includes(`"connector":"${connector}"`));
  // Those that follow the directory by deltas have done so all the time.
  for (const [connector, following] of followed)
    if (following !== 'anew') expect([connector, fullImports(connector).length]).toEqual([connector, 1]);
  const blind = followed.filter(([, following]) => following === 'blindly').map(([connector]) => connector);
  for (const connector of blind) options.readAnew(connector);
  if (blind.length > 0) await host.restart();
  for (const connector of blind) await isAs(connector, ['User', 'Group']);
  for (const { connector, created } of exports) {
    const client = host.client(connector);
    for (const [id, userName] of created) expect((await client.get(`/Users/${id}`)).body).toMatchObject({ userName });
    expect(created.size).toBeGreaterThan(0);
  }
}
