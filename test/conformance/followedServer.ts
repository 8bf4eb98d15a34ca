/** Servers of their own whose changes are followed by one method. */
import type { ChangeOptions } from '../../src/directory/changes/candidates';
import type { ChangeSource } from '../../src/directory/changes/changeSource';
import type { Directory } from '../../src/directory/directory';
import { DN } from '../../src/directory/dn';
import { openLdapDirectory } from '../../src/directory/ldapDirectory';
import { type Product, startDirectoryServer } from '../support/directoryServer';
import { startSlapd } from '../support/slapd';
import { dialects, playChangeLog } from '../support/vendorChangeLog';
import type { OpenedSource } from './changeSource';
import { temporaryOU } from './testbed';

type Facts = Pick<OpenedSource, 'anchor' | 'keepsReferences' | 'hasMemberOf' | 'groupClass'>;

interface Reached {
  readonly host: string;
  readonly port: number;
  readonly suffix: string;
  readonly userName: string;
  readonly password: string;
  stop(): Promise<void>;
}

export async function openSlapd(method: ChangeOptions['method']): Promise<OpenedSource> {
  const slapd = await startSlapd();
  if (!slapd) throw new Error('slapd does not start; the line above says why');
  const { connectorDN: userName, connectorPassword: password } = slapd;
  const facts = { anchor: 'entryUUID', keepsReferences: true, hasMemberOf: true };
  return follow({ ...slapd, userName, password }, method, facts);
}

export async function openProduct(
  product: Product,
  method: ChangeOptions['method'],
  facts: Facts,
): Promise<OpenedSource> {
  const server = await startDirectoryServer(product);
  if (!server) throw new Error(`${product} does not start; the line above says why`);
  const { dn: userName, password } = server.connector;
  return follow({ ...server, userName, password }, method, facts);
}

/** A product that is played by slapd and keeps a change log; how changes are found is detected. */
export async function openDialect(product: keyof typeof dialects, facts: Facts): Promise<OpenedSource> {
  const server = await startDirectoryServer(product, { changeLog: true });
  if (!server) throw new Error(`${product} does not start; the line above says why`);
  const { dn: userName, password } = server.connector;
  const vendor = await playChangeLog(server, dialects[product]);
  const stop = async () => {
    await vendor.close();
    await server.stop();
  };
  return follow({ ...server, port: vendor.port, userName, password, stop }, 'auto', facts);
}

async function follow(server: Reached, method: ChangeOptions['method'], facts: Facts): Promise<OpenedSource> {
  const { host, port, userName, password } = server;
  const directory = await openLdapDirectory({
    hosts: [{ host, port }],
    binding: 'Basic',
    userName,
    password: () => password,
    connectionTimeoutMs: 10_000,
    operationTimeoutMs: 60_000,
    changes: { method, bases: [] },
  });
  const { base, remove } = await temporaryOU(directory, DN.parse(server.suffix));
  const close = async () => {
    try {
      await remove();
      await directory.close();
    } finally {
      await server.stop();
    }
  };
  return { directory: directory as Directory & { readonly changes: ChangeSource }, base, close, ...facts };
}
