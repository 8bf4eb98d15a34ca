/** Encoders, bits, and values that only the host can make (from the random octets it hands in). */
import { Arguments, type Context, eachFunction, type FunctionDefinition, onValues, plainFunction } from './definition';
import { assertLength, bigintOf, FunctionFault, fromBigint, generated, type Plain } from './value';

function bitAnd(args: Arguments): Plain {
  const operands = [0, 1].map((index) => {
    if (args.text(index) === null) return null;
    const operand = bigintOf(args.plain(index));
    if (operand === undefined) throw new FunctionFault('the value is not an integer', index);
    return operand;
  });
  const [left = null, right = null] = operands;
  return left === null || right === null ? null : fromBigint(left & right);
}

function hex(text: string | null): Plain {
  if (text === null) return null;
  assertLength(text.length * 2);
  return Buffer.from(text, 'utf8').toString('hex').toUpperCase();
}

function base64(text: string | null): Plain {
  if (text === null) return null;
  assertLength(text.length * 2);
  return Buffer.from(text, 'utf16le').toString('base64');
}

/** A version 4 UUID (RFC 9562 §5.4). */
function guid(context: Context): string {
  const octets = Buffer.from(context.scope.random(16));
  octets.writeUInt8((octets.readUInt8(6) & 0x0f) | 0x40, 6);
  octets.writeUInt8((octets.readUInt8(8) & 0x3f) | 0x80, 8);
  return octets.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

const LOWER = 'abcdefghijklmnopqrstuvwxyz';
const KINDS = ['0123456789', '~!@#$%^&*_-+=`|\\(){}[]:;"\'<>,.?/', LOWER.toUpperCase(), LOWER];
const LETTERS_AND_DIGITS = [KINDS[0], KINDS[2], KINDS[3]].join('');
const MAX_RANDOM = 256;

/** An index below `count`, from 48 random bits: the bias is below one in a billion. */
function randomIndex(context: Context, count: number): number {
  return Buffer.from(context.scope.random(6)).readUIntBE(0, 6) % count;
}

/** So many of each kind, the rest from the kinds that were asked for (letters and digits where none was), in random order. */
function randomString(args: Arguments, context: Context): string {
  const length = args.integer(0);
  const minimums = KINDS.map((_, index) => args.integer(index + 1));
  const wanted = minimums.reduce((sum, minimum) => sum + minimum, 0);
  if (length < 1 || length > MAX_RANDOM) throw new FunctionFault(`the length is from 1 to ${MAX_RANDOM}`, 0);
  if (minimums.some((minimum) => minimum < 0) || wanted > length) {
    throw new FunctionFault('the minimums are not negative and together not above the length', 1);
  }
  const avoid = new Set(args.text(5) ?? '');
  const allowed = (characters: string): string => [...characters].filter((character) => !avoid.has(character)).join('');
  const asked = KINDS.filter((_, index) => (minimums[index] ?? 0) > 0);
  const pick = (characters: string): string => {
    if (characters === '') throw new FunctionFault('every character of a kind that is asked for is to be avoided', 5);
    return characters.charAt(randomIndex(context, characters.length));
  };
  const rest = allowed(asked.join('') || LETTERS_AND_DIGITS);
  const characters = KINDS.flatMap((kind, index) =>
    Array.from({ length: minimums[index] ?? 0 }, () => pick(allowed(kind))),
  );
  while (characters.length < length) characters.push(pick(rest));
  return shuffle(characters, context).join('');
}

function shuffle(characters: readonly string[], context: Context): string[] {
  const remaining = [...characters];
  return characters.map(() => remaining.splice(randomIndex(context, remaining.length), 1).join(''));
}

const RANDOM_PARAMETERS = [
  'length',
  'minimumNumbers',
  'minimumSpecialCharacters',
  'minimumCapital',
  'minimumLowerCase',
  'charactersToAvoid?',
];

const randomStringDefinition: FunctionDefinition = {
  name: 'RandomString',
  parameters: RANDOM_PARAMETERS,
  bind: () =>
    onValues((values, context) => {
      const plains = values.map((value) => value?.plain ?? null);
      return generated(randomString(new Arguments(plains, RANDOM_PARAMETERS), context));
    }),
};

export const encodingFunctions: readonly FunctionDefinition[] = [
  plainFunction('BitAnd', ['value1', 'value2'], bitAnd),
  eachFunction('ConvertToBase64', ['source'], (args) => base64(args.text(0))),
  eachFunction('ConvertToUTF8Hex', ['source'], (args) => hex(args.text(0))),
  { name: 'Guid', parameters: [], bind: () => onValues((_, context) => generated(guid(context))) },
  randomStringDefinition,
];
