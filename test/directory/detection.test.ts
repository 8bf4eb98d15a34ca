import { detect } from '../../src/directory/detection';
import type { SearchRequest } from '../../src/directory/directory';
import { isSearchedFromRoot, readRootDSE, readSchema } from '../../src/directory/discovery';
import { DN } from '../../src/directory/dn';
import { Entry, type Value } from '../../src/directory/entry';
import { LdapError } from '../../src/directory/error';
import { Schema } from '../../src/directory/schema';
import { products, traitsOf } from '../../src/directory/traits';

const rootDSE = (attributes: Record<string, Value | readonly Value[]>): Entry => new Entry(DN.root, attributes);
const anchors = ['entryUUID', 'nsUniqueId', 'objectGUID', 'ibm-entryuuid', 'GUID'];
const schema = Schema.parse({
  attributeTypes: anchors.map(
    (name, i) => `( 1.3.6.1.4.1.99999.${i} NAME '${name}' SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 )`,
  ),
  objectClasses: [],
});

/** The telling lines of root DSEs: as servers gave them, or (isode, radiantone, dsee, opends) as documents have them. */
const domainController = {
  supportedCapabilities: ['1.2.840.113556.1.4.800', '1.2.840.113556.1.4.1670'],
  configurationNamingContext: 'CN=Configuration,DC=ad,DC=example,DC=com',
  namingContexts: ['DC=ad,DC=example,DC=com', 'CN=Configuration,DC=ad,DC=example,DC=com'],
  isGlobalCatalogReady: 'TRUE',
};
const cases: Record<
  string,
  [Record<string, Value | readonly Value[]>, { anchor: string; contexts: string[]; serverId?: string }]
> = {
  openldap: [
    {
      objectClass: ['top', 'OpenLDAProotDSE'],
      configContext: 'cn=config',
      monitorContext: 'cn=Monitor',
      namingContexts: ['cn=accesslog', 'dc=example,dc=com', 'cn=Monitor'],
    },
    { anchor: 'entryUUID', contexts: ['dc=example,dc=com'], serverId: 'ldap.example.com:389' },
  ],
  '389ds': [
    {
      vendorName: '389 Project',
      vendorVersion: '389-Directory/2.3.1 B2025.016.1616',
      namingContexts: ['cn=changelog', 'dc=example,dc=com', 'o=NetscapeRoot'],
      defaultnamingcontext: 'cn=changelog',
      changeLog: 'cn=changelog',
      netscapemdsuffix: 'cn=ldap://dc=localhost:3489',
    },
    { anchor: 'nsUniqueId', contexts: ['dc=example,dc=com'], serverId: 'cn=ldap://dc=localhost:3489' },
  ],
  apacheds: [
    {
      objectClass: ['top', 'extensibleObject'],
      vendorName: 'Apache Software Foundation',
      vendorVersion: '2.0.0.AM26',
      namingContexts: ['ou=system', 'ou=schema', 'ou=config', 'dc=example,dc=com'],
    },
    { anchor: 'entryUUID', contexts: ['dc=example,dc=com'] },
  ],
  // The same root DSE as its domain controller's, which a search below the root tells apart.
  adgc: [domainController, { anchor: 'objectGUID', contexts: ['DC=ad,DC=example,DC=com'] }],
  samba: [
    {
      vendorName: 'Samba Team (https://www.samba.org)',
      supportedCapabilities: ['1.2.840.113556.1.4.800', '1.2.840.113556.1.4.1670'],
      configurationNamingContext: 'CN=Configuration,DC=ad,DC=example,DC=com',
      namingContexts: [
        'DC=ad,DC=example,DC=com',
        'CN=Configuration,DC=ad,DC=example,DC=com',
        'CN=Schema,CN=Configuration,DC=ad,DC=example,DC=com',
      ],
      dsServiceName: 'CN=NTDS Settings,CN=DC1,CN=Servers',
      serverName: 'CN=DC1,CN=Servers',
    },
    { anchor: 'objectGUID', contexts: ['DC=ad,DC=example,DC=com'], serverId: 'CN=NTDS Settings,CN=DC1,CN=Servers' },
  ],
  ad: [
    {
      supportedCapabilities: ['1.2.840.113556.1.4.800', '1.2.840.113556.1.4.1670'],
      namingContexts: [
        'DC=AD,DC=LAB',
        'CN=Configuration,DC=AD,DC=LAB',
        'CN=Schema,CN=Configuration,DC=AD,DC=LAB',
        'DC=DomainDnsZones,DC=AD,DC=LAB',
        'DC=ForestDnsZones,DC=AD,DC=LAB',
      ],
    },
    { anchor: 'objectGUID', contexts: ['DC=AD,DC=LAB'] },
  ],
  adlds: [
    {
      supportedCapabilities: ['1.2.840.113556.1.4.1851', '1.2.840.113556.1.4.1670'],
      namingContexts: ['CN=Configuration,CN={3B7E}', 'CN=Schema,CN=Configuration,CN={3B7E}', 'O=App, C=US'],
    },
    { anchor: 'objectGUID', contexts: ['O=App, C=US'] },
  ],
  edirectory: [
    {
      vendorName: 'NetIQ Corporation',
      vendorVersion: 'LDAP Agent for NetIQ eDirectory 9.1.4 (40105.09)',
      directoryTreeName: 'TEST_TREE',
      dsaName: 'cn=MYSERVER,o=resources',
      namingContexts: '',
    },
    { anchor: 'GUID', contexts: [''], serverId: 'cn=MYSERVER,o=resources' },
  ],
  opendj: [
    {
      objectClass: ['top', 'ds-root-dse'],
      vendorName: 'Open Identity Platform Community',
      vendorVersion: 'OpenDJ Server 5.0.3',
      namingContexts: 'dc=example,dc=com',
    },
    { anchor: 'entryUUID', contexts: ['dc=example,dc=com'] },
  ],
  opends: [
    { vendorName: 'Sun Microsystems, Inc.', vendorVersion: 'OpenDS Directory Server 2.2.0', changelog: 'cn=changelog' },
    { anchor: 'entryUUID', contexts: [] },
  ],
  dsee: [
    {
      vendorName: 'Sun Microsystems, Inc.',
      vendorVersion: 'Sun-Directory-Server/11.1.1.7.0',
      netscapemdsuffix: 'cn=ldap://dc=a:389',
    },
    { anchor: 'nsUniqueId', contexts: [], serverId: 'cn=ldap://dc=a:389' },
  ],
  ibm: [
    {
      vendorname: 'International Business Machines (IBM)',
      ibmdirectoryversion: '6.3',
      'ibm-serverId': 'a-b-c',
      namingcontexts: [
        'cn=localhost',
        'cn=configuration',
        'cn=Deleted Objects',
        'o=sample',
        'CN=PWDPOLICY',
        'CN=IBMPOLICIES',
      ],
    },
    { anchor: 'ibm-entryuuid', contexts: ['o=sample'], serverId: 'a-b-c' },
  ],
  radiantone: [
    {
      vendorname: 'Radiant Logic, Inc.',
      vendorversion: 'RadiantOne 7.4',
      namingContexts: ['cn=config', 'cn=cacherefreshlog', 'o=companydirectory'],
    },
    { anchor: 'dn', contexts: ['o=companydirectory'] },
  ],
  isode: [
    { vendorName: 'Isode Limited', namingContexts: 'o=x' },
    { anchor: 'dn', contexts: ['o=x'] },
  ],
  generic: [
    { vendorName: 'Somebody Else', namingContexts: 'o=x' },
    { anchor: 'dn', contexts: ['o=x'] },
  ],
};

test('every product of the table is recognised by its root DSE, whatever the case of names', () => {
  expect([...products.map(([key]) => key), 'generic'].sort()).toEqual(Object.keys(cases).sort());
  for (const [product, [attributes, expected]] of Object.entries(cases)) {
    const searchedFromRoot = product === 'adgc';
    const found = detect(rootDSE(attributes), schema, { answeredBy: 'ldap.example.com:389', searchedFromRoot });
    expect([product, found.product, found.proposedAnchor, found.namingContexts]).toEqual([
      product,
      product,
      expected.anchor,
      expected.contexts,
    ]);
    expect(found.serverId).toBe(expected.serverId ?? 'ldap.example.com:389');
  }
});

test('a Global Catalog is told from its domain controller by a search below the root, and nobody else is asked', async () => {
  const asked: SearchRequest[] = [];
  const answering = (answer: Entry[] | LdapError) => async (request: SearchRequest) => {
    asked.push(request);
    if (answer instanceof LdapError) throw answer;
    return answer;
  };
  const found = [new Entry(DN.parse('DC=ad,DC=example,DC=com'), {})];
  const entry = rootDSE(domainController);
  expect(await isSearchedFromRoot(answering(found), entry)).toBe(true);
  expect(asked).toMatchObject([{ base: DN.root, scope: 'sub', sizeLimit: 1 }]);
  expect(await isSearchedFromRoot(answering([]), entry)).toBe(false);
  expect(await isSearchedFromRoot(answering(new LdapError(32, 'search', '', '0000208D')), entry)).toBe(false);
  await expect(isSearchedFromRoot(answering(new LdapError('timeout', 'search', '', '')), entry)).rejects.toThrow(
    LdapError,
  );
  const before = asked.length;
  for (const isGlobalCatalogReady of ['FALSE', []])
    expect(await isSearchedFromRoot(answering(found), rootDSE({ ...domainController, isGlobalCatalogReady }))).toBe(
      false,
    );
  expect(asked).toHaveLength(before);
  expect(detect(entry, schema).product).toBe('ad');
});

test('what is told beats what is detected, and an anchor that the schema lacks is not proposed', () => {
  const entry = rootDSE({ objectClass: 'OpenLDAProotDSE' });
  expect(detect(entry, schema, { product: 'opendj' })).toMatchObject({
    product: 'opendj',
    proposedAnchor: 'entryUUID',
  });
  expect(detect(entry, schema, { product: 'unheard of' })).toMatchObject({
    product: 'unheard of',
    proposedAnchor: 'dn',
  });
  expect(traitsOf('constructor').name).toBe(traitsOf('generic').name);
  const bare = Schema.parse({ attributeTypes: [], objectClasses: [] });
  expect(detect(entry, bare).proposedAnchor).toBe('dn');
});

test('controls that a product lists and does not serve are left out, and repeated ones stand once', () => {
  const oids = ['1.2.840.113556.1.4.805', '1.2.840.113556.1.4.319', '1.2.840.113556.1.4.319'];
  const apacheds = detect(rootDSE({ vendorName: 'Apache Software Foundation', supportedControl: oids }), schema);
  expect(apacheds.supportedControls).toEqual(['1.2.840.113556.1.4.319']);
  expect(detect(rootDSE({ supportedControl: oids }), schema).supportedControls).toHaveLength(2);
});

test('a schema is found where the root DSE says, where it usually is, or one level below the root', async () => {
  const subschema = (dn: string): Entry =>
    new Entry(DN.parse(dn), {
      attributeTypes: "( 2.5.4.3 NAME 'cn' )",
      objectClasses: "( 2.5.6.0 NAME 'top' ABSTRACT )",
    });
  const asked: string[] = [];
  const serving =
    (place: string) =>
    async ({ base, scope }: SearchRequest): Promise<Entry[]> => {
      asked.push(`${scope} ${base}`);
      if (`${scope} ${base}` === place) return [subschema('cn=found')];
      throw new LdapError(32, 'search', base.toString(), '');
    };
  const places = ['base cn=here', 'base cn=schema', 'base cn=subschema', 'one '];
  for (const place of places) {
    const announced = rootDSE(place === 'base cn=here' ? { subschemaSubentry: 'cn=here' } : {});
    expect((await readSchema(serving(place), announced, () => {})).attributeType('CN')?.oid).toBe('2.5.4.3');
    expect(asked.at(-1)).toBe(place);
  }
  await expect(readSchema(serving('nowhere'), rootDSE({}), () => {})).rejects.toMatchObject({
    diagnostic: expect.stringContaining('let the account read'),
  });
  await expect(readRootDSE(async () => [])).rejects.toBeInstanceOf(LdapError);
});
