/** Long JSON texts are parsed in pieces, and mean what they mean when they are parsed at once. */
import fc from 'fast-check';
import { ScimError } from '../../src/scim/error';
import { parseSteps } from '../../src/scim/longBody';
import { parseBody } from '../../src/scim/requestBody';
import { atOnce } from '../../src/scim/steps';

const outcomeOf = <T>(work: () => T): unknown => {
  try {
    return { value: work() };
  } catch (error) {
    // What is in no string any more may nest.
    if (error instanceof SyntaxError || error instanceof ScimError) return 'no JSON';
    throw error;
  }
};
const expectSame = (text: string) =>
  expect(outcomeOf(() => atOnce(parseSteps(text)))).toEqual(outcomeOf(() => JSON.parse(text)));

/** Lists of as many as make one piece, one more, and several. */
const length = fc.constantFrom(3, 999, 1_000, 1_001, 2_000, 2_001, 2_500);
const element = fc.oneof(
  fc.constantFrom('m', 'a"b', 'a\\\\', ',', ']', '[', '{', 'ü', ''),
  fc.integer(),
  fc.constant(null),
  fc.record({ value: fc.string({ maxLength: 6 }), list: fc.array(fc.integer(), { maxLength: 3 }) }),
);
const list = fc
  .tuple(length, fc.array(element, { minLength: 1, maxLength: 5 }))
  .map(([count, given]) => Array.from({ length: count }, (_, index) => given[index % given.length]));
const body = fc.dictionary(
  fc.constantFrom('members', '__proto__', 'constructor', 'displayName', 'face', 'x'),
  fc.oneof(list, element, fc.record({ member: list, other: list, name: element }), fc.array(list, { maxLength: 2 })),
);

test('any value', () => {
  fc.assert(
    fc.property(fc.oneof(body, list), fc.constantFrom(undefined, 1), (value, blanks) =>
      expectSame(JSON.stringify(value, null, blanks)),
    ),
    { numRuns: 60 },
  );
});

test('any text that is a letter away from one', () => {
  const letter = fc.constantFrom('', ',', ']', '[', '}', '{', '"', '\\\\', ' ', 'x', ':');
  fc.assert(
    fc.property(list, fc.double({ min: 0, max: 1, noNaN: true }), fc.nat(2), letter, (members, place, gone, put) => {
      const text = JSON.stringify({ displayName: 'G', members, face: { member: members } });
      const at = Math.floor(place * text.length);
      expectSame(text.slice(0, at) + put + text.slice(at + gone));
    }),
    { numRuns: 120 },
  );
});

const many = Array.from({ length: 1_000 }, (_, index) => index).join(',');

test.each([
  ['ends with a comma', `[${many},]`],
  ['ends with blanks', `[${many}, ]`],
  ['begins with one', `[,${many},1]`],
  ['lacks an element', `[${many},,1]`],
  ['is closed as an object', `{"a":[${many},1},"b":2}`],
  ['is not closed', `{"a":[${many},1`],
  ['is followed by something', `[${many},1] x`],
  ['ends in a string', `[${many},1,"`],
  ['is closed twice', `[${many},1]]`],
  ['stands in a long list', `[${Array.from({ length: 1_001 }, () => `[${many},1]`).join(',')}]`],
])('a list that %s', (_, text) => expectSame(text));

test('a body that is too long for one piece is told from none', async () => {
  const long = Array.from({ length: 30_000 }, (_, index) => ({ value: `id-${index}`, display: 'x'.repeat(40) }));
  const text = JSON.stringify({ members: long });
  const read = (given: string) => Promise.resolve().then(() => parseBody(Buffer.from(given)));
  const detailOf = (given: string) => read(given).catch((error: unknown) => error instanceof ScimError && error.detail);
  expect(await read(text)).toEqual({ members: long });
  expect(await detailOf(`${text.slice(0, -3)},}]}`)).toMatch(/fault in line 1, column \d+/);
  const deep = `{"members":${JSON.stringify(long)},"deep":${'['.repeat(40)}${']'.repeat(40)}}`;
  expect(await detailOf(deep)).toContain('more than 32 objects and lists within one another');
});
