/** What the tests of the memory directory share: short words for entries, changes and searches. */
import type { Modification, SearchRequest } from '../../src/directory/directory';
import { DN } from '../../src/directory/dn';
import { Entry, type Value } from '../../src/directory/entry';
import { LdapError } from '../../src/directory/error';
import { parseFilter } from '../../src/directory/filter';
import { type MemoryDirectory, type MemoryOptions, openMemoryDirectory } from '../../src/directory/memoryDirectory';

export const SUFFIX = 'dc=example,dc=com';
export const PEOPLE = `ou=people,${SUFFIX}`;
export const GROUPS = `ou=groups,${SUFFIX}`;
export const ANNA = `cn=Anna,${PEOPLE}`;
export const dn = (text: string) => DN.parse(text);

export type Attributes = Record<string, Value | readonly Value[]>;
export const entry = (name: string, attributes: Attributes) => new Entry(dn(name), attributes);
export const unit = (name: string) =>
  entry(name, { objectClass: 'organizationalUnit', ou: dn(name).rdn?.value('ou') ?? '' });
export const person = (name: string, more: Attributes = {}) =>
  entry(name, { objectClass: 'inetOrgPerson', cn: dn(name).rdn?.value('cn') ?? '', sn: 'S', ...more });
export const group = (name: string, ...member: string[]) =>
  entry(name, { objectClass: 'groupOfNames', cn: dn(name).rdn?.value('cn') ?? '', member });
export const change = (operation: Modification['operation'], attribute: string, ...values: Value[]): Modification => ({
  operation,
  attribute,
  values,
});

export async function opened(options: MemoryOptions = {}, ...entries: Entry[]): Promise<MemoryDirectory> {
  const directory = openMemoryDirectory(options);
  for (const one of [unit(PEOPLE), unit(GROUPS), ...entries]) await directory.add(one);
  return directory;
}

export async function find(
  directory: MemoryDirectory,
  request: Partial<Omit<SearchRequest, 'base' | 'filter'>> & { base?: string; filter?: string },
) {
  const found: Entry[] = [];
  const { base = SUFFIX, filter = '(objectClass=*)', ...rest } = request;
  for await (const one of directory.search({
    scope: 'sub',
    attributes: ['*'],
    ...rest,
    base: dn(base),
    filter: parseFilter(filter),
  })) {
    found.push(one);
  }
  return found;
}

export const read = async (directory: MemoryDirectory, name: string, ...attributes: string[]) =>
  (await find(directory, { base: name, scope: 'base', attributes: attributes.length ? attributes : ['*', '+'] }))[0];
export const names = async (directory: MemoryDirectory, filter: string, base?: string) =>
  (await find(directory, { filter, ...(base ? { base } : {}) })).map((one) => one.dn.toString());

export async function refused(work: Promise<unknown>): Promise<LdapError['result'] | 'succeeded'> {
  try {
    await work;
    return 'succeeded';
  } catch (error) {
    expect(error).toBeInstanceOf(LdapError);
    return (error as LdapError).result;
  }
}
