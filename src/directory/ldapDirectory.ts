/**
 * The port {@link Directory} over LDAP v3. It owns what is asked of the server and what its answers mean; how
 * connections come and go is `session.ts`, and it never repeats a write.
 */
import { isDeepStrictEqual } from 'node:util';
import { AddRequest, Change, type Control, DeleteRequest, ModifyDNRequest, ModifyRequest } from 'ldapts';
import { Call, observed } from './call';
import { type ChangeOptions, changesOf } from './changes/candidates';
import type { ChangeSource } from './changes/changeSource';
import { AssertionControl, Oid, PermissiveModifyControl, PostReadControl, TreeDeleteControl } from './controls';
import { detect } from './detection';
import type {
  Directory,
  DirectoryDescription,
  Modification,
  ObservedOperation,
  Options,
  SearchRequest,
  WriteOptions,
} from './directory';
import { isSearchedFromRoot, readRootDSE, readSchema } from './discovery';
import type { DN } from './dn';
import type { Entry, EntryAttribute } from './entry';
import { LdapError, ResultCode } from './error';
import { equality, type Filter, not, or } from './filter';
import { type Knowledge, knowledgeOf } from './knowledge';
import type { LdapRequest } from './ldapMessage';
import { areLong, attributeOf, encodeLong } from './longValues';
import {
  isPassword,
  isUnicodePwd,
  PasswordPolicyControl,
  passwordError,
  passwordModifyRequest,
  quotedPassword,
} from './password';
import { Schema, type SchemaSource } from './schema';
import { Searcher, type SearcherOptions } from './searcher';
import { type Log, Session, type SessionOptions } from './session';
import { inTurns, VALUES_PER_STEP } from './steps';

/** What there is to know of a directory before it is opened. */
export interface LdapOptions extends SessionOptions, SearcherOptions {
  /** For each operation; for a search in pages, for each page. */
  readonly operationTimeoutMs: number;
  /** Key of the table in `traits.ts`, where the root DSE does not tell the product. */
  readonly product?: string;
  /** OIDs of controls that are not to be used, although the root DSE lists them. */
  readonly withheld?: readonly string[];
  /** How changes are found; absent: as the directory can. */
  readonly changes?: ChangeOptions;
  /** What an earlier opening learned; with it, opening does not need the server. */
  readonly known?: { readonly description: DirectoryDescription; readonly schema: SchemaSource };
}

/** What every request has. */
interface MessageBase {
  readonly messageId: number;
  readonly dn: string;
  readonly controls: Control[];
}

const NOTHING_KNOWN: DirectoryDescription = {
  product: 'generic',
  namingContexts: [],
  supportedControls: [],
  supportedExtensions: [],
  supportedFeatures: [],
  saslMechanisms: [],
  proposedAnchor: 'dn',
  passwordAttribute: 'userPassword',
};

/**
 * Opens a directory. With `known` nothing is sent; otherwise root DSE and schema are read, and the promise rejects with
 * an {@link LdapError} when they cannot be.
 */
export async function openLdapDirectory(options: LdapOptions, log: Log = () => {}): Promise<Directory> {
  const { known } = options;
  const { description, schema } = known ?? {
    description: NOTHING_KNOWN,
    schema: { attributeTypes: [], objectClasses: [] },
  };
  const directory = new LdapDirectory(options, log, knowledgeOf(description, Schema.parse(schema), options.withheld));
  if (known) return directory;
  try {
    await directory.refresh();
    return directory;
  } catch (error) {
    await directory.close();
    throw error;
  }
}

class LdapDirectory implements Directory {
  readonly #session: Session;
  readonly #searcher: Searcher;
  readonly #options: LdapOptions;
  readonly #log: Log;
  #knowledge: Knowledge;
  #changes: { readonly of: Knowledge; readonly source: ChangeSource | undefined } | undefined;

  constructor(options: LdapOptions, log: Log, knowledge: Knowledge) {
    this.#session = new Session(options, log);
    this.#searcher = new Searcher(this.#session, options, () => this.#knowledge);
    this.#options = options;
    this.#log = log;
    this.#knowledge = knowledge;
  }

  get description(): DirectoryDescription {
    return this.#knowledge.description;
  }

  get schema(): Schema {
    return this.#knowledge.schema;
  }

  /** Made anew when the directory says something else of itself. */
  get changes(): ChangeSource | undefined {
    if (this.#changes?.of !== this.#knowledge) {
      const { changes = { method: 'auto', bases: [] } } = this.#options;
      const source = changesOf(this, this.#searcher.refresh.bind(this.#searcher), changes);
      this.#changes = { of: this.#knowledge, source };
    }
    return this.#changes.source;
  }

  supports(oid: string): boolean {
    return this.#knowledge.supported.has(oid);
  }

  async close(): Promise<void> {
    this.#session.close();
  }

  async refresh(options: Options = {}): Promise<void> {
    const search = (request: SearchRequest): Promise<Entry[]> => this.#searcher.atOnce(request, options);
    const rootDSE = await readRootDSE(search);
    const onFault = (fault: string): void => this.#log('a fault in the schema', { fault });
    const schema = await readSchema(search, rootDSE, onFault, this.schema);
    const searchedFromRoot = await isSearchedFromRoot(search, rootDSE);
    const circumstances = { product: this.#options.product, answeredBy: this.#session.address, searchedFromRoot };
    const description = detect(rootDSE, schema, circumstances);
    if (schema === this.schema && isDeepStrictEqual(description, this.description)) return;
    this.#knowledge = knowledgeOf(description, schema, this.#options.withheld);
  }

  search(request: SearchRequest, options: Options = {}): AsyncIterable<Entry> {
    return this.#searcher.search(request, options);
  }

  add(entry: Entry, options: WriteOptions = {}): Promise<Entry | undefined> {
    return this.#writePasswords('add', entry.dn, [...entry.attributes()], options, (base, wired) => {
      const attributes = wired.map(({ name, values }) => attributeOf(name, values));
      return new AddRequest({ ...base, attributes });
    });
  }

  modify(dn: DN, modifications: readonly Modification[], options: WriteOptions = {}): Promise<Entry | undefined> {
    const attributes = modifications.map(({ attribute: name, values }) => ({ name, values }));
    return this.#writePasswords('modify', dn, attributes, options, (base, wired) => {
      const changes = modifications.map(({ operation }, index) => {
        const { name, values } = wired[index] ?? { name: '', values: [] };
        return new Change({ operation, modification: attributeOf(name, values) });
      });
      return new ModifyRequest({ ...base, changes });
    });
  }

  async setPassword(dn: DN, password: string, options: Options = {}): Promise<void> {
    const { passwordAttribute } = this.description;
    if (!this.supports(Oid.passwordModify) || isUnicodePwd(passwordAttribute)) {
      await this.modify(dn, [{ operation: 'replace', attribute: passwordAttribute, values: [password] }], options);
      return;
    }
    const name = dn.toString();
    await this.#refusable((controls) =>
      this.#write('extended', dn, options, controls, () => passwordModifyRequest(name, password, controls)),
    );
  }

  /** A write whose attributes may be passwords, put as the product takes them, a refusal explained; or may be of very many values. */
  async #writePasswords(
    operation: 'add' | 'modify',
    dn: DN,
    attributes: readonly EntryAttribute[],
    options: WriteOptions,
    message: (base: MessageBase, attributes: readonly EntryAttribute[]) => LdapRequest,
  ): Promise<Entry | undefined> {
    if (areLong(attributes)) await encodeLong(attributes);
    const { passwordAttribute } = this.description;
    if (!attributes.some(({ name, values }) => values.length > 0 && isPassword(name, passwordAttribute)))
      return this.#write(operation, dn, options, [], (base) => message(base, attributes));
    return this.#refusable((controls) => {
      const wired = attributes.map((each) => (isUnicodePwd(each.name) ? this.#quoted(operation, dn, each) : each));
      return this.#write(operation, dn, options, controls, (base) => message(base, wired));
    });
  }

  #quoted(operation: 'add' | 'modify', dn: DN, { name, values }: EntryAttribute): EntryAttribute {
    const { binding } = this.#options;
    if (binding !== 'SSL' && binding !== 'TLS') {
      const advice = `${name} is taken over an encrypted connection only`;
      throw new LdapError(ResultCode.confidentialityRequired, operation, dn.toString(), advice, false);
    }
    return { name, values: values.map(quotedPassword) };
  }

  async #refusable<T>(write: (controls: Control[]) => Promise<T>): Promise<T> {
    const policy = this.supports(Oid.passwordPolicy) ? new PasswordPolicyControl() : undefined;
    try {
      return await write(policy === undefined ? [] : [policy]);
    } catch (error) {
      throw error instanceof LdapError && typeof error.result === 'number'
        ? passwordError(error, policy?.refusal)
        : error;
    }
  }

  async modifyDN(
    dn: DN,
    newDN: DN,
    options: WriteOptions & { readonly deleteOldRdn: boolean },
  ): Promise<Entry | undefined> {
    const { rdn, parent } = newDN;
    if (!rdn || !parent) {
      const advice = 'the root is no name that an entry can take';
      throw new LdapError(ResultCode.namingViolation, 'modifyDN', dn.toString(), advice, false);
    }
    const moves = dn.parent === undefined || !parent.equals(dn.parent, this.schema);
    const names = { newRdn: rdn.toString(), newSuperior: moves ? parent.toString() : '' };
    const { deleteOldRdn } = options;
    return this.#write('modifyDN', dn, options, [], (base) => new ModifyDNRequest({ ...base, ...names, deleteOldRdn }));
  }

  async delete(dn: DN, options: Options & { readonly tree?: boolean } = {}): Promise<void> {
    const controls = options.tree && this.supports(Oid.treeDelete) ? [new TreeDeleteControl()] : [];
    await this.#write('delete', dn, options, controls, (base) => new DeleteRequest(base));
  }

  /** Overlays of OpenLDAP hand the condition on to what they write into other entries (memberOf), where it is not to be met. */
  #ofThisEntry(dn: DN, assertion: Filter): Filter {
    if (this.schema.attributeType('entryDN') === undefined) return assertion;
    return or(not(equality('entryDN', dn.toString())), assertion);
  }

  async #write(
    operation: ObservedOperation['operation'],
    dn: DN,
    options: WriteOptions,
    controls: Control[],
    message: (base: MessageBase) => LdapRequest,
  ): Promise<Entry | undefined> {
    const call = Call.of(operation, dn.toString(), options, this.#options.operationTimeoutMs);
    if (options.assertion) controls.push(new AssertionControl(this.#ofThisEntry(dn, options.assertion)));
    if (options.permissive && this.supports(Oid.permissiveModify)) controls.push(new PermissiveModifyControl());
    const wanted = this.supports(Oid.postRead) ? options.postRead : undefined;
    const postRead = wanted && new PostReadControl(wanted, this.#knowledge.decoder);
    if (postRead) controls.push(postRead);
    const request = message({ messageId: 0, dn: call.dn, controls });
    await observed(call, options, () =>
      this.#session.run(call, async (connection) => call.expectSuccess(await connection.request(request, call))),
    );
    const entry = postRead?.entry;
    // The values of a large one are made now, in turns: whoever reads it wants them all at once.
    if (entry !== undefined && entry.mostValues > VALUES_PER_STEP) await inTurns(entry.unfoldSteps());
    return entry;
  }
}
