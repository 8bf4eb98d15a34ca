/**
 * What is known of each product, as a table: code asks for a trait and never for a product. Facts come from servers
 * that were run and, where none can be, from root DSEs that vendors and users have published.
 */
import { Oid } from './controls';

/** How a product gives itself away in the root DSE. Every criterion that is present must hold. */
export interface Signs {
  readonly vendorName?: RegExp;
  readonly vendorVersion?: RegExp;
  readonly objectClass?: string;
  /** An attribute that only this product has. */
  readonly attribute?: string;
  /** An OID among supportedCapabilities. */
  readonly capability?: string;
  /** A search below the root finds entries of every context, as the ports of a Global Catalog do and no other. */
  readonly searchedFromRoot?: true;
}

/** What differs between products and cannot be read from a root DSE. */
export interface Traits {
  /** For people. */
  readonly name: string;
  /** Why it takes no changes at all, and where they go instead; absent: it takes them. For people. */
  readonly readOnly?: string;
  /** What somebody who lets people be written here should know. For people. */
  readonly caution?: string;
  /** Any of these is enough. */
  readonly signs: readonly Signs[];
  /** The immutable id of every entry, or `dn`. */
  readonly anchor: string;
  readonly passwordAttribute: string;
  /** The only attribute by which people and groups may be named; absent: whichever their classes allow. */
  readonly namingAttribute?: string;
  /** Naming contexts that the server keeps for itself, as lower-case patterns of the whole DN. */
  readonly internalContexts: readonly RegExp[];
  /** Controls that the root DSE lists and the server does not serve. */
  readonly unserved: readonly string[];
  /** What to ask for when no attribute is wanted. */
  readonly noAttributes: string;
  /** Attributes, in lower case, that are computed for a read of one entry and make every other search fail: never asked for. */
  readonly unaskable: readonly string[];
  /** Values that name an entry follow its rename and go with it, in every installation and not only where a plug-in is on. */
  readonly keepsReferences: boolean;
  /** What disables an entry of a user: a value, whatever the present ones are, or bits of an integer that has others too. */
  readonly disable?:
    | { readonly attribute: string; readonly value: string }
    | { readonly attribute: string; readonly bits: number; readonly initial: number };
  /** The attribute and value that make a user change the password at the next login. */
  readonly mustChange?: { readonly attribute: string; readonly value: string };
  /** Entries show `uSNChanged`, numbered by the server that answers (MS-ADTS 3.1.1.1.9). */
  readonly updateSequenceNumbers: boolean;
  /** When an entry was changed, in a form that can be searched for. */
  readonly timeStamp: string;
  /** An attribute that has another value after every change of the entry, but for those that plug-ins make on the quiet. */
  readonly revision?: string;
  /** Long attributes come in parts, `member;range=0-1499` (MS-ADTS 3.1.1.3.1.3.3). */
  readonly rangeRetrieval: boolean;
}

const GENERIC: Traits = {
  name: 'LDAP v3 directory',
  signs: [],
  anchor: 'dn',
  passwordAttribute: 'userPassword',
  internalContexts: [],
  unserved: [],
  noAttributes: '1.1',
  unaskable: [],
  keepsReferences: false,
  updateSequenceNumbers: false,
  timeStamp: 'modifyTimestamp',
  rangeRetrieval: false,
};

const ACTIVE_DIRECTORY: Traits = {
  ...GENERIC,
  name: 'Active Directory',
  anchor: 'objectGUID',
  passwordAttribute: 'unicodePwd',
  // The rDNAttID of user, inetOrgPerson and group (MS-ADTS §3.1.1.2.4.8).
  namingAttribute: 'cn',
  // MS-ADTS §3.1.1.4.5.19 and after.
  unaskable: ['tokengroups', 'tokengroupsnogcacceptable', 'tokengroupsglobalanduniversal'],
  internalContexts: [/^dc=(domain|forest)dnszones,/, /^cn=(schema,cn=)?configuration,/],
  keepsReferences: true,
  // ACCOUNTDISABLE in a NORMAL_ACCOUNT (MS-ADTS 2.2.16).
  disable: { attribute: 'userAccountControl', bits: 2, initial: 512 },
  mustChange: { attribute: 'pwdLastSet', value: '0' },
  updateSequenceNumbers: true,
  timeStamp: 'whenChanged',
  rangeRetrieval: true,
};

/** The embedded directory: it has no wire, and so it is never detected. */
const MEMORY: Traits = {
  ...GENERIC,
  name: 'embedded directory',
  anchor: 'entryUUID',
  keepsReferences: true,
  disable: { attribute: 'pwdAccountLockedTime', value: '000001010000Z' },
};

/** In the order in which they are tried: whoever poses as another comes first. */
const PRODUCTS: Readonly<Record<string, Traits>> = {
  // The same root DSE on all ports of a domain controller.
  adgc: {
    ...ACTIVE_DIRECTORY,
    name: 'Active Directory, Global Catalog',
    signs: [{ capability: '1.2.840.113556.1.4.800', searchedFromRoot: true }],
    readOnly:
      'This server is a Global Catalog of Active Directory: it has partial copies of the entries of a forest and takes no changes. For changes make another connector for a domain controller of the entry (LDAPS port 636, or StartTLS on 389).',
  },
  samba: {
    ...ACTIVE_DIRECTORY,
    name: 'Samba AD',
    signs: [{ vendorName: /^samba team/i, capability: '1.2.840.113556.1.4.800' }],
  },
  adlds: {
    ...ACTIVE_DIRECTORY,
    name: 'AD LDS',
    signs: [{ capability: '1.2.840.113556.1.4.1851' }],
    disable: { attribute: 'msDS-UserAccountDisabled', value: 'TRUE' },
  },
  ad: {
    ...ACTIVE_DIRECTORY,
    signs: [{ capability: '1.2.840.113556.1.4.800' }],
    caution:
      'Accounts of Active Directory Domain Services belong to more than this host knows (profiles, mailboxes, logon rights): it is meant as a source here, and writing to it is proved on Samba AD only. Switch runProfiles.export off unless you mean it.',
  },
  '389ds': {
    ...GENERIC,
    name: '389 Directory Server',
    signs: [
      { vendorName: /^(389 project|fedora project|red hat)/i },
      { vendorVersion: /^(389|fedora|redhat|red hat)-directory/i },
    ],
    anchor: 'nsUniqueId',
    internalContexts: [/^o=netscaperoot$/],
    disable: { attribute: 'nsAccountLock', value: 'true' },
  },
  opends: {
    ...GENERIC,
    name: 'OpenDS',
    signs: [{ vendorVersion: /^(opends|sun opends)\b/i }],
    anchor: 'entryUUID',
    disable: { attribute: 'ds-pwp-account-disabled', value: 'TRUE' },
  },
  opendj: {
    ...GENERIC,
    name: 'OpenDJ',
    signs: [
      { vendorVersion: /\bopendj\b/i },
      { vendorVersion: /^oracle unified directory/i },
      { objectClass: 'ds-root-dse' },
    ],
    anchor: 'entryUUID',
    disable: { attribute: 'ds-pwp-account-disabled', value: 'TRUE' },
    mustChange: { attribute: 'pwdReset', value: 'TRUE' },
  },
  dsee: {
    ...GENERIC,
    name: 'Oracle DSEE, Sun ONE Directory Server',
    signs: [
      { vendorVersion: /^(sun-one-directory|sun[- ]java\(tm\)[- ]system[- ]directory|sun-directory-server)/i },
      { vendorVersion: /oracle directory server enterprise edition/i },
    ],
    anchor: 'nsUniqueId',
    internalContexts: [/^o=netscaperoot$/],
    disable: { attribute: 'nsAccountLock', value: 'true' },
  },
  edirectory: {
    ...GENERIC,
    name: 'eDirectory',
    signs: [
      { vendorVersion: /^ldap agent for (novell|netiq|opentext|micro focus) +edirectory/i },
      { attribute: 'directoryTreeName' },
    ],
    anchor: 'GUID',
    keepsReferences: true,
    disable: { attribute: 'loginDisabled', value: 'TRUE' },
  },
  ibm: {
    ...GENERIC,
    name: 'IBM Directory Server',
    signs: [{ attribute: 'ibmdirectoryversion' }, { vendorName: /^international business machines/i }],
    anchor: 'ibm-entryuuid',
    mustChange: { attribute: 'pwdReset', value: 'TRUE' },
    internalContexts: [/^cn=(localhost|pwdpolicy|ibmpolicies|deleted objects|virtualization)$/],
  },
  apacheds: {
    ...GENERIC,
    name: 'ApacheDS',
    signs: [{ vendorName: /^apache software foundation/i }],
    anchor: 'entryUUID',
    internalContexts: [/^ou=(system|schema|config)$/],
    unserved: [
      Oid.treeDelete,
      Oid.permissiveModify,
      Oid.showDeleted,
      Oid.dirSync,
      Oid.virtualListView,
      Oid.syncRequest,
    ],
    // It answers `1.1` with a size limit by 80, and with paging without a cookie. No entry has this one (RFC 4512 §5.1.2).
    noAttributes: 'altServer',
  },
  isode: {
    ...GENERIC,
    name: 'Isode M-Vault',
    signs: [{ vendorName: /^isode/i }, { vendorVersion: /^m-vault/i }],
  },
  radiantone: {
    ...GENERIC,
    name: 'RadiantOne',
    signs: [{ vendorName: /^radiant ?logic/i }, { vendorVersion: /^radiantone/i }],
    internalContexts: [
      /^cn=(cacherefreshlog|clustermonitor|registry|replicationjournal|tombstone|queue)$/,
      /^ou=globalregistry$/,
    ],
  },
  openldap: {
    ...GENERIC,
    name: 'OpenLDAP',
    signs: [{ objectClass: 'OpenLDAProotDSE' }],
    anchor: 'entryUUID',
    // A change sequence number; overlays leave it alone where they keep references and operational attributes.
    revision: 'entryCSN',
    // Both of the ppolicy overlay: in the schema where that is loaded.
    disable: { attribute: 'pwdAccountLockedTime', value: '000001010000Z' },
    mustChange: { attribute: 'pwdReset', value: 'TRUE' },
  },
};

/** Naming contexts that no product keeps people in, whatever else it is. */
export const INTERNAL_CONTEXTS: readonly RegExp[] = [
  /^cn=(accesslog|deltalog|changelog|config|configuration|monitor|schema|subschema)$/,
];

/** Products with their traits, in the order in which their signs are tried. */
export const products: readonly (readonly [product: string, traits: Traits])[] = Object.entries(PRODUCTS);

/** The traits of a product; those of any LDAP v3 directory for one that the table does not know. */
export function traitsOf(product: string): Traits {
  if (product === 'memory') return MEMORY;
  return products.find(([key]) => key === product)?.[1] ?? GENERIC;
}
