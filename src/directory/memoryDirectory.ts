/**
 * A directory in memory: the embedded one of a first run, and the fast half of the conformance suite. It enforces its
 * schema and answers with the result codes that OpenLDAP gives for the same, keeps references intact when entries are
 * renamed or deleted, notes in `memberOf` who is in which group, and tells what changed. It never touches a network, a file or a clear-text password, and what is
 * in it is gone when the process ends.
 */
import { createHash, randomUUID } from 'node:crypto';
import type { ChangeSource } from './changes/changeSource';
import { demoSchema } from './demoSchema';
import { demoEntries, suffixEntry } from './demoSeed';
import type { Directory, DirectoryDescription, Modification, Options, SearchRequest, WriteOptions } from './directory';
import { DN } from './dn';
import type { Entry } from './entry';
import { LdapError, ResultCode } from './error';
import type { Filter } from './filter';
import { matches } from './filterMatch';
import { MemoryChangeLog, type UnnumberedChange } from './memoryChangeLog';
import { PASSWORD_ATTRIBUTE, type StoredEntry, selector, singleValued } from './memoryEntry';
import { noteMemberships } from './memoryMemberships';
import { checkModifications, modifyEntry, newEntry, renameEntry } from './memoryModify';
import { type Call, type Operation, perform } from './memoryOperation';
import { verifyPassword } from './memoryPassword';
import { followReferences, type Renamed } from './memoryReferences';
import { checkName, checkNaming, Refusal } from './memoryRefusal';
import { describeMemory, searchMemory } from './memorySearch';
import { type MemoryNode, MemoryTree } from './memoryTree';
import type { Schema } from './schema';

export interface MemoryOptions {
  /** `demo`: the people and groups of {@link demoEntries}; `empty` (the default): the suffix entry alone. */
  readonly seed?: 'demo' | 'empty';
  /** The naming context; default `dc=example,dc=com`. Its RDN is of `dc`, `o`, `ou` or `c`. */
  readonly suffix?: string;
  /** How many changes are remembered; default 10,000. */
  readonly changeLogSize?: number;
  readonly clock?: () => Date;
}

/** Throws a `DNSyntaxError` for a suffix that is no DN, an `LdapError` for one that no entry can have. */
export function openMemoryDirectory(options: MemoryOptions = {}): MemoryDirectory {
  return new MemoryDirectory(options);
}

/**
 * The port in memory. Where the last value of a required reference goes (the last member of a groupOfNames), the
 * zero-length DN takes its place. `userPassword` is kept as `{SSHA512}` and returned only when it is named, not with
 * `*`. `timeoutMs` and `pageSize` mean nothing here: no operation waits for anything.
 */
export class MemoryDirectory implements Directory {
  readonly schema: Schema = demoSchema();
  readonly description: DirectoryDescription;
  readonly changes: ChangeSource;
  readonly #log: MemoryChangeLog;
  readonly #tree: MemoryTree;
  readonly #clock: () => Date;
  #closed = false;

  constructor(options: MemoryOptions = {}) {
    const suffix = DN.parse(options.suffix ?? 'dc=example,dc=com');
    const serverId = randomUUID();
    this.#clock = options.clock ?? (() => new Date());
    this.#tree = new MemoryTree(suffix, this.schema);
    this.#log = new MemoryChangeLog(serverId, options.changeLogSize ?? 10_000);
    this.changes = this.#log;
    this.description = describeMemory(suffix, serverId);
    for (const entry of options.seed === 'demo' ? demoEntries(suffix) : [suffixEntry(suffix)]) this.#seed(entry);
  }

  search(request: SearchRequest, options: Options = {}): AsyncGenerator<Entry> {
    const source = { description: this.description, schema: this.schema, tree: this.#tree };
    return searchMemory(source, request, this.#call('search', request.base, options));
  }

  async add(entry: Entry, options: WriteOptions = {}): Promise<Entry | undefined> {
    return this.#perform('add', entry.dn, options, () => {
      this.#tree.checkWithinSuffix(entry.dn);
      const added = this.#stampedNew(newEntry(entry, this.schema), randomUUID());
      this.#assert(options.assertion, added);
      const node = this.#insert(added);
      this.#record('changed', node.entry);
      return this.#postRead(node, options);
    });
  }

  async modify(dn: DN, modifications: readonly Modification[], options: WriteOptions = {}): Promise<Entry | undefined> {
    return this.#perform('modify', dn, options, () => {
      checkModifications(modifications, this.schema);
      const node = this.#tree.get(dn);
      this.#assert(options.assertion, node.entry);
      if (modifications.length > 0) this.#replace(node, modifyEntry(node.entry, modifications, this.schema));
      return this.#postRead(node, options);
    });
  }

  async modifyDN(
    dn: DN,
    newDN: DN,
    options: WriteOptions & { readonly deleteOldRdn: boolean },
  ): Promise<Entry | undefined> {
    return this.#perform('modifyDN', dn, options, () => {
      checkName(newDN, this.schema);
      checkNaming(newDN, this.schema);
      const node = this.#tree.get(dn);
      this.#assert(options.assertion, node.entry);
      this.#tree.checkMove(node, newDN);
      const renamed = this.#stamped(renameEntry(node.entry, newDN, options.deleteOldRdn, this.schema));
      const moved = this.#tree.move(node, renamed);
      for (const { node: one, oldDN } of moved) this.#record('renamed', one.entry, oldDN);
      this.#followReferences(
        new Map(moved.map(({ node: one, oldDN }) => [oldDN.normalized(this.schema), one.entry.dn])),
      );
      return this.#postRead(node, options);
    });
  }

  async delete(dn: DN, options: Options & { readonly tree?: boolean } = {}): Promise<void> {
    return this.#perform('delete', dn, options, () => {
      const node = this.#tree.get(dn);
      if (node.children.size > 0 && !options.tree) {
        throw new Refusal(ResultCode.notAllowedOnNonLeaf, 'there are entries below it');
      }
      const removed = this.#tree.remove(node);
      for (const { entry } of removed) this.#record('deleted', entry);
      this.#followReferences(new Map(removed.map(({ entry }) => [entry.dn.normalized(this.schema), undefined])));
    });
  }

  /** There is no policy, so every password is taken. */
  async setPassword(dn: DN, password: string, options: Options = {}): Promise<void> {
    await this.modify(dn, [{ operation: 'replace', attribute: PASSWORD_ATTRIBUTE, values: [password] }], options);
  }

  /** Whether this is a password of the entry: what a simple bind asks. False for an entry that is not there. */
  async checkPassword(dn: DN, password: string): Promise<boolean> {
    return this.#perform('bind', dn, {}, () => {
      const hashes = this.#tree.find(dn)?.entry.values(PASSWORD_ATTRIBUTE, this.schema) ?? [];
      return hashes.some((hash) => verifyPassword(hash, password));
    });
  }

  supports(oid: string): boolean {
    const { supportedControls, supportedExtensions, supportedFeatures } = this.description;
    return [supportedControls, supportedExtensions, supportedFeatures].some((oids) => oids.includes(oid));
  }

  /** There is nothing to read again: description and schema are this directory's own. */
  async refresh(options: Options = {}): Promise<void> {
    return this.#perform('search', DN.root, options, () => undefined);
  }

  /** Every later operation rejects with `connectionLost`. */
  async close(): Promise<void> {
    this.#closed = true;
  }

  #call(operation: Operation, dn: DN, options: Options): Call {
    return { operation, dn, options, isClosed: () => this.#closed };
  }

  #perform<T>(operation: Operation, dn: DN, options: Options, work: () => T): Promise<T> {
    return perform(this.#call(operation, dn, options), () => {
      checkName(dn, this.schema);
      return work();
    });
  }

  #assert(assertion: Filter | undefined, entry: StoredEntry): void {
    if (assertion && matches(assertion, entry, this.schema) !== true) {
      throw new Refusal(ResultCode.assertionFailed, 'the entry does not match the assertion');
    }
  }

  #postRead(node: MemoryNode, { postRead }: WriteOptions): Entry | undefined {
    return postRead && node.entry.toEntry(selector(postRead, this.schema));
  }

  #insert(entry: StoredEntry): MemoryNode {
    const node = this.#tree.insert(entry);
    noteMemberships(this.#tree, undefined, entry, this.schema);
    return node;
  }

  #replace(node: MemoryNode, entry: StoredEntry): void {
    const before = node.entry;
    node.entry = this.#stamped(entry);
    noteMemberships(this.#tree, before, node.entry, this.schema);
    this.#record('changed', node.entry);
  }

  #followReferences(renamed: Renamed): void {
    for (const [node, attributes] of followReferences(this.#tree.all(), renamed, this.schema)) {
      const entry = node.entry.with(attributes, this.schema);
      // What the directory itself has noted of a group is no change of the member's entry.
      if (attributes.every(({ name }) => name === 'memberOf')) node.entry = entry;
      else this.#replace(node, entry);
    }
  }

  #record(kind: UnnumberedChange['kind'], entry: StoredEntry, oldDN: DN = entry.dn): void {
    const anchor = String(entry.values('entryUUID', this.schema)[0]);
    this.#log.record(kind === 'renamed' ? { kind, dn: entry.dn, oldDN, anchor } : { kind, dn: entry.dn, anchor });
  }

  /** A seeded entry has the same id in every run, and is no change. */
  #seed(entry: Entry): void {
    try {
      this.#insert(this.#stampedNew(newEntry(entry, this.schema), uuidOfName(entry.dn)));
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      throw new LdapError(error.result, 'add', entry.dn.toString(), error.message, false);
    }
  }

  #stampedNew(entry: StoredEntry, entryUUID: string): StoredEntry {
    const now = generalizedTime(this.#clock());
    const stamps = {
      entryUUID,
      createTimestamp: now,
      modifyTimestamp: now,
      entryDN: entry.dn.toString(),
      subschemaSubentry: this.description.subschemaSubentry ?? '',
    };
    const attributes = Object.entries(stamps).map(([name, value]) => singleValued(name, value, this.schema));
    return entry.with(attributes, this.schema);
  }

  #stamped(entry: StoredEntry): StoredEntry {
    return entry.with([singleValued('modifyTimestamp', generalizedTime(this.#clock()), this.schema)], this.schema);
  }
}

/** RFC 4517 §3.3.13, to the second as OpenLDAP has it. */
function generalizedTime(date: Date): string {
  return `${date.toISOString().slice(0, 19).replace(/[-:T]/g, '')}Z`;
}

const X500_NAMESPACE = Buffer.from('6ba7b8149dad11d180b400c04fd430c8', 'hex');

/** A UUID of version 5 in the namespace of X.500 DNs (RFC 9562 §5.5). */
function uuidOfName(dn: DN): string {
  const octets = createHash('sha1').update(X500_NAMESPACE).update(dn.normalized()).digest().subarray(0, 16);
  octets.writeUInt8((octets.readUInt8(6) & 0x0f) | 0x50, 6);
  octets.writeUInt8((octets.readUInt8(8) & 0x3f) | 0x80, 8);
  return octets.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
