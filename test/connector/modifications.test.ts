/** The fewest modifications make the entry what it shall be, as a server applies them (RFC 4511 §4.6). */
import fc from 'fast-check';
import { modificationsOf, replaceAll } from '../../src/connector/modifications';
import type { Modification } from '../../src/directory/directory';
import { DN } from '../../src/directory/dn';
import { Entry, type Value } from '../../src/directory/entry';
import { Schema } from '../../src/directory/schema';
import { scimTypeOf } from '../../src/mapping/syntax';
import { schema } from '../mapping/objectTypes';

const dn = DN.parse('uid=ada,dc=x');

/** A server without mercy: one modification after the other, each refused as RFC 4511 says. */
function apply(before: Entry, modifications: readonly Modification[]): Map<string, Map<string, Value>> {
  const attributes = state(before);
  for (const { operation, attribute, values } of modifications) {
    const key = schema.canonicalName(attribute);
    const type = schema.attributeType(attribute);
    const normal = (value: Value) => schema.normalize(attribute, value);
    const present = new Map(attributes.get(key));
    const byValue = operation === 'delete' ? values.length > 0 : operation === 'add' && present.size > 0;
    if (byValue && type?.equality === undefined) throw new Error(`inappropriateMatching: ${attribute}`);
    if (operation === 'delete' && present.size === 0) throw new Error(`noSuchAttribute: ${attribute}`);
    if (operation === 'add' && values.length === 0) throw new Error(`protocolError: ${attribute}`);
    if (operation === 'replace' || values.length === 0) present.clear();
    for (const value of values) {
      if (operation === 'delete') {
        if (!present.delete(normal(value))) throw new Error(`noSuchAttribute: a value of ${attribute}`);
      } else {
        if (present.has(normal(value))) throw new Error(`attributeOrValueExists: ${attribute}`);
        present.set(normal(value), value);
      }
    }
    if (type?.singleValue && present.size > 1) throw new Error(`constraintViolation: ${attribute}`);
    if (present.size === 0) attributes.delete(key);
    else attributes.set(key, present);
  }
  return attributes;
}

function state(entry: Entry): Map<string, Map<string, Value>> {
  const attributes = new Map<string, Map<string, Value>>();
  for (const { name, values } of entry.attributes()) {
    const key = schema.canonicalName(name);
    const known = attributes.get(key) ?? new Map<string, Value>();
    for (const value of values)
      if (!known.has(schema.normalize(name, value))) known.set(schema.normalize(name, value), value);
    attributes.set(key, known);
  }
  return attributes;
}

const isText = (attribute: string) => scimTypeOf(schema, attribute) === 'string' || schema.isBinary(attribute);

/** As text, without order; how a DN or a number is written does not count. */
function shown(attributes: ReadonlyMap<string, ReadonlyMap<string, Value>>): Record<string, unknown> {
  return Object.fromEntries(
    [...attributes]
      .sort()
      .map(([key, values]) => [
        key,
        [...values].map(([normal, value]) => (isText(key) ? value.toString('latin1' as never) : normal)).sort(),
      ]),
  );
}

const words = ['a', 'A', 'b', 'B ', ' b', 'c', 'd'];
const lists = (values: readonly Value[], maxLength = 5) => fc.array(fc.constantFrom(...values), { maxLength });
const attributes = fc.record(
  {
    sn: lists(words),
    surname: lists(words, 1),
    description: lists(words),
    'description;lang-fr': lists(words),
    exact: lists(words),
    only: lists(words, 1),
    ruleless: lists(words),
    octets: lists([Buffer.from('a'), Buffer.from([255]), Buffer.from([254])]),
    jpegPhoto: lists([Buffer.from('a'), Buffer.from('A')]),
    count: lists(['7', '007', '8']),
    member: lists(['uid=a,dc=x', 'UID=A, DC=x', 'uid=b,dc=x', 'uid=c,dc=x']),
    modifyTimestamp: lists(['20260101000000Z', '20260102000000Z'], 1),
  },
  { requiredKeys: [] },
);
const entries = attributes.map(
  (own) =>
    new Entry(
      dn,
      Object.entries(own).map(([name, values]) => ({ name, values: values as Value[] })),
    ),
);

test('before, modified, is after', () => {
  fc.assert(
    fc.property(entries, entries, (before, wanted) => {
      const modifications = modificationsOf(before, wanted, schema);
      const after = apply(before, modifications);
      const expected = state(wanted);
      // What only the directory writes stays.
      const stamp = state(before).get('modifytimestamp');
      if (stamp === undefined) expected.delete('modifytimestamp');
      else expected.set('modifytimestamp', stamp);
      expect(shown(after)).toEqual(shown(expected));
      expect(modifications.filter(({ attribute }) => attribute === 'modifyTimestamp')).toEqual([]);
      expect(modificationsOf(wanted, wanted, schema)).toEqual([]);
    }),
    { numRuns: 1000 },
  );
});

const of = (before: Record<string, readonly Value[]>, after: Record<string, readonly Value[]>, by = schema) =>
  modificationsOf(new Entry(dn, before), new Entry(dn, after), by).map(
    ({ operation, attribute, values }) => `${operation} ${attribute}: ${values.join()}`,
  );

test.each([
  ['nothing for another order', { sn: ['a', 'b'] }, { sn: ['b', 'a'] }, []],
  ['nothing for another name', { surname: ['a'] }, { sn: ['a'] }, []],
  [
    'a change under the name that is there',
    { surname: ['a', 'b'] },
    { sn: ['a', 'c'] },
    ['delete surname: b', 'add surname: c'],
  ],
  ['options apart', { 'cn;lang-fr': ['a'], cn: ['a'] }, { 'CN;LANG-FR': ['a'], cn: ['b'] }, ['replace cn: b']],
  ['case of text', { sn: ['ada', 'x'] }, { sn: ['Ada', 'x'] }, ['replace sn: Ada,x']],
  ['no case of names', { member: ['uid=a,dc=x'] }, { member: ['UID=A,dc=x'] }, []],
  [
    'no case of names that may have an identifier',
    { uniqueMember: ["uid=a,dc=x#'1'B"] },
    { uniqueMember: ["UID=A,dc=x#'1'B"] },
    [],
  ],
  ['no other number of digits', { count: ['007'] }, { count: ['7'] }, []],
  ['no other way to write an instant', { moment: ['20260101000000.0Z'] }, { moment: ['20260101000000Z'] }, []],
  ['no case of truth', { flag: ['true'] }, { flag: ['TRUE'] }, []],
  ['all of an attribute', { sn: ['a', 'b'] }, {}, ['delete sn: ']],
  ['each value once', {}, { sn: ['a', 'A', 'b'] }, ['add sn: a,b']],
  [
    'the whole where no rule finds one value',
    { ruleless: ['a', 'b'] },
    { ruleless: ['a', 'c'] },
    ['replace ruleless: a,c'],
  ],
] as const)('%s', (_name, before, after, expected) => {
  expect(of(before as never, after as never)).toEqual(expected);
});

test('a schema that names no rules has them all the same', () => {
  const bare = Schema.parse({
    attributeTypes: ["( 2.5.4.31 NAME 'member' SYNTAX 1.3.6.1.4.1.1466.115.121.1.12 )"],
    objectClasses: [],
  });
  expect(of({ member: ['cn=a', 'cn=b', 'cn=c'] }, { member: ['cn=a', 'cn=b', 'cn=d'] }, bare)).toEqual([
    'delete member: cn=c',
    'add member: cn=d',
  ]);
});

test('one member of 50,000 is one value on the wire', () => {
  const member = Array.from({ length: 50_000 }, (_, index) => `uid=u${index},dc=x`);
  expect(of({ member }, { member: member.slice(1) })).toEqual(['delete member: uid=u0,dc=x']);
});

test('a password is replaced, never read', () => {
  expect(replaceAll([{ name: 'userPassword', values: ['x'] }])).toEqual([
    { operation: 'replace', attribute: 'userPassword', values: ['x'] },
  ]);
});

describe('very many values', () => {
  const many = Array.from({ length: 1_500 }, (_, index) => `Value ${index}`);
  const of = (description: readonly string[]) => new Entry(dn, { objectClass: 'inetOrgPerson', description });

  test('are changed by those that are not shared', () => {
    const after = [...many.slice(2).reverse(), 'new'];
    expect(modificationsOf(of(many), of(after), schema)).toEqual([
      { operation: 'delete', attribute: 'description', values: ['Value 0', 'Value 1'] },
      { operation: 'add', attribute: 'description', values: ['new'] },
    ]);
    expect(modificationsOf(of(many), of([...many].reverse()), schema)).toEqual([]);
  });

  test('are written anew where one is spelled otherwise', () => {
    const after = ['VALUE 0', ...many.slice(1)];
    expect(modificationsOf(of(many), of(after), schema)).toEqual([
      { operation: 'replace', attribute: 'description', values: after },
    ]);
  });
});
