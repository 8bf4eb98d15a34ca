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

export const servers: Readonly<Record<'openldap' | '389ds' | 'samba' | 'apacheds', DirectoryServer>>;
export function productsNamed(names: readonly string[]): string[];
