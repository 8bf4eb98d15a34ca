/** What the tests of an LDAP directory share: opening one without reading it first, and looking at how promises end. */
import type { Directory, SearchRequest } from '../../src/directory/directory';
import { DN } from '../../src/directory/dn';
import type { Entry } from '../../src/directory/entry';
import { LdapError } from '../../src/directory/error';
import { present } from '../../src/directory/filter';
import { type LdapOptions, openLdapDirectory } from '../../src/directory/ldapDirectory';
import { type FakeLdap, searchDone, searchEntry, startFakeLdap, Tag } from './fakeLdap';
import type { Slapd } from './slapd';

export const BASE = 'dc=example,dc=com';
export const ALICE = `uid=alice,ou=people,${BASE}`;

const releases: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const release of releases.splice(0).reverse()) await release();
});

/** Closes it after the test, however that ends: an open socket would keep the test run from ending. */
export function closing<T extends { close(): Promise<void> }>(opened: T): T {
  releases.push(() => opened.close());
  return opened;
}

/** Enough to open a directory without a word to the server, so that a test begins with its own first operation. */
export const known = {
  description: {
    product: 'openldap',
    namingContexts: [BASE],
    supportedControls: ['1.2.840.113556.1.4.319'],
    supportedExtensions: [],
    supportedFeatures: [],
    saslMechanisms: [],
    proposedAnchor: 'entryUUID',
    passwordAttribute: 'userPassword',
  },
  schema: { attributeTypes: [], objectClasses: [] },
} satisfies LdapOptions['known'];

/** Opens what is known of a server, as its connector where it is a slapd. */
export async function openKnown(server: { port: number } | Slapd, more: Partial<LdapOptions> = {}): Promise<Directory> {
  const options: LdapOptions = {
    hosts: [{ host: '127.0.0.1', port: server.port }],
    binding: 'Basic',
    userName: 'connectorDN' in server ? server.connectorDN : 'cn=somebody',
    password: () => ('connectorDN' in server ? server.connectorPassword : 'secret'),
    connectionTimeoutMs: 60_000,
    operationTimeoutMs: 60_000,
    known,
    ...more,
  };
  return closing(await openLdapDirectory(options));
}

/** A server that answers every search by one entry, unless `answer` deals with it. */
export async function fake(answer: Parameters<typeof startFakeLdap>[0] = () => false): Promise<FakeLdap> {
  const server = await startFakeLdap((request, socket) => {
    if (answer(request, socket)) return true;
    if (request.tag !== Tag.search) return false;
    socket.write(Buffer.concat([searchEntry(request.id, ALICE, { uid: ['alice'] }), searchDone(request.id)]));
    return true;
  });
  return closing(server);
}

export const base = (dn: DN, attributes: readonly string[] = ['*']): SearchRequest => ({
  base: dn,
  scope: 'base',
  filter: present('objectClass'),
  attributes,
});

/** The entry of this name, read on the shared connection. */
export function read(directory: Directory, dn = ALICE, timeoutMs?: number, signal?: AbortSignal): Promise<Entry[]> {
  const options = { ...(timeoutMs === undefined ? {} : { timeoutMs }), ...(signal ? { signal } : {}) };
  return all(directory.search(base(DN.parse(dn)), options));
}

export async function all(entries: AsyncIterable<Entry>): Promise<Entry[]> {
  const found: Entry[] = [];
  for await (const entry of entries) found.push(entry);
  return found;
}

/** The error of a promise that must reject with an LdapError. */
export async function failure(promise: Promise<unknown>): Promise<LdapError> {
  const error = await promise.then(
    () => undefined,
    (reason) => reason,
  );
  expect(error).toBeInstanceOf(LdapError);
  return error as LdapError;
}

/** Waits for something that happens on its own. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}
