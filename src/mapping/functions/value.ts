/**
 * The values of expressions. Every value remembers whether it is DATA (it came from outside the expression) or SYNTAX (a
 * literal of the expression), and which attributes it was made from. Only text that was joined keeps its pieces apart;
 * whatever else is computed from data is data as a whole. `dnExpression` relies on this and on nothing else.
 */
import { formatInvariant } from './dateFormat';

export type Scalar = string | number | boolean | Date;
/** What functions compute with; an attribute without a value is null. */
export type Plain = Scalar | readonly Scalar[] | null;

export interface Value {
  readonly plain: Plain;
  /** Whether it came from outside the expression. */
  readonly data: boolean;
  /** The attributes that it was made from, also where they had no value. */
  readonly sources: readonly string[];
  /** The pieces that a text was joined from, in order, none of which has pieces itself. */
  readonly parts?: readonly Value[];
}

/** What an attribute gives to an expression. */
export type AttributeValue = string | readonly string[] | boolean | number | undefined;

/** Everything that an expression can see of the world; all of it is handed in. */
export interface Scope {
  /** The value of an attribute as the expression spells it; undefined where it has none. */
  attribute(name: string): AttributeValue;
  now(): Date;
  /** So many random octets, fit for passwords. */
  random(length: number): Uint8Array;
}

/** Something that a function cannot do with the arguments it was given. Its text never quotes a value. */
export class FunctionFault extends Error {
  override readonly name = 'FunctionFault';

  constructor(
    message: string,
    /** The argument at fault, from 0. */
    readonly argument?: number,
  ) {
    super(message);
  }
}

/** The longest text that a function may build, in UTF-16 code units: nested replacements could otherwise fill the memory. */
export const MAX_TEXT = 100_000;

const NO_SOURCES: readonly string[] = [];

/** The value of IgnoreFlowIfNullOrEmpty where there is nothing to flow; known by identity. */
export const IGNORED: Value = { plain: null, data: false, sources: NO_SOURCES };

/** The value of an argument that was left out. */
export const ABSENT: Value = { plain: null, data: false, sources: NO_SOURCES };

export function literal(plain: Scalar): Value {
  return { plain, data: false, sources: NO_SOURCES };
}

export function fromAttribute(name: string, value: AttributeValue): Value {
  return { plain: value ?? null, data: true, sources: [name] };
}

/** A value that was made by the host itself (a random text, the clock): data, from no attribute. */
export function generated(plain: Plain): Value {
  return { plain, data: true, sources: NO_SOURCES };
}

/** A value computed from others: data as soon as one of them is. */
export function derived(plain: Plain, from: readonly Value[]): Value {
  if (typeof plain === 'string') assertLength(plain.length);
  return { plain, data: from.some((value) => value.data), sources: unionOfSources(from) };
}

/** The pieces of a value: its own, or itself. */
export function partsOf(value: Value): readonly Value[] {
  return value.parts ?? [value];
}

/** One text made of pieces that stay apart. Pieces without text are kept, for the sake of their sources. */
export function concatenate(values: readonly Value[]): Value {
  const parts = values.flatMap(partsOf);
  const texts = parts.map((part) => textOf(part.plain) ?? '');
  assertLength(texts.reduce((length, text) => length + text.length, 0));
  return { ...derived(texts.join(''), parts), parts };
}

/** The same value with its text changed piece by piece. */
export function mapText(value: Value, change: (text: string) => string): Value {
  const changed = (part: Value): Value => {
    const text = textOf(part.plain);
    return { ...part, plain: text === null ? null : change(text) };
  };
  return value.parts ? concatenate(value.parts.map(changed)) : derived(changed(value).plain, [value]);
}

/** Refuses a text that would be longer than {@link MAX_TEXT}; call it before the text is built. */
export function assertLength(length: number): void {
  if (length > MAX_TEXT) throw new FunctionFault(`the text would be longer than ${MAX_TEXT} characters`);
}

function unionOfSources(values: readonly Value[]): readonly string[] {
  const withSources = values.filter((value) => value.sources.length > 0);
  if (withSources.length <= 1) return withSources[0]?.sources ?? NO_SOURCES;
  return [...new Set(withSources.flatMap((value) => value.sources))];
}

/** A list's only value, or the value itself. Several values where one is wanted are a fault: picking one would be a guess. */
export function single(plain: Plain): Scalar | null {
  if (!isList(plain)) return plain;
  if (plain.length > 1)
    throw new FunctionFault('several values where one is expected; choose one with Item or unite them with Join');
  return plain[0] ?? null;
}

export function isList(plain: Plain | undefined): plain is readonly Scalar[] {
  return Array.isArray(plain);
}

/** No value at all: null, or a list without values. */
export function isNull(plain: Plain): boolean {
  return plain === null || (isList(plain) && plain.length === 0);
}

/** Nothing to see: null, an empty text, or a list of such. */
export function isEmpty(plain: Plain): boolean {
  return plain === null || plain === '' || (isList(plain) && plain.every((item) => item === ''));
}

/** A value as text: `True` and `False`, dates as `M/d/yyyy h:mm:ss tt` in UTC. */
export function textOf(plain: Plain): string | null {
  const value = single(plain);
  if (value === null || typeof value === 'string') return value;
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  return typeof value === 'number' ? String(value) : formatInvariant(value);
}

const NUMBER = /^[+-]?\d{1,40}(?:\.\d{1,40})?$/;

/** A value as a number; undefined where it is none. */
export function numberOf(plain: Plain): number | undefined {
  const value = single(plain);
  if (typeof value === 'number') return value;
  if (typeof value === 'boolean') return value ? 1 : 0;
  return typeof value === 'string' && NUMBER.test(value.trim()) ? Number(value.trim()) : undefined;
}

const INTEGER = /^[+-]?\d{1,40}$/;

/** A value as an integer of any size: file times do not fit into a double. */
export function bigintOf(plain: Plain): bigint | undefined {
  const value = single(plain);
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : undefined;
  return typeof value === 'string' && INTEGER.test(value.trim()) ? BigInt(value.trim().replace('+', '')) : undefined;
}

/** An integer as a value: a number where a double holds it exactly, else its digits. */
export function fromBigint(value: bigint): number | string {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value.toString();
}

/** A value as a condition: true, `true` in any case, a number other than zero. */
export function booleanOf(plain: Plain): boolean {
  const value = single(plain);
  if (typeof value === 'boolean') return value;
  if (typeof value === 'string' && value.trim().toLowerCase() === 'true') return true;
  return (numberOf(value) ?? 0) !== 0;
}
