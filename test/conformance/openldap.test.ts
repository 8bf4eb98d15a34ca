/** OpenLDAP against the tests that every directory must pass, in a server of its own and over StartTLS. */
import { readFileSync } from 'node:fs';
import { DN } from '../../src/directory/dn';
import { openLdapDirectory } from '../../src/directory/ldapDirectory';
import { startSlapd } from '../support/slapd';
import { runDirectoryTests, temporaryOU } from './directory';

const { findSlapd } = require('../../scripts/directories/slapdBinaries') as { findSlapd(): unknown };

async function open() {
  const slapd = await startSlapd();
  if (!slapd) throw new Error('slapd was found but did not start; the line above says why');
  const directory = await openLdapDirectory({
    hosts: [{ host: slapd.host, port: slapd.port }],
    binding: 'TLS',
    userName: slapd.connectorDN,
    password: () => slapd.connectorPassword,
    tls: { ca: readFileSync(slapd.caFile) },
    connectionTimeoutMs: 10_000,
    operationTimeoutMs: 60_000,
    pageSize: 500,
  });
  const { base, remove } = await temporaryOU(directory, DN.parse(slapd.suffix));
  return {
    directory,
    base,
    close: async () => {
      try {
        await remove();
        await directory.close();
      } finally {
        await slapd.stop();
      }
    },
  };
}

function slapdIsInstalled(): boolean {
  try {
    findSlapd();
    return true;
  } catch {
    return false;
  }
}

// On a build server the absence of slapd is a failure, which `startSlapd` reports: no test may vanish there.
if (slapdIsInstalled() || process.env.CI) runDirectoryTests('OpenLDAP', open, { notesMemberships: true });
else {
  const reason = 'slapd is not installed (Debian: apt-get install --no-install-recommends slapd)';
  process.stderr.write(`OpenLDAP's conformance tests do not run here: ${reason}\n`);
  describe.skip(`OpenLDAP as a directory: ${reason}`, () => {
    test('nothing is proved without a server', () => {});
  });
}
