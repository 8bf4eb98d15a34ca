/**
 * One attribute's value as clients send it, in the type and multiplicity of its definition. Each client habit is one
 * named rule here; what no rule can read is 400 `invalidValue` with the path, and never with the value.
 */
import { formatPath } from './attributePath';
import { ScimError } from './error';
import { isEmpty, isObject, ownAnyCase } from './json';
import type { AttributeDefinition } from './resourceType';
import { kind, readScalarAs, wrongType } from './scalarValue';
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

/** One of the values that are to be removed: it has to say which one it is. */
export function readListedValue(value: unknown, attribute: IndexedAttribute, reading: Reading): unknown {
  return identified(readOneValue(value, attribute, reading), attribute);
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

/** The values of a multi-valued attribute, as {@link readValue} reads them; or `apart`, each as {@link readListedValue} does. */
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
    const one = apart ? readListedValue(value, attribute, reading) : undefined;
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
  const element = identified(readComplex(value, attribute, path, reading), attribute);
  return element && isBare(element, attribute.path.definition) ? undefined : element;
}

/** A value of references that refers to nothing is a change that never happens. @throws ScimError 400 `invalidValue` */
function identified<T>(value: T, { path, subAttributes }: IndexedAttribute): T {
  if (!isObject(value) || value.value !== undefined || !subAttributes.has('$ref')) return value;
  throw ScimError.invalidValue(
    `A value of "${formatPath(path)}" names no resource: it needs the resource's id as "value".`,
  );
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

/** `{ "value": x }` for a simple value, perhaps with a `$ref`: x. What has more to say is another kind of value, but for references, which may be displayed. */
function valueFromObject(value: unknown, { type }: AttributeDefinition): unknown {
  if (!isObject(value)) return value;
  const hasMore = Object.entries(value).some(([name, part]) => !/^(value|\$ref)$/i.test(name) && !isEmpty(part));
  return hasMore && type !== 'reference' ? value : ownAnyCase(value, 'value');
}

function readScalar(given: unknown, definition: AttributeDefinition, path: string): unknown {
  const value = valueFromObject(given, definition);
  if (isEmpty(value)) {
    if (isObject(given) && value === undefined && Object.keys(given).length > 0)
      throw wrongType(given, definition, path);
    return undefined;
  }
  const canonical = readScalarAs(definition.type, value);
  if (canonical === undefined) throw wrongType(value, definition, path);
  if (definition.required && typeof canonical === 'string' && canonical.trim() === '')
    throw ScimError.invalidValue(`"${path}" is required, and what was sent for it has only white space: send a value.`);
  return canonical;
}
