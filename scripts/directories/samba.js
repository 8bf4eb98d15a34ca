/**
 * A private Samba AD domain controller. Its LDAP ports are fixed, so it has a network namespace of its own; sockets that
 * were made outside pass on inside what arrives at high ports of 127.0.0.1 (`sambaInside.js`).
 */

const { execFileSync } = require('node:child_process');
const { chmodSync, readFileSync, writeFileSync } = require('node:fs');
const net = require('node:net');
const { join } = require('node:path');
const { Attribute, Change } = require('ldapts');
const { asAdmin, expectInstalled, expectRoot, keepPassword, startServer, stopServer } = require('./instance');

const NAME = 'Samba AD';
const PACKAGES = [
  'samba',
  'samba-ad-dc',
  'samba-ad-provision',
  'samba-dsdb-modules',
  'samba-vfs-modules',
  'python3-samba',
  'winbind',
  'iproute2',
  'openssl',
];
const SAMBA = '/usr/sbin/samba';
const UNSHARE = '/usr/bin/unshare';

/** userAccountControl: a normal account (512) whose password does not expire (65536). */
const ENABLED = '66048';

function expectSamba() {
  expectInstalled(NAME, [SAMBA, '/usr/bin/samba-tool', '/usr/share/samba/setup', UNSHARE, '/usr/sbin/ip'], PACKAGES);
  expectRoot(NAME, 'it has a network namespace of its own, and its files have security attributes');
}

/** `dc=ad,dc=example,dc=com` → `ad.example.com`. */
function domainOf(suffix) {
  return suffix
    .split(',')
    .map((rdn) => /^dc=([a-z0-9-]+)$/i.exec(rdn.trim())?.[1])
    .join('.')
    .toLowerCase();
}

function settingsText(folder, domain) {
  return `[global]
  netbios name = DC1
  workgroup = ${domain.split('.')[0].toUpperCase()}
  realm = ${domain.toUpperCase()}
  server role = active directory domain controller
  server services = ldap, kdc, drepl
  interfaces = 127.0.0.1/8
  bind interfaces only = yes
  private dir = ${folder}/dc/private
  state directory = ${folder}/dc/state
  cache directory = ${folder}/dc/cache
  lock directory = ${folder}/dc
  binddns dir = ${folder}/dc/bind-dns
  pid directory = ${folder}/dc/run
  ncalrpc dir = ${folder}/dc/run/ncalrpc
  logging = file
  log file = ${folder}/samba.log
  log level = 1
  max log size = 5000
  ldap server require strong auth = no
  tls enabled = yes
  tls certfile = ${folder}/tls/server.pem
  tls keyfile = ${folder}/tls/server.key
  tls cafile = ${folder}/tls/ca.pem
  tls verify peer = no_check
  disable spoolss = yes
`;
}

/** Lets samba-tool make the domain. It makes the administrator's password too, so that none stands among arguments. */
function makeDomain({ folder, suffix, passwords }) {
  const domain = domainOf(suffix);
  chmodSync(join(folder, 'tls/server.key'), 0o600);
  const empty = join(folder, 'provision.conf');
  writeFileSync(empty, `[global]\n  log file = ${folder}/provision.log\n`);
  const options = {
    configfile: empty,
    targetdir: join(folder, 'dc'),
    realm: domain.toUpperCase(),
    domain: domain.split('.')[0].toUpperCase(),
    'server-role': 'dc',
    'dns-backend': 'NONE',
    'host-name': 'dc1',
    'host-ip': '127.0.0.1',
    'function-level': '2008_R2',
  };
  const args = Object.entries(options).map(([name, value]) => `--${name}=${value}`);
  const output = execFileSync('sh', ['-c', 'exec samba-tool domain provision "$@" 2>&1', 'sh', ...args], {
    encoding: 'utf8',
    maxBuffer: 10_000_000,
  });
  const password = /^(?:INFO .*?: )?\s*Admin password:\s+(.*)$/m.exec(output)?.[1];
  if (password === undefined) throw new Error(`samba-tool said no password of the administrator:\n${output}`);
  passwords.admin = password;
  keepPassword(folder, 'admin', password);
  writeFileSync(join(folder, 'smb.conf'), settingsText(folder, domain));
}

/** Containers, accounts, and passwords of any kind. */
async function addFirstEntries({ folder, tlsPort, suffix, passwords }) {
  const dn = administrator(suffix);
  const ca = readFileSync(join(folder, 'tls/ca.pem'));
  const url = `ldaps://127.0.0.1:${tlsPort}`;
  await asAdmin({ url, dn, password: passwords.admin, ca }, async (client) => {
    // A password needs four characters and may be changed at once.
    await change(client, suffix, 'replace', {
      minPwdLength: '4',
      pwdProperties: '0',
      minPwdAge: '0',
      pwdHistoryLength: '0',
    });
    await change(client, dn, 'replace', { userAccountControl: ENABLED });
    for (const ou of ['people', 'groups', 'former'])
      await client.add(`OU=${ou},${suffix}`, { objectClass: ['top', 'organizationalUnit'], ou });
    for (const name of ['connector', 'reader'])
      await client.add(
        `CN=${name},CN=Users,${suffix}`,
        Object.entries({
          objectClass: 'user',
          sAMAccountName: name,
          userPrincipalName: `${name}@${domainOf(suffix)}`,
          userAccountControl: ENABLED,
          unicodePwd: Buffer.from(`"${passwords[name]}"`, 'utf16le'),
        }).map(([type, value]) => new Attribute({ type, values: [value] })),
      );
    await change(client, `CN=Domain Admins,CN=Users,${suffix}`, 'add', { member: `CN=connector,CN=Users,${suffix}` });
  });
}

async function change(client, dn, operation, values) {
  const changes = Object.entries(values).map(
    ([type, value]) => new Change({ operation, modification: new Attribute({ type, values: [value] }) }),
  );
  await client.modify(dn, changes);
}

const administrator = (suffix) => `CN=Administrator,CN=Users,${suffix}`;

/** Our name of a port → the domain controller's own. */
const PORTS = { port: 389, tlsPort: 636, catalogPort: 3268, catalogTlsPort: 3269, kdcPort: 88 };

/** Sockets of this network namespace; whoever inherits them may be in another. */
async function listen(settings) {
  const servers = await Promise.all(
    Object.keys(PORTS).map(
      (each) =>
        new Promise((done, fail) => {
          const server = net.createServer();
          server.once('error', fail).listen(settings[each], '127.0.0.1', () => done(server));
        }),
    ),
  );
  return {
    descriptors: servers.map(({ _handle }) => _handle.fd),
    close: () => {
      for (const server of servers) server.close();
    },
  };
}

const recipe = {
  name: NAME,
  seconds: 120,
  defaults: { suffix: 'DC=ad,DC=example,DC=com', port: 3589, tlsPort: 3590 },
  parts: ['dc'],
  morePorts: Object.keys(PORTS).slice(2),
  expect: expectSamba,
  make: makeDomain,
  fill: addFirstEntries,
  listen,
  command: ({ folder }) => {
    const samba = [SAMBA, '-F', '--no-process-group', '-M', 'single', '-s', join(folder, 'smb.conf')];
    const inside = [join(__dirname, 'sambaInside.js'), ...Object.values(PORTS).map(String)];
    return [UNSHARE, '--net', process.execPath, ...inside, '--', ...samba];
  },
  accounts: (suffix) => ({
    admin: administrator(suffix),
    connector: `CN=connector,CN=Users,${suffix}`,
    reader: `CN=reader,CN=Users,${suffix}`,
  }),
};

module.exports = { startSamba: (options) => startServer(recipe, options), stopSamba: stopServer };
