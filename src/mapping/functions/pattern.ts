/**
 * Regular expressions in .NET's spelling, run without backtracking blow-ups: a compiled pattern visits each of its
 * instructions at most once for each position of the text, so that neither a careless pattern nor a hostile value can hold
 * up the host. Left out is what cannot be run that way: look-around, back-references, atomic and balancing groups.
 * Source: "Regular Expression Language - Quick Reference" of the .NET documentation.
 */
import { type CharacterSet, fault } from './characterSet';
import { type Assertion, type Item, parsePattern } from './patternParser';

type Instruction =
  | { readonly op: 'character'; readonly matches: CharacterSet }
  | { readonly op: 'assert'; readonly holds: Assertion }
  | { readonly op: 'save'; readonly slot: number }
  /** Goes on at `first`, and at `second` where that fails. */
  | { readonly op: 'split'; first: number; second: number }
  | { readonly op: 'match' };

/** A compiled pattern. */
export interface Pattern {
  readonly program: readonly Instruction[];
  /** Number of groups, the whole match (0) included. */
  readonly groups: number;
  /** The number of a group by its name; every number is a name, too. */
  readonly names: ReadonlyMap<string, number>;
}

/** A match: where each group begins and ends, as positions in code points; undefined where a group took no part. */
export interface Match {
  readonly start: number;
  readonly end: number;
  group(number: number): { readonly start: number; readonly end: number } | undefined;
}

/** The longest pattern, in UTF-16 code units. */
export const MAX_PATTERN = 1000;
const MAX_PROGRAM = 2000;

/** Compiles a pattern. Throws a `FunctionFault` that says what is wrong with it, or not supported. */
export function compilePattern(text: string): Pattern {
  if (text.length > MAX_PATTERN) throw fault(`is longer than ${MAX_PATTERN} characters`);
  const { item, groups } = parsePattern(text);
  const numbers = groups.map((_, number): [string, number] => [String(number), number]);
  const names = new Map([...numbers, ...groups.map((name, number): [string, number] => [name, number])]);
  const program: Instruction[] = [];
  emit({ kind: 'group', name: '0', item }, program, names);
  program.push({ op: 'match' });
  return { program, groups: groups.length, names };
}

function emit(item: Item, program: Instruction[], names: ReadonlyMap<string, number>): void {
  if (program.length > MAX_PROGRAM) throw fault('is too large once its repetitions are written out');
  switch (item.kind) {
    case 'character':
      program.push({ op: 'character', matches: item.matches });
      return;
    case 'assert':
      program.push({ op: 'assert', holds: item.holds });
      return;
    case 'sequence':
      for (const member of item.items) emit(member, program, names);
      return;
    case 'alternatives':
      emitAlternatives(item.items, program, names);
      return;
    case 'group': {
      const slot = 2 * (names.get(item.name) ?? 0);
      program.push({ op: 'save', slot });
      emit(item.item, program, names);
      program.push({ op: 'save', slot: slot + 1 });
      return;
    }
    case 'repeat':
      emitRepeat(item, program, names);
  }
}

/** An unconditional jump is a split whose two ways are the same. */
function jump(program: Instruction[], to: number): { first: number; second: number } {
  const instruction = { op: 'split' as const, first: to, second: to };
  program.push(instruction);
  return instruction;
}

function emitAlternatives(items: readonly Item[], program: Instruction[], names: ReadonlyMap<string, number>): void {
  const exits: { first: number; second: number }[] = [];
  for (const [index, item] of items.entries()) {
    if (index === items.length - 1) {
      emit(item, program, names);
      break;
    }
    const choice = jump(program, program.length + 1);
    emit(item, program, names);
    exits.push(jump(program, 0));
    choice.second = program.length;
  }
  for (const exit of exits) exit.first = exit.second = program.length;
}

/** The least number of times one after the other, then optional ones; without a limit, a loop. */
function emitRepeat(
  { item, min, max, lazy }: Extract<Item, { kind: 'repeat' }>,
  program: Instruction[],
  names: ReadonlyMap<string, number>,
): void {
  for (let count = 0; count < min; count++) {
    const before = program.length;
    emit(item, program, names);
    // Nothing repeated is still nothing, and would never reach the limit of the program.
    if (program.length === before) break;
  }
  const choices: { first: number; second: number }[] = [];
  const choice = (): void => void choices.push(jump(program, program.length + 1));
  if (max === Number.POSITIVE_INFINITY) {
    const loop = program.length;
    choice();
    emit(item, program, names);
    jump(program, loop);
  } else {
    for (let count = min; count < max; count++) {
      choice();
      emit(item, program, names);
    }
  }
  for (const instruction of choices) {
    instruction.second = program.length;
    if (lazy) [instruction.first, instruction.second] = [instruction.second, instruction.first];
  }
}

/** How much work a search of this text can be at most: one step for each instruction and position. */
export function cost(pattern: Pattern, length: number): number {
  return pattern.program.length * (length + 1);
}

/** All matches that do not overlap, from left to right; after an empty one the search goes on at the next character. */
export function* matchesOf(pattern: Pattern, text: readonly string[]): Generator<Match> {
  const run = new Run(pattern, text);
  for (let position = 0; position <= text.length; ) {
    const slots = run.at(position);
    if (!slots) {
      position++;
      continue;
    }
    const [start = 0, end = 0] = slots;
    yield { start, end, group: (number) => groupOf(slots, number) };
    position = end > start ? end : end + 1;
  }
}

function groupOf(slots: readonly number[], number: number): { start: number; end: number } | undefined {
  const [start = -1, end = -1] = slots.slice(2 * number, 2 * number + 2);
  return start < 0 || end < 0 ? undefined : { start, end };
}

/** One walk over one text. Where a way once failed it fails for every later start, so it is remembered and not tried again. */
class Run {
  readonly #pattern: Pattern;
  readonly #text: readonly string[];
  /** For each position, a row with a mark for each instruction that was reached there. */
  readonly #visited: Uint8Array;

  constructor(pattern: Pattern, text: readonly string[]) {
    this.#pattern = pattern;
    this.#text = text;
    this.#visited = new Uint8Array(cost(pattern, text.length));
  }

  /** The slots of the match that begins here; undefined where none does. */
  at(position: number): readonly number[] | undefined {
    const slots = new Array<number>(2 * this.#pattern.groups).fill(-1);
    /** Pairs: an instruction and a position to go on from, or (negative) a slot and the value to put back. */
    const pending = [0, position];
    while (pending.length > 0) {
      const value = pending.pop() ?? 0;
      const instruction = pending.pop() ?? 0;
      if (instruction < 0) slots[-instruction - 1] = value;
      else if (this.#follow(instruction, value, slots, pending)) {
        this.#forget(slots[1] ?? 0);
        return slots;
      }
    }
    return undefined;
  }

  /** Follows one way until it matches (true) or fails; the other ways are left in `pending`. */
  #follow(from: number, start: number, slots: number[], pending: number[]): boolean {
    const { program } = this.#pattern;
    let next = from;
    let position = start;
    for (;;) {
      const mark = position * program.length + next;
      const instruction = program[next];
      if (instruction === undefined || this.#visited[mark] === 1) return false;
      this.#visited[mark] = 1;
      switch (instruction.op) {
        case 'match':
          return true;
        case 'character': {
          const character = this.#text[position];
          if (character === undefined || !instruction.matches(character)) return false;
          position++;
          next++;
          break;
        }
        case 'assert':
          if (!instruction.holds(this.#text, position)) return false;
          next++;
          break;
        case 'save':
          pending.push(-instruction.slot - 1, slots[instruction.slot] ?? -1);
          slots[instruction.slot] = position;
          next++;
          break;
        case 'split':
          if (instruction.second !== instruction.first) pending.push(instruction.second, position);
          next = instruction.first;
      }
    }
  }

  /** The marks at the end of a match are of ways that did not fail; those before it are never looked at again. */
  #forget(position: number): void {
    const { length } = this.#pattern.program;
    this.#visited.fill(0, position * length, (position + 1) * length);
  }
}
