/** Requests that are refused, and what the answer has to say: the attribute, and what to do. */
import { CORE_USER, ECMA_USER, type Message, PATCH_OP } from '../support/scimClient';

const PEOPLE = 'ou=people,dc=example,dc=com';

export const user = (more: object = {}) => ({
  schemas: [CORE_USER],
  userName: 'refused',
  name: { familyName: 'R' },
  ...more,
});
const ecma = (attributes: object) => ({ schemas: [CORE_USER], [ECMA_USER]: attributes });

export type Case = [
  what: string,
  status: number,
  scimType: string | undefined,
  detail: RegExp,
  method: string,
  path: string,
  message?: Message,
];

export const requests: Case[] = [
  [
    'JSON that ends too early',
    400,
    'invalidSyntax',
    /not valid JSON: fault in line 1, column 14/,
    'POST',
    '/Users',
    { raw: '{"userName": ' },
  ],
  ['an empty body', 400, 'invalidSyntax', /empty/, 'POST', '/Users', { raw: '' }],
  ['a body that is no object', 400, 'invalidSyntax', /must be a JSON object/, 'POST', '/Users', { body: [1] }],
  [
    'another content type',
    415,
    undefined,
    /application\/scim\+json/,
    'POST',
    '/Users',
    { raw: '<user/>', headers: { 'Content-Type': 'application/xml' } },
  ],
  [
    'a body of two megabytes',
    413,
    undefined,
    /larger than/,
    'POST',
    '/Users',
    { body: user({ title: 'x'.repeat(2 ** 21) }) },
  ],
  ['a resource type that is not there', 404, undefined, /nothing at this path.*ResourceTypes/, 'GET', '/Robots'],
  ['an id that is not there', 404, undefined, /no User with id "nobody"/, 'GET', '/Users/nobody'],
  [
    'a change of an id that is not there',
    404,
    undefined,
    /no User with id "nobody"/,
    'PATCH',
    '/Users/nobody',
    { body: { schemas: [PATCH_OP], Operations: [{ op: 'replace', path: 'title', value: 'x' }] } },
  ],
  [
    'a filter that is none',
    400,
    'invalidFilter',
    /"equals" found at character 10/,
    'GET',
    '/Users?filter=userName%20equals%20%22x%22',
  ],
  [
    'a filter on a password',
    400,
    'invalidFilter',
    /userPassword/,
    'GET',
    `/Users?filter=${encodeURIComponent(`${ECMA_USER}:userPassword eq "x"`)}`,
  ],
  ['a method that is not possible', 405, undefined, /GET/, 'PATCH', '/Users', { body: {} }],
];

export const creates: Case[] = (
  [
    [
      'a -dn- that is no DN',
      400,
      'invalidValue',
      /-dn- is not a distinguished name.*backslash/s,
      ecma({ '-dn-': 'Jane Doe', sn: 'D' }),
    ],
    [
      'a -dn- with a stray comma',
      400,
      'invalidValue',
      /-dn- is not a distinguished name/,
      ecma({ '-dn-': `cn=Doe, Jane,${PEOPLE}`, sn: 'D' }),
    ],
    [
      'a -dn- outside of the containers',
      400,
      'invalidValue',
      /ou=policies.*(containers|partition)/s,
      ecma({ '-dn-': 'cn=x,ou=policies,dc=example,dc=com', sn: 'D' }),
    ],
    [
      'a -dn- below a container that is not there',
      400,
      'invalidValue',
      /does not exist/,
      ecma({ '-dn-': `cn=x,ou=nowhere,${PEOPLE}`, sn: 'D' }),
    ],
    [
      'no surname, which inetOrgPerson demands',
      400,
      'invalidValue',
      /\bsn\b.*name\.familyName/s,
      { [ECMA_USER]: { '-dn-': `cn=refused,${PEOPLE}`, mail: 'refused@example.com' } },
    ],
    ['no name at all', 400, 'invalidValue', /userName/, { schemas: [CORE_USER], name: { familyName: 'R' } }],
    [
      'an attribute of posixAccount that is missing',
      400,
      'invalidValue',
      /gidNumber.*homeDirectory|homeDirectory.*gidNumber/s,
      ecma({ '-dn-': `cn=refused,${PEOPLE}`, sn: 'R', objectClass: ['posixAccount'], uid: 'refused', uidNumber: 1 }),
    ],
    [
      'a number that is none',
      400,
      'invalidValue',
      /uidNumber.* integer/,
      ecma({ '-dn-': `cn=refused,${PEOPLE}`, sn: 'R', uidNumber: 'ten' }),
    ],
    [
      'an attribute of a class that the entry has not',
      400,
      'invalidValue',
      /uidNumber/,
      ecma({ '-dn-': `cn=refused,${PEOPLE}`, sn: 'R', uidNumber: 10 }),
    ],
    [
      'a reference to nobody under the directory’s name',
      400,
      'invalidValue',
      /manager.*no(body|ne| such|t known)/is,
      ecma({ '-dn-': `cn=refused,${PEOPLE}`, sn: 'R', manager: 'nobody' }),
    ],
    [
      'a value against its syntax',
      400,
      'invalidValue',
      /telephoneNumber/,
      ecma({ '-dn-': `cn=refused,${PEOPLE}`, sn: 'R', telephoneNumber: ['☎'] }),
    ],
    [
      'binary data that is none',
      400,
      'invalidValue',
      /jpegPhoto.*base64/s,
      ecma({ '-dn-': `cn=refused,${PEOPLE}`, sn: 'R', jpegPhoto: ['not base64!'] }),
    ],
    [
      'an object class that is not in the schema',
      400,
      'invalidValue',
      /noSuchClass/,
      ecma({ '-dn-': `cn=refused,${PEOPLE}`, sn: 'R', objectClass: ['inetOrgPerson', 'noSuchClass'] }),
    ],
    [
      'two structural classes',
      400,
      'invalidValue',
      /(structural|groupOfNames|member)/,
      ecma({ '-dn-': `cn=refused,${PEOPLE}`, sn: 'R', objectClass: ['inetOrgPerson', 'groupOfNames'] }),
    ],
    [
      'two faces that contradict each other',
      400,
      'invalidValue',
      /name\.familyName.*:sn|:sn.*name\.familyName/s,
      user({ [ECMA_USER]: { sn: 'Other' } }),
    ],
    ['a list where one value goes', 400, 'invalidValue', /userName/, user({ userName: ['a', 'b'] })],
    [
      'active: false without a disable flow',
      400,
      'invalidValue',
      /active cannot be false.*disableFlow/s,
      user({ active: false }),
    ],
    [
      'an address that somebody has',
      409,
      'uniqueness',
      /uid=taken/,
      user({ emails: [{ type: 'work', value: 'TAKEN@example.com' }] }),
    ],
    ['a name that somebody has', 409, 'uniqueness', /uid=taken/, user({ userName: 'taken' })],
  ] as const
).map(([what, status, scimType, detail, body]) => [what, status, scimType, detail, 'POST', '/Users', { body }]);

export const changes: [what: string, scimType: string | undefined, detail: RegExp, operation: object][] = [
  ['removes what the class demands', 'invalidValue', /\bsn\b/, { op: 'remove', path: `${ECMA_USER}:sn` }],
  [
    'gives a number that is none',
    'invalidValue',
    /uidNumber/,
    { op: 'replace', path: `${ECMA_USER}:uidNumber`, value: 'ten' },
  ],
  [
    'moves it out of the containers',
    'invalidValue',
    /(containers|partition)/,
    { op: 'replace', path: `${ECMA_USER}:-dn-`, value: 'uid=taken,ou=policies,dc=example,dc=com' },
  ],
  ['takes away the name of the entry', 'mutability', /userName|uid/, { op: 'remove', path: 'userName' }],
  [
    'disables without a disable flow',
    'invalidValue',
    /active cannot be false.*disableFlow/s,
    { op: 'replace', path: 'active', value: 'False' },
  ],
  [
    'contradicts itself on two faces',
    'invalidValue',
    /contradict|different/,
    { op: 'replace', value: { 'name.familyName': 'A', [`${ECMA_USER}:sn`]: 'B' } },
  ],
  ['has an operation that is none', 'invalidSyntax', /op/, { op: 'increase', path: 'title' }],
  [
    'names a value that is not there',
    'noTarget',
    /emails/,
    { op: 'replace', path: 'emails[value co "nobody"].display', value: 'X' },
  ],
];
