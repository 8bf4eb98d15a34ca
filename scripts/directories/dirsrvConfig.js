/** dse.ldif for a private 389 Directory Server, made from the template of its package. */

const { readFileSync } = require('node:fs');
const { userInfo } = require('node:os');
const { join } = require('node:path');
const { hashed } = require('./slapdConfig');

const TEMPLATE = '/usr/share/dirsrv/data/template-dse.ldif';

/** Off in the template. */
const PLUGINS = [
  'MemberOf Plugin',
  'Retro Changelog Plugin',
  'referential integrity postoperation',
  'attribute uniqueness',
  'Content Synchronization',
  'USN',
];

/** Lines that go to an entry of the template; names in lower case. */
function additions({ suffix, tlsPort }) {
  return {
    'cn=config': [
      'nsslapd-listenhost: 127.0.0.1',
      'nsslapd-securelistenhost: 127.0.0.1',
      'nsslapd-security: on',
      `nsslapd-securePort: ${tlsPort}`,
      'nsslapd-dynamic-plugins: on',
      'nsslapd-sizelimit: 500',
      'nsslapd-pagedsizelimit: -1',
    ],
    'cn=retro changelog plugin,cn=plugins,cn=config': [
      'nsslapd-attribute: nsuniqueid:targetUniqueId',
      'nsslapd-attribute: entryuuid:targetEntryUUID',
      'nsslapd-changelogmaxage: 2d',
    ],
    'cn=memberof plugin,cn=plugins,cn=config': [
      `memberOfEntryScope: ${suffix}`,
      'memberOfGroupAttr: uniqueMember',
      'memberOfAutoAddOC: nsMemberOf',
    ],
  };
}

function plugin(cn, file, init, type) {
  return `dn: cn=${cn},cn=plugins,cn=config
objectclass: top
objectclass: nsSlapdPlugin
cn: ${cn}
nsslapd-pluginpath: ${file}
nsslapd-plugininitfunc: ${init}
nsslapd-plugintype: ${type}
nsslapd-pluginenabled: on
nsslapd-pluginId: ${cn}
nsslapd-pluginVersion: none
nsslapd-pluginVendor: 389 Project
nsslapd-pluginDescription: ${cn}`;
}

/** The backend is in the file from the first start: made online its USN would begin at 4294967295. */
function backend(suffix) {
  const index = (name) => `dn: cn=${name},cn=index,cn=userRoot,cn=ldbm database,cn=plugins,cn=config
objectClass: top
objectClass: nsIndex
cn: ${name}
nsSystemIndex: false
nsIndexType: eq
nsIndexType: pres`;
  return [
    `dn: cn=userRoot,cn=ldbm database,cn=plugins,cn=config
objectclass: top
objectclass: extensibleObject
objectclass: nsBackendInstance
nsslapd-suffix: ${suffix}
cn: userRoot`,
    `dn: cn=index,cn=userRoot,cn=ldbm database,cn=plugins,cn=config
objectclass: top
objectclass: extensibleObject
cn: index`,
    index('entryUUID'),
    index('employeeNumber'),
    `dn: cn="${suffix}",cn=mapping tree,cn=config
objectclass: top
objectclass: extensibleObject
objectclass: nsMappingTree
cn: ${suffix}
cn: "${suffix}"
nsslapd-state: backend
nsslapd-backend: userRoot`,
  ];
}

/** The text of dse.ldif. */
function configuration({ folder, port, tlsPort, suffix, passwords, manager }) {
  const values = {
    schema_dir: join(folder, 'config/schema'),
    lock_dir: join(folder, 'lock'),
    tmp_dir: join(folder, 'tmp'),
    cert_dir: join(folder, 'cert'),
    ldif_dir: join(folder, 'ldif'),
    bak_dir: join(folder, 'bak'),
    run_dir: join(folder, 'run'),
    inst_dir: join(folder, 'inst'),
    log_dir: join(folder, 'log'),
    config_dir: join(folder, 'config'),
    db_dir: join(folder, 'db'),
    db_home_dir: join(folder, 'db'),
    db_lib: 'bdb',
    fqdn: 'localhost',
    ds_port: port,
    ds_user: userInfo().username,
    rootdn: manager,
    ds_passwd: hashed(passwords.admin),
    ldapi_enabled: 'on',
    ldapi: join(folder, 'run/ldapi.socket'),
    ldapi_autobind: 'on',
    ds_suffix: suffix,
  };
  const text = readFileSync(TEMPLATE, 'utf8').replace(/%(\w+)%/g, (whole, name) => String(values[name] ?? whole));
  const more = additions({ suffix, tlsPort });
  const switchedOn = new Set(PLUGINS.map((name) => `cn=${name.toLowerCase()},cn=plugins,cn=config`));
  const entries = text
    .trim()
    .split(/\n{2,}/)
    .map((entry) => {
      const dn = entry.split('\n', 1)[0].slice('dn: '.length).toLowerCase();
      const switched = switchedOn.has(dn)
        ? entry.replace(/^nsslapd-pluginenabled: off$/im, 'nsslapd-pluginEnabled: on')
        : // It refuses every name that is not ASCII.
          dn.startsWith('cn=7-bit check,')
          ? entry.replace(/^nsslapd-pluginenabled: on$/im, 'nsslapd-pluginEnabled: off')
          : entry;
      return [switched, ...(more[dn] ?? [])].join('\n');
    });
  return [
    ...entries,
    plugin('entryuuid_syntax', 'libentryuuid-syntax-plugin', 'entryuuid_syntax_plugin_init', 'syntax'),
    plugin('entryuuid', 'libentryuuid-plugin', 'entryuuid_plugin_init', 'betxnpreoperation'),
    ...backend(suffix),
    '',
  ].join('\n\n');
}

module.exports = { configuration };
