import type { OpenLdap, OpenLdapOptions } from './openldap';

/** What every private server takes; OpenLDAP takes more. */
export type ServerOptions = Pick<OpenLdapOptions, 'folder' | 'port' | 'tlsPort' | 'suffix' | 'untilParentEnds'>;

export interface DirectoryServer {
  /** For people. */
  readonly name: string;
  /** Where it listens when started by hand; TLS one above. */
  readonly port: number;
  start(options: ServerOptions): Promise<OpenLdap>;
  stop(folder: string): Promise<boolean>;
}

export type RealProduct = 'openldap' | '389ds' | 'samba' | 'apacheds';
/** Played by slapd, from what vendors and users have published. */
export type EmulatedProduct = 'adlds' | 'dsee' | 'edirectory' | 'ibm' | 'isode' | 'opendj' | 'opends' | 'radiantone';

export const servers: Readonly<Record<RealProduct | EmulatedProduct, DirectoryServer>>;
export const realProducts: readonly RealProduct[];
export function productsNamed(names: readonly string[]): string[];
