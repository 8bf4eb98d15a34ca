/** JSON text in pieces: what holds very many values becomes text bit by bit, while others have their turns. */
import { isObject } from './json';

/** Values of a list that become text at once. */
const VALUES_PER_PIECE = 1_000;

/** Whether a resource, or a message with resources, has a list that is too long to become text at once. */
export function isLong(value: unknown): boolean {
  return lengthens(value, 4);
}

function lengthens(value: unknown, depth: number): boolean {
  if (Array.isArray(value))
    return isLongList(value) || (depth > 0 && value.some((one) => isObject(one) && lengthens(one, depth - 1)));
  if (depth === 0 || !isObject(value)) return false;
  for (const name in value) {
    const part = value[name];
    if (typeof part === 'object' && lengthens(part, depth - 1)) return true;
  }
  return false;
}

/** Whether a list is too long to become text at once. */
export function isLongList(values: readonly unknown[]): boolean {
  return values.length > VALUES_PER_PIECE;
}

/** The text of plain JSON; in pieces where it is long. `finish` has the last word on each value of a long list. */
export function jsonText(value: unknown, finish: (value: unknown) => unknown): string | Iterable<string> {
  return isLong(value) ? jsonPieces(value, finish) : JSON.stringify(value);
}

/** What `JSON.stringify` makes of plain JSON, piece by piece. */
export function* jsonPieces(
  value: unknown,
  finish: (value: unknown) => unknown = (one) => one,
): Generator<string, void, undefined> {
  if (!isLong(value)) yield JSON.stringify(value);
  else if (Array.isArray(value)) yield* listPieces(value, finish);
  else {
    let before = '{';
    for (const [name, part] of Object.entries(value as object)) {
      if (part === undefined) continue;
      yield `${before}${JSON.stringify(name)}:`;
      yield* jsonPieces(part, finish);
      before = ',';
    }
    yield before === '{' ? '{}' : '}';
  }
}

function* listPieces(
  values: readonly unknown[],
  finish: (value: unknown) => unknown,
): Generator<string, void, undefined> {
  let before = '[';
  // Long values of a short list are pieces of their own, short ones of a long list share one.
  const together = isLongList(values) ? VALUES_PER_PIECE : 1;
  for (let start = 0; start < values.length; start += together) {
    yield before;
    if (together === 1) yield* jsonPieces(values[start], finish);
    else yield JSON.stringify(values.slice(start, start + together).map(finish)).slice(1, -1);
    before = ',';
  }
  yield ']';
}
