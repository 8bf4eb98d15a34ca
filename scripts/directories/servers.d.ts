import type { OpenLdap, OpenLdapOptions } from './openldap';

/** What every private server takes; OpenLDAP takes more. */
export type ServerOptions = Pick<OpenLdapOptions, 'folder' | 'port' | 'tlsPort' | 'suffix' | 'untilParentEnds'>;

/** Of an emulated product. */
export interface EmulationOptions {
  /** It announces a log of its changes, `cn=changelog`, which whoever starts it has to write as the administrator. */
  readonly changeLog?: boolean;
}

/** Further ports of a server that has them. */
export interface MorePorts {
  /** Samba: its Global Catalog. */
  readonly catalogPort?: number;
  /** Samba: its Global Catalog over TLS. */
  readonly catalogTlsPort?: number;
  /** Samba: its Kerberos key distribution center. */
  readonly kdcPort?: number;
}

export interface DirectoryServer {
  /** For people. */
  readonly name: string;
  /** Where it listens when started by hand; TLS one above. */
  readonly port: number;
  start(options: ServerOptions & MorePorts & EmulationOptions): Promise<OpenLdap & MorePorts>;
  stop(folder: string): Promise<boolean>;
}

export type RealProduct = 'openldap' | '389ds' | 'samba' | 'apacheds';
/** Played by slapd, from what vendors and users have published. */
export type EmulatedProduct = 'adlds' | 'dsee' | 'edirectory' | 'ibm' | 'isode' | 'opendj' | 'opends' | 'radiantone';

export const servers: Readonly<Record<RealProduct | EmulatedProduct, DirectoryServer>>;
export const realProducts: readonly RealProduct[];
export function productsNamed(names: readonly string[]): string[];
