import fc from 'fast-check';
import { demoSchema } from '../../src/directory/demoSchema';
import { DN } from '../../src/directory/dn';
import { Entry, type Value } from '../../src/directory/entry';
import { Schema } from '../../src/directory/schema';
import { checkEntry, checkModification, type SchemaFault } from '../../src/directory/schemaCheck';

const schema = demoSchema();
const jane = {
  objectClass: ['top', 'person', 'organizationalPerson', 'inetOrgPerson'],
  uid: 'jane',
  cn: 'Jane Doe',
  sn: 'Doe',
};

type Attributes = Readonly<Record<string, Value | readonly Value[]>>;

function entry(attributes: Attributes, dn = 'uid=jane,ou=people,dc=example,dc=com'): Entry {
  return new Entry(DN.parse(dn), attributes);
}

const short = (faults: SchemaFault[]): string[] => faults.map(({ kind, attribute }) => `${kind} ${attribute}`);
const check = (attributes: Attributes, dn?: string): string[] => short(checkEntry(entry(attributes, dn), schema));

describe('an entry to be added', () => {
  test('that is right has no faults', () => {
    expect(check(jane)).toEqual([]);
    expect(check({ ...jane, objectClass: 'inetOrgPerson' })).toEqual([]);
    expect(check({ ...jane, objectClass: '2.16.840.1.113730.3.2.2' })).toEqual([]);
    expect(check({ ...jane, sn: [], surname: 'Doe' }, 'USERID=JANE,dc=com')).toEqual([]);
    expect(check({ ...jane, sn: [], 'sn;lang-de': 'Doe' })).toEqual([]);
    expect(check({ ...jane, 'cn;lang-fr': 'Jane Doe', 'userCertificate;binary': Buffer.from([0x30, 0x80]) })).toEqual(
      [],
    );
    expect(check({ ...jane, userPassword: '', jpegPhoto: Buffer.from([0xff, 0xd8]), manager: 'cn=a, dc=b' })).toEqual(
      [],
    );
    expect(check({ ...jane, pwdAccountLockedTime: '000001010000Z' })).toEqual([]);
    expect(check({ objectClass: ['top', 'extensibleObject', 'account'], uid: 'jane', title: 'x' })).toEqual([]);
    expect(check({ ...jane, sn: 'Val' }, 'sn=VAL+uid=jane,dc=com')).toEqual([]);
  });

  test.each<[string, Attributes, string[]]>([
    ['nothing', {}, ['noStructuralClass objectClass', 'rdn uid']],
    [
      'an unknown class hides what it might allow',
      { ...jane, objectClass: ['inetOrgPerson', 'nope'], uidNumber: '1' },
      ['unknownClass objectClass'],
    ],
    ['no structural class', { objectClass: ['top', 'uidObject'], uid: 'jane' }, ['noStructuralClass objectClass']],
    ['two structural chains', { ...jane, objectClass: ['inetOrgPerson', 'account'] }, ['structuralChain objectClass']],
    ['MUST of a superclass', { ...jane, sn: [] }, ['missing sn']],
    [
      'MUST of an auxiliary class',
      { ...jane, objectClass: ['inetOrgPerson', 'posixAccount'], uidNumber: '1', gidNumber: '1' },
      ['missing homeDirectory'],
    ],
    ['not allowed', { ...jane, loginShell: '/bin/sh' }, ['notAllowed loginShell']],
    [
      'unknown attributes',
      { ...jane, 'nope;x': 'x', __proto_: 'y' },
      ['unknownAttribute nope;x', 'unknownAttribute __proto_'],
    ],
    [
      'an extensible object still needs known attributes',
      { ...jane, objectClass: ['inetOrgPerson', 'extensibleObject'], nope: 'x' },
      ['unknownAttribute nope'],
    ],
    ['two values of one', { ...jane, displayName: ['a', 'b'] }, ['singleValue displayName']],
    ['two spellings of one', { ...jane, surname: 'DOE' }, ['duplicateValue sn']],
    ['syntax', { ...jane, manager: ['cn=a', 'Bob'] }, ['syntax manager']],
    ['empty', { ...jane, title: ['x', ''] }, ['empty title']],
    ['duplicates by matching rule', { ...jane, title: ['Boss', ' BOSS '] }, ['duplicateValue title']],
    ['duplicates by DN', { ...jane, seeAlso: ['cn=a,dc=b', 'CN=A, DC=B'] }, ['duplicateValue seeAlso']],
    ['the name is not among the values', { ...jane, uid: 'john' }, ['rdn uid']],
    ['set by the directory', { ...jane, entryUUID: '5a0c98f8-0c6b-4f9a-9d2e-8e6b1f0e0001' }, ['readOnly entryUUID']],
    [
      'everything at once',
      {
        objectClass: ['inetOrgPerson', 'account'],
        nope: '1',
        memberUid: 'x',
        displayName: ['', 'b', 'B'],
        manager: 'x',
      },
      [
        'structuralChain objectClass',
        'missing sn',
        'missing cn',
        'missing uid',
        'unknownAttribute nope',
        'notAllowed memberUid',
        'rdn uid',
        'singleValue displayName',
        'empty displayName',
        'duplicateValue displayName',
        'syntax manager',
      ],
    ],
  ])('%s', (_what, attributes, expected) => {
    expect(check(attributes)).toEqual(expected);
  });

  test('the messages name the attribute and what to do, and never a value', () => {
    const faults = checkEntry(
      entry({
        ...jane,
        sn: [],
        loginShell: 'hush-1',
        userPassword: ['hush-2', 'hush-2'],
        manager: ['cn=a', 'hush-3'],
        title: ['x', ''],
        employeeNumber: ['hush-4', 'hush-5'],
        entryDN: 'cn=hush-6',
        [`ev\nil${'l'.repeat(200)}`]: 'hush-7',
      }),
      schema,
    );
    expect(faults.map(({ message }) => message)).toEqual([
      'sn is required by person and has no value; give it one',
      'loginShell is not allowed by the object classes top, person, organizationalPerson, inetOrgPerson; add a class that has it or leave it out',
      `The attribute ev il${'l'.repeat(95)}… is not in the directory's schema; correct its name or leave it out`,
      'entryDN is set by the directory itself; leave it out',
      'Value 2 of userPassword repeats an earlier one; leave it out',
      expect.stringMatching(/^Value 2 of manager is not a DN \(.*\); correct it$/),
      'Value 2 of title is empty; leave the value out',
      'employeeNumber can have one value only and has 2; keep one',
    ]);
    expect(JSON.stringify(faults)).not.toContain('hush');
  });

  test('100,000 wrong values are one fault', () => {
    const member = Array.from({ length: 100_000 }, (_, i) => `member ${i}`);
    expect(check({ objectClass: 'groupOfNames', cn: 'g', member }, 'cn=g')).toEqual(['syntax member']);
  });

  test('what Active Directory sets by itself is not asked for, and objectClass is what it is not', () => {
    const active = Schema.parse({
      attributeTypes: [
        "( 1.1 NAME 'cn' SYNTAX '1.2.840.113556.1.4.905' SINGLE-VALUE )",
        "( 1.2 NAME 'objectSid' SYNTAX '1.3.6.1.4.1.1466.115.121.1.40' SINGLE-VALUE NO-USER-MODIFICATION )",
        "( 1.3 NAME 'objectCategory' SYNTAX '1.3.6.1.4.1.1466.115.121.1.12' SINGLE-VALUE )",
        "( 1.4 NAME 'sAMAccountName' SYNTAX '1.3.6.1.4.1.1466.115.121.1.15' SINGLE-VALUE )",
        "( 2.5.4.0 NAME 'objectClass' SYNTAX '1.3.6.1.4.1.1466.115.121.1.38' NO-USER-MODIFICATION )",
      ],
      objectClasses: [
        "( 5.0 NAME 'top' ABSTRACT MUST (objectClass $ objectCategory ) )",
        "( 5.1 NAME 'user' SUP top STRUCTURAL )",
      ],
      dITContentRules: ["( 5.1 NAME 'user' MUST (cn $ objectSid $ sAMAccountName ) )"],
    });
    expect(short(checkEntry(entry({ objectClass: 'user', cn: 'x' }, 'CN=x'), active))).toEqual([]);
    expect(short(checkEntry(entry({ objectClass: 'user' }, 'CN=x'), active))).toEqual(['missing cn', 'rdn CN']);
  });
});

describe('an entry that is changed', () => {
  const operational = { entryUUID: '5a0c98f8-0c6b-4f9a-9d2e-8e6b1f0e0001', createTimestamp: '20260101000000Z' };
  const modify = (before: Attributes, after: Attributes, dn?: string): string[] =>
    short(checkModification(entry(before), entry(after, dn), schema));

  test('operational attributes that stay are no fault; changed or removed ones are', () => {
    const before = { ...jane, ...operational };
    expect(modify(before, { ...before, title: 'x' })).toEqual([]);
    expect(modify(before, { ...before, entryUUID: '5a0c98f8-0c6b-4f9a-9d2e-8e6b1f0e0002' })).toEqual([
      'readOnly entryUUID',
    ]);
    expect(modify(before, jane)).toEqual(['readOnly entryUUID', 'readOnly createTimestamp']);
  });

  test('new faults are found', () => {
    expect(modify(jane, { ...jane, sn: [] })).toEqual(['missing sn']);
    expect(modify(jane, { ...jane, uid: 'john' })).toEqual(['rdn uid']);
    expect(modify(jane, { ...jane, uid: 'john' }, 'uid=john,dc=com')).toEqual([]);
    expect(modify(jane, { ...jane, title: ['a', 'A'], manager: 'x', loginShell: '/bin/sh' })).toEqual([
      'notAllowed loginShell',
      'duplicateValue title',
      'syntax manager',
    ]);
  });

  test('a class may be added, the structural one may not change', () => {
    expect(modify(jane, { ...jane, objectClass: [...jane.objectClass, 'uidObject'] })).toEqual([]);
    expect(modify({ ...jane, objectClass: 'person', uid: [], sn: 'x' }, { ...jane })).toEqual([
      'structuralChain objectClass',
    ]);
    expect(modify(jane, { ...jane, objectClass: [...jane.objectClass, 'account'] })).toEqual([
      'structuralChain objectClass',
    ]);
  });

  test('what was wrong before blocks nothing else, and is found once it is touched', () => {
    const wrong = { ...jane, sn: [], loginShell: '/bin/sh', manager: 'Bob' };
    expect(modify(wrong, { ...wrong, title: 'x' })).toEqual([]);
    expect(modify(wrong, { ...wrong, manager: ['Bob', 'cn=a'] })).toEqual(['syntax manager']);
    expect(modify(wrong, { ...wrong, gecos: 'x' })).toEqual(['notAllowed gecos']);
  });
});

test('of very many values those that are new are looked at', () => {
  const members = Array.from({ length: 1_500 }, (_, index) => `uid=u${index},dc=x`);
  const group = (member: readonly string[]) =>
    entry({ objectClass: ['top', 'groupOfNames'], cn: 'g', member }, 'cn=g,dc=x');
  const faults = (after: readonly string[]) => short(checkModification(group(members), group(after), schema));
  expect(faults([...members.slice(1), 'uid=new,dc=x'])).toEqual([]);
  expect(faults([...members, 'no name'])).toEqual(['syntax member']);
});

describe('a change that shares with the entry what it leaves alone', () => {
  const SHAPE = 'unknownClass noStructuralClass structuralChain missing notAllowed unknownAttribute rdn'.split(' ');
  const some = (...values: string[]) => fc.subarray(values);
  const attributes = fc.record(
    {
      objectClass: some('top', 'person', 'inetOrgPerson', 'account', 'uidObject', 'nope'),
      uid: some('jane', 'JANE', 'john'),
      userid: some('jane'),
      cn: some('Jane Doe'),
      sn: some('Doe', 'doe', ''),
      surname: some('Doe'),
      'sn;lang-de': some('Doe'),
      loginShell: some('/bin/sh'),
      manager: some('cn=a', 'Bob'),
      nope: some('x'),
    },
    { requiredKeys: [] },
  );
  // Mostly one attribute, so that whatever it alone decides shows.
  const changed = fc.oneof(
    attributes.map((own) => Object.entries(own)),
    attributes.chain((own) => fc.subarray(Object.entries(own), { maxLength: 1 })),
  );
  const names = fc.constantFrom('uid=jane,dc=com', 'USERID=john,dc=com');

  test('is wrong where it makes an entry wrong that was not', () => {
    fc.assert(
      fc.property(attributes, changed, names, fc.option(names, { freq: 1 }), (had, changes, name, newName) => {
        const before = entry({ ...jane, ...had }, name);
        const after = before.with(
          changes.map(([key, values]) => ({ name: key, values })),
          newName === null ? undefined : DN.parse(newName),
        );
        const shapeOf = (one: Entry) =>
          checkEntry(one, schema).flatMap(({ kind, message }) => (SHAPE.includes(kind) ? [message] : []));
        const expected = shapeOf(after).filter((message) => !shapeOf(before).includes(message));
        const found = checkModification(before, after, schema);
        const isChange = ({ message }: SchemaFault) => message.startsWith('The structural object class cannot change');
        expect(
          found.flatMap((fault) => (SHAPE.includes(fault.kind) && !isChange(fault) ? [fault.message] : [])),
        ).toEqual(expected);
        // Nothing depends on what is shared: a copy has the same faults.
        const copy = new Entry(
          DN.parse(after.dn.toString()),
          [...after.attributes()].map((one) => ({ ...one })),
        );
        expect(checkModification(before, copy, schema)).toEqual(found);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('what a schema finds once', () => {
  test('a list of classes is told from every other one, whatever is in a name', () => {
    const classes = ['top', 'person'];
    expect(schema.requirements([classes.join('\0')])).toMatchObject({ must: [], unknown: ['top\0person'] });
    expect(schema.requirements(classes)).toMatchObject({ unknown: [], structuralEnds: [{ name: 'person' }] });
    expect(schema.requirements([classes.join('\0')]).unknown).toHaveLength(1);
    expect(schema.requirements(classes).must.map(({ name }) => name)).toEqual(['objectClass', 'sn', 'cn']);
  });

  test('names that come from outside do not stay in memory', () => {
    for (let index = 0; index < 12_000; index += 1) schema.canonicalName(`cn;x-${index}`);
    expect(schema.canonicalName('CN;x-b;x-a')).toBe('cn;x-a;x-b');
    expect(schema.canonicalName(`cn;${'x'.repeat(2_000)}`)).toHaveLength(2_003);
    expect(schema.attributeType('oid.2.5.4.3;x-1')?.name).toBe('cn');
  });
});
