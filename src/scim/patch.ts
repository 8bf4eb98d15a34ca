/** PATCH (RFC 7644 §3.5.2) as a Change: read and checked once, then applied to a resource, or written without reading one. */
import { type AttributePath, type Filter, formatPath, targetDefinition } from './attributePath';
import {
  idInReference,
  type Reading,
  ReadList,
  readBefore,
  readListedValue,
  readOneValue,
  readSimple,
  readValue,
} from './attributeValue';
import { bodyEntries, faceEntries, isReadOnly, noteName, type Take } from './dialect';
import { ScimError } from './error';
import { withIds } from './filterUris';
import type { Change } from './handler';
import { isEmpty, isObject, ownAnyCase } from './json';
import { PatchDraft, type PatchStep } from './patchDraft';
import { valueChangesOf } from './patchValues';
import { parsePath } from './path';
import type { Resource } from './resource';
import type { ResourceType } from './resourceType';
import { type IndexedAttribute, type SchemaFace, type SchemaIndex, schemaIndex } from './schemaIndex';
import { atOnce, type Steps } from './steps';

/** Operations of one request; each may look at every value of an attribute. */
const maxOperations = 5_000;

/** A PATCH ready to apply, with what its reading brought to light. */
export interface CompiledPatch extends Change {
  readonly kind: 'patch';
  /** By canonical path, the alias that the request used instead of the canonical name. */
  readonly spelledAs: ReadonlyMap<string, string>;
  /** Names inside values that the resource type does not have; they are left out. */
  readonly ignored: readonly string[];
}

/**
 * Compiles a PatchOp message. Operations and their names are read in any case, and so is `schemas`, which may be missing. Throws 400
 * `invalidSyntax` when the message is none or another one, `invalidPath` for a path without an attribute, `noTarget` for a remove without
 * a path, `mutability` for a path to something readOnly, and `invalidValue`. `apply` throws `noTarget` and `mutability`;
 * its result shares unchanged values with `current`, and nothing of it happens when it throws.
 */
export function compilePatch(body: unknown, type: ResourceType): CompiledPatch {
  const message = isObject(body) ? body : {};
  const operations = ownAnyCase(message, 'Operations');
  if (!Array.isArray(operations) || operations.length === 0) {
    throw ScimError.invalidSyntax(
      'A PATCH takes an object with a list "Operations" that holds at least one operation.',
    );
  }
  const named = [ownAnyCase(message, 'schemas') ?? []].flat();
  if (named.length > 0 && !named.some(isPatchOp)) {
    throw ScimError.invalidSyntax(
      'The "schemas" of a PATCH are those of another message: name urn:ietf:params:scim:api:messages:2.0:PatchOp (RFC 7644 §3.5.2), or none.',
    );
  }
  if (operations.length > maxOperations) {
    const detail = `A PATCH takes at most ${maxOperations} operations but got ${operations.length}: send several requests, or several values in one operation.`;
    throw new ScimError(413, undefined, detail);
  }
  const compiler = new PatchCompiler(type);
  operations.forEach((operation, position) => {
    compiler.operation(operation, position + 1);
  });
  const { steps, spelledAs, ignored } = compiler;
  const needs = new Map(steps.map(({ path }) => [formatPath(wholeAttribute(path)), wholeAttribute(path)]));
  return {
    kind: 'patch',
    valueChanges: valueChangesOf(steps),
    needs: [...needs.values()],
    spelledAs,
    ignored,
    apply: (current) => atOnce(applySteps(steps, current)),
    applyInSteps: (current) => applySteps(steps, current),
  };
}

function isPatchOp(urn: unknown): boolean {
  return typeof urn === 'string' && /:patchop$/i.test(urn);
}

function* applySteps(steps: readonly PatchStep[], current: Resource): Steps<Resource> {
  const draft = new PatchDraft(current);
  for (const step of steps) yield* draft.apply(step);
  return draft.finish();
}

function wholeAttribute({ schema, extension, attribute, definition }: AttributePath): AttributePath {
  return { schema, extension, attribute, definition, spelled: formatPath({ schema, extension, attribute }) };
}

class PatchCompiler {
  readonly steps: PatchStep[] = [];
  readonly spelledAs = new Map<string, string>();
  readonly ignored: string[] = [];
  readonly #index: SchemaIndex;
  readonly #reading: Reading = { keepNulls: true, ignored: (path) => void this.ignored.push(noteName(path)) };

  constructor(private readonly type: ResourceType) {
    this.#index = schemaIndex(type);
  }

  /** Reads one member of `Operations`; `ordinal` counts from 1, for people. */
  operation(operation: unknown, ordinal: number): void {
    const op = isObject(operation) ? ownAnyCase(operation, 'op') : undefined;
    const kind = typeof op === 'string' ? op.toLowerCase() : undefined;
    if (!isObject(operation) || (kind !== 'add' && kind !== 'replace' && kind !== 'remove')) {
      throw ScimError.invalidSyntax(`Operation ${ordinal} needs an "op" that is add, replace or remove.`);
    }
    const path = ownAnyCase(operation, 'path');
    if (!isEmpty(path) && typeof path !== 'string') {
      throw ScimError.invalidPath(`The "path" of operation ${ordinal} must be a string.`);
    }
    const value = ownAnyCase(operation, 'value');
    if (kind !== 'remove' && value === undefined) {
      throw ScimError.invalidValue(`Operation ${ordinal} (${kind}) needs a "value"; null clears an attribute.`);
    }
    if (typeof path === 'string' && path !== '') this.#atPath(kind, path, value);
    else if (kind === 'remove') throw ScimError.noTarget(`Operation ${ordinal} (remove) needs a "path".`);
    else this.#withoutPath(kind, value, ordinal);
  }

  #atPath(operation: PatchStep['operation'], text: string, value: unknown): void {
    const face = this.#index.face(text);
    if (face) {
      this.#atFace(operation, face, value);
      return;
    }
    const found = parsePath(text, this.type);
    const attribute = found && this.#index.face(found.schema)?.find(found.attribute);
    if (!found || !attribute) throw unknownPath(text, this.type);
    const path = found.valueFilter ? { ...found, valueFilter: withIds(found.valueFilter, attribute) } : found;
    if (path.attribute === 'schemas' && !path.extension) {
      // What a resource's `schemas` lists follows from what it holds, so there is nothing to do and nothing to refuse.
      this.ignored.push(path.attribute);
      return;
    }
    if (isReadOnly(path)) throw ScimError.mutability(`"${formatPath(path)}" is readOnly.`);
    if (path.valueFilter && !path.definition.multiValued) {
      throw ScimError.invalidPath(`"${formatPath(path)}" has one value at most, so its path takes no filter.`);
    }
    const unknown = path.valueFilter && unknownIn(path.valueFilter);
    if (unknown !== undefined) {
      throw ScimError.noTarget(`"${noteName(unknown)}" in the path's filter is no part of "${formatPath(path)}".`);
    }
    const whole = path.subAttribute === '$ref' ? attribute.subAttributes.get('value') : undefined;
    if (whole === undefined) this.#step(operation, path, attribute, value);
    // To point a reference elsewhere is to give it another value.
    else
      this.#step(
        operation,
        { ...path, subAttribute: 'value', subDefinition: whole },
        attribute,
        idInReference(value) ?? value,
      );
  }

  /** A schema's URN as path: its object as a whole. */
  #atFace(operation: PatchStep['operation'], face: SchemaFace, value: unknown): void {
    if (operation !== 'remove') this.#entries(operation, (take) => faceEntries(face, value, this.#index, take));
    else if (!face.extension)
      throw ScimError.noTarget(`"${face.urn}" is the core schema: it can not be removed as a whole.`);
    else
      for (const attribute of face.attributes)
        if (!isReadOnly(attribute.path)) this.#step(operation, attribute.path, attribute);
  }

  #withoutPath(operation: 'add' | 'replace', given: unknown, ordinal: number): void {
    const value = Array.isArray(given) && given.length === 1 ? given[0] : given;
    if (!isObject(value)) {
      throw ScimError.invalidValue(
        `Operation ${ordinal} has no "path", so its "value" must be an object with attributes.`,
      );
    }
    this.#entries(operation, (take) => bodyEntries(value, this.#index, take));
  }

  /**
   * What a value says of several attributes: readOnly ones are part of a resource that is sent back, and are left out, as
   * are unknown ones beside others. A value of which nothing is known is refused: it would be a change that never happens.
   */
  #entries(operation: 'add' | 'replace', eachEntry: (take: Take) => void): void {
    const unknown: string[] = [];
    let known = 0;
    eachEntry((entry) => {
      if (entry.kind === 'value') {
        if (isReadOnly(entry.path)) return;
        known += 1;
        this.#step(operation, entry.path, entry.attribute, entry.value);
      } else if (entry.kind === 'unknown') {
        const path = entry.name.includes('[') ? parsePath(entry.name, this.type) : undefined;
        if (path) {
          known += 1;
          this.#atPath(operation, entry.name, entry.value);
        } else if (!isEmpty(entry.value)) unknown.push(noteName(entry.name));
      }
    });
    if (known === 0 && unknown[0] !== undefined) throw unknownPath(unknown[0], this.type);
    this.ignored.push(...unknown);
  }

  #step(operation: PatchStep['operation'], path: AttributePath, attribute: IndexedAttribute, given?: unknown): void {
    if (path.alias !== undefined) this.spelledAs.set(formatPath(attribute.path), path.alias);
    if (operation === 'remove') {
      const listed =
        path.definition.multiValued && !path.valueFilter && path.subAttribute === undefined && given != null;
      const values = listed && given !== '' ? (this.#readEach(path, attribute, given) ?? []) : undefined;
      this.steps.push({ operation, path, ...(values !== undefined && { value: values }) });
      return;
    }
    const value = this.#read(path, attribute, given);
    if (value !== undefined) this.steps.push({ operation, path, value });
    // Nothing as a value clears; but nothing added to several values leaves them as they are.
    else if (operation === 'replace' || !addsToValues(path)) this.steps.push({ operation: 'remove', path });
  }

  /** Values to remove, each by itself: put together, one that says no type would be lost beside one that does. */
  #readEach(path: AttributePath, attribute: IndexedAttribute, given: unknown): unknown[] | undefined {
    const reading = { ...this.#reading, keepNulls: false };
    if (given instanceof ReadList) return this.#understood(path, () => readBefore(given, reading));
    const elements = Array.isArray(given) ? given : [given];
    return this.#understood(path, () => {
      const values = elements.flatMap((element) => readListedValue(element, attribute, reading) ?? []);
      return values.length === 0 ? undefined : values;
    });
  }

  #read(path: AttributePath, attribute: IndexedAttribute, value: unknown): unknown {
    return this.#understood(path, () => {
      if (path.subDefinition) return readSimple(value, path.subDefinition, formatPath(path));
      if (path.valueFilter) return readOneValue(value, attribute, this.#reading);
      return readValue(value, attribute, this.#reading);
    });
  }

  /** Undefined: the value says that there is none. What says something else, of which nothing is known, is refused. */
  #understood<T>(path: AttributePath, read: () => T | undefined): T | undefined {
    const before = this.ignored.length;
    const value = read();
    const unknown = value === undefined ? this.ignored[before] : undefined;
    if (unknown === undefined) return value;
    throw ScimError.invalidValue(
      `"${unknown}" is no attribute, and nothing else is in the value of "${formatPath(path)}".`,
    );
  }
}

function addsToValues(path: AttributePath): boolean {
  return path.definition.multiValued && targetDefinition(path) === path.definition;
}

/** The first name in a value filter that is no part of the attribute: nothing could ever match it. */
function unknownIn(filter: Filter): string | undefined {
  switch (filter.kind) {
    case 'and':
    case 'or':
      return filter.filters.map(unknownIn).find((name) => name !== undefined);
    case 'not':
    case 'valuePath':
      return unknownIn(filter.filter);
    case 'compare':
    case 'present':
      return filter.path === undefined ? filter.spelled : undefined;
  }
}

function unknownPath(text: string, type: ResourceType): ScimError {
  return ScimError.invalidPath(
    `"${text.slice(0, 200)}" is no attribute of resource type ${type.name}: the connector has no mapping for it. /Schemas lists the attributes that it has.`,
  );
}
