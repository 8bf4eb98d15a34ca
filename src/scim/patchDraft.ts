/** A resource while a PATCH is applied to it (RFC 7644 §3.5.2): steps in order, nothing of the original touched. */
import { type AttributePath, attributeAt, type Filter, faceOf, formatPath } from './attributePath';
import { ScimError } from './error';
import { isEmpty, isObject, own, sameJson } from './json';
import type { Resource } from './resource';
import type { AttributeDefinition } from './resourceType';
import { eachInSteps, type Steps } from './steps';
import { isBare, ValueList } from './valueList';

/** One operation on one attribute, its value already canonical. */
export interface PatchStep {
  readonly operation: 'add' | 'replace' | 'remove';
  readonly path: AttributePath;
  /**
   * `add`, `replace`: a list for a whole multi-valued attribute, else one value; a complex one may hold null for parts
   * to be removed. `remove`: the list of values to remove; absent, everything that the path means.
   */
  readonly value?: unknown;
}

type Parts = Readonly<Record<string, unknown>>;

export class PatchDraft {
  readonly #result: Resource;
  readonly #copied = new Set<string>();
  readonly #lists = new Map<string, { path: AttributePath; list: ValueList }>();
  readonly #touched = new Map<string, AttributePath>();

  constructor(private readonly current: Resource) {
    this.#result = { ...current };
  }

  /** Pauses where the values are very many. Throws ScimError `noTarget` or `mutability`. */
  *apply(step: PatchStep): Steps<void> {
    const { path } = step;
    this.#touched.set(formatPath({ ...path, subAttribute: undefined }), path);
    if (!path.definition.multiValued) {
      this.#applySingle(step);
      return;
    }
    const list = yield* this.#list(path);
    if (path.valueFilter) this.#applySelected(step, list, path.valueFilter);
    else if (path.subAttribute !== undefined) this.#applyToAll(step, list);
    else yield* applyList(step, list);
  }

  /** The resource after all steps; it shares with the original what no step touched. */
  finish(): Resource {
    for (const { path, list } of this.#lists.values()) {
      const values = list.toArray().filter((value) => !isObject(value) || !isBare(value, path.definition));
      this.#write(path, values.length === 0 ? undefined : values);
    }
    for (const path of this.#touched.values()) {
      this.#checkImmutable(path);
      this.#checkRequired(path);
    }
    for (const urn of this.#copied) {
      if (Object.keys(own(this.#result, urn) as object).length === 0) delete this.#result[urn];
    }
    return this.#result;
  }

  #applySingle({ operation, path, value }: PatchStep): void {
    const { subAttribute, definition } = path;
    if (definition.type !== 'complex' || (operation === 'remove' && subAttribute === undefined)) {
      this.#write(path, operation === 'remove' ? undefined : value);
      return;
    }
    const before = attributeAt(this.#result, path);
    const parts = subAttribute === undefined ? (value as Parts) : { [subAttribute]: value ?? null };
    const after = mergeParts(isObject(before) ? before : {}, parts, path);
    this.#write(path, hasWritable(after, definition) ? after : undefined);
  }

  /** `emails[type eq "work"]` and `emails[type eq "work"].value`. */
  #applySelected({ operation, path, value }: PatchStep, list: ValueList, filter: Filter): void {
    const selected = list.select(filter);
    const { subAttribute } = path;
    if (operation === 'remove') {
      for (const position of selected) {
        if (subAttribute === undefined) list.delete(position);
        else this.#merge(list, position, { [subAttribute]: null }, path);
      }
      return;
    }
    const parts = subAttribute === undefined ? value : { [subAttribute]: value };
    if (selected.length === 0) {
      list.add(createdBy(filter, parts, path));
    } else if (isObject(parts) && (operation === 'add' || subAttribute !== undefined)) {
      for (const position of selected) this.#merge(list, position, parts, path);
    } else {
      if (operation === 'replace') for (const position of selected) list.delete(position);
      list.add(isObject(parts) ? withTerms(termsOf(filter) ?? {}, parts) : parts);
    }
  }

  /** `emails.type`, without a filter: that part of every value, or of a new one where there is none. */
  #applyToAll({ operation, path, value }: PatchStep, list: ValueList): void {
    const part = { [path.subAttribute ?? '']: operation === 'remove' ? null : value };
    const positions = list.all();
    if (positions.length === 0 && operation !== 'remove') list.add(part);
    for (const position of positions) this.#merge(list, position, part, path);
    // Values that have become the same are one.
    const values = list.toArray();
    list.clear();
    for (const element of values) list.add(element);
  }

  #merge(list: ValueList, position: number, parts: Parts, path: AttributePath): void {
    const before = list.get(position);
    if (isObject(before)) list.set(position, mergeParts(before, parts, path));
  }

  *#list(path: AttributePath): Steps<ValueList> {
    const key = formatPath({ ...path, subAttribute: undefined });
    const present = this.#lists.get(key);
    if (present) return present.list;
    const value = attributeAt(this.#result, path);
    const list = new ValueList(path.definition);
    yield* eachInSteps(Array.isArray(value) ? value : isEmpty(value) ? [] : [value], (one) => list.append(one));
    this.#lists.set(key, { path, list });
    return list;
  }

  #write(path: AttributePath, value: unknown): void {
    const face = this.#face(path);
    if (value === undefined) delete face[path.attribute];
    else face[path.attribute] = value;
  }

  #face(path: AttributePath): Record<string, unknown> {
    if (!path.extension) return this.#result;
    const face = faceOf(this.#result, path);
    if (face && this.#copied.has(path.schema)) return face;
    this.#copied.add(path.schema);
    const copy = { ...face };
    this.#result[path.schema] = copy;
    return copy;
  }

  /** RFC 7644 §3.5.2.2: what is required is not removed. */
  #checkRequired(path: AttributePath): void {
    if (!path.definition.required || isEmpty(attributeAt(this.current, path))) return;
    if (!isEmpty(attributeAt(this.#result, path))) return;
    throw ScimError.mutability(
      `"${formatPath({ ...path, subAttribute: undefined })}" is required: it can be replaced, but not removed.`,
    );
  }

  #checkImmutable(path: AttributePath): void {
    if (path.definition.mutability !== 'immutable') return;
    const before = attributeAt(this.current, path);
    if (!isEmpty(before) && !sameJson(before, attributeAt(this.#result, path))) throw immutable(path);
  }
}

function* applyList({ operation, value }: PatchStep, list: ValueList): Steps<void> {
  if (operation === 'replace' || value === undefined) list.clear();
  yield* eachInSteps(Array.isArray(value) ? value : [], (element) => {
    if (operation === 'remove') list.remove(element);
    else list.add(element);
  });
}

/** A complex value with some parts set and some (null) removed. */
function mergeParts(before: Parts, parts: Parts, path: AttributePath): Record<string, unknown> {
  const { subAttributes = [] } = path.definition;
  const after: Record<string, unknown> = { ...before };
  for (const sub of subAttributes) {
    const part = own(parts, sub.name);
    if (part === undefined) continue;
    const present = own(before, sub.name);
    if (sub.mutability === 'immutable' && !isEmpty(present) && !sameJson(present, part)) {
      throw immutable({ ...path, subAttribute: sub.name });
    }
    if (part === null) delete after[sub.name];
    else after[sub.name] = part;
  }
  if (!sameJson(own(before, 'value'), own(after, 'value'))) {
    // A reference to something else: what described the former target no longer holds.
    for (const { name, mutability } of subAttributes) {
      const stale = name === '$ref' || mutability === 'readOnly';
      if (stale && own(parts, name) === undefined) delete after[name];
    }
  }
  return after;
}

function hasWritable(value: Parts, { subAttributes = [] }: AttributeDefinition): boolean {
  return subAttributes.some(({ name, mutability }) => mutability !== 'readOnly' && Object.hasOwn(value, name));
}

/** What a filter that selects nothing makes of a value: identity providers count on `emails[type eq "work"].value` to create it. */
function createdBy(filter: Filter, parts: unknown, path: AttributePath): unknown {
  if (!isObject(parts)) return parts;
  const terms = termsOf(filter);
  if (terms) return withTerms(terms, parts);
  throw ScimError.noTarget(`No value of "${formatPath(path)}" matches the filter in "${path.spelled.slice(0, 200)}".`);
}

/** A value, completed by the parts that the filter names. */
function withTerms(terms: Parts, parts: Parts): Parts {
  return Object.fromEntries(Object.entries({ ...terms, ...parts }).filter(([, part]) => part !== null));
}

/** The parts of a value that a filter names by `eq`, alone or joined by `and`; undefined when it asks for anything else, or for what no value can be. */
function termsOf(filter: Filter): Record<string, unknown> | undefined {
  if (filter.kind === 'and') {
    const terms: Record<string, unknown> = {};
    for (const part of filter.filters) {
      const named = termsOf(part);
      if (named === undefined) return undefined;
      for (const [name, value] of Object.entries(named)) {
        if (Object.hasOwn(terms, name) && terms[name] !== value) return undefined;
        terms[name] = value;
      }
    }
    return terms;
  }
  if (filter.kind !== 'compare' || filter.operator !== 'eq') return undefined;
  const name = filter.path?.subAttribute;
  return name === undefined || filter.value === null ? undefined : { [name]: filter.value };
}

function immutable(path: AttributePath): ScimError {
  return ScimError.mutability(`"${formatPath(path)}" can not be changed once it is set.`);
}
