/** Attributes of very many values: the same octets on the wire, and the same values of what arrives. */
import { AddRequest, Change, ModifyRequest } from 'ldapts';
import { BerCursor } from '../../src/directory/ber';
import type { EntryAttribute } from '../../src/directory/entry';
import { EntryDecoder } from '../../src/directory/entryDecoder';
import { areLong, attributeOf, encodeLong } from '../../src/directory/longValues';
import { messageOctets } from '../../src/directory/messageOctets';
import { atOnce } from '../../src/directory/steps';

const dn = 'cn=g,dc=example,dc=com';
const names = (count: number) =>
  Array.from({ length: count }, (_, index) => `uid=u${index},ou=people,dc=example,dc=com`);
const attributes = (): EntryAttribute[] => [
  { name: 'member', values: [...names(2_500), 'cn=Müller,dc=example', '', 'x'.repeat(300), Buffer.from([0xff, 0, 1])] },
  { name: 'description', values: ['few'] },
];
const base = { messageId: 7, dn, controls: [] };
const add = (given: readonly EntryAttribute[]) =>
  messageOctets(new AddRequest({ ...base, attributes: given.map(({ name, values }) => attributeOf(name, values)) }));
const modify = (given: readonly EntryAttribute[]) =>
  messageOctets(
    new ModifyRequest({
      ...base,
      changes: given.map(
        ({ name, values }) => new Change({ operation: 'delete', modification: attributeOf(name, values) }),
      ),
    }),
  );

test.each([
  ['add', add],
  ['modify', modify],
])('%s: what was made in turns is what is made at once', async (_, write) => {
  const given = attributes();
  expect(areLong(given)).toBe(true);
  expect(areLong(given.slice(1))).toBe(false);
  await encodeLong(given);
  expect(write(given)).toEqual(write(attributes()));
});

/** A SearchResultEntry (RFC 4511 §4.5.2): an AddRequest has the same form under another tag. */
function arriving(given: readonly EntryAttribute[]): BerCursor {
  const message = add(given);
  const cursor = new BerCursor(message, 0, message.length);
  cursor.enter(0x30);
  cursor.integer();
  message[cursor.offset] = 0x64;
  return cursor;
}

test.each([2_500, 12_000])(
  'an entry of %i values has them, asked for at once or after they were made in steps',
  (count) => {
    const given = [
      { name: 'cn', values: ['g'] },
      { name: 'member', values: names(count) },
      { name: 'photo', values: [Buffer.from([1, 2, 3])] },
    ];
    const decoder = new EntryDecoder((name) => name === 'photo');
    const [asked, unfolded] = [decoder.decode(arriving(given)), decoder.decode(arriving(given))];
    expect(unfolded.mostValues).toBe(count);
    atOnce(unfolded.unfoldSteps());
    for (const entry of [asked, unfolded]) {
      expect(entry.dn.toString()).toBe(dn);
      for (const { name, values } of given) expect(entry.values(name)).toEqual(values);
      expect(entry.names().toSorted()).toEqual(['cn', 'member', 'photo']);
    }
    expect([...unfolded.attributes()].map(({ name }) => name)).toEqual(['cn', 'member', 'photo']);
  },
);
