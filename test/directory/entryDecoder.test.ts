import * as fc from 'fast-check';
import { BerWriter } from 'ldapts';
import { encodeAttributes } from '../../src/directory/attributeOctets';
import { BerCursor } from '../../src/directory/ber';
import { DN } from '../../src/directory/dn';
import { Entry, type Value } from '../../src/directory/entry';
import { EntryDecoder } from '../../src/directory/entryDecoder';
import { textOrOctets } from '../../src/directory/octets';

interface Wire {
  readonly dn: string;
  readonly attributes: readonly { readonly name: string; readonly values: readonly Buffer[] }[];
}

function encoded({ dn, attributes }: Wire): BerCursor {
  const writer = new BerWriter();
  writer.startSequence(0x64);
  writer.writeString(dn);
  writer.startSequence();
  for (const { name, values } of attributes) {
    writer.startSequence();
    writer.writeString(name);
    writer.startSequence(0x31);
    for (const value of values) writer.writeBuffer(value, 0x04);
    writer.endSequence();
    writer.endSequence();
  }
  writer.endSequence();
  writer.endSequence();
  return new BerCursor(writer.buffer, 0, writer.buffer.length);
}

/** What the decoder has to make of it, said as plainly as can be. */
function expected({ dn, attributes }: Wire): Entry {
  const read = (name: string, value: Buffer): Value => (name === 'jpegPhoto' ? value : textOrOctets(value));
  return new Entry(
    DN.parse(dn),
    attributes.map(({ name, values }) => ({ name, values: values.map((value) => read(name, value)) })),
  );
}

const shown = (entry: Entry) => ({
  dn: entry.dn.toString(),
  key: entry.dn.normalized(),
  attributes: [...entry.attributes()],
});

const value = fc.oneof(
  fc.string().map((text) => Buffer.from(text)),
  fc.string({ unit: 'grapheme' }).map((text) => Buffer.from(text)),
  fc.uint8Array().map((octets) => Buffer.from(octets)),
  fc.constantFrom(Buffer.from('\ufffd'), Buffer.alloc(5_000, 'ä'), Buffer.from([0xff]), Buffer.alloc(0)),
);
const name = fc.constantFrom('cn', 'CN', 'sn', 'mail', 'jpegPhoto', 'description', 'cn;lang-fr');
const dn = fc.constantFrom(
  'uid=a,ou=people,dc=example',
  'uid=b,ou=people,dc=example',
  'UID=b,OU=People,DC=example',
  'uid=a\\,b,ou=people,dc=example',
  'uid="a,b",ou=people,dc=example',
  'uid=a\\2Cb+cn=c,ou=people,dc=example',
  'cn=b;ou=people,dc=example',
  'cn=x+sn=y, ou=people, dc=example',
  'dc=example',
  '',
);
const wire = fc.record({
  dn,
  attributes: fc.array(fc.record({ name, values: fc.array(value, { maxLength: 3 }) }), { maxLength: 8 }),
});

test('an entry is the same whatever the decoder has read before', () => {
  fc.assert(
    fc.property(fc.array(wire, { minLength: 1, maxLength: 8 }), (entries) => {
      const decoder = new EntryDecoder((description) => description === 'jpegPhoto');
      for (const each of entries) expect(shown(decoder.decode(encoded(each)))).toEqual(shown(expected(each)));
    }),
  );
});

/** Attributes in the order in which they are stored. */
const stored = (entry: Entry) => ({
  ...shown(entry),
  attributes: [...entry.attributes()].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0)),
});

test('an entry that is read lazily is the same entry', () => {
  fc.assert(
    fc.property(fc.array(wire, { minLength: 1, maxLength: 8 }), fc.boolean(), (entries, ask) => {
      const decoder = new EntryDecoder((description) => description === 'jpegPhoto');
      for (const each of entries) {
        const cursor = encoded(each);
        const entry = decoder.decodeLazily(cursor);
        const eager = expected(each);
        expect(cursor.offset).toBe(cursor.end);
        if (ask) {
          for (const description of ['MAIL', 'jpegPhoto', 'cn;lang-fr', 'ou'])
            expect(entry.values(description)).toEqual(eager.values(description));
        }
        expect(stored(entry)).toEqual(stored(eager));
        expect(new Set(entry.names())).toEqual(new Set([...eager.attributes()].map(({ name: of }) => of)));
      }
    }),
  );
});

test('equal attributes are equal octets, in whatever order and from wherever they come', () => {
  fc.assert(
    fc.property(wire, (each) => {
      const decoder = new EntryDecoder((description) => description === 'jpegPhoto');
      const { octets } = decoder.decodeLazily(encoded(each)).encoded;
      const { attributes } = shown(expected(each));
      expect(encodeAttributes(attributes).octets).toEqual(octets);
      expect(encodeAttributes(attributes.toReversed()).octets).toEqual(octets);
      const again = Entry.ofOctets(DN.root, octets);
      expect([...again.attributes()]).toEqual(stored(expected(each)).attributes);
      expect(again.encoded.octets).toEqual(octets);
    }),
  );
});

test('many values, and values that are long, come back from octets', () => {
  const many = Array.from({ length: 300 }, (_, index) => `uid=${index},dc=example`);
  const attributes = [
    { name: 'description', values: ['x'.repeat(20_000), 'ä'.repeat(70_000)] },
    { name: 'jpegPhoto', values: [Buffer.alloc(40_000, 0xff)] },
    { name: 'member', values: many },
  ];
  const { octets, mostValues } = encodeAttributes(attributes);
  expect(mostValues).toBe(300);
  expect([...Entry.ofOctets(DN.root, octets).attributes()]).toEqual(attributes);
  expect(() => [...Entry.ofOctets(DN.root, octets.subarray(0, -1)).attributes()]).toThrow('end too soon');
});

test('a value that reaches beyond its set is refused', () => {
  const { buffer, end } = encoded({
    dn: 'dc=a',
    attributes: [
      { name: 'cn', values: [Buffer.from('one')] },
      { name: 'sn', values: [Buffer.from('two')] },
    ],
  });
  buffer[buffer.indexOf('one') - 1] = 8;
  const decoder = new EntryDecoder(() => false);
  expect(() => decoder.decode(new BerCursor(buffer, 0, end))).toThrow('longer than the set');
  expect(() => decoder.decodeLazily(new BerCursor(buffer, 0, end))).toThrow('longer than the set');
});

test('attributes are found by every spelling of their names, however often they are asked for', () => {
  const decoder = new EntryDecoder(() => false);
  const attributes = ['uid', 'givenName', 'sn'].map((each) => ({ name: each, values: [Buffer.from(`of ${each}`)] }));
  const entry = decoder.decode(encoded({ dn: 'uid=a,dc=example', attributes }));
  for (let times = 0; times < 12; times += 1) {
    expect(entry.first('GIVENNAME')).toBe('of givenName');
    expect(entry.first('sn')).toBe('of sn');
    expect(entry.has('cn')).toBe(false);
  }
  expect([...entry.with([{ name: 'SN', values: ['new'] }]).attributes()]).toHaveLength(3);
});

test('a DN that is none is refused although its container is known', () => {
  const decoder = new EntryDecoder(() => false);
  decoder.decode(encoded({ dn: 'uid=a,dc=example', attributes: [] }));
  for (const bad of ['uid,dc=example', ',dc=example', '=a,dc=example']) {
    expect(() => decoder.decode(encoded({ dn: bad, attributes: [] }))).toThrow('Not a DN');
  }
});
