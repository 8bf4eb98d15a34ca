/**
 * Products that cannot be had here, played by slapd: what they show in the root DSE, their schema, and their unique id,
 * which is slapd's own under another name. Detection, schema and names in connector files are theirs; results, controls
 * and matching stay OpenLDAP's. Published root DSEs and schemas are the source; an OID below 2.25 is our own, where none
 * has been published.
 */

const { mkdirSync, writeFileSync } = require('node:fs');
const { join, resolve } = require('node:path');
const { startOpenLdap, stopOpenLdap } = require('./openldap');

const TEXT = 'EQUALITY caseIgnoreMatch SUBSTR caseIgnoreSubstringsMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15';
const OCTETS = 'EQUALITY octetStringMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.40';
const BOOLEAN = 'EQUALITY booleanMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.7';
const INTEGER = 'EQUALITY integerMatch ORDERING integerOrderingMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.27';
const OID = 'EQUALITY objectIdentifierMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.38';
const NAME = 'EQUALITY distinguishedNameMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.12';

const one = (oid, name, form) => `attributetype ( ${oid} NAME '${name}' ${form} SINGLE-VALUE )`;
const many = (oid, name, form) => `attributetype ( ${oid} NAME '${name}' ${form} )`;

/** Lets people have attributes that the product keeps beside their classes (RFC 4512 §4.1.6). */
const onPeople = (...names) =>
  `ditcontentrule ( 2.16.840.1.113730.3.2.2 NAME 'people'
  AUX ( posixAccount $ shadowAccount ) MAY ( ${names.join(' $ ')} ) )`;

const NS_UNIQUE_ID = one('2.16.840.1.113730.3.1.542', 'nsUniqueId', TEXT);
const DS_DISABLED = [
  one('1.3.6.1.4.1.26027.1.1.166', 'ds-pwp-account-disabled', BOOLEAN),
  onPeople('ds-pwp-account-disabled'),
];

/**
 * The users of AD LDS: unlike the standard's persons they need no surname. `objectGUID` is slapd's id as text here,
 * where the product has 16 octets, as Samba proves. A group must have a member, which is not the product's rule: slapd's
 * memberof overlay ends the server when a group of a class of ours is deleted without one.
 */
const AD_SCHEMA = [
  many('2.25.1.1', 'supportedCapabilities', OID),
  one('1.2.840.113556.1.4.2', 'objectGUID', OCTETS),
  one('1.2.840.113556.1.4.90', 'unicodePwd', OCTETS),
  one('1.2.840.113556.1.4.656', 'userPrincipalName', TEXT),
  one('1.2.840.113556.1.4.1853', 'msDS-UserAccountDisabled', BOOLEAN),
  `objectclass ( 1.2.840.113556.1.5.9 NAME 'user' SUP top STRUCTURAL MUST cn MAY ( sn $ displayName $ givenName $ mail $
  title $ telephoneNumber $ description $ unicodePwd $ userPrincipalName $ msDS-UserAccountDisabled ) )`,
  `objectclass ( 1.2.840.113556.1.5.8 NAME 'group' SUP top STRUCTURAL MUST ( cn $ member ) MAY description )`,
  `objectclass ( 1.2.840.113556.1.3.23 NAME 'container' SUP top STRUCTURAL MUST cn MAY description )`,
];

const OPENDJ_CONTROLS = ['supportedControl: 1.3.6.1.4.1.26027.1.5.2', 'supportedControl: 1.3.6.1.4.1.42.2.27.9.5.2'];

/** The change log of draft-good-ldap-changelog, and what vendors have added to its entries. */
const CHANGE_LOG_SCHEMA = [
  one('2.16.840.1.113730.3.1.35', 'changelog', NAME),
  one('2.16.840.1.113730.3.1.5', 'changeNumber', INTEGER),
  one('2.16.840.1.113730.3.1.6', 'targetDN', NAME),
  one('2.16.840.1.113730.3.1.7', 'changeType', TEXT),
  one('2.16.840.1.113730.3.1.8', 'changes', OCTETS),
  one('2.16.840.1.113730.3.1.9', 'newRDN', NAME),
  one('2.16.840.1.113730.3.1.10', 'deleteOldRDN', BOOLEAN),
  one('2.16.840.1.113730.3.1.11', 'newSuperior', NAME),
  one('2.16.840.1.113730.3.1.77', 'changeTime', TEXT),
  one('1.3.6.1.4.1.42.2.27.9.1.596', 'targetUniqueId', TEXT),
  one('1.3.6.1.4.1.42.2.27.9.1.595', 'deletedEntryAttrs', OCTETS),
  one('1.3.6.1.4.1.26027.1.1.590', 'replicationCSN', TEXT),
  one('1.3.6.1.4.1.26027.1.1.591', 'changeLogCookie', TEXT),
  one('2.25.1.20', 'replicaIdentifier', INTEGER),
  one('2.25.1.21', 'changeInitiatorsName', TEXT),
  one('2.25.1.22', 'targetEntryUUID', TEXT),
  one('2.25.1.23', 'ibm-changeInitiatorsName', TEXT),
  `objectclass ( 2.16.840.1.113730.3.2.1 NAME 'changeLogEntry' SUP top STRUCTURAL
  MUST ( changeNumber $ targetDN $ changeType $ changeTime )
  MAY ( changes $ newRDN $ deleteOldRDN $ newSuperior $ targetUniqueId $ deletedEntryAttrs $ replicationCSN $
  changeLogCookie $ replicaIdentifier $ changeInitiatorsName $ targetEntryUUID ) )`,
  `objectclass ( 2.25.1.24 NAME 'ibm-changelog' SUP changeLogEntry STRUCTURAL MAY ibm-changeInitiatorsName )`,
];

/**
 * By product: `rootDSE` lines of LDIF, `schema` lines of slapd.conf, `names` shown name → slapd's own, `groupClass` where it is
 * not groupOfNames, `containers` for its people and groups where they are not those that every server has.
 */
const EMULATED = {
  adlds: {
    name: 'AD LDS',
    port: 3789,
    suffix: 'dc=contoso,dc=lab',
    rootDSE: [1851, 1670, 1791, 1935, 2080, 2237].map((last) => `supportedCapabilities: 1.2.840.113556.1.4.${last}`),
    schema: AD_SCHEMA,
    names: { objectGUID: 'entryUUID' },
    groupClass: 'group',
    containers: ['App', 'CloudUsers,cn=App', 'Groups,cn=App'],
  },
  dsee: {
    name: 'Oracle DSEE',
    port: 3889,
    rootDSE: [
      'vendorName: Sun Microsystems, Inc.',
      'vendorVersion: Sun-Directory-Server/11.1.1.7.0',
      'netscapemdsuffix: cn=ldap://dc=localhost:389',
      'supportedControl: 1.3.6.1.4.1.42.2.27.9.5.2',
    ],
    schema: [
      NS_UNIQUE_ID,
      one('2.25.1.2', 'netscapemdsuffix', TEXT),
      one('2.16.840.1.113730.3.1.610', 'nsAccountLock', TEXT),
      onPeople('nsAccountLock'),
    ],
    names: { nsUniqueId: 'entryUUID' },
  },
  edirectory: {
    name: 'eDirectory',
    port: 3989,
    rootDSE: [
      'vendorName: NetIQ Corporation',
      'vendorVersion: LDAP Agent for NetIQ eDirectory 9.1.4 (40105.09)',
      'directoryTreeName: EXAMPLE_TREE',
      'dsaName: cn=edir1,dc=example,dc=com',
      'supportedFeatures: 2.16.840.1.113719.1.27.99.1',
    ],
    schema: [
      one('2.25.1.3', 'directoryTreeName', TEXT),
      one('2.25.1.4', 'dsaName', NAME),
      one('2.16.840.1.113719.1.1.4.1.501', 'GUID', OCTETS),
      one('2.16.840.1.113719.1.1.4.1.114', 'loginDisabled', BOOLEAN),
      onPeople('loginDisabled'),
    ],
    names: { GUID: 'entryUUID' },
  },
  ibm: {
    name: 'IBM Directory Server',
    port: 4089,
    rootDSE: [
      'vendorName: International Business Machines (IBM)',
      'vendorVersion: 6.3',
      'ibmdirectoryversion: 6.3',
      'ibm-configurationnamingcontext: cn=configuration',
      'supportedControl: 1.3.18.0.2.10.5',
    ],
    schema: [
      one('2.25.1.5', 'ibmdirectoryversion', TEXT),
      one('2.25.1.6', 'ibm-configurationnamingcontext', NAME),
      one('1.3.18.0.2.4.1780', 'ibm-entryuuid', TEXT),
    ],
    names: { 'ibm-entryuuid': 'entryUUID' },
  },
  isode: {
    name: 'Isode M-Vault',
    port: 4189,
    rootDSE: ['vendorName: Isode Limited', 'vendorVersion: M-Vault 19.0'],
    schema: [],
    names: {},
  },
  opendj: {
    name: 'OpenDJ',
    port: 4289,
    rootDSE: ['vendorName: Open Identity Platform Community', 'vendorVersion: OpenDJ Server 5.0.3', ...OPENDJ_CONTROLS],
    schema: DS_DISABLED,
    names: {},
  },
  opends: {
    name: 'OpenDS',
    port: 4389,
    rootDSE: ['vendorName: Sun Microsystems, Inc.', 'vendorVersion: OpenDS Directory Server 2.2.0', ...OPENDJ_CONTROLS],
    schema: DS_DISABLED,
    names: {},
  },
  radiantone: {
    name: 'RadiantOne',
    port: 4489,
    rootDSE: ['vendorName: Radiant Logic, Inc.', 'vendorVersion: RadiantOne 7.4'],
    schema: [],
    names: {},
  },
};

/**
 * Starts slapd as a product; the same promises as {@link startOpenLdap}. With `changeLog` it announces a log of its
 * changes, `cn=changelog`, which is empty: whoever starts it writes it.
 */
function startEmulated(product, { changeLog = false, ...options }) {
  const { rootDSE, schema, names, groupClass, containers, suffix = 'dc=example,dc=com' } = EMULATED[product];
  const folder = resolve(options.folder);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const [schemaFile, rootDSEFile] = [join(folder, 'product.schema'), join(folder, 'rootdse.ldif')];
  const logSchema = changeLog ? CHANGE_LOG_SCHEMA : [];
  const announced = changeLog ? ['changelog: cn=changelog'] : [];
  writeFileSync(schemaFile, `${[...schema, ...logSchema].join('\n')}\n`);
  writeFileSync(rootDSEFile, `${['dn:', ...rootDSE, ...announced].join('\n')}\n`);
  const emulated = { rootDSE: rootDSEFile, names, groupClass, containers, changeLog };
  return startOpenLdap({ suffix, ...options, folder, schemaFile, emulated });
}

/** Servers by product, like those of `servers.js`. */
const emulations = Object.fromEntries(
  Object.entries(EMULATED).map(([product, { name, port }]) => [
    product,
    {
      name: `${name} (emulated by OpenLDAP)`,
      port,
      start: (options) => startEmulated(product, options),
      stop: stopOpenLdap,
    },
  ]),
);

module.exports = { emulations };
