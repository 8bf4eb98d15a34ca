/** Which attributes an answer shows, and under which names (RFC 7644 §3.9; `returned` of RFC 7643 §7). */
import { type AttributePath, formatPath } from './attributePath';
import type { Projection } from './handler';
import { isEmpty, isObject } from './json';
import { parsePath, schemaPaths } from './path';
import type { Meta, Resource } from './resource';
import type { AttributeDefinition, ResourceType } from './resourceType';
import { type IndexedAttribute, type SchemaFace, schemaIndex } from './schemaIndex';

/** Turns a resource as a handler answers it into one as the client gets it, with this `meta`. Does not touch what it is given. */
export type Presenter = (resource: Resource, meta: Meta) => Resource;

/**
 * The projection that lists of attribute names ask for; names may be of sub-attributes, aliases, URN-qualified or the
 * URN of a schema. Names of nothing are ignored (RFC 7644 §3.9 gives no error for them).
 */
export function parseProjection(
  attributes: readonly string[] | undefined,
  excludedAttributes: readonly string[] | undefined,
  type: ResourceType,
): Projection {
  return {
    ...(attributes && { attributes: resolveNames(attributes, type) }),
    ...(excludedAttributes && { excludedAttributes: resolveNames(excludedAttributes, type) }),
  };
}

function resolveNames(names: readonly string[], type: ResourceType): readonly AttributePath[] {
  return names.flatMap((name) => schemaPaths(name, type) ?? schemaIndex(type).resolve(name) ?? parsedName(name, type));
}

/** A name with a value filter shows the attribute as a whole: the RFC has no finer answer. */
function parsedName(name: string, type: ResourceType): readonly AttributePath[] {
  const path = name.includes('[') ? parsePath(name, type) : undefined;
  return path ? [path] : [];
}

/** What is shown of one attribute: nothing, or itself under a name, whole or only some of its sub-attributes. */
interface Shown {
  readonly name: string;
  readonly subAttributes?: ReadonlySet<string>;
}

const presenters = new WeakMap<ResourceType, Presenter>();
/** Projections are asked for again where queries have a form. */
const projected = new WeakMap<Projection, { readonly type: ResourceType; readonly presenter: Presenter }>();

/** The presenter of a projection; `spelledAs` (by canonical path) names attributes by the alias that the request used. */
export function presenterOf(
  projection: Projection,
  type: ResourceType,
  spelledAs: ReadonlyMap<string, string> = new Map(),
): Presenter {
  const plain = !projection.attributes && !projection.excludedAttributes?.length && spelledAs.size === 0;
  const before = spelledAs.size === 0 ? projected.get(projection) : undefined;
  const known = plain ? presenters.get(type) : before?.type === type ? before.presenter : undefined;
  if (known) return known;
  const { core, extensions } = schemaIndex(type);
  const selection = new Selection(projection, spelledAs);
  const presenter: Presenter = (resource, meta) => {
    const result: Resource = { schemas: [core.urn] };
    present(resource, core, selection, result);
    presentOne('meta', meta, core, selection, result);
    for (const face of extensions) {
      const values = Object.hasOwn(resource, face.urn) ? resource[face.urn] : undefined;
      if (!isObject(values)) continue;
      const presented: Record<string, unknown> = {};
      present(values, face, selection, presented);
      if (Object.keys(presented).length === 0) continue;
      result.schemas?.push(face.urn);
      result[face.urn] = presented;
    }
    return result;
  };
  if (plain) presenters.set(type, presenter);
  else if (spelledAs.size === 0) projected.set(projection, { type, presenter });
  return presenter;
}

/** Copies what is shown; `schemas` is told by the faces that are shown, and `meta` by whoever presents. */
function present(
  values: Readonly<Record<string, unknown>>,
  face: SchemaFace,
  selection: Selection,
  result: Record<string, unknown>,
): void {
  for (const name in values)
    if (face.extension || (name !== 'schemas' && name !== 'meta'))
      presentOne(name, values[name], face, selection, result);
}

function presentOne(
  name: string,
  value: unknown,
  face: SchemaFace,
  selection: Selection,
  result: Record<string, unknown>,
): void {
  if (isEmpty(value)) return;
  const shown = selection.shown(name, face);
  if (shown === undefined) return;
  const part = shown.subAttributes ? presentParts(value, shown.subAttributes) : value;
  if (!isEmpty(part)) result[shown.name] = part;
}

/** Only these sub-attributes of a complex value, or of each of several; undefined when it has none of them. */
function presentParts(value: unknown, names: ReadonlySet<string>): unknown {
  if (Array.isArray(value)) return value.flatMap((element) => presentParts(element, names) ?? []);
  if (!isObject(value)) return value;
  const parts = Object.entries(value).filter(([name, part]) => names.has(name) && !isEmpty(part));
  return parts.length === 0 ? undefined : Object.fromEntries(parts);
}

/** A projection, asked about the attributes that resources have: what a schema lists beside them costs nothing. */
class Selection {
  readonly #asked: ReadonlyMap<string, readonly AttributePath[]> | undefined;
  readonly #excluded: ReadonlyMap<string, readonly AttributePath[]>;
  readonly #rules = new Map<SchemaFace, Map<string, Shown | undefined>>();

  constructor(
    { attributes, excludedAttributes = [] }: Projection,
    private readonly spelledAs: ReadonlyMap<string, string>,
  ) {
    this.#asked = attributes && byAttribute(attributes);
    this.#excluded = byAttribute(excludedAttributes);
  }

  /** What is shown of the attribute that a handler answers under a name. */
  shown(name: string, face: SchemaFace): Shown | undefined {
    const rules = this.#rulesOf(face);
    const known = rules.get(name);
    if (known !== undefined || rules.has(name)) return known;
    const attribute = face.find(name);
    if (attribute === undefined) return undefined;
    const rule = this.#ruleFor(attribute);
    // A handler that remembers how a client calls an attribute answers with that name, which is then kept.
    const isCanonical = rule?.name === attribute.path.attribute;
    const shown = rule && isCanonical && attribute.alias !== undefined ? { ...rule, name: attribute.alias } : rule;
    rules.set(name, shown);
    return shown;
  }

  #rulesOf(face: SchemaFace): Map<string, Shown | undefined> {
    let rules = this.#rules.get(face);
    if (rules === undefined) {
      rules = new Map();
      this.#rules.set(face, rules);
    }
    return rules;
  }

  #ruleFor({ path, subAttributes }: IndexedAttribute): Shown | undefined {
    const { definition } = path;
    const key = formatPath(path);
    const asked = this.#asked?.get(key);
    const excluded = this.#excluded.get(key) ?? [];
    const twins = asked === undefined ? (this.#excluded.get(definition.excludedWith ?? '') ?? []) : [];
    const whole = asked?.some(({ subAttribute }) => subAttribute === undefined) ?? false;
    const name = asked?.find(({ alias }) => alias !== undefined)?.alias ?? this.spelledAs.get(key) ?? definition.name;
    const wanted = this.#wants(
      definition,
      asked !== undefined,
      [...excluded, ...twins].some(({ subAttribute }) => subAttribute === undefined),
    );
    if (!wanted) return undefined;
    if (definition.type !== 'complex') return { name };
    const askedParts = asked && !whole ? new Set(asked.map(({ subAttribute }) => subAttribute)) : undefined;
    const excludedParts = new Set(excluded.map(({ subAttribute }) => subAttribute));
    const all = [...new Set(subAttributes.values())];
    const parts = all.filter((sub) => {
      if (sub.returned === 'never' || sub.returned === 'always') return sub.returned === 'always';
      if (excludedParts.has(sub.name)) return false;
      return askedParts ? askedParts.has(sub.name) : sub.returned !== 'request';
    });
    return parts.length === all.length ? { name } : { name, subAttributes: new Set(parts.map((sub) => sub.name)) };
  }

  #wants({ returned }: AttributeDefinition, asked: boolean, excluded: boolean): boolean {
    switch (returned) {
      case 'always':
        return true;
      case 'never':
        return false;
      case 'request':
        return asked && !excluded;
      case 'default':
        return (this.#asked === undefined || asked) && !excluded;
    }
  }
}

function byAttribute(paths: readonly AttributePath[]): ReadonlyMap<string, readonly AttributePath[]> {
  const map = new Map<string, AttributePath[]>();
  for (const path of paths) {
    const key = formatPath({ ...path, subAttribute: undefined });
    const present = map.get(key);
    if (present) present.push(path);
    else map.set(key, [path]);
  }
  return map;
}
