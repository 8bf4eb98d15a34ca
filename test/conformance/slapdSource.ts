/** A slapd of its own whose changes are followed by one method. */
import type { ChangeOptions } from '../../src/directory/changes/candidates';
import type { ChangeSource } from '../../src/directory/changes/changeSource';
import type { Directory } from '../../src/directory/directory';
import { DN } from '../../src/directory/dn';
import { openLdapDirectory } from '../../src/directory/ldapDirectory';
import { startSlapd } from '../support/slapd';
import type { OpenedSource } from './changeSource';
import { temporaryOU } from './testbed';

export async function openSlapd(method: ChangeOptions['method']): Promise<OpenedSource> {
  const slapd = await startSlapd();
  if (!slapd) throw new Error('slapd does not start; the line above says why');
  const directory = await openLdapDirectory({
    hosts: [{ host: slapd.host, port: slapd.port }],
    binding: 'Basic',
    userName: slapd.connectorDN,
    password: () => slapd.connectorPassword,
    connectionTimeoutMs: 10_000,
    operationTimeoutMs: 60_000,
    changes: { method, bases: [] },
  });
  const { base, remove } = await temporaryOU(directory, DN.parse(slapd.suffix));
  const close = async () => {
    try {
      await remove();
      await directory.close();
    } finally {
      await slapd.stop();
    }
  };
  const followed = directory as Directory & { readonly changes: ChangeSource };
  return { directory: followed, base, close, anchor: 'entryUUID', keepsReferences: true, hasMemberOf: true };
}
