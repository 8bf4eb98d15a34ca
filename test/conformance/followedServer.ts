/** Servers of their own whose changes are followed by one method. */
import type { ChangeOptions } from '../../src/directory/changes/candidates';
import type { ChangeSource } from '../../src/directory/changes/changeSource';
import type { Directory } from '../../src/directory/directory';
import { DN } from '../../src/directory/dn';
import { openLdapDirectory } from '../../src/directory/ldapDirectory';
import { type Product, startDirectoryServer } from '../support/directoryServer';
import { startSlapd } from '../support/slapd';
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
