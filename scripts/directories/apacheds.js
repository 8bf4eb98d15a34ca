/** A private Apache Directory Server from Debian's package, with access control, in a folder of its own. */

const { execFileSync } = require('node:child_process');
const { copyFileSync, existsSync, readdirSync, readFileSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');
const { Attribute, Change } = require('ldapts');
const { asAdmin, expectInstalled, expectRoot, startServer, stopServer } = require('./instance');

const NAME = 'ApacheDS';
const LIBRARIES = '/usr/share/apacheds/lib';
/** What Debian's package leaves out of its class path. */
const MORE_LIBRARIES = [
  'caffeine',
  'commons-collections4',
  'commons-text',
  'commons-lang3',
  'commons-codec',
  'commons-pool2',
];
const PACKAGES = [
  'apacheds',
  'openjdk-17-jre-headless',
  'openssl',
  // What Debian's package leaves out of its dependencies.
  'libapache-directory-api-java',
  'libapache-directory-jdbm-java',
  'libbcprov-java',
  'libcaffeine-java',
  'libcommons-lang-java',
  'libcommons-pool-java',
  'libdom4j-java',
  'libmavibot-java',
  'libmina2-java',
  'libxpp3-java',
];
const CONFIGURATION = '/etc/apacheds/config.ldif';
const ADMIN = 'uid=admin,ou=system';
/** The password of a fresh instance. */
const FIRST_PASSWORD = 'secret';
const STORE_PASSWORD = 'changeit';

function java() {
  const machines = '/usr/lib/jvm';
  const of17 = existsSync(machines) ? readdirSync(machines).filter((name) => /^java-17-openjdk/.test(name)) : [];
  const found = [...of17, 'default-java']
    .map((name) => join(machines, name, 'bin/java'))
    .find((path) => existsSync(path));
  return found ?? join(machines, 'java-17-openjdk-amd64/bin/java');
}

function expectApacheds() {
  const jars = ['apache-directory-api-all', 'mina2-core', 'caffeine', 'bcprov', 'mavibot', 'dom4j', 'xpp3'];
  expectInstalled(NAME, [LIBRARIES, java(), ...jars.map((jar) => `/usr/share/java/${jar}.jar`)], PACKAGES);
  expectRoot(NAME, "Debian's package keeps its configuration from other accounts");
}

function makeFiles({ folder, port, tlsPort, suffix }) {
  const conf = join(folder, 'conf');
  const store = join(folder, 'tls/server.p12');
  copyFileSync('/etc/apacheds/log4j.properties', join(conf, 'log4j.properties'));
  const tls = (file) => join(folder, 'tls', file);
  const pair = ['-in', tls('server.pem'), '-inkey', tls('server.key'), '-certfile', tls('ca.pem'), '-name', 'server'];
  execFileSync('openssl', ['pkcs12', '-export', ...pair, '-passout', `pass:${STORE_PASSWORD}`, '-out', store], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const dc = /^dc=([^,]+)/i.exec(suffix)?.[1];
  const context = Buffer.from(`dn: ${suffix}\nobjectclass: top\nobjectclass: domain\ndc: ${dc}\n\n`).toString('base64');
  const text = readFileSync(CONFIGURATION, 'utf8')
    .replace(/\n /g, '')
    .replaceAll('ads-transportaddress: 0.0.0.0', 'ads-transportaddress: 127.0.0.1')
    .replaceAll('ads-systemport: 10389', `ads-systemport: ${port}`)
    .replaceAll('ads-systemport: 10636', `ads-systemport: ${tlsPort}`)
    .replaceAll('ads-dsaccesscontrolenabled: FALSE', 'ads-dsaccesscontrolenabled: TRUE')
    // It counts over all pages of a search, so that one of more entries could never be read to its end.
    .replace(/^ads-maxsizelimit: \d+$/gim, 'ads-maxsizelimit: 10000000')
    .replaceAll('ads-dsallowanonymousaccess: TRUE', 'ads-dsallowanonymousaccess: FALSE')
    .replace(
      /^ads-saslHost: .*$/m,
      `ads-saslHost: localhost\nads-keystoreFile: ${store}\nads-certificatePassword: ${STORE_PASSWORD}`,
    )
    .replace(/^(ads-partitionsuffix: )dc=example,dc=com$/im, `$1${suffix}`)
    .replace(/^(ads-contextentry:: )ZG46IGRjPWV4YW1wbGUs.*$/im, `$1${context}`);
  writeFileSync(join(conf, 'config.ldif'), text, { mode: 0o600 });
}

/** Who may do what, as prescriptive ACI (X.501): without it even the connector could not read. */
function accessControl(suffix) {
  const connector = `cn=connector,${suffix}`;
  const all = 'protectedItems { entry, allUserAttributeTypesAndValues }';
  const read = 'grantRead, grantBrowse, grantReturnDN, grantCompare, grantFilterMatch, grantDiscloseOnError';
  const write = 'grantAdd, grantRemove, grantModify, grantRename, grantExport, grantImport';
  const hidden = 'protectedItems { attributeType { userPassword }, allAttributeValues { userPassword } }';
  const aci = (tag, precedence, who, permissions) =>
    `{ identificationTag "${tag}", precedence ${precedence}, authenticationLevel simple, itemOrUserFirst userFirst: ` +
    `{ userClasses { ${who} }, userPermissions { ${permissions.join(', ')} } } }`;
  return [
    aci('connectorWrites', 20, `name { "${connector}" }`, [`{ ${all}, grantsAndDenials { ${write}, ${read} } }`]),
    aci('othersRead', 10, 'allUsers', [
      `{ ${all}, grantsAndDenials { ${read} } }`,
      `{ ${hidden}, grantsAndDenials { denyRead, denyFilterMatch, denyCompare } }`,
    ]),
  ];
}

/** Passwords, containers, accounts, access control. */
async function addFirstEntries({ port, suffix, passwords }) {
  const url = `ldap://127.0.0.1:${port}`;
  await asAdmin({ url, dn: ADMIN, password: FIRST_PASSWORD }, (client) =>
    change(client, ADMIN, 'replace', 'userPassword', passwords.admin),
  );
  await asAdmin({ url, dn: ADMIN, password: passwords.admin }, async (client) => {
    for (const ou of ['people', 'groups', 'former'])
      await client.add(`ou=${ou},${suffix}`, { objectClass: ['top', 'organizationalUnit'], ou });
    for (const cn of ['connector', 'reader']) {
      const objectClass = ['top', 'organizationalRole', 'simpleSecurityObject'];
      await client.add(`cn=${cn},${suffix}`, { objectClass, cn, userPassword: passwords[cn] });
    }
    await change(client, suffix, 'add', 'administrativeRole', 'accessControlSpecificArea');
    await client.add(`cn=accessControl,${suffix}`, {
      objectClass: ['top', 'subentry', 'accessControlSubentry'],
      cn: 'accessControl',
      subtreeSpecification: '{}',
      prescriptiveACI: accessControl(suffix),
    });
  });
}

async function change(client, dn, operation, type, value) {
  await client.modify(dn, new Change({ operation, modification: new Attribute({ type, values: [value] }) }));
}

function command({ folder }) {
  const more = MORE_LIBRARIES.map((name) => `/usr/share/java/${name}.jar`).filter((path) => existsSync(path));
  return [
    java(),
    '-Djava.awt.headless=true',
    '-Xmx256m',
    `-Dlog4j.configuration=file:${join(folder, 'conf/log4j.properties')}`,
    `-Dapacheds.log.dir=${join(folder, 'log')}`,
    '-cp',
    [`${LIBRARIES}/*`, ...more].join(':'),
    'org.apache.directory.server.UberjarMain',
    `${folder}/`,
  ];
}

const recipe = {
  name: NAME,
  seconds: 120,
  defaults: { suffix: 'dc=example,dc=com', port: 3689, tlsPort: 3690 },
  parts: ['conf', 'log', 'run', 'cache', 'partitions'],
  expect: expectApacheds,
  make: makeFiles,
  fill: addFirstEntries,
  command,
  accounts: (suffix) => ({ admin: ADMIN, connector: `cn=connector,${suffix}`, reader: `cn=reader,${suffix}` }),
};

module.exports = { startApacheds: (options) => startServer(recipe, options), stopApacheds: stopServer };
