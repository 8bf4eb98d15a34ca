/** A private 389 Directory Server: ns-slapd with a configuration of ours, without systemd and without dscreate. */

const { execFileSync } = require('node:child_process');
const { copyFileSync, mkdirSync, rmSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');
const { Attribute, Change } = require('ldapts');
const { configuration } = require('./dirsrvConfig');
const { asAdmin, expectInstalled, expectRoot, startServer, stopServer } = require('./instance');

const NAME = '389 Directory Server';
const PACKAGES = ['389-ds-base', 'libnss3-tools', 'openssl'];
const NS_SLAPD = '/usr/sbin/ns-slapd';
const MANAGER = 'cn=Directory Manager';

/** The retro change log names entries by an attribute only when the schema has it. */
const SCHEMA_OF_OURS = `dn: cn=schema
attributeTypes: ( 1.3.6.1.4.1.55555.1.1 NAME 'targetEntryUUID' DESC 'entryUUID of the entry that changed' SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE X-ORIGIN 'user defined' )
`;

/** SASL EXTERNAL: whom a client certificate stands for is found by its common name, wherever in the tree. */
const CERTIFICATES_OF_ACCOUNTS = `certmap default default
default:DNComps
default:FilterComps cn
`;

function expectDirsrv() {
  expectInstalled(NAME, [NS_SLAPD, '/usr/share/dirsrv/data/template-dse.ldif', '/usr/bin/pk12util'], PACKAGES);
  expectRoot(NAME, "Debian's package keeps its configuration from other accounts");
}

function makeFiles(settings) {
  const { folder } = settings;
  mkdirSync(join(folder, 'config/schema'), { mode: 0o700 });
  copyFileSync('/etc/dirsrv/schema/99user.ldif', join(folder, 'config/schema/99user.ldif'));
  copyFileSync('/etc/dirsrv/config/slapd-collations.conf', join(folder, 'config/slapd-collations.conf'));
  writeFileSync(join(folder, 'config/certmap.conf'), CERTIFICATES_OF_ACCOUNTS);
  writeFileSync(join(folder, 'config/schema/98connector.ldif'), SCHEMA_OF_OURS);
  writeFileSync(join(folder, 'config/dse.ldif'), configuration({ ...settings, manager: MANAGER }), {
    mode: 0o600,
  });
  makeKeyStore(folder);
}

/** The server reads certificates from an NSS database only. */
function makeKeyStore(folder) {
  const store = `sql:${join(folder, 'cert')}`;
  const bundle = join(folder, 'cert/server.p12');
  const run = (program, ...args) => execFileSync(program, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  const tls = (file) => join(folder, 'tls', file);
  run('certutil', '-N', '-d', store, '--empty-password');
  run('certutil', '-A', '-d', store, '-n', 'Example CA', '-t', 'CT,C,C', '-a', '-i', tls('ca.pem'));
  const pair = ['-in', tls('server.pem'), '-inkey', tls('server.key'), '-name', 'Server-Cert'];
  run('openssl', 'pkcs12', '-export', ...pair, '-passout', 'pass:once', '-out', bundle);
  run('pk12util', '-i', bundle, '-d', store, '-W', 'once');
  rmSync(bundle);
}

/** Containers, accounts and who may do what; the server must run. */
async function addFirstEntries({ port, suffix, passwords }) {
  const connector = `cn=connector,${suffix}`;
  await asAdmin({ url: `ldap://127.0.0.1:${port}`, dn: MANAGER, password: passwords.admin }, async (client) => {
    const may = (text, rights, who) => `(targetattr${text})(version 3.0; acl "${rights}"; allow (${rights}) ${who};)`;
    const aci = [
      may(' != "userPassword || aci"', 'read, search, compare', 'userdn="ldap:///all"'),
      may('="*"', 'all', `userdn="ldap:///${connector}"`),
    ];
    const dc = /^dc=([^,]+)/i.exec(suffix)?.[1];
    await client.add(suffix, { objectClass: ['top', 'domain'], dc, aci });
    for (const ou of ['people', 'groups', 'former'])
      await client.add(`ou=${ou},${suffix}`, { objectClass: ['top', 'organizationalUnit'], ou });
    for (const cn of ['connector', 'reader']) {
      const objectClass = ['top', 'organizationalRole', 'simpleSecurityObject'];
      await client.add(`cn=${cn},${suffix}`, { objectClass, cn, userPassword: passwords[cn] });
    }
    await change(
      client,
      'cn=changelog',
      'add',
      'aci',
      may('="*"', 'read, search, compare', `userdn="ldap:///${connector}"`),
    );
    // With the retro change log it would be cn=changelog.
    await change(client, 'cn=config', 'replace', 'nsslapd-defaultnamingcontext', suffix);
  });
}

async function change(client, dn, operation, type, value) {
  await client.modify(dn, new Change({ operation, modification: new Attribute({ type, values: [value] }) }));
}

const recipe = {
  name: NAME,
  seconds: 60,
  defaults: { suffix: 'dc=example,dc=com', port: 3489, tlsPort: 3490 },
  parts: ['bak', 'cert', 'config', 'db', 'ldif', 'lock', 'log', 'run', 'inst', 'tmp'],
  expect: expectDirsrv,
  make: makeFiles,
  fill: addFirstEntries,
  command: ({ folder }) => [NS_SLAPD, '-D', join(folder, 'config'), '-i', join(folder, 'run/ns-slapd.pid'), '-d', '0'],
  accounts: (suffix) => ({ admin: MANAGER, connector: `cn=connector,${suffix}`, reader: `cn=reader,${suffix}` }),
};

module.exports = { startDirsrv: (options) => startServer(recipe, options), stopDirsrv: stopServer };
