/**
 * JSON of very long lists, read in steps: a group of 100,000 members that was read and is sent back is 20 MB, and to parse
 * it at once holds everybody else up. What is in the lists is parsed piece by piece, and the rest of the text as it is.
 */
import { randomUUID } from 'node:crypto';
import { closingQuote, maxNesting, tooDeep } from './bodyText';
import { isObject } from './json';
import type { Steps } from './steps';

/** Elements that are parsed in one step. */
const ELEMENTS_PER_STEP = 1_000;

/** Characters that are looked at in one step. */
const LETTERS_PER_STEP = 256 * 1024;

/** A list that is worth being parsed in pieces. */
interface LongList {
  /** Where it opens, and where it closes. */
  readonly start: number;
  readonly end: number;
  /** Commas between its pieces. */
  readonly cuts: readonly number[];
}

/** An object (without cuts) or list that is not closed yet. */
interface Open {
  readonly start: number;
  readonly cuts: number[] | undefined;
  elements: number;
}

/** The value of a JSON text, as `JSON.parse` answers it. Throws a SyntaxError where it is none, and 400 where it nests too deep. */
export function* parseSteps(text: string): Steps<unknown> {
  const lists = yield* longListsIn(text);
  if (lists.length === 0) return JSON.parse(text);
  // No text of a client's is taken for one of these.
  const mark = randomUUID();
  const values: unknown[][] = [];
  let rest = '';
  let position = 0;
  for (const [index, list] of lists.entries()) {
    rest += `${text.slice(position, list.start)}"${mark}${index}"`;
    position = list.end + 1;
    values.push(yield* elementsOf(text, list));
  }
  yield;
  return withLists(JSON.parse(rest + text.slice(position)), (value) =>
    typeof value === 'string' && value.startsWith(mark) ? values[Number(value.slice(mark.length))] : undefined,
  );
}

function* elementsOf(text: string, { start, end, cuts }: LongList): Steps<unknown[]> {
  const elements: unknown[] = [];
  let from = start;
  for (const to of [...cuts, end]) {
    const piece: unknown[] = JSON.parse(`[${text.slice(from + 1, to)}]`);
    // Between two commas there is an element, as there is before the end.
    if (piece.length === 0) throw new SyntaxError('an element is missing');
    for (const element of piece) elements.push(element);
    from = to;
    yield;
  }
  return elements;
}

/** The long lists that are in no other. */
function* longListsIn(text: string): Steps<LongList[]> {
  const found: LongList[] = [];
  const open: Open[] = [];
  let pause = LETTERS_PER_STEP;
  for (let position = 0; position < text.length; position++) {
    if (position > pause) {
      pause = position + LETTERS_PER_STEP;
      yield;
    }
    const character = text[position];
    if (character === '"') {
      position = closingQuote(text, position);
      if (position < 0) return [];
    } else if (character === '{' || character === '[') {
      open.push({ start: position, cuts: character === '[' ? [] : undefined, elements: 0 });
      if (open.length > maxNesting) throw tooDeep();
    } else if (character === ',') noteComma(open.at(-1), position);
    else if (character === '}' || character === ']') close(open.pop(), character, position, found);
  }
  return found;
}

function noteComma(container: Open | undefined, position: number): void {
  if (container?.cuts === undefined) return;
  container.elements += 1;
  if (container.elements % ELEMENTS_PER_STEP === 0) container.cuts.push(position);
}

function close(container: Open | undefined, character: string, end: number, found: LongList[]): void {
  if (container?.cuts === undefined || container.cuts.length === 0) return;
  if (character !== ']') throw new SyntaxError('a list that is closed as an object');
  const { start, cuts } = container;
  while ((found.at(-1)?.start ?? -1) > start) found.pop();
  found.push({ start, end, cuts });
}

/** What was parsed, with lists in the places that are theirs. */
function withLists(value: unknown, listOf: (value: unknown) => unknown[] | undefined): unknown {
  const list = listOf(value);
  if (list !== undefined) return list;
  if (Array.isArray(value)) return value.map((one) => withLists(one, listOf));
  if (!isObject(value)) return value;
  // An assignment to __proto__ would be none.
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, withLists(part, listOf)]));
}
