/** What an object type amounts to, and what two of them do to each other. */
import { Schema } from '../../src/directory/schema';
import { checkOverlaps } from '../../src/mapping/objectTypeChecks';
import type { Fault, MappingOptions } from '../../src/mapping/options';
import { compile, group, type Options, objectType, schema } from './objectTypes';

const direct = (source: string, target: string): MappingOptions => ({ kind: 'direct', source, target });
const uid = direct('userName', 'uid');
const sn = direct('name.familyName', 'sn');

describe('what is compiled', () => {
  test('nothing is reported where nothing is wrong', () => {
    for (const options of [
      {},
      { auxiliaryClasses: ['oddities'] },
      { auxiliaryClasses: ['posixAccount'] },
      { resourceType: 'Group', targetObject: 'groupOfNames' },
      // The name fills what it is made of; what a new entry starts with may be what a flow sets later.
      { attributes: [{ name: 'sn' }], mappings: [uid], dn: 'Join("", "cn=", [userName], ",dc=x")' },
      {
        auxiliaryClasses: ['oddities'],
        mappings: [uid, { kind: 'constant', constant: 'on', target: 'nick', apply: 'onCreate' }],
        disableFlow: { action: 'setAttribute', values: { nick: 'off' } },
      },
      { mappings: [sn], stored: ['userName'] },
    ] as Options[])
      expect(compile(options).faults).toEqual([]);
  });

  test('what the classes demand and only a client can give is required in the schema', () => {
    const requiredOf = (options: Options) =>
      objectType(options).resourceType.schema.attributes.flatMap(({ name, required, subAttributes = [] }) => [
        ...(required ? [name] : []),
        ...subAttributes.flatMap((sub) => (sub.required ? [`${name}.${sub.name}`] : [])),
      ]);
    // cn and sn have flows that fill them.
    expect(requiredOf({})).toEqual(['userName']);
    expect(requiredOf({ mappings: [uid, sn] })).toEqual(['userName', 'name', 'name.familyName']);
    expect(
      requiredOf({ mappings: [uid, sn, { kind: 'constant', constant: 'x', target: 'sn', apply: 'always' }] }),
    ).toEqual(['userName']);
    expect(requiredOf({ mappings: [uid, sn], dn: 'Join("", "sn=", [userName], ",dc=x")' })).toEqual(['userName']);
    // An empty group has a placeholder.
    expect(requiredOf({ resourceType: 'Group', targetObject: 'groupOfNames' })).toEqual(['displayName']);
  });

  test('what only the directory’s face can give is shown as required there, and not looked for', () => {
    const demandedOf = (options: Options) =>
      objectType(options).resourceType.extensions.flatMap(({ attributes }) =>
        attributes.flatMap(({ name, demanded, required }) => (demanded || required ? [[name, required]] : [])),
      );
    const posix = { auxiliaryClasses: ['posixAccount'] };
    expect(demandedOf({})).toEqual([]);
    expect(demandedOf(posix)).toEqual([
      ['uidNumber', false],
      ['gidNumber', false],
      ['homeDirectory', false],
    ]);
    const given = ['uidNumber', 'gidNumber'].map(
      (target) => ({ kind: 'constant', constant: '1', target, apply: 'onCreate' }) as const,
    );
    expect(demandedOf({ ...posix, mappings: [uid, sn, ...given] })).toEqual([
      ['cn', false],
      ['homeDirectory', false],
    ]);
    expect(demandedOf({ resourceType: 'Group', targetObject: 'groupOfNames' })).toEqual([]);
  });

  test('what the host is to keep is a whole attribute of the resource type', () => {
    const faultsOf = (...stored: string[]) => compile({ stored }).faults.map(({ path, message }) => [path, message]);
    const enterprise = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
    expect(faultsOf('ExternalId', 'nickName', `${enterprise}:costCenter`)).toEqual([]);
    expect(faultsOf('nickName', 'nickNam', 'name.middleName', 'costCenter', 'password')).toEqual([
      ['objectTypes[0].stored[1]', 'a User has no attribute "nickNam": did you mean nickName?'],
      ['objectTypes[0].stored[2]', expect.stringContaining('a User has no attribute "name.middleName"')],
      ['objectTypes[0].stored[3]', expect.stringContaining('with its URN')],
      ['objectTypes[0].stored[4]', 'a password is never kept by the host'],
    ]);
    expect(compile({ resourceType: 'Group', targetObject: 'groupOfNames', stored: ['members'] }).faults).toEqual([]);
  });

  test('what entries are matched by is unique, on both faces', () => {
    const { schema: core, extensions } = objectType({ matchingAttributes: ['mail', 'employeeNumber'] }).resourceType;
    const unique = [core, ...extensions].map(({ attributes }) =>
      attributes.flatMap(({ name, uniqueness, subAttributes = [] }) => [
        ...(uniqueness === 'none' ? [] : [name]),
        ...subAttributes.flatMap((sub) => (sub.uniqueness === 'server' ? [`${name}.${sub.name}`] : [])),
      ]),
    );
    expect(unique).toEqual([
      ['userName', 'emails.value'],
      ['employeeNumber'],
      expect.arrayContaining(['-dn-', '_distinguishedName', 'uid', 'mail', 'employeeNumber']),
    ]);
  });

  test('names of the schema are interchangeable: entries are read under the first ones', () => {
    const type = objectType({
      attributes: ['commonName', 'surname', 'userid', 'handle', 'description;LANG-fr'].map((name) => ({ name })),
      auxiliaryClasses: ['oddities'],
      mappings: [uid],
      matchingAttributes: ['rfc822Mailbox', 'mail', 'userid'],
      filter: '(userid=*)',
      disableFlow: { action: 'setAttribute', values: { employeetype: 'off' } },
    });
    expect(type.matching).toEqual(['mail', 'uid']);
    expect([...type.attributes.values()].map(({ name }) => name)).toEqual([
      'commonName',
      'surname',
      'userid',
      'handle',
      'description;LANG-fr',
      'objectClass',
      // Written only.
      'userPassword',
      // What `groups` is read from.
      'memberOf',
    ]);
    expect(type.readAttributes).toEqual([
      'objectClass',
      'cn',
      'sn',
      'uid',
      'nick',
      'description;LANG-fr',
      'memberOf',
      'mail',
      'employeeType',
      'entryUUID',
      'createTimestamp',
      'modifyTimestamp',
    ]);
  });

  test('secrets are never read, whatever the file says of them', () => {
    const type = objectType({ attributes: ['cn', 'sn', 'uid', 'userPassword'].map((name) => ({ name })) });
    expect(type.readAttributes).not.toContain('userPassword');
    expect(type.attributes.get('userpassword')).toMatchObject({ secret: true, type: 'string' });
  });

  test('what the disable flow sets is not offered', () => {
    const type = objectType({ disableFlow: { action: 'setAttribute', values: { employeeType: 'off' } } });
    expect(type.attributes.has('employeetype')).toBe(false);
    expect(type.links.map(({ source }) => source)).not.toContain('userType');
    expect(type.readAttributes).toContain('employeeType');
  });

  test('what Active Directory sets itself needs no filling', () => {
    const directory = Schema.parse({
      attributeTypes: [
        "( 2.5.4.0 NAME 'objectClass' SYNTAX 1.3.6.1.4.1.1466.115.121.1.38 )",
        "( 2.5.4.3 NAME 'cn' SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE )",
        "( 1.2.840.113556.1.2.281 NAME 'nTSecurityDescriptor' SYNTAX 1.3.6.1.4.1.1466.115.121.1.40 SINGLE-VALUE )",
        "( 1.2.840.113556.1.2.1 NAME 'instanceType' SYNTAX 1.3.6.1.4.1.1466.115.121.1.27 SINGLE-VALUE NO-USER-MODIFICATION )",
      ],
      objectClasses: [
        "( 1.2.840.113556.1.5.9 NAME 'user' STRUCTURAL MUST ( cn $ nTSecurityDescriptor $ instanceType ) )",
      ],
    });
    const { faults } = compile({
      schema: directory,
      targetObject: 'user',
      attributes: [{ name: 'cn' }],
      mappings: [direct('userName', 'cn')],
      proposedAnchor: 'objectGUID',
    });
    expect(faults).toEqual([]);
  });

  test('a schema of hostile names is only a schema', () => {
    const { attributeTypes, objectClasses } = schema.source();
    const hostile = Schema.parse({
      attributeTypes: [
        ...attributeTypes,
        "( 1.3.6.1.4.1.99999.9.1 NAME ( '__proto__' ) SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 )",
        "( 1.3.6.1.4.1.99999.9.2 NAME ( 'toString' '__proto__x' ) SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 )",
      ],
      objectClasses: [...objectClasses, "( 1.3.6.1.4.1.99999.9.3 NAME 'evil' AUXILIARY MAY ( __proto__ $ toString ) )"],
    });
    const type = objectType({ schema: hostile, auxiliaryClasses: ['evil'] });
    expect(type.attributes.has('tostring')).toBe(true);
    expect(type.resourceType.extensions.flatMap(({ attributes }) => attributes.map(({ name }) => name))).not.toContain(
      '__proto__',
    );
  });

  test('object types that overlap', () => {
    const person = (options: Options) =>
      objectType({ targetObject: 'person', mappings: [direct('userName', 'cn'), sn], ...options });
    const faults = (...types: ReturnType<typeof objectType>[]) => {
      const found: Fault[] = [];
      checkOverlaps(
        types.map((one, index) => ({ objectType: one, path: `objectTypes[${index}]` })),
        (fault) => found.push(fault),
      );
      return found;
    };
    expect(faults(group(), person({}), objectType({ resourceType: 'Guest' }))).toEqual([
      {
        path: 'objectTypes[2].filter',
        message:
          'an entry can be both a Guest and a User (objectTypes[1]), and is then a User: tell them apart by a filter',
        severity: 'notice',
      },
    ]);
    expect(faults(person({ filter: '(!(title=guest))' }), objectType({ filter: '(&(title=guest)(uid=*))' }))).toEqual(
      [],
    );
    expect(faults(objectType(), group())).toEqual([]);
  });
});
