/** What is wrong with a connector file, in exactly these words and at exactly this place. */
import { file, parse, said } from './connectorFiles';

const ldap = (connectivity: object) => file({ connectivity: { host: 'ldap.example.com', ...connectivity } });
const mappingFault =
  'a mapping has a target and exactly one of source, expression or constant (and apply beside the last two)';

test.each<[what: string, text: string, faults: string[]]>([
  ['nothing at all', '', ['fault : is not JSON: ValueExpected']],
  ['a list', '[]', ['fault : expected object, received array']],
  ['a forgotten comma', '{"active": true "description": ""}', ['fault : is not JSON: CommaExpected']],
  ['a word that is no key', file({ conectivity: {} }), ['fault conectivity: is no key of a connector file']],
  [
    'such words further in, all at once',
    file({ connectivity: { product: 'memory', prot: 1 } }, { anchr: 'dn' }),
    [
      'fault connectivity.prot: is no key of a connector file',
      'fault objectTypes[0].anchr: is no key of a connector file',
    ],
  ],
  ['another kind of value', file({ active: 'yes' }), ['fault active: expected boolean, received string']],
  [
    'a port beyond the last',
    ldap({ binding: 'Anonymous', port: 65536 }),
    ['fault connectivity.port: Too big: expected number to be <=65535'],
  ],
  [
    'no server',
    file({ connectivity: { binding: 'Anonymous' } }),
    [
      'fault connectivity: host is missing: name the directory server, or choose "product": "memory" for the embedded directory',
    ],
  ],
  [
    'one server and several',
    ldap({ binding: 'Anonymous', hosts: ['other'] }),
    ['fault connectivity.hosts: host and hosts are both given: keep one of them'],
  ],
  [
    'a simple bind of nobody',
    ldap({}),
    [
      'fault connectivity: userName is missing: binding Basic needs it',
      'fault connectivity: password is missing: binding Basic needs it',
    ],
  ],
  [
    'a user without a password',
    ldap({ binding: 'SSL', userName: 'cn=connector' }),
    ['fault connectivity: userName and password belong together: give both, or neither for an anonymous bind'],
  ],
  [
    'a binding that is refused by name',
    ldap({ binding: 'NTLM' }),
    ['fault connectivity.binding: NTLM is not supported: choose SSL or TLS with a user name and a password'],
  ],
  [
    'Kerberos with an address instead of a name, and a keytab of nobody',
    ldap({ host: '192.0.2.1', binding: 'Kerberos', kerberos: { keytab: 'k', security: 'none' } }),
    [
      'fault connectivity: userName is missing: Kerberos needs the principal, e.g. connector@EXAMPLE.COM',
      "fault connectivity: 192.0.2.1 is an address: Kerberos needs the name that the directory's key is for",
      'notice connectivity.kerberos.security: everything but the bind crosses the network in clear text',
    ],
  ],
  [
    'SSL 3.0',
    ldap({ binding: 'SSLv3' }),
    ['fault connectivity.binding: SSL 3.0 is broken and not supported: choose SSL, which is TLS 1.2 or later'],
  ],
  [
    'a Unix socket beside a network',
    ldap({ host: undefined, hosts: ['ldapi:///run/ldapi', 'ldap.example.com'], binding: 'TLS' }),
    [
      'fault connectivity.hosts: Unix sockets and network addresses cannot stand side by side',
      'fault connectivity.binding: is for the network: over a Unix socket choose "Basic"',
    ],
  ],
  [
    'a binding that nobody has heard of',
    ldap({ binding: 'LDAPS' }),
    [
      'fault connectivity.binding: "LDAPS" is no binding: choose Anonymous, Basic, SSL (LDAPS), TLS (StartTLS) or Kerberos',
    ],
  ],
  [
    'a partition that is no DN',
    file({ partitions: [{ dn: 'dc=example,dc' }] }),
    [
      'fault partitions[0].dn: Not a DN (RFC 4514): at position 13, "=" is expected after the attribute type, not the end',
    ],
  ],
  [
    'a filter without an end',
    file({}, { filter: '(cn=a' }),
    ['fault objectTypes[0].filter: Not an LDAP filter (RFC 4515): at position 5, ")" is expected, not the end'],
  ],
  [
    'a function that does not exist',
    file({}, { dn: 'Jion("", [userName])' }),
    ['fault objectTypes[0].dn: there is no function "Jion"; did you mean Join? (at position 0)'],
  ],
  [
    'a call without its arguments',
    file({}, { mappings: [{ expression: 'Word([userName])', target: 'uid' }] }),
    [
      'fault objectTypes[0].mappings[0].expression: number is missing in Word(text, number, delimiters) (at position 0)',
    ],
  ],
  [
    'a mapping to nowhere',
    file({}, { mappings: [{ source: 'title' }] }),
    [`fault objectTypes[0].mappings[0]: ${mappingFault}`],
  ],
  [
    'a mapping from two places',
    file({}, { mappings: [{ source: 'title', constant: 'x', target: 'title' }] }),
    [`fault objectTypes[0].mappings[0]: ${mappingFault}`],
  ],
  [
    'a move to nowhere',
    file({}, { deprovisioning: { disableFlow: { action: 'move' } } }),
    ['fault objectTypes[0].deprovisioning.disableFlow.container: is missing; its type is string'],
  ],
  [
    'one resource type twice',
    file({ objectTypes: [1, 2].map(() => ({ resourceType: 'User', targetObject: 'person' })) }),
    ['fault objectTypes[1].resourceType: User is already the resource type of objectTypes[0]: each may stand once'],
  ],
  [
    'a number where a share is meant',
    file({ runProfiles: { fullImport: { accidentLimit: '10' } } }),
    ['fault runProfiles.fullImport.accidentLimit: a percentage such as "10%"'],
  ],
  [
    'objectClass as a single value',
    file({}, { attributes: [{ name: 'ObjectClass', treatAsSingleValue: true }] }),
    [
      'fault objectTypes[0].attributes[0].treatAsSingleValue: objectClass has several values: it cannot be treated as a single value',
    ],
  ],
])('%s', (_what, text, faults) => {
  const result = parse(text);
  expect(said(result)).toEqual(faults);
  expect(result.options).toBeUndefined();
});

test('a fault knows its line', () => {
  const text =
    '{\n  // people\n  "connectivity": { "product": "memory" },\n  "objectTypes": [\n    { "resourceType": "User",\n      "targetObject": 7 }\n  ]\n}';
  expect(parse(text).faults).toEqual([
    { path: 'objectTypes[0].targetObject', line: 6, message: 'expected string, received number', severity: 'fault' },
  ]);
});

test('a key of old files is accepted with a notice', () => {
  const result = parse(file({}, { queryAttribute: 'uid' }));
  expect(said(result)).toEqual([
    'notice objectTypes[0].queryAttribute: is no longer used: look-ups use the anchor and matchingAttributes',
  ]);
  expect(result.options).toBeDefined();
});
