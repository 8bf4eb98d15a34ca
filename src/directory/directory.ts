/**
 * `directory/` is an LDAP v3 client that has never heard of SCIM. It owns names, entries, filters, schema, sessions and
 * result codes, and it imports nothing else of ours. This file is its port: what a connector asks of a directory, in
 * the words of RFC 4511. `ldapDirectory` and `memoryDirectory` implement it, and one conformance suite runs over both.
 */
import type { ChangeSource } from './changes/changeSource';
import type { DN } from './dn';
import type { Entry, Value } from './entry';
import type { Filter } from './filter';
import type { Schema } from './schema';

/** Search scope, RFC 4511 §4.5.1.2. */
export type Scope = 'base' | 'one' | 'sub';

/** A search (RFC 4511 §4.5). The directory pages by itself, so there is no cookie here. */
export interface SearchRequest {
  readonly base: DN;
  readonly scope: Scope;
  readonly filter: Filter;
  /** Attribute descriptions to return; `'*'` all user attributes, `'+'` all operational ones, empty: none (1.1). */
  readonly attributes: readonly string[];
  /** The most entries to return; reaching it ends the search without an error. Absent: all. */
  readonly sizeLimit?: number;
  /** Entries per page; absent: the directory's own choice. With a `sizeLimit` of at most one page, no paging is used. */
  readonly pageSize?: number;
  /** Deleted objects too, where the directory keeps them (show deleted control, MS-ADTS 3.1.1.3.4.1.14). Elsewhere it is not heeded. */
  readonly showDeleted?: boolean;
  /**
   * Entries that are referrals to other servers are shown as entries (manageDsaIT control, RFC 3296) instead of being told
   * of as references. Where the directory does not serve the control it is not heeded.
   */
  readonly manageDsaIT?: boolean;
}

/** One change of a modify request (RFC 4511 §4.6). `delete` and `replace` without values remove the attribute. */
export interface Modification {
  readonly operation: 'add' | 'delete' | 'replace';
  readonly attribute: string;
  readonly values: readonly Value[];
}

/** One finished LDAP operation, for logs and metrics. It never carries values. */
export interface ObservedOperation {
  readonly operation: 'bind' | 'search' | 'add' | 'modify' | 'modifyDN' | 'delete' | 'extended';
  readonly dn: string;
  /** The result code of RFC 4511 §4.1.9, or why there is none. */
  readonly result: number | 'timeout' | 'connectionLost' | 'cancelled';
  /** Entries returned by a search. */
  readonly entries?: number;
  readonly durationMs: number;
}

/** Hears each LDAP operation when it has ended. */
export type Observer = (operation: ObservedOperation) => void;

/** What a search did not do, and which is no error. */
export type SearchNotice =
  /** Part of the tree is held by other servers (search continuation, RFC 4511 §4.5.3), which are not asked. */
  | { readonly kind: 'reference'; readonly urls: readonly string[] }
  /** All entries came in one answer, which a size limit of the server may cut off: then the search fails. */
  | { readonly kind: 'oneAnswer'; readonly reason: string };

/** What travels with every operation. */
export interface Options {
  /** Aborting it abandons the operation (RFC 4511 §4.11) and rejects with `cancelled`. */
  readonly signal?: AbortSignal;
  /** Milliseconds that this operation may take; absent: the session's own operation timeout. */
  readonly timeoutMs?: number;
  readonly observer?: Observer;
  /** Of a search: told of what it leaves out. */
  readonly notice?: (notice: SearchNotice) => void;
}

/** Options of a write. */
export interface WriteOptions extends Options {
  /**
   * Attributes of the entry after the write that the caller wants back (post-read control, RFC 4527 §3.2).
   * A directory that does not serve the control answers `undefined`, and the caller reads for itself.
   */
  readonly postRead?: readonly string[];
  /** The write happens only if the entry matches (assertion control, RFC 4528); refused with 122 otherwise. */
  readonly assertion?: Filter;
  /**
   * Of a modify: adding a value that is there and deleting one that is not are no errors (permissive modify control).
   * Only where {@link Directory.supports} says so; elsewhere it is not heeded.
   */
  readonly permissive?: boolean;
}

/** What detection learned of a directory from its root DSE and schema. Plain data: it is kept in the state store. */
export interface DirectoryDescription {
  /** Key of the table of products in `traits.ts`, e.g. `openldap`. */
  readonly product: string;
  readonly vendorName?: string;
  readonly vendorVersion?: string;
  /** Normal (not internal) naming contexts, as the root DSE spells them. */
  readonly namingContexts: readonly string[];
  readonly supportedControls: readonly string[];
  readonly supportedExtensions: readonly string[];
  readonly supportedFeatures: readonly string[];
  readonly saslMechanisms: readonly string[];
  readonly subschemaSubentry?: string;
  /** The immutable id that this product gives every entry, or `dn` where it has none. */
  readonly proposedAnchor: string;
  /** The attribute that holds the password, by product. */
  readonly passwordAttribute: string;
  /** Identity of the server that answered; a watermark of another server is worth nothing. */
  readonly serverId?: string;
  /** Where the server logs what is written (slapo-accesslog). */
  readonly accessLog?: string;
  /** Where the server numbers its changes (draft-good-ldap-changelog). */
  readonly changeLog?: string;
}

/**
 * A directory. Every method rejects with {@link import('./error').LdapError} and with nothing else.
 * Writes answer the entry after the write where post-read was asked for and is served.
 */
export interface Directory {
  readonly description: DirectoryDescription;
  readonly schema: Schema;
  /**
   * Entries in the server's order, page by page. Ends without error only when the server has said that the result is
   * complete (or `sizeLimit` was reached): a caller may conclude absence from a search that ended. A base that is missing
   * is an error.
   */
  search(request: SearchRequest, options?: Options): AsyncIterable<Entry>;
  add(entry: Entry, options?: WriteOptions): Promise<Entry | undefined>;
  modify(dn: DN, modifications: readonly Modification[], options?: WriteOptions): Promise<Entry | undefined>;
  /** Renames, moves or both (RFC 4511 §4.9): the new RDN and, when the parent differs, the new superior come from `newDN`. */
  modifyDN(dn: DN, newDN: DN, options: WriteOptions & { readonly deleteOldRdn: boolean }): Promise<Entry | undefined>;
  /** With `tree`, the whole subtree (tree delete control) where the directory serves it; otherwise leaf entries only (66). */
  delete(dn: DN, options?: Options & { readonly tree?: boolean }): Promise<void>;
  /**
   * Sets the password of an entry: by the password modify operation (RFC 3062) where the directory serves it, else by
   * replacing its password attribute. Refused with {@link import('./error').PasswordRefused} where a policy forbids it.
   */
  setPassword(dn: DN, password: string, options?: Options): Promise<void>;
  /** Whether the root DSE lists this control (or extension, or feature). */
  supports(oid: string): boolean;
  /** Reads the root DSE and the subschema again; `description` and `schema` are replaced when they differ. */
  refresh(options?: Options): Promise<void>;
  /** Absent: this directory cannot say what changed. */
  readonly changes?: ChangeSource | undefined;
  close(): Promise<void>;
}
