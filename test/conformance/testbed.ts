/** What the conformance tests share: an OU of their own in some directory, and short words for what they do in it. */
import { randomBytes } from 'node:crypto';
import type { Directory, SearchRequest } from '../../src/directory/directory';
import { type DN, type MatchingRules, RDN } from '../../src/directory/dn';
import { Entry, type EntryAttribute, type Value } from '../../src/directory/entry';
import { isLdapError, LdapError, ResultCode } from '../../src/directory/error';
import { present } from '../../src/directory/filter';

export interface OpenedDirectory {
  readonly directory: Directory;
  /** An existing OU that belongs to this run; `close` removes it. */
  readonly base: DN;
  close(): Promise<void>;
}

export type Attributes = Readonly<Record<string, Value | readonly Value[]>>;

/** Makes `ou=<random>` below `parent`, so that runs side by side never meet. `remove` takes everything below with it. */
export async function temporaryOU(directory: Directory, parent: DN): Promise<{ base: DN; remove(): Promise<void> }> {
  const ou = `conformance-${randomBytes(6).toString('hex')}`;
  const base = parent.child(new RDN([{ type: 'ou', value: ou }]));
  await directory.add(new Entry(base, { objectClass: ['top', 'organizationalUnit'], ou }));
  return { base, remove: () => removeTree(directory, base) };
}

async function removeTree(directory: Directory, base: DN): Promise<void> {
  const found = await all(directory, { base, scope: 'sub', filter: present('objectClass'), attributes: [] });
  const deepestFirst = found.map(({ dn }) => dn).sort((a, b) => b.rdns.length - a.rdns.length);
  for (let start = 0; start < deepestFirst.length; ) {
    const depth = deepestFirst[start]?.rdns.length;
    const sameDepth = deepestFirst.slice(start, start + 50).filter(({ rdns }) => rdns.length === depth);
    await Promise.all(sameDepth.map((dn) => directory.delete(dn)));
    start += sameDepth.length;
  }
}

/** All entries of a search. */
export async function all(directory: Directory, request: SearchRequest): Promise<Entry[]> {
  const entries: Entry[] = [];
  for await (const entry of directory.search(request)) entries.push(entry);
  return entries;
}

/** Expects an LdapError with one of these results and nothing else. */
export async function refused(operation: Promise<unknown>, ...results: LdapError['result'][]): Promise<LdapError> {
  const error = await operation.then(
    () => new Error('the operation succeeded'),
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(LdapError);
  const refusal = error as LdapError;
  expect({ result: refusal.result, allowed: results.includes(refusal.result), in: results }).toEqual({
    result: refusal.result,
    allowed: true,
    in: results,
  });
  return refusal;
}

/** A directory under test and the OU in which everything happens. */
export class Testbed {
  constructor(private readonly opened: () => OpenedDirectory) {}

  get directory(): Directory {
    return this.opened().directory;
  }

  get base(): DN {
    return this.opened().base;
  }

  /** Active Directory and its kin: no RDNs of several values, one name for each attribute, members must exist. */
  get isActiveDirectory(): boolean {
    return ['ad', 'adlds', 'samba'].includes(this.directory.description.product);
  }

  /** The DN of `cn=<name>` below the OU, or below another entry. */
  dn(name: string, parent: DN = this.base): DN {
    return parent.child(new RDN([{ type: 'cn', value: name }]));
  }

  /** A person with the fewest attributes that every product takes. */
  person(name: string, more: Attributes = {}, parent?: DN): Entry {
    const objectClass = ['top', 'person', 'organizationalPerson', 'inetOrgPerson'];
    return new Entry(this.dn(name, parent), { objectClass, cn: name, sn: 'Conformance', ...more });
  }

  /** Adds a person and answers the DN. */
  async add(name: string, more?: Attributes, parent?: DN): Promise<DN> {
    const entry = this.person(name, more, parent);
    await this.directory.add(entry);
    return entry.dn;
  }

  /** Adds an organizational unit below the OU and answers its DN. */
  async addUnit(ou: string, parent: DN = this.base): Promise<DN> {
    const dn = parent.child(new RDN([{ type: 'ou', value: ou }]));
    await this.directory.add(new Entry(dn, { objectClass: ['top', 'organizationalUnit'], ou }));
    return dn;
  }

  /** The entry, or undefined when the server says that there is none. */
  async read(dn: DN, attributes: readonly string[] = ['*']): Promise<Entry | undefined> {
    try {
      const found = await all(this.directory, { base: dn, scope: 'base', filter: present('objectClass'), attributes });
      return found[0];
    } catch (error) {
      if (isLdapError(error, ResultCode.noSuchObject)) return undefined;
      throw error;
    }
  }

  /** Values of one attribute as text, in a stable order. */
  async values(dn: DN, attribute: string): Promise<string[]> {
    const entry = await this.read(dn, [attribute]);
    return (entry?.values(attribute) ?? []).map(String).sort();
  }

  /** Searches the OU and answers the first values of `cn` in a stable order. */
  async names(request: Partial<SearchRequest>): Promise<string[]> {
    const filter = present('objectClass');
    const found = await all(this.directory, { base: this.base, scope: 'sub', filter, attributes: ['cn'], ...request });
    return found.map((entry) => entry.first('cn') ?? entry.dn.toString()).sort();
  }
}

/** Entries as texts that are equal for equal entries, in a stable order. */
export function texts(entries: readonly Entry[], rules: MatchingRules): string[] {
  const textOf = ({ name, values }: EntryAttribute) => [name.toLowerCase(), ...values.map(String).sort()].join('|');
  return entries
    .map((entry) => [entry.dn.normalized(rules), ...[...entry.attributes()].map(textOf).sort()].join('\n'))
    .sort();
}
