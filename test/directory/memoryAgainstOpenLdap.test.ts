/**
 * The embedded directory claims to answer as OpenLDAP does. Here both hear the same random writes, and must accept and
 * refuse the same ones with the same result codes and hold the same entries in the end.
 */
import type { Directory, Modification } from '../../src/directory/directory';
import { DN } from '../../src/directory/dn';
import { Entry } from '../../src/directory/entry';
import { LdapError } from '../../src/directory/error';
import { openLdapDirectory } from '../../src/directory/ldapDirectory';
import { openMemoryDirectory } from '../../src/directory/memoryDirectory';
import { startSlapd } from '../support/slapd';
import { dn, unit } from './memoryFixture';

const { findSlapd } = require('../../scripts/directories/slapdBinaries') as { findSlapd(): unknown };

const BASE = 'ou=writes,dc=example,dc=com';
const UNITS = [BASE, `ou=u1,${BASE}`, `ou=u2,ou=u1,${BASE}`];

/** Attributes and values: some right, some not, some the same in another spelling. */
const VALUES: Readonly<Record<string, readonly string[]>> = {
  description: ['x', 'X', ' x  y', 'é', 'É', ''],
  title: ['t', 'T', 'u'],
  mail: ['a@b', 'A@b', 'é'],
  employeeNumber: ['1', '2'],
  manager: [`cn=A,${BASE}`, `CN=a, ${BASE}`, 'nobody', ''],
  telephoneNumber: ['+1 2', '+12', '+1-3', 'ü'],
  uidNumber: ['1', '01'],
  cn: ['A', 'b', 'q'],
  sn: ['s', 'S', 't'],
  uid: ['A', 'x'],
  objectClass: ['person', 'posixAccount', 'noSuch', 'organizationalUnit', 'inetOrgPerson', 'groupOfNames'],
  noSuch: ['x'],
  createTimestamp: ['20260101000000Z'],
  member: [`cn=A,${BASE}`, `cn=b,${BASE}`, 'bad'],
  jpegPhoto: ['a', 'b'],
  ou: ['u1', 'u9'],
  'description;lang-de': ['x', 'y'],
  secretary: [`cn=b,${BASE}`, `uid=A,${UNITS[1]}`],
};
const USUAL_RDNS = ['cn=A', 'cn=b', 'cn=a', 'uid=A', 'cn=A+uid=x'];
const UNUSUAL_RDNS = [
  'ou=u1',
  'sn=s',
  'employeeNumber=1',
  'foo=1',
  'cn=',
  'cn=C\\, d',
  'member=cn\\=A',
  'cn=\\ff',
  'jpegPhoto=a',
];

const isUsual = ({ rdn }: DN): boolean => USUAL_RDNS.includes(String(rdn));

interface Write {
  readonly label: string;
  /** Of an operation with several faults, either directory may name another one first. */
  readonly simple: boolean;
  run(directory: Directory): Promise<unknown>;
}

class Writes {
  constructor(private state: number) {}

  /** mulberry32. */
  #random(below: number): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  }

  #pick<T>(items: readonly T[]): T {
    return items[this.#random(items.length)] as T;
  }

  #name(): string {
    return `${this.#pick(this.#random(12) === 0 ? UNUSUAL_RDNS : USUAL_RDNS)},${this.#pick([BASE, ...UNITS])}`;
  }

  #attribute(): [string, string[]] {
    const name = this.#pick(Object.keys(VALUES));
    const count = this.#pick([1, 1, 1, 1, 2, 0]);
    return [name, Array.from({ length: count }, () => this.#pick(VALUES[name] ?? []))];
  }

  next(): Write {
    const kind = this.#random(10);
    if (kind < 3) return this.#add();
    if (kind < 7) return this.#modify();
    const name = dn(this.#name());
    if (kind === 9) return { label: `delete ${name}`, simple: true, run: (directory) => directory.delete(name) };
    const newName = dn(this.#name());
    const deleteOldRdn = this.#random(2) === 0;
    return {
      label: `modifyDN ${name} to ${newName}, deleteOldRdn ${deleteOldRdn}`,
      simple: true,
      run: (directory) => directory.modifyDN(name, newName, { deleteOldRdn }),
    };
  }

  #add(): Write {
    const attributes: Record<string, string[]> = this.#pick([
      () => ({ objectClass: ['organizationalUnit'] }),
      () => ({ objectClass: ['groupOfNames'], member: [`cn=A,${BASE}`, `cn=b,${BASE}`] }),
      () => ({ objectClass: ['inetOrgPerson'], sn: ['s'], cn: ['A'] }),
      () => ({ objectClass: ['inetOrgPerson'], sn: ['s'] }),
    ])();
    if (this.#random(2) === 0) {
      const [name, values] = this.#attribute();
      attributes[name] = [...(attributes[name] ?? []), ...values];
    }
    const entry = new Entry(dn(this.#name()), attributes);
    return {
      label: `add ${entry.dn} ${JSON.stringify(attributes)}`,
      simple: isUsual(entry.dn),
      run: (directory) => directory.add(entry),
    };
  }

  #modify(): Write {
    const modifications: Modification[] = Array.from({ length: this.#pick([1, 1, 2, 3]) }, () => {
      const [attribute, values] = this.#attribute();
      return { operation: this.#pick(['add', 'delete', 'replace'] as const), attribute, values };
    });
    const name = dn(this.#name());
    return {
      label: `modify ${name} ${JSON.stringify(modifications)}`,
      simple: modifications.length === 1 && isUsual(name),
      run: (directory) => directory.modify(name, modifications),
    };
  }
}

async function outcome(work: Promise<unknown>): Promise<LdapError['result']> {
  try {
    await work;
    return 0;
  } catch (error) {
    if (error instanceof LdapError) return error.result;
    throw error;
  }
}

/** Entries without what differs on purpose: how DNs are spelt in values, and whom the last reference is replaced by. */
async function contents(directory: Directory): Promise<unknown> {
  const entries: Record<string, Record<string, string[]>> = {};
  const filter = { kind: 'present', attribute: 'objectClass' } as const;
  for await (const entry of directory.search({ base: dn(BASE), scope: 'sub', filter, attributes: ['*'] })) {
    const attributes: Record<string, string[]> = {};
    for (const { name, values } of entry.attributes()) {
      const texts = values.map(String).map((text) => (text.includes(',dc=') ? DN.parse(text).normalized() : text));
      const kept = texts.filter((text) => text !== '' && !text.startsWith('cn=admin,')).sort();
      if (kept.length > 0) attributes[name] = kept;
    }
    entries[entry.dn.toString()] = attributes;
  }
  return entries;
}

async function compare(): Promise<void> {
  const slapd = await startSlapd({ faults: false });
  if (!slapd) throw new Error('slapd was found but did not start; the line above says why');
  const memory = openMemoryDirectory({ suffix: slapd.suffix });
  const real = await openLdapDirectory({
    hosts: [{ host: slapd.host, port: slapd.port }],
    binding: 'Basic',
    userName: slapd.adminDN,
    password: () => slapd.adminPassword,
    connectionTimeoutMs: 10_000,
    operationTimeoutMs: 60_000,
    pageSize: 500,
  });
  try {
    for (const directory of [real, memory]) for (const name of UNITS) await directory.add(unit(name));
    const writes = new Writes(20_260_101);
    const differences: string[] = [];
    let succeeded = 0;
    for (let number = 1; number <= 1500; number++) {
      const { label, simple, run } = writes.next();
      const [expected, answered] = [await outcome(run(real)), await outcome(run(memory))];
      const same = simple ? expected === answered : (expected === 0) === (answered === 0);
      if (!same) differences.push(`${label}: OpenLDAP ${expected}, memory ${answered}`);
      if (expected === 0) succeeded++;
    }
    expect(differences).toEqual([]);
    expect(succeeded).toBeGreaterThan(100);
    await eventuallySame(real, memory);
  } finally {
    await real.close();
    await slapd.stop();
  }
}

/** OpenLDAP's refint works in the background, so its last references may follow a moment later. */
async function eventuallySame(real: Directory, memory: Directory): Promise<void> {
  const expected = await contents(memory);
  for (let attempt = 0; attempt < 50; attempt++) {
    if (JSON.stringify(sorted(await contents(real))) === JSON.stringify(sorted(expected))) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  expect(await contents(real)).toEqual(expected);
}

function sorted(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([k, v]) => [k, sorted(v)]),
  );
}

/** Why there is no slapd to start on this machine, if there is none. */
function reasonAgainst(): string | undefined {
  try {
    findSlapd();
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message.split('\n', 1)[0] : String(error);
  }
}

const reason = reasonAgainst();
// On a build server the absence of slapd is a failure, which `startSlapd` reports: no test may vanish there.
(reason === undefined || process.env.CI ? test : test.skip)(
  `memory and OpenLDAP answer alike${reason === undefined ? '' : `: not proved, ${reason}`}`,
  compare,
  120_000,
);
