/** Simple values as clients send them, by type (RFC 7643 §2.3): a number as text, a boolean as a word, base64 with line breaks. */
import { ScimError } from './error';
import { instantOf } from './filterEvaluate';
import { isObject } from './json';
import type { AttributeDefinition } from './resourceType';

type ScalarType = AttributeDefinition['type'];

/** The value in the form of this type, or undefined when it can not be read as one. */
export function readScalarAs(type: ScalarType, value: unknown): unknown {
  return scalars[type](value);
}

const scalars: Readonly<Record<ScalarType, (value: unknown) => unknown>> = {
  string: textFromScalar,
  reference: textFromScalar,
  boolean: booleanFromText,
  integer: integerFromText,
  decimal: decimalFromText,
  dateTime: (value) => (typeof value === 'string' && instantOf(value) !== undefined ? value : undefined),
  binary: base64WithoutBreaks,
  // Complex values hold simple ones (RFC 7643 §2.3.8): a definition that nests deeper has nothing that could be read.
  complex: () => undefined,
};

/** A number for a string attribute: its text. One that has lost digits on its way here has no text that would be right. */
function textFromScalar(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  return isExact(value) ? String(value) : undefined;
}

/** Whether a number is what its client has written. */
function isExact(value: unknown): value is number {
  return typeof value === 'number' && Math.abs(value) <= Number.MAX_SAFE_INTEGER;
}

/** `"True"`, `"false"` …: booleans. */
function booleanFromText(value: unknown): boolean | undefined {
  if (typeof value === 'boolean') return value;
  const lower = typeof value === 'string' ? value.trim().toLowerCase() : undefined;
  return lower === 'true' ? true : lower === 'false' ? false : undefined;
}

/**
 * `"1001"`: a number. Text beyond what a JSON number holds exactly (64-bit values of some directories) stays text; such
 * a number has lost digits already when it arrives, so it is refused.
 */
function integerFromText(value: unknown): number | string | undefined {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? value : undefined;
  const text = typeof value === 'string' ? value.trim() : '';
  if (!/^[+-]?\d{1,40}$/.test(text)) return undefined;
  const number = Number(text);
  return Number.isSafeInteger(number) ? number : text;
}

function decimalFromText(value: unknown): number | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined;
  const text = typeof value === 'string' ? value.trim() : '';
  return /^[+-]?\d{1,40}(?:\.\d{1,40})?(?:[eE][+-]?\d{1,3})?$/.test(text) ? Number(text) : undefined;
}

/** Base64 (RFC 4648 §4 or §5) broken into lines, as in PEM: without the breaks. */
function base64WithoutBreaks(value: unknown): string | undefined {
  const text = typeof value === 'string' ? value.replace(/[\r\n]+/g, '') : '';
  return text !== '' && /^[A-Za-z0-9+/_-]*={0,2}$/.test(text) ? text : undefined;
}

const expectations: Readonly<Record<ScalarType, string>> = {
  string: 'a string',
  reference: 'a URI as a string',
  boolean: 'true or false',
  integer: 'an integer (beyond 2^53 as a string)',
  decimal: 'a number',
  dateTime: 'a date and time such as 2026-01-31T12:00:00Z',
  binary: 'base64 text',
  complex: 'a simple value',
};

/** A value that can not be read as what its attribute holds. */
export function wrongType(value: unknown, { type }: AttributeDefinition, path: string): ScimError {
  return ScimError.invalidValue(`"${path}" takes ${expectations[type]} but got ${kind(value)}.`);
}

/** What a value is, without repeating it: it may be a secret. */
export function kind(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (isObject(value)) return 'an object';
  if (typeof value === 'number' && !isExact(value)) return 'a number that JSON does not keep exactly';
  return typeof value === 'string' ? 'another string' : `a ${typeof value}`;
}
