import fc from 'fast-check';
import { demoSchema } from '../../src/directory/demoSchema';
import { DN } from '../../src/directory/dn';
import { Entry } from '../../src/directory/entry';
import { Schema, type SchemaSource } from '../../src/directory/schema';
import { checkSyntax, Syntax } from '../../src/directory/syntax';

function parse(source: Partial<SchemaSource>): { schema: Schema; faults: string[] } {
  const faults: string[] = [];
  const schema = Schema.parse({ attributeTypes: [], objectClasses: [], ...source }, (text) => faults.push(text));
  return { schema, faults };
}

const attribute = (text: string) => parse({ attributeTypes: [text] }).schema.attributeTypes[0];

describe('descriptions as servers publish them', () => {
  test.each([
    ['RFC 4512', "( 2.5.4.3 NAME ( 'cn' 'commonName' ) DESC 'name' SYNTAX 1.2.3{64} SINGLE-VALUE )"],
    ['no blanks', "(2.5.4.3 NAME('cn' 'commonName')DESC 'name' SYNTAX 1.2.3{64} SINGLE-VALUE)"],
    [
      'odd blanks',
      "  (\t2.5.4.3\n  NAME  (  'cn'   'commonName'  )  DESC  'name' SYNTAX  1.2.3 {64}   SINGLE-VALUE  )  ",
    ],
    [
      'Active Directory: quoted OIDs',
      "( 2.5.4.3 NAME ( 'cn' 'commonName' ) DESC 'name' SYNTAX '1.2.3{64}' SINGLE-VALUE )",
    ],
    ['no quotes', '( 2.5.4.3 NAME ( cn commonName ) DESC name SYNTAX 1.2.3{64} SINGLE-VALUE )'],
    ['lower-case keywords', "( 2.5.4.3 name ( 'cn' 'commonName' ) desc 'name' syntax 1.2.3{64} single-value )"],
    ['no parentheses around names', "( 2.5.4.3 NAME 'cn' 'commonName' DESC 'name' SYNTAX 1.2.3{64} SINGLE-VALUE )"],
    ['dollars between names', "( 2.5.4.3 NAME ( 'cn' $ 'commonName' ) DESC 'name' SYNTAX 1.2.3{64} SINGLE-VALUE )"],
    [
      'extensions before, between and after',
      "( 2.5.4.3 X-A 'x' NAME ( 'cn' 'commonName' ) X-NDS_LOWER_BOUND '1' X-B ( 'p' 'q' ) DESC 'name' SYNTAX 1.2.3{64} X-C SINGLE-VALUE X-ORIGIN 'RFC 4519' )",
    ],
    [
      'a word after a description',
      "( 2.5.4.3 NAME ( 'cn' 'commonName' ) DESC name of it SYNTAX 1.2.3{64} SINGLE-VALUE )",
    ],
    ['text after the end', "( 2.5.4.3 NAME ( 'cn' 'commonName' ) DESC 'name' SYNTAX 1.2.3{64} SINGLE-VALUE ) ."],
  ])('%s', (_what, text) => {
    expect(attribute(text)).toEqual({
      oid: '2.5.4.3',
      names: ['cn', 'commonName'],
      name: 'cn',
      description: 'name',
      syntax: '1.2.3',
      length: 64,
      singleValue: true,
      collective: false,
      noUserModification: false,
      usage: 'userApplications',
      obsolete: false,
    });
  });

  test('all fields of an attribute type', () => {
    const text =
      "( 1.1 NAME 'a' OBSOLETE SUP name EQUALITY e ORDERING o SUBSTR s SYNTAX 1.2 SINGLE-VALUE COLLECTIVE NO-USER-MODIFICATION USAGE dSAOperation )";
    expect(attribute(text)).toMatchObject({
      superior: 'name',
      equality: 'e',
      ordering: 'o',
      substring: 's',
      obsolete: true,
      collective: true,
      noUserModification: true,
      usage: 'dSAOperation',
    });
  });

  test.each([
    ["'it\\27s \\5Cback\\5c'", "it's \\back\\"],
    ["'the user's name'", "the user's name"],
    ["'C:\\dir'", 'C:\\dir'],
    ["'a (b) $ c'", 'a (b) $ c'],
    ["''", undefined],
    ["'Größe'", 'Größe'],
  ])('DESC %s', (written, read) => {
    expect(attribute(`( 1.1 NAME 'a' DESC ${written} SYNTAX 1.2 )`)).toMatchObject({ name: 'a', syntax: '1.2' });
    expect(attribute(`( 1.1 NAME 'a' DESC ${written} SYNTAX 1.2 )`)?.description).toBe(read);
  });

  test('names with underscores, semicolons and OIDs that are words', () => {
    const { schema, faults } = parse({
      attributeTypes: ["( foo-oid NAME 'foo_bar' SYNTAX 1.2 )", "( 1.3 NAME 'a;b' SYNTAX 1.2 )", '( 1.4 SYNTAX 1.2 )'],
    });
    expect(faults).toEqual([]);
    expect(schema.attributeType('FOO-OID')?.name).toBe('foo_bar');
    expect(schema.attributeType('a;b')?.oid).toBe('1.3');
    expect(schema.canonicalName('A;B')).toBe('a;b');
    expect(schema.attributeType('oid.1.4')?.name).toBe('1.4');
  });

  test('an object class of eDirectory and one of Active Directory', () => {
    const { schema, faults } = parse({
      objectClasses: [
        "( 2.5.6.0 NAME 'Top' STRUCTURAL MUST objectClass MAY ( GUID $ usedBy ) X-NDS_NONREMOVABLE '1' X-NDS_ACL_TEMPLATES '16#subtree#[Creator]#[Entry Rights]' )",
        "( 2.5.6.6 NAME ( 'Person' 'inetPerson' ) SUP Top MUST (cn $ sn ) MAY (seeAlso $ seeAlso ) X-NDS_CONTAINMENT ( 'Top' 'domain' ) )",
      ],
    });
    expect(faults).toEqual([]);
    expect(schema.objectClass('TOP')).toMatchObject({ kind: 'STRUCTURAL', must: ['objectClass'], superiors: [] });
    expect(schema.objectClass('inetperson')).toMatchObject({
      kind: 'STRUCTURAL',
      must: ['cn', 'sn'],
      superiors: ['Top'],
    });
  });

  test.each([
    ['', 'neither an OID nor a name'],
    ['( )', 'neither an OID nor a name'],
    ["( 1.1 NAME 'a' SYNTAX 1.2", 'closing parenthesis is missing at character 26'],
    ["( 1.1 NAME 'a SYNTAX 1.2 )", 'quoted string is not closed at character 12'],
    ["( 1.1 NAME ( 'a' SYNTAX ( 1.2 )", 'list is not closed at character 12'],
    ['( 1.1 NAME ) ', 'value is missing at character 12'],
    ['((((((', 'keyword is expected'],
  ])('%j is one fault and hides nothing else', (text, reason) => {
    const { schema, faults } = parse({ attributeTypes: [text, "( 1.9 NAME 'next' SYNTAX 1.2 )"] });
    expect(faults).toEqual([expect.stringContaining(reason)]);
    expect(faults[0]).toMatch(/^attributeTypes: .*; the description is left out$/);
    expect(schema.attributeType('next')).toBeDefined();
  });

  test('no text makes it throw or take long', () => {
    const part = fc.constantFrom('(', ')', "'", '$', ' ', 'NAME', 'SUP', 'a', '{', '\\', '\0', 'X-', '__proto__');
    fc.assert(
      fc.property(fc.array(part, { maxLength: 60 }), (parts) => {
        const text = parts.join('');
        parse({ attributeTypes: [text], objectClasses: [text], ldapSyntaxes: [text], dITContentRules: [text] });
      }),
    );
    for (const piece of ["'a", '( ', "' ", '$ ', 'SUP ( a $ ']) parse({ objectClasses: [piece.repeat(100_000)] });
  });
});

describe('inheritance', () => {
  test('syntax and rules come from the superiors, in any order of definition', () => {
    const { schema, faults } = parse({
      attributeTypes: [
        "( 1.3 NAME 'c' SUP b SUBSTR own )",
        "( 1.2 NAME 'b' SUP A EQUALITY caseExactMatch )",
        "( 1.1 NAME 'a' EQUALITY caseIgnoreMatch SUBSTR caseIgnoreSubstringsMatch SYNTAX 1.2{9} )",
      ],
    });
    expect(faults).toEqual([]);
    expect(schema.attributeType('c')).toMatchObject({
      superior: 'b',
      equality: 'caseExactMatch',
      substring: 'own',
      syntax: '1.2',
      length: 9,
    });
  });

  test('circles and missing superiors are said once and end', () => {
    const { schema, faults } = parse({
      attributeTypes: [
        "( 1.1 NAME 'a' SUP b )",
        "( 1.2 NAME 'b' SUP a )",
        "( 1.3 NAME 'c' SUP c )",
        "( 1.4 NAME 'd' SUP x )",
        "( 1.5 NAME 'e' SUP d )",
      ],
      objectClasses: ["( 2.1 NAME 'p' SUP q MUST a )", "( 2.2 NAME 'q' SUP ( p $ nowhere ) MAY c )"],
    });
    expect(schema.superclasses('P').map(({ name }) => name)).toEqual(['p', 'q']);
    expect(schema.requirements(['p']).may.map(({ name }) => name)).toEqual(['c']);
    expect(faults).toEqual([
      'attribute type a (1.1): its superiors go round in a circle',
      'attribute type b (1.2): its superiors go round in a circle',
      'attribute type c (1.3): its superiors go round in a circle',
      'attribute type d (1.4): its superior x is unknown',
      'object class q (2.2): its superclass nowhere is unknown',
    ]);
  });

  test('long chains of superiors cost no more than short ones', () => {
    const attributeTypes = Array.from({ length: 20_000 }, (_, i) => `( 1.${i} NAME 'a${i}' SUP a${i + 1} )`);
    const objectClasses = Array.from({ length: 20_000 }, (_, i) => `( 2.${i} NAME 'c${i}' SUP c${i + 1} )`);
    expect(parse({ attributeTypes, objectClasses }).schema.superclasses('c0')).toHaveLength(20_000);
  });

  test('the first holder of a name or OID keeps it (eDirectory gives one OID to two types)', () => {
    const { schema, faults } = parse({
      attributeTypes: [
        "( 1.1 NAME 'photo' EQUALITY caseExactMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 )",
        "( 1.1 NAME 'ldapPhoto' EQUALITY caseIgnoreMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 )",
      ],
    });
    expect(faults).toEqual(['attribute type ldapPhoto (1.1): "1.1" belongs to photo (1.1) already']);
    expect(schema.attributeType('1.1')?.name).toBe('photo');
    expect(schema.normalize('photo', 'A')).toBe('A');
    expect(schema.normalize('ldapPhoto', 'A')).toBe('a');
  });

  test('hostile names are names', () => {
    const { schema } = parse({ attributeTypes: ["( 1.1 NAME '__proto__' SYNTAX 1.2 )"] });
    expect(schema.attributeType('__PROTO__')?.oid).toBe('1.1');
    expect(schema.attributeType('constructor')).toBeUndefined();
    expect(schema.canonicalName('toString')).toBe('tostring');
    expect(checkSyntax('__proto__', 'x')).toBeUndefined();
  });
});

describe('the schema of the embedded directory', () => {
  const schema = demoSchema();
  const names = (types: readonly { name: string }[]) => types.map(({ name }) => name);

  test('is sound, and every name in it is defined', () => {
    const faults: string[] = [];
    const again = Schema.parse(JSON.parse(JSON.stringify(schema.source())), (text) => faults.push(text));
    expect(faults).toEqual([]);
    expect(names(again.attributeTypes)).toEqual(names(schema.attributeTypes));
    const source = schema.source();
    const rules = new Set(source.matchingRules?.map((text) => /NAME '([^']+)'/.exec(text)?.[1]));
    const syntaxes = new Set(source.ldapSyntaxes?.map((text) => text.split(' ')[1]));
    for (const type of schema.attributeTypes) {
      for (const rule of [type.equality, type.ordering, type.substring]) if (rule) expect(rules).toContain(rule);
      expect(syntaxes).toContain(type.syntax);
    }
    for (const { must, may } of schema.objectClasses) {
      for (const name of [...must, ...may]) expect([name, schema.attributeType(name)?.name]).toEqual([name, name]);
    }
    expect(demoSchema()).toBe(schema);
  });

  test('aliases, options and OIDs are one attribute', () => {
    expect(schema.canonicalName('surname')).toBe('sn');
    expect(schema.canonicalName('2.5.4.4')).toBe('sn');
    expect(schema.canonicalName('commonName;LANG-fr;Binary')).toBe('cn;binary;lang-fr');
    expect(schema.canonicalName('x-Unknown;Lang-FR')).toBe('x-unknown;lang-fr');
    expect(schema.names('rfc822mailbox')).toEqual(['mail', 'rfc822Mailbox']);
    expect(schema.names('userid')).toEqual(['uid', 'userid']);
    expect(schema.names('nope')).toEqual(['nope']);
    expect(schema.attributeType('SN;lang-de')?.oid).toBe('2.5.4.4');
    expect(schema.attributeType('sn')).toMatchObject({ equality: 'caseIgnoreMatch', syntax: Syntax.directoryString });
  });

  test('superclasses and requirements', () => {
    expect(names(schema.superclasses('INETORGPERSON'))).toEqual([
      'inetOrgPerson',
      'organizationalPerson',
      'person',
      'top',
    ]);
    expect(schema.isSubclassOf('inetOrgPerson', '2.5.6.6')).toBe(true);
    expect(schema.isSubclassOf('person', 'inetOrgPerson')).toBe(false);
    expect(schema.superclasses('nope')).toEqual([]);
    const { must, may, allowsAny, requiredBy } = schema.requirements(['inetOrgPerson', 'posixAccount', 'nope']);
    expect(names(must).sort()).toEqual(['cn', 'gidNumber', 'homeDirectory', 'objectClass', 'sn', 'uid', 'uidNumber']);
    expect(names(may)).toEqual(expect.arrayContaining(['mail', 'title', 'seeAlso', 'loginShell']));
    expect(names(may)).not.toContain('uid');
    expect(allowsAny).toBe(false);
    expect([...requiredBy].find(([type]) => type.name === 'sn')?.[1]).toBe('person');
    expect(schema.requirements(['top', 'extensibleObject']).allowsAny).toBe(true);
  });

  test('kinds of attributes', () => {
    expect(
      ['jpegPhoto', 'userPassword', 'cn;binary', 'userCertificate'].filter((name) => !schema.isBinary(name)),
    ).toEqual([]);
    expect(['cn', 'member', 'nope', 'binary'].filter((name) => schema.isBinary(name))).toEqual([]);
    expect([schema.isDN('member'), schema.isDN('cn')]).toEqual([true, false]);
    expect([schema.isBoolean('pwdReset'), schema.isBoolean('cn')]).toEqual([true, false]);
    expect([schema.isInteger('uidNumber'), schema.isInteger('cn')]).toEqual([true, false]);
    expect([schema.isGeneralizedTime('createTimestamp'), schema.isGeneralizedTime('cn')]).toEqual([true, false]);
    expect(['loginShell', 'jpegPhoto'].every((name) => schema.isCaseExact(name))).toBe(true);
    expect(['cn', 'mail', 'nope'].some((name) => schema.isCaseExact(name))).toBe(false);
    expect(names(schema.operationalAttributes)).toEqual(expect.arrayContaining(['entryUUID', 'modifyTimestamp']));
    expect(names(schema.operationalAttributes)).not.toContain('cn');
  });
});

describe('what a server says of itself', () => {
  test('a subschema subentry, content rules of Active Directory and substituted syntaxes', () => {
    const schema = Schema.from(
      new Entry(DN.parse('cn=schema'), {
        attributetypes: [
          "( 1.1 NAME 'cn' SYNTAX '1.2.840.113556.1.4.905' )",
          "( 1.2 NAME 'info' SYNTAX '1.2.840.113556.1.4.905' )",
          "( 1.3 NAME 'secret' SYNTAX 9.9.1 )",
          "( 1.4 NAME 'like' SYNTAX 9.9.2 )",
          Buffer.from("( 1.5 NAME 'plain' SYNTAX 9.9.3 )"),
        ],
        objectClasses: ["( 5.1 NAME 'user' STRUCTURAL MAY secret )"],
        dITContentRules: ["( 5.1 NAME 'user' AUX ( mail ) MUST (cn ) MAY (info $ like ) NOT like )"],
        ldapSyntaxes: ["( 9.9.1 X-NOT-HUMAN-READABLE 'TRUE' )", "( 9.9.2 X-SUBST '1.3.6.1.4.1.1466.115.121.1.27' )"],
      }),
    );
    const { must, may } = schema.requirements(['user']);
    expect(must.map(({ name }) => name)).toEqual(['cn']);
    expect(may.map(({ name }) => name)).toEqual(['secret', 'info']);
    expect([schema.isBinary('secret'), schema.isBinary('plain')]).toEqual([true, false]);
    expect(schema.isInteger('like')).toBe(true);
    expect(schema.normalize('cn', ' A  B ')).toBe('a b');
    expect(schema.source().attributeTypes).toHaveLength(5);
  });
});
