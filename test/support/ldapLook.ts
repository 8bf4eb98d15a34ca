/** A second pair of eyes: looks into a slapd, and writes into it behind the host's back, without a line of the program. */
import { Attribute, Change, Client, type ClientOptions } from 'ldapts';
import type { Slapd } from './slapd';

export interface LdapLook {
  /** An entry with its operational attributes, or undefined. */
  at(dn: string): Promise<Record<string, readonly string[]> | undefined>;
  find(filter: string, base?: string): Promise<{ dn: string; values: Record<string, readonly string[]> }[]>;
  add(dn: string, attributes: Record<string, string | string[]>): Promise<void>;
  set(dn: string, attribute: string, values: string[]): Promise<void>;
  /** Several attributes by one modify. */
  replace(dn: string, attributes: Readonly<Record<string, string[]>>): Promise<void>;
  rename(dn: string, newDN: string): Promise<void>;
  remove(dn: string): Promise<void>;
  /** Whether a password is the one of the entry. */
  canBind(dn: string, password: string): Promise<boolean>;
  close(): Promise<void>;
}

/** Connects as the server's administrator, who may see everything. */
export function lookInto({ url, suffix, adminDN, adminPassword }: Slapd): Promise<LdapLook> {
  return lookBy({ url }, suffix, { dn: adminDN, password: adminPassword });
}

/** The same for whatever server and account. */
export async function lookBy(
  options: ClientOptions,
  suffix: string,
  account: { readonly dn: string; readonly password: string },
): Promise<LdapLook> {
  const client = new Client(options);
  await client.bind(account.dn, account.password);
  const search = async (base: string, scope: 'base' | 'sub', filter: string) => {
    const { searchEntries } = await client.search(base, { scope, filter, attributes: ['*', '+'] });
    return searchEntries.map(({ dn, ...attributes }) => ({ dn, values: textsOf(attributes) }));
  };
  const replace: LdapLook['replace'] = (dn, attributes) =>
    client.modify(
      dn,
      Object.entries(attributes).map(
        ([type, values]) => new Change({ operation: 'replace', modification: new Attribute({ type, values }) }),
      ),
    );
  return {
    at: async (dn) => {
      try {
        return (await search(dn, 'base', '(objectClass=*)'))[0]?.values;
      } catch (error) {
        if ((error as { code?: number }).code === 32) return undefined;
        throw error;
      }
    },
    find: (filter, base = suffix) => search(base, 'sub', filter),
    add: (dn, attributes) => client.add(dn, attributes),
    set: (dn, attribute, values) => replace(dn, { [attribute]: values }),
    replace,
    rename: (dn, newDN) => client.modifyDN(dn, newDN),
    remove: (dn) => client.del(dn),
    canBind: async (dn, password) => {
      const other = new Client(options);
      try {
        await other.bind(dn, password);
        return true;
      } catch {
        return false;
      } finally {
        await other.unbind();
      }
    },
    close: () => client.unbind(),
  };
}

function textsOf(attributes: Record<string, unknown>): Record<string, readonly string[]> {
  return Object.fromEntries(
    Object.entries(attributes).map(([name, values]) => [name, [values].flat().map((value) => String(value))]),
  );
}
