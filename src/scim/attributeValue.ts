/**
 * One attribute's value as clients send it, in the type and multiplicity of its definition. Each client habit is one
 * named rule here; what no rule can read is 400 `invalidValue` with the path, and never with the value.
 */
import { formatPath } from './attributePath';
import { ScimError } from './error';
import { instantOf } from './filterEvaluate';
import { isEmpty, isObject, ownAnyCase } from './json';
import type { AttributeDefinition } from './resourceType';
import type { IndexedAttribute } from './schemaIndex';
import { eachInSteps, type Steps, VALUES_PER_STEP } from './steps';
import { isBare, ValueList } from './valueList';

export interface Reading {
  /** PATCH: a null sub-attribute of a single complex value means "remove", so it stays null instead of being left out. */
  readonly keepNulls: boolean;
  /** Told the path of every name inside a complex value that the definition does not know. */
  ignored(path: string): void;
}

/** The attribute's value in canonical form, or undefined when nothing is left of it (RFC 7643 §2.5). Throws 400 `invalidValue`. */
export function readValue(value: unknown, attribute: IndexedAttribute, reading: Reading): unknown {
  if (value instanceof ReadList) return readBefore(value, reading);
  const { definition } = attribute.path;
  const path = formatPath(attribute.path);
  if (definition.type === 'complex') {
    if (!definition.multiValued) return readComplex(singleFromList(value, path), attribute, path, reading);
    const whole = { ...reading, keepNulls: false };
    return readList(value, definition, path, (element) => readElement(element, attribute, path, whole));
  }
  return readSimple(value, definition, path);
}

/** One value of a multi-valued attribute, whole or in parts. */
export function readOneValue(value: unknown, attribute: IndexedAttribute, reading: Reading): unknown {
  const path = formatPath(attribute.path);
  const single = singleFromList(value, path);
  if (attribute.path.definition.type === 'complex') return readComplex(single, attribute, path, reading);
  return readScalar(single, attribute.path.definition, path);
}

/** A sub-attribute's value in canonical form, or undefined when nothing is left of it. */
export function readSimple(value: unknown, definition: AttributeDefinition, path: string): unknown {
  if (definition.multiValued)
    return readList(value, definition, path, (element) => readScalar(element, definition, path));
  return readScalar(singleFromList(value, path), definition, path);
}

/** A list with one value, where one value is expected: that value. */
function singleFromList(value: unknown, path: string): unknown {
  if (!Array.isArray(value)) return value;
  if (value.length > 1) throw ScimError.invalidValue(`"${path}" takes one value but got ${value.length}.`);
  return value[0];
}

/** One value, where a list is expected: a list of it. Values that are the same are one; empty ones are none. */
function readList(
  value: unknown,
  definition: AttributeDefinition,
  path: string,
  read: (element: unknown) => unknown,
): unknown[] | undefined {
  if (isEmpty(value)) return undefined;
  // Most lists have one value, which is the same as no other.
  if (!Array.isArray(value) || value.length === 1) {
    const single = read(Array.isArray(value) ? value[0] : value);
    return single === undefined ? undefined : [single];
  }
  const list = new ListReader(definition, path, read);
  for (const element of value) list.take(element);
  return list.values();
}

/** What has been read of a list with several values. */
class ListReader {
  readonly #list: ValueList;
  #primaries = 0;

  constructor(
    definition: AttributeDefinition,
    private readonly path: string,
    private readonly read: (element: unknown) => unknown,
  ) {
    this.#list = new ValueList(definition);
  }

  take(element: unknown): void {
    const canonical = this.read(element);
    if (canonical === undefined) return;
    if (isObject(canonical) && canonical.primary === true && ++this.#primaries > 1) {
      throw ScimError.invalidValue(`More than one value of "${this.path}" is primary (RFC 7643 §2.4).`);
    }
    this.#list.add(canonical);
  }

  values(): unknown[] | undefined {
    const values = this.#list.toArray();
    return values.length === 0 ? undefined : values;
  }
}

/** A list in the place of one in a body, read step by step before the rest of it. No JSON has one. */
export class ReadList {
  constructor(
    readonly values: unknown[] | undefined,
    readonly ignored: readonly string[],
  ) {}
}

/** Whether a list is worth being read in steps. */
export function isLongToRead(value: unknown): value is readonly unknown[] {
  return Array.isArray(value) && value.length > VALUES_PER_STEP;
}

/** The values of a multi-valued attribute, as {@link readValue} reads them; or `apart`, each as {@link readOneValue} does. */
export function* readListSteps(
  values: readonly unknown[],
  attribute: IndexedAttribute,
  { apart }: { readonly apart: boolean },
): Steps<ReadList> {
  const { definition } = attribute.path;
  const path = formatPath(attribute.path);
  const ignored: string[] = [];
  const reading = { keepNulls: false, ignored: (name: string) => void ignored.push(name) };
  const each: unknown[] = [];
  const list = new ListReader(definition, path, (element) =>
    definition.type === 'complex'
      ? readElement(element, attribute, path, reading)
      : readScalar(element, definition, path),
  );
  yield* eachInSteps(values, (value) => {
    const one = apart ? readOneValue(value, attribute, reading) : undefined;
    if (one !== undefined) each.push(one);
    if (!apart) list.take(value);
  });
  return new ReadList(each.length > 0 ? each : list.values(), ignored);
}

/** What was read of a list before. */
export function readBefore({ values, ignored }: ReadList, reading: Reading): unknown[] | undefined {
  for (const name of ignored) reading.ignored(name);
  return values;
}

function readElement(value: unknown, attribute: IndexedAttribute, path: string, reading: Reading): unknown {
  const element = readComplex(value, attribute, path, reading);
  return element && isBare(element, attribute.path.definition) ? undefined : element;
}

function readComplex(
  value: unknown,
  { subAttributes }: IndexedAttribute,
  path: string,
  reading: Reading,
): Record<string, unknown> | undefined {
  if (isEmpty(value)) return undefined;
  const source = objectFromValue(value, subAttributes);
  if (!isObject(source)) {
    throw ScimError.invalidValue(`"${path}" takes an object with sub-attributes but got ${kind(value)}.`);
  }
  const result: Record<string, unknown> = {};
  for (const [name, part] of Object.entries(source)) {
    const sub = subAttributes.get(name.toLowerCase());
    if (sub === undefined && !isEmpty(part)) reading.ignored(`${path}.${name}`);
    if (sub === undefined || sub.mutability === 'readOnly') continue;
    const canonical = readSimple(part, sub, `${path}.${sub.name}`);
    if (canonical !== undefined) result[sub.name] = canonical;
    else if (reading.keepNulls) result[sub.name] = null;
  }
  if (result.value === undefined && subAttributes.has('value')) {
    const id = idInReference(result.$ref);
    if (id !== undefined) result.value = id;
  }
  return Object.keys(result).length === 0 ? undefined : result;
}

/** A bare string for a complex value, e.g. a manager's id: its `value` sub-attribute. */
function objectFromValue(value: unknown, subAttributes: IndexedAttribute['subAttributes']): unknown {
  return !isObject(value) && !Array.isArray(value) && subAttributes.has('value') ? { value } : value;
}

/** A `$ref` without a `value` (RFC 7643 §2.4): the id in it, its last segment. */
export function idInReference(reference: unknown): string | undefined {
  const path = typeof reference === 'string' ? /^[^?#]*/.exec(reference)?.[0] : undefined;
  const segment = path?.split('/').findLast((part) => part !== '');
  if (segment === undefined) return undefined;
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

/** `{ "value": x }` for a simple value: x. */
function valueFromObject(value: unknown): unknown {
  return isObject(value) ? ownAnyCase(value, 'value') : value;
}

function readScalar(given: unknown, definition: AttributeDefinition, path: string): unknown {
  const value = valueFromObject(given);
  if (isEmpty(value)) {
    if (isObject(given) && value === undefined && Object.keys(given).length > 0)
      throw wrongType(given, definition, path);
    return undefined;
  }
  const canonical = scalars[definition.type](value);
  if (canonical === undefined) throw wrongType(value, definition, path);
  if (definition.required && typeof canonical === 'string' && canonical.trim() === '')
    throw ScimError.invalidValue(`"${path}" is required, and what was sent for it has only white space: send a value.`);
  return canonical;
}

type ScalarType = AttributeDefinition['type'];

/** By type: the value, or undefined when it can not be read as one. */
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

/** Numbers and booleans for a string attribute: their text. */
function textFromScalar(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined;
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
  if (typeof value === 'number') return value;
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

function wrongType(value: unknown, { type }: AttributeDefinition, path: string): ScimError {
  return ScimError.invalidValue(`"${path}" takes ${expectations[type]} but got ${kind(value)}.`);
}

/** What a value is, without repeating it: it may be a secret. */
function kind(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return `a list of ${value.length}`;
  return isObject(value) ? 'an object' : typeof value === 'string' ? 'another string' : `a ${typeof value}`;
}
