/**
 * A host that is killed again and again while it imports and exports. One connector begins with a full import each time,
 * two go on with delta imports alone. The connector space opens, holds nothing that was never true and loses nothing that
 * was answered, and the next import completes.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { people } from '../../support/connectorFiles';
import { eventually } from '../../support/hostProcess';
import type { LdapLook } from '../../support/ldapLook';
import { randomOf } from '../../support/random';
import { CORE_USER } from '../../support/scimClient';
import { describeOnSlapd, type System, startSystem } from '../../support/system';

const ROUNDS = 50;
const RESIDENTS = 150;
const MEMBERS = 12;
const CONNECTORS = ['full', 'accessLog', 'syncRepl'];
const suffix = 'dc=example,dc=com';
const dnOf = (uid: string) => `uid=${uid},ou=people,${suffix}`;
const groupDN = `cn=team,ou=groups,${suffix}`;

/** Two values that somebody else always writes together: a row with values of two writes was never true. */
const pair = (version: number) => [`a ${version}`, `b ${version}`];
const personOf = (uid: string, version = 0) => ({
  objectClass: 'inetOrgPerson',
  uid,
  cn: uid,
  sn: uid,
  description: pair(version),
});

interface Row {
  readonly id: string;
  readonly '-dn-': string;
  readonly [attribute: string]: string | readonly string[];
}

const random = randomOf(4711);
let system: System;

afterEach(() => system?.stop());

/** All rows, from the connector space alone. */
async function cached(connector: string, objectType: string): Promise<readonly Row[]> {
  const { status, text } = await system.host.client(connector).get(`/cache/${objectType}`);
  expect([connector, status]).toEqual([connector, 200]);
  return JSON.parse(text);
}

/** What one connector was answered. */
class Exports {
  readonly created = new Map<string, string>();
  readonly deleted = new Set<string>();
  #number = 0;

  constructor(readonly connector: string) {}

  /** Creates, and deletes every third of them, until the host is gone. */
  async run(): Promise<void> {
    const client = system.host.client(this.connector);
    for (;;) {
      this.#number += 1;
      const userName = `made-${this.connector}-${this.#number}`;
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
    expect([...this.created.keys()].filter((id) => !ids.has(id))).toEqual([]);
    expect([...this.deleted].filter((id) => ids.has(id))).toEqual([]);
  }
}

/** What somebody else does: modifications, and renames and deletes of people of whom a group holds the names. */
class Outside {
  version = 0;
  /** The uid of each member: `m<n>` or, renamed, `m<n>-<version>`. */
  readonly #members = Array.from({ length: MEMBERS }, (_, index) => `m${index}`);

  static async prepare(look: LdapLook): Promise<void> {
    for (let index = 0; index < RESIDENTS; index += 1) await look.add(dnOf(`p${index}`), personOf(`p${index}`));
    const members = Array.from({ length: MEMBERS }, (_, index) => `m${index}`);
    for (const uid of members) await look.add(dnOf(uid), personOf(uid));
    const member = [dnOf('p0'), ...members.map(dnOf)];
    await look.add(groupDN, { objectClass: 'groupOfNames', cn: 'team', member });
  }

  async run(look: LdapLook, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      this.version += 1;
      const at = this.version % MEMBERS;
      if (this.version % 10 === 3) await this.#rename(look, at);
      else if (this.version % 10 === 7) await this.#replace(look, at);
      else await look.set(dnOf(`p${this.version % RESIDENTS}`), 'description', pair(this.version));
    }
  }

  async #rename(look: LdapLook, at: number): Promise<void> {
    const uid = `m${at}-${this.version}`;
    await look.rename(dnOf(this.#members[at] ?? ''), dnOf(uid));
    this.#members[at] = uid;
  }

  /** Somebody else takes the place; the directory itself takes the old name out of the group. */
  async #replace(look: LdapLook, at: number): Promise<void> {
    const uid = `m${at}-${this.version}`;
    await look.remove(dnOf(this.#members[at] ?? ''));
    await look.add(dnOf(uid), personOf(uid, this.version));
    this.#members[at] = uid;
  }
}

function expectTrue(rows: readonly Row[], version: number): void {
  for (const { uid, description = [] } of rows) {
    if (!/^[pm]\d/.test(String(uid))) continue;
    const [first, second] = [...description].sort().map((text) => Number(text.slice(2)));
    expect([uid, first]).toEqual([uid, second]);
    expect(first).toBeLessThanOrEqual(version);
  }
}

describeOnSlapd('a host that is killed', () => {
  test(`${ROUNDS} times, at any moment of imports and exports`, async () => {
    const runProfiles = { fullImport: { pageSize: 10 }, deltaImport: { interval: 1 } };
    // A full import that is due once a year is due at no start: those begin with a delta import.
    const following = (method: string) => ({
      runProfiles,
      properties: { autosyncTimer: '0 3 1 1 *' },
      global: { deltaImport: { method } },
    });
    system = await startSystem({
      connectors: (slapd) => ({
        full: people(slapd, {}, { runProfiles }),
        accessLog: people(slapd, {}, following('accessLog')),
        syncRepl: people(slapd, {}, following('syncRepl')),
      }),
      prepare: (look) => Outside.prepare(look),
    });
    const exports = CONNECTORS.map((connector) => new Exports(connector));
    const outside = new Outside();

    for (let round = 0; round < ROUNDS; round += 1) {
      const over = new AbortController();
      const work = [outside.run(system.look, over.signal), ...exports.map((each) => each.run().catch(() => undefined))];
      await sleep(random.between(0, 900));
      await system.host.end('SIGKILL');
      over.abort();
      await Promise.all(work);
      await system.host.restart();
      for (const each of exports) {
        const rows = await cached(each.connector, 'User');
        each.expectIn(rows);
        expectTrue(rows, outside.version);
      }
    }

    for (const { connector, created } of exports) {
      // The space holds what the directory does, also what that has changed by itself.
      await eventually(async () => {
        for (const [objectType, filter] of [
          ['User', '(objectClass=inetOrgPerson)'],
          ['Group', '(objectClass=groupOfNames)'],
        ] as const) {
          const rows = await cached(connector, objectType);
          const there = await system.look.find(filter);
          const shown = (dn: string, values: Readonly<Record<string, unknown>>) =>
            JSON.stringify([dn, values.description, values.member].map((each) => [each ?? []].flat().sort()));
          const expected = there.map(({ dn, values }) => shown(dn, values)).sort();
          expect([connector, ...rows.map((row) => shown(row['-dn-'], row)).sort()]).toEqual([connector, ...expected]);
        }
      });
      const client = system.host.client(connector);
      for (const [id, userName] of created) expect((await client.get(`/Users/${id}`)).body).toMatchObject({ userName });
      expect(created.size).toBeGreaterThan(ROUNDS / 2);
    }
    const fullImports = (connector: string) =>
      system.host.output
        .split('\n')
        .filter((line) => line.includes('"message":"fullImport ended"') && line.includes(`"connector":"${connector}"`));
    // Those that follow the directory by deltas have done so all the time.
    expect(CONNECTORS.slice(1).map((connector) => fullImports(connector).length)).toEqual([1, 1]);
  }, 900_000);
});
