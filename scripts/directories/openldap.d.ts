/** An account of the private server. */
export interface OpenLdapAccount {
  readonly dn: string;
  readonly password: string;
  readonly passwordFile: string;
}

/** A private OpenLDAP server that listens on 127.0.0.1. */
export interface OpenLdap {
  readonly folder: string;
  readonly host: string;
  readonly port: number;
  readonly tlsPort: number;
  readonly suffix: string;
  readonly pid: number | undefined;
  readonly url: string;
  readonly ldapsUrl: string;
  /** For the account that has started the server, which is the connector there (SASL EXTERNAL). */
  readonly ldapiUrl: string;
  readonly caFile: string;
  /** Of the connector, for SASL EXTERNAL. */
  readonly clientCertificate: { readonly file: string; readonly keyFile: string };
  readonly admin: OpenLdapAccount;
  readonly connector: OpenLdapAccount;
  readonly reader: OpenLdapAccount;
}

export interface OpenLdapOptions {
  /** Everything that the server owns is below this folder. */
  readonly folder: string;
  readonly port?: number;
  readonly tlsPort?: number;
  readonly suffix?: string;
  /** Seconds of silence after which the server closes a connection; 0: never. */
  readonly idleTimeout?: number;
  /** Entries that accounts other than admin and connector get from one search. */
  readonly limits?: number;
  /** Result codes on demand: any operation on `cn=busy|unavailable|…|slow,ou=RetCodes,<suffix>`. */
  readonly faults?: boolean;
  /** False: do not wait for the disk (tests). */
  readonly sync?: boolean;
  /** Realm of Kerberos; the keytab is that of `KRB5_KTNAME`. */
  readonly saslRealm?: string;
  /** Do not outlive the process that starts it (tests), where util-linux is installed. */
  readonly untilParentEnds?: boolean;
  /** Room for millions of entries, and no substring indexes. */
  readonly large?: boolean;
  /** False: entries do not show which groups they are in. */
  readonly memberOf?: boolean;
  /** Attribute types and object classes beside the usual ones, as a file of slapd's. */
  readonly schemaFile?: string;
  /** Modules to load beside the usual ones. */
  readonly modules?: readonly string[];
  /** More lines of slapd.conf for the database of the suffix, after everything else. */
  readonly directives?: readonly string[];
  /** A folder with ca.pem, server.pem and server.key to copy instead of making them. */
  readonly certificates?: string;
}

export function startOpenLdap(options: OpenLdapOptions): Promise<OpenLdap>;
export function stopOpenLdap(folder: string): Promise<boolean>;
