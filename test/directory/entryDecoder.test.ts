import * as fc from 'fast-check';
import { BerWriter } from 'ldapts';
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
