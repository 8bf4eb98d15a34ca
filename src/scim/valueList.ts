/** The values of one multi-valued attribute while a change is applied: every step by look-up, so that 100,000 members cost what they weigh. */
import type { Filter } from './attributePath';
import { valueMatcher } from './filterEvaluate';
import { isObject, own } from './json';
import type { AttributeDefinition } from './resourceType';

/** Positions by key, mostly one; a key is that of a value alone, or of a value and its type (empty when it has none). */
type Positions = Map<string, number | number[]>;

/** Sub-attributes that only say something about a value (RFC 7643 §2.4); alone they are no value. */
const labels: ReadonlySet<string> = new Set(['type', 'primary', 'display']);

/** Whether a complex value holds nothing but labels, though its attribute has more to hold. */
export function isBare(value: Readonly<Record<string, unknown>>, { subAttributes = [] }: AttributeDefinition): boolean {
  return Object.keys(value).every((name) => labels.has(name)) && subAttributes.some(({ name }) => !labels.has(name));
}

/** The definition by which values of an attribute are the same: its `value` sub-attribute's, or its own when it is simple. */
function keyDefinition(definition: AttributeDefinition): AttributeDefinition | undefined {
  return definition.type === 'complex' ? definition.subAttributes?.find(({ name }) => name === 'value') : definition;
}

/** The values that a filter asks for by `value eq`, alone or joined by `or`; undefined when it asks for anything else. */
export function valuesOf(filter: Filter): readonly unknown[] | undefined {
  if (filter.kind === 'or') {
    const parts = filter.filters.map(valuesOf);
    return parts.every((part) => part !== undefined) ? parts.flat() : undefined;
  }
  if (filter.kind !== 'compare' || filter.operator !== 'eq' || filter.value === null) return undefined;
  const { path } = filter;
  const isValue = path && (path.subAttribute === 'value' || path.subDefinition === undefined);
  return isValue ? [filter.value] : undefined;
}

/**
 * An ordered set of values. Two values are the same when their `value` is (by the attribute's case rule) and their `type`
 * does not differ; complex values without a `value`, when everything in them is.
 */
export class ValueList {
  readonly #key: AttributeDefinition | undefined;
  /** The `type` of a reference is what its target is: it tells no two values apart. */
  readonly #isReference: boolean;
  readonly #values = new Map<number, unknown>();
  readonly #byValue: Positions = new Map();
  readonly #byValueAndType: Positions = new Map();
  #primary: number | undefined;
  #next = 0;

  constructor(definition: AttributeDefinition) {
    this.#key = keyDefinition(definition);
    this.#isReference = definition.subAttributes?.some(({ name }) => name === '$ref') ?? false;
  }

  /** Adds a value that is not there yet; of one that is there, sub-attributes that are new or different are taken over. */
  add(value: unknown): void {
    const position = this.#isReference ? firstAt(this.#byValue, this.#keyOf(value)) : this.#like(value)[0];
    if (position === undefined) this.append(value);
    else if (isObject(value)) this.set(position, { ...(this.#values.get(position) as object), ...value });
  }

  /** Removes the values that are the same as this one; none is no fault. */
  remove(value: unknown): void {
    for (const position of this.#like(value)) this.delete(position);
  }

  clear(): void {
    this.#values.clear();
    this.#byValue.clear();
    this.#byValueAndType.clear();
    this.#primary = undefined;
  }

  /** Positions of the values that match a filter. */
  select(filter: Filter): readonly number[] {
    const wanted = this.#key && valuesOf(filter);
    if (wanted) return wanted.flatMap((value) => allAt(this.#byValue, this.#keyText(value)));
    const matches = valueMatcher(filter);
    return [...this.#values].flatMap(([position, value]) => (matches(value) ? position : []));
  }

  /** Positions of all values, in order. */
  all(): readonly number[] {
    return [...this.#values.keys()];
  }

  get(position: number): unknown {
    return this.#values.get(position);
  }

  /** Replaces one value in its place. */
  set(position: number, value: unknown): void {
    const before = this.#values.get(position);
    // What says more of a reference is still the same one.
    if (this.#isReference && this.#keyOf(before) === this.#keyOf(value)) {
      this.#values.set(position, value);
      return;
    }
    this.#forget(position);
    this.#values.set(position, value);
    this.#remember(position, value);
  }

  delete(position: number): void {
    this.#forget(position);
    this.#values.delete(position);
  }

  toArray(): unknown[] {
    return [...this.#values.values()];
  }

  /** Adds a value, whether or not one like it is there. */
  append(value: unknown): void {
    const position = this.#next++;
    this.#values.set(position, value);
    this.#remember(position, value);
  }

  #remember(position: number, value: unknown): void {
    const key = this.#keyOf(value);
    enter(this.#byValue, key, position);
    if (!this.#isReference) enter(this.#byValueAndType, typedKey(key, typeOf(value)), position);
    if (isObject(value) && value.primary === true) this.#makePrimary(position);
  }

  #forget(position: number): void {
    const value = this.#values.get(position);
    const key = this.#keyOf(value);
    strike(this.#byValue, key, position);
    if (!this.#isReference) strike(this.#byValueAndType, typedKey(key, typeOf(value)), position);
    if (this.#primary === position) this.#primary = undefined;
  }

  /** At most one value is primary: the one that was last made so (RFC 7644 §3.5.2). */
  #makePrimary(position: number): void {
    const before = this.#primary;
    this.#primary = position;
    const value = before === undefined || before === position ? undefined : this.#values.get(before);
    if (before !== undefined && isObject(value)) this.#values.set(before, { ...value, primary: false });
  }

  #like(value: unknown): readonly number[] {
    const key = this.#keyOf(value);
    const type = this.#isReference ? undefined : typeOf(value);
    if (type === undefined) return allAt(this.#byValue, key);
    const typed = allAt(this.#byValueAndType, typedKey(key, type));
    return [...typed, ...allAt(this.#byValueAndType, typedKey(key, undefined))];
  }

  #keyOf(value: unknown): string {
    return this.#keyText(this.#keyValue(value));
  }

  #keyValue(value: unknown): unknown {
    if (!isObject(value)) return value;
    const key = this.#key ? own(value, 'value') : undefined;
    return key ?? Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  }

  #keyText(value: unknown): string {
    if (typeof value !== 'string') return JSON.stringify(value);
    return this.#key?.caseExact === false ? value.toLowerCase() : value;
  }
}

/** In the order of the values, also when one is replaced in its place. */
function enter(positions: Positions, key: string, position: number): void {
  const present = positions.get(key);
  if (present === undefined) positions.set(key, position);
  else if (typeof present === 'number')
    positions.set(
      key,
      [present, position].sort((a, b) => a - b),
    );
  else present.splice(present.findLastIndex((other) => other < position) + 1, 0, position);
}

function strike(positions: Positions, key: string, position: number): void {
  const present = positions.get(key);
  if (typeof present !== 'object') {
    if (present === position) positions.delete(key);
    return;
  }
  const index = present.indexOf(position);
  if (index >= 0) present.splice(index, 1);
  if (present.length === 0) positions.delete(key);
}

function firstAt(positions: Positions, key: string): number | undefined {
  const present = positions.get(key);
  return typeof present === 'object' ? present[0] : present;
}

/** A list of its own: whoever goes through it may change the positions. */
function allAt(positions: Positions, key: string): number[] {
  const present = positions.get(key);
  if (present === undefined) return [];
  return typeof present === 'object' ? [...present] : [present];
}

function typedKey(key: string, type: string | undefined): string {
  return `${type ?? ''}\n${key}`;
}

function typeOf(value: unknown): string | undefined {
  const type = isObject(value) ? own(value, 'type') : undefined;
  return typeof type === 'string' ? type.toLowerCase() : undefined;
}
