/** Faults that an administrator hears of before the first request: where in the file, and what to do. */
import type { Fault, MappingOptions } from '../../src/mapping/options';
import { compile, type Options } from './objectTypes';

const uid: MappingOptions = { kind: 'direct', source: 'userName', target: 'uid' };
const sn: MappingOptions = { kind: 'direct', source: 'name.familyName', target: 'sn' };
const direct = (source: string, target: string): MappingOptions => ({ kind: 'direct', source, target });
const expression = (text: string, target: string): MappingOptions => ({
  kind: 'expression',
  expression: text,
  target,
  apply: 'always',
});

const path = 'objectTypes[0]';
const odd = { auxiliaryClasses: ['oddities'] };
const at = (place: string, message: string, severity: Fault['severity'] = 'fault'): Fault => ({
  path: `${path}${place}`,
  message,
  severity,
});
const notNamed = at(
  '.mappings',
  'userName is not mapped to an attribute of the directory, so clients read the name of the entry instead of what they have set: map it, or list it under stored',
  'notice',
);

describe('check knows by name', () => {
  test.each<[string, Options, Fault[]]>([
    [
      'a class that is not there',
      { targetObject: 'inetOrgPersn' },
      [at('.targetObject', 'the directory\'s schema has no object class "inetOrgPersn": check the spelling')],
    ],
    [
      'an auxiliary class as target object',
      {
        targetObject: 'posixAccount',
        mappings: [uid, sn, direct('name.formatted', 'cn')],
        attributes: [{ name: 'uidNumber' }, { name: 'gidNumber' }, { name: 'homeDirectory' }],
      },
      [
        at(
          '.targetObject',
          '"posixAccount" is an auxiliary class: name the structural class here and this one under auxiliaryClasses',
        ),
      ],
    ],
    [
      'a structural class as auxiliary class',
      { auxiliaryClasses: ['oddities', 'person'] },
      [at('.auxiliaryClasses[1]', '"person" is a structural class: an entry has one, and that is targetObject')],
    ],
    [
      'a multi-valued anchor',
      { anchor: 'uid' },
      [at('.anchor', 'uid may have several values, so it cannot identify an entry: use entryUUID')],
    ],
    [
      'an anchor of one’s own',
      { ...odd, anchor: 'only' },
      [
        at(
          '.anchor',
          'only is not what this directory proposes (entryUUID): set connectivity.allowManualAnchorSelection to use it all the same',
        ),
      ],
    ],
    [
      'an unknown anchor',
      { anchor: 'entryUID' },
      [at('.anchor', 'the directory\'s schema has no attribute "entryUID": did you mean entryUUID?')],
    ],
    [
      'objectClass treated as a single value',
      {
        attributes: ['cn', 'sn', 'uid', 'OBJECTCLASS'].map((name) => ({ name, treatAsSingleValue: true })),
        mappings: [uid, sn],
      },
      [
        at(
          '.attributes[3].treatAsSingleValue',
          'OBJECTCLASS has a value for each class of an entry: it cannot be treated as a single value',
        ),
      ],
    ],
    [
      'an attribute of the disable flow that is selected',
      {
        attributes: [{ name: 'cn' }, { name: 'sn' }, { name: 'uid' }, { name: 'handle' }],
        mappings: [uid],
        disableFlow: { action: 'setAttribute', values: { nick: 'off' } },
      },
      [at('.attributes[3]', 'handle is set by the disable flow: it cannot be selected as well')],
    ],
    [
      'an attribute of the disable flow that is mapped',
      {
        mappings: [uid, direct('nickName', 'nick'), expression('[userName]', 'handle')],
        ...odd,
        disableFlow: { action: 'setAttribute', values: { nick: 'off' } },
      },
      [
        at('.mappings[1].target', 'nick is set by the disable flow: it cannot be mapped as well'),
        at('.mappings[2].target', 'handle is set by the disable flow: it cannot be mapped as well'),
      ],
    ],
    [
      'flows that cannot be read back',
      {
        disableFlow: {
          action: 'setAttribute',
          values: { userPassword: '!', entryUUID: 'x', jpegPhoto: 'x', nsAccountLok: 'x' },
        },
      },
      [
        at(
          '.deprovisioning.disableFlow.values.userPassword',
          'userPassword is never read, so nobody could tell a disabled entry: set another attribute',
        ),
        at(
          '.deprovisioning.disableFlow.values.entryUUID',
          'entryUUID is written by the directory only: set another attribute',
        ),
        at(
          '.deprovisioning.disableFlow.values.jpegPhoto',
          'jpegPhoto holds octets, which a file has no way to write: set another attribute',
        ),
        at(
          '.deprovisioning.disableFlow.values.nsAccountLok',
          'the directory\'s schema has no attribute "nsAccountLok": check the spelling, or add the attribute to the directory\'s schema',
        ),
      ],
    ],
    [
      'what could not be read back as it was set',
      {
        mappings: [
          uid,
          sn,
          direct('nickName', 'userPassword'),
          direct('password', 'title'),
          direct('displayName', 'entryUUID'),
          direct('active', 'description'),
          direct('userName', 'mail'),
        ],
      },
      [
        at('.mappings[2].target', 'userPassword is never read, so "nickName" could not be read back as it was set'),
        at('.mappings[3].target', 'title can be read: a password may only be mapped to userPassword'),
        at('.mappings[4].target', 'entryUUID is written by the directory only, so "displayName" could not be set'),
        at(
          '.mappings[5].source',
          '"active" is what the disable flow says: set deprovisioning.disableFlow instead of mapping it',
        ),
        at(
          '.mappings[6].source',
          '"userName" is mapped by mappings[0] already: use an expression for the second attribute',
        ),
      ],
    ],
    [
      'two sources of one attribute',
      { mappings: [direct('userName', 'mail'), direct('emails[type eq "work"].value', 'rfc822Mailbox')] },
      [
        at(
          '.mappings[1].target',
          'mail is mapped by mappings[0] too, so "emails[type eq "work"].value" reads back as it was set only where "userName" is the same',
          'notice',
        ),
      ],
    ],
    [
      'a path that is none',
      {
        mappings: [
          uid,
          direct('nickname.x', 'title'),
          direct('groups.value', 'title'),
          direct('name', 'cn'),
          direct('emails[type ne "work"].value', 'mail'),
        ],
      },
      [
        at(
          '.mappings[1].source',
          '"nickname.x" is no attribute of User: see the core and enterprise schemas of RFC 7643',
        ),
        at('.mappings[2].source', '"groups.value" is read-only in SCIM: it cannot be mapped'),
        at('.mappings[3].source', '"name" has sub-attributes: name one, e.g. name.formatted'),
        at('.mappings[4].source', 'the filter in "emails[type ne "work"].value" may only have eq terms joined by and'),
      ],
    ],
    [
      'an unknown attribute',
      {
        mappings: [uid, direct('title', 'titel')],
        matchingAttributes: ['mial'],
        attributes: ['cn', 'sn', 'employeNumber', 'zzz'].map((name) => ({ name })),
      },
      [
        at('.mappings[1].target', 'the directory\'s schema has no attribute "titel": did you mean title?'),
        at('.attributes[2]', 'the directory\'s schema has no attribute "employeNumber": did you mean employeeNumber?'),
        at(
          '.attributes[3]',
          'the directory\'s schema has no attribute "zzz": check the spelling, or add the attribute to the directory\'s schema',
        ),
        at('.matchingAttributes[0]', 'the directory\'s schema has no attribute "mial": did you mean mail?'),
      ],
    ],
    [
      'an unknown alias',
      { aliases: ['userCertificat;binary'] },
      [
        {
          path: 'connectivity.attributeAliases[0]',
          message: 'the directory\'s schema has no attribute "userCertificat;binary": did you mean userCertificate?',
          severity: 'fault',
        },
      ],
    ],
    [
      'a MUST attribute that nothing fills',
      { auxiliaryClasses: ['posixAccount'], attributes: [{ name: 'uid' }, { name: 'gidNumber' }], mappings: [uid, sn] },
      [
        at('', 'cn is mandatory for inetOrgPerson, posixAccount and nothing fills it: map it, or add it to attributes'),
        at(
          '',
          'uidNumber is mandatory for inetOrgPerson, posixAccount and nothing fills it: map it, or add it to attributes',
        ),
        at(
          '',
          'homeDirectory is mandatory for inetOrgPerson, posixAccount and nothing fills it: map it, or add it to attributes',
        ),
      ],
    ],
    [
      'an unknown source in an expression',
      {
        mappings: [uid, sn, expression('Join("", [userName], [nickName], [constructor_], [toString])', 'description')],
        dn: 'Join("", "cn=", [cn], [quux], ",dc=x")',
      },
      [
        ...['nickName', 'constructor_', 'toString'].map((name) =>
          at(
            '.mappings[2].expression',
            `[${name}] is no attribute that this connector accepts: map it, list it under stored, or name an attribute of the directory`,
          ),
        ),
        at(
          '.dn',
          '[quux] is no attribute that this connector accepts: map it, list it under stored, or name an attribute of the directory',
        ),
      ],
    ],
    [
      'unique values in a DN',
      { dn: 'SelectUniqueValue(Join("", "cn=", [cn], ",dc=x"), Join("", "cn=", [cn], "1,dc=x"))' },
      [
        at(
          '.dn',
          'a DN expression cannot find unique values: use SelectUniqueValue or NextNumber in a mapping, and that attribute here',
        ),
      ],
    ],
    [
      'a filter that nobody could answer',
      { filter: '(&(userPassword=x)(|(employeType=a)(!(cn=b))))' },
      [
        at('.filter', 'userPassword is never read, so nothing can be found by it: name another attribute'),
        at('.filter', 'the directory\'s schema has no attribute "employeType": did you mean employeeType?'),
      ],
    ],
    [
      'a secret to match by',
      { matchingAttributes: ['userPassword'] },
      [
        at(
          '.matchingAttributes[0]',
          'userPassword is never read, so nothing can be found by it: name another attribute',
        ),
      ],
    ],
    [
      'an attribute that no class allows',
      { auxiliaryClasses: ['posixAccount'], mappings: [uid, sn, direct('nickName', 'nick')] },
      [
        at(
          '.mappings[2].target',
          'none of inetOrgPerson, posixAccount allows nick: add the auxiliary class that does',
          'notice',
        ),
      ],
    ],
    ['a userName that is not kept', { mappings: [sn] }, [notNamed]],
  ])('%s', (_name, options, expected) => {
    expect(compile(options).faults).toEqual(expected);
  });
});
