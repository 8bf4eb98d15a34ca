/** What our slapd is told: slapd.conf, the first entries, and the certificates it shows. */

const { execFileSync } = require('node:child_process');
const { createHash, randomBytes } = require('node:crypto');
const { mkdirSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');

/** A salted hash, so that no password of an account stands in the database in clear. */
function hashed(password) {
  const salt = randomBytes(8);
  return `{SSHA}${Buffer.concat([createHash('sha1').update(password).update(salt).digest(), salt]).toString('base64')}`;
}

// One answer per cause that is hard to provoke: cn=<name>,ou=RetCodes,<suffix>.
const RETCODES = [
  'busy 0x33',
  'unavailable 0x34',
  'timeLimitExceeded 0x03',
  'adminLimitExceeded 0x0b',
  'unwillingToPerform 0x35',
];

function retcodeOverlay(suffix) {
  const items = RETCODES.map((item) => `retcode-item "cn=${item.split(' ')[0]}" ${item.split(' ')[1]}`);
  return [
    'overlay retcode',
    `retcode-parent "ou=RetCodes,${suffix}"`,
    ...items,
    'retcode-item "cn=slow" 0x00 sleeptime=2',
  ];
}

/** Controls that name attributes, which no overlay translates, so a server with other names does not show them. */
const UNTRANSLATED = ['1.3.6.1.1.12', '1.3.6.1.1.13.1', '1.3.6.1.1.13.2'];

/** Content synchronization and access log: how OpenLDAP tells its changes, and none of those that it plays. */
const OWN_CONTROLS = ['1.3.6.1.4.1.4203.1.9.1.1'];
const OWN_CONTEXTS = 'cn=(accesslog|changelog)';

function hidden(names) {
  const oids = names.length === 0 ? OWN_CONTROLS : [...OWN_CONTROLS, ...UNTRANSLATED];
  const controls = oids.map((oid) => oid.replaceAll('.', '[.]')).join('|');
  return [
    `access to dn.base="" attrs=supportedControl val.regex="^(${controls})$" by * none`,
    `access to dn.base="" attrs=namingContexts val.regex="^${OWN_CONTEXTS}$" by * none`,
    'access to * by * read',
  ];
}

/** A database for what a product logs of its changes; whoever plays the product writes it as the administrator. */
function changeLogDatabase(folder, { admin, connector }) {
  return [
    'database mdb',
    'suffix cn=changelog',
    `directory ${join(folder, 'changelog')}`,
    'rootdn cn=changelog',
    'maxsize 1073741824',
    'dbnosync',
    'index changeNumber eq',
    'limits * size=unlimited time=unlimited',
    `access to * by dn.exact="${admin}" manage by dn.exact="${connector}" read by * none`,
    '',
  ];
}

/** The overlay that comes last sees requests first: everything below it knows our own names only. */
function renamed(names) {
  const pairs = Object.entries(names);
  return pairs.length === 0 ? [] : ['overlay rwm', ...pairs.map(([shown, own]) => `rwm-map attribute ${shown} ${own}`)];
}

/**
 * The text of slapd.conf. `limits`: entries that accounts other than admin and connector get from one search; `large`:
 * room for millions of entries, and no substring index, which would take longer to load than all of them; `memberOf`: whether
 * entries show who names them;
 * `schemaFile`: attribute types and object classes beside the usual ones; `emulated`: what another product shows in its
 * root DSE (`rootDSE`, a file) and the names under which it has attributes of slapd (`names`),
 * the only class of its groups (`groupClass`), and whether it has a log of its changes (`changeLog`); `modules`, `directives`: more modules, and more lines for the database.
 */
function slapdConf({
  folder,
  binaries,
  suffix,
  passwords,
  idleTimeout = 0,
  limits = 500,
  faults = false,
  sync = true,
  large = false,
  memberOf = true,
  schemaFile,
  emulated,
  saslRealm,
  modules: more = [],
  directives = [],
}) {
  const admin = `cn=admin,${suffix}`;
  const connector = `cn=connector,${suffix}`;
  const modules = [
    'back_mdb',
    'accesslog',
    'syncprov',
    'memberof',
    'refint',
    'ppolicy',
    ...(faults ? ['retcode'] : []),
    ...(emulated ? ['rwm'] : []),
    ...more,
  ];
  const schemas = ['core', 'cosine', 'inetorgperson', 'nis', 'dyngroup', 'misc'];
  return [
    ...schemas.map((name) => `include ${join(binaries.schema, `${name}.schema`)}`),
    ...(schemaFile === undefined ? [] : [`include ${schemaFile}`]),
    `modulepath ${binaries.modules}`,
    ...modules.map((name) => `moduleload ${name}`),
    ...(emulated ? [`rootDSE ${emulated.rootDSE}`, ...hidden(Object.keys(emulated.names))] : []),
    `pidfile ${join(folder, 'slapd.pid')}`,
    `argsfile ${join(folder, 'slapd.args')}`,
    `loglevel none`,
    `sizelimit size.soft=${limits} size.hard=${limits} size.prtotal=unlimited`,
    `idletimeout ${idleTimeout}`,
    'threads 8',
    `TLSCACertificateFile ${join(folder, 'tls/ca.pem')}`,
    `TLSCertificateFile ${join(folder, 'tls/server.pem')}`,
    `TLSCertificateKeyFile ${join(folder, 'tls/server.key')}`,
    'TLSVerifyClient try',
    // SASL EXTERNAL: by the client certificate, and over the Unix socket for whoever starts the server.
    `authz-regexp "^cn=connector,o=Example$" "${connector}"`,
    `authz-regexp "^gidNumber=[0-9]+\\\\+uidNumber=${process.getuid()},cn=peercred,cn=external,cn=auth$" "${connector}"`,
    ...(saslRealm === undefined
      ? []
      : [
          `sasl-realm ${saslRealm}`,
          'sasl-host localhost',
          `authz-regexp "^uid=connector,(cn=[^,]+,)?cn=gssapi,cn=auth$" "${connector}"`,
        ]),
    '',
    'database mdb',
    'suffix cn=accesslog',
    `directory ${join(folder, 'accesslog')}`,
    'rootdn cn=accesslog',
    'maxsize 1073741824',
    ...(sync ? [] : ['dbnosync']),
    'index default eq',
    'index entryCSN,objectClass,reqEnd,reqResult,reqStart,reqDN,reqType',
    'limits * size=unlimited time=unlimited',
    `access to * by dn.exact="${admin}" read by dn.exact="${connector}" read by * none`,
    'overlay syncprov',
    'syncprov-nopresent TRUE',
    'syncprov-reloadhint TRUE',
    '',
    ...(emulated?.changeLog ? changeLogDatabase(folder, { admin, connector }) : []),
    'database mdb',
    `suffix "${suffix}"`,
    `directory ${join(folder, 'db')}`,
    `rootdn "${admin}"`,
    `rootpw ${hashed(passwords.admin)}`,
    `maxsize ${large ? 2 ** 35 : 2 ** 32}`,
    ...(sync ? [] : ['dbnosync']),
    'checkpoint 1024 5',
    'index objectClass,uid,cn,sn,mail,employeeNumber,member,uniqueMember,memberUid,entryUUID,entryCSN eq',
    `index displayName,givenName eq${large ? '' : ',sub'}`,
    `limits dn.exact="${connector}" size=unlimited time=unlimited`,
    `access to attrs=userPassword by dn.exact="${connector}" write by self write by anonymous auth by * none`,
    `access to * by dn.exact="${connector}" manage by users read by * none`,
    'overlay syncprov',
    'syncprov-checkpoint 100 10',
    'syncprov-sessionlog 10000',
    'overlay accesslog',
    'logdb cn=accesslog',
    'logops writes',
    'logsuccess TRUE',
    'logold (objectClass=*)',
    'logpurge 07+00:00 01+00:00',
    ...(memberOf ? ['overlay memberof'] : []),
    ...(memberOf && emulated?.groupClass ? [`memberof-group-oc ${emulated.groupClass}`] : []),
    ...(memberOf ? ['memberof-refint TRUE'] : []),
    'overlay refint',
    'refint_attributes member uniqueMember manager owner seeAlso secretary',
    `refint_nothing "${admin}"`,
    'overlay ppolicy',
    `ppolicy_default "cn=default,ou=policies,${suffix}"`,
    'ppolicy_hash_cleartext',
    ...(faults ? retcodeOverlay(suffix) : []),
    ...(emulated ? renamed(emulated.names) : []),
    ...directives,
    '',
  ].join('\n');
}

const PEOPLE = [
  ['alice', 'Alice', 'Abara', '1001'],
  ['bruno', 'Bruno', 'Bianchi', '1002'],
  ['chloe', 'Chloé', 'Côté', '1003'],
  ['dmitri', 'Дмитрий', 'Соколов', '1004'],
  ['emi', '恵美', '山田', '1005'],
];

const GROUPS = { staff: PEOPLE.map(([uid]) => uid), editors: ['alice', 'chloe'] };

/** LDIF base64 (RFC 2849) wherever a value is not plain ASCII. */
function line(name, value) {
  return /^[\x21-\x39\x3b\x3d-\x7e][\x20-\x7e]*$/.test(value)
    ? `${name}: ${value}`
    : `${name}:: ${Buffer.from(value).toString('base64')}`;
}

function ldifEntry(dn, attributes) {
  const lines = Object.entries(attributes).flatMap(([name, values]) =>
    [values].flat().map((value) => line(name, value)),
  );
  return [line('dn', dn), ...lines, ''].join('\n');
}

/** The first entries as LDIF: containers, accounts, a password policy that locks nobody out, a few people and groups. */
function baseLdif({ suffix, passwords, emulated }) {
  const dc = /^dc=([^,]+)/i.exec(suffix)?.[1];
  if (dc === undefined) throw new Error(`The suffix must begin with dc=: ${suffix}`);
  const account = (name) => [
    `cn=${name},${suffix}`,
    { objectClass: ['organizationalRole', 'simpleSecurityObject'], cn: name, userPassword: hashed(passwords[name]) },
  ];
  const person = ([uid, givenName, sn, employeeNumber]) => [
    `uid=${uid},ou=people,${suffix}`,
    {
      objectClass: 'inetOrgPerson',
      uid,
      cn: `${givenName} ${sn}`,
      givenName,
      sn,
      employeeNumber,
      mail: `${uid}@example.com`,
      // slapadd runs no overlays, so what memberof would have written is written here.
      memberOf: Object.keys(GROUPS)
        .filter((cn) => GROUPS[cn].includes(uid))
        .map((cn) => `cn=${cn},ou=groups,${suffix}`),
    },
  ];
  const group = ([cn, members]) => [
    `cn=${cn},ou=groups,${suffix}`,
    { objectClass: 'groupOfNames', cn, member: members.map((uid) => `uid=${uid},ou=people,${suffix}`) },
  ];
  const entries = [
    [suffix, { objectClass: ['dcObject', 'organization'], dc, o: 'Example' }],
    ...['people', 'groups', 'former', 'policies'].map((ou) => [
      `ou=${ou},${suffix}`,
      { objectClass: 'organizationalUnit', ou },
    ]),
    [
      `cn=default,ou=policies,${suffix}`,
      {
        objectClass: ['pwdPolicy', 'device'],
        cn: 'default',
        pwdAttribute: 'userPassword',
        pwdLockout: 'TRUE',
        pwdMaxFailure: '0',
      },
    ],
    ...(emulated?.containers ?? []).map((names) => [
      `cn=${names},${suffix}`,
      { objectClass: 'container', cn: names.split(',', 1)[0] },
    ]),
    account('connector'),
    account('reader'),
    // Where people belong into containers of the product's own, none are put elsewhere.
    ...(emulated?.containers?.length ? [] : [...PEOPLE.map(person), ...Object.entries(GROUPS).map(group)]),
  ];
  return entries.map(([dn, attributes]) => ldifEntry(dn, attributes)).join('\n');
}

/** A CA, a server certificate for localhost and 127.0.0.1, and one for the connector, on elliptic curves because RSA keys take a second. */
function makeCertificates(folder) {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const openssl = (...args) => execFileSync('openssl', args, { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] });
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  openssl(
    'req',
    '-x509',
    ...key,
    '-days',
    '3650',
    '-subj',
    '/O=Example/CN=Example directory CA',
    '-keyout',
    'ca.key',
    '-out',
    'ca.pem',
    '-addext',
    'basicConstraints=critical,CA:TRUE',
    '-addext',
    'keyUsage=critical,keyCertSign,cRLSign',
  );
  const sign = (name, subject, extensions) => {
    openssl('req', ...key, '-subj', subject, '-keyout', `${name}.key`, '-out', `${name}.csr`);
    writeFileSync(join(folder, `${name}.ext`), ['basicConstraints=CA:FALSE', ...extensions, ''].join('\n'));
    const authority = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '825'];
    openssl('x509', '-req', '-in', `${name}.csr`, ...authority, '-extfile', `${name}.ext`, '-out', `${name}.pem`);
  };
  sign('server', '/O=Example/CN=localhost', [
    'subjectAltName=DNS:localhost,IP:127.0.0.1',
    'extendedKeyUsage=serverAuth',
  ]);
  sign('connector', '/O=Example/CN=connector', ['extendedKeyUsage=clientAuth']);
}

module.exports = { slapdConf, baseLdif, hashed, makeCertificates };
