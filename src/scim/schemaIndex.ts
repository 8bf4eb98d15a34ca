/** The names of a resource type, ready for look-up: any case, aliases, URN prefixes. Made once per resource type. */
import type { AttributePath } from './attributePath';
import type { AttributeDefinition, ResourceType, SchemaDefinition } from './resourceType';

const readOnly = {
  multiValued: false,
  required: false,
  caseExact: true,
  mutability: 'readOnly',
  returned: 'default',
  uniqueness: 'none',
} as const;

/** Attributes that every resource has and no schema lists (RFC 7643 §3.1). */
const commonAttributes: readonly AttributeDefinition[] = [
  { ...readOnly, name: 'schemas', type: 'reference', multiValued: true, returned: 'always', referenceTypes: ['uri'] },
  { ...readOnly, name: 'id', type: 'string', returned: 'always', uniqueness: 'server' },
  { ...readOnly, name: 'externalId', type: 'string', mutability: 'readWrite' },
  {
    ...readOnly,
    name: 'meta',
    type: 'complex',
    subAttributes: [
      { ...readOnly, name: 'resourceType', type: 'string' },
      { ...readOnly, name: 'created', type: 'dateTime' },
      { ...readOnly, name: 'lastModified', type: 'dateTime' },
      { ...readOnly, name: 'location', type: 'reference', referenceTypes: ['uri'] },
      { ...readOnly, name: 'version', type: 'string' },
    ],
  },
];

/** An attribute under one of its names. */
export interface IndexedAttribute {
  /** The canonical path of the attribute. */
  readonly path: AttributePath;
  /** Sub-attributes by lower-cased name. */
  readonly subAttributes: ReadonlyMap<string, AttributeDefinition>;
  /** The alias, in its declared spelling, when this entry stands under one. */
  readonly alias?: string;
}

/** One face of a resource: the core schema with the common attributes, or an extension. */
export interface SchemaFace {
  readonly urn: string;
  readonly extension: boolean;
  /** All attributes, once each, by canonical name. */
  readonly attributes: readonly IndexedAttribute[];
  /** Those that a resource cannot be without, or that have a sub-attribute which their values cannot be without. */
  readonly demanding: readonly IndexedAttribute[];
  /** Names of the common attributes, which say nothing about whether a body means this face. */
  readonly common: ReadonlySet<string>;
  /** An attribute by any of its names in any case. */
  find(name: string): IndexedAttribute | undefined;
  /** Resolves `attribute[.subAttribute]` within this face; `spelled` is the whole path as the client wrote it. */
  resolve(text: string, spelled: string): AttributePath | undefined;
}

/** All names of a resource type. */
export interface SchemaIndex {
  readonly core: SchemaFace;
  readonly extensions: readonly SchemaFace[];
  /** The face with this URN, in any case. */
  face(urn: string): SchemaFace | undefined;
  /** Resolves `URN:attribute[.subAttribute]`, or without a URN in the core schema; undefined when there is no such attribute. */
  resolveExact(text: string): AttributePath | undefined;
  /** The same, but a name that the core schema lacks is also found in the first extension that has it (Entra ID patches `manager`). */
  resolve(text: string): AttributePath | undefined;
}

const indexes = new WeakMap<ResourceType, SchemaIndex>();

/** The index of a resource type; made on first use and kept as long as the resource type lives. */
export function schemaIndex(type: ResourceType): SchemaIndex {
  let index = indexes.get(type);
  if (index === undefined) {
    index = buildIndex(type);
    indexes.set(type, index);
  }
  return index;
}

function buildIndex(type: ResourceType): SchemaIndex {
  const core = buildFace(type.schema, false);
  const extensions = type.extensions.map((extension) => buildFace(extension, true));
  const faces = [core, ...extensions];
  const byUrn = new Map(faces.map((face) => [face.urn.toLowerCase(), face]));
  const longestFirst = [...byUrn].sort(([a], [b]) => b.length - a.length);
  const resolveExact = (text: string): AttributePath | undefined => {
    const lower = text.toLowerCase();
    for (const [urn, face] of longestFirst) {
      // The dot is how jobs of before 2018 joined a URN and an attribute; no other reading of such a text exists.
      const separator = lower.startsWith(urn) ? text[urn.length] : undefined;
      if (separator === ':' || separator === '.') return face.resolve(text.slice(urn.length + 1), text);
    }
    return core.resolve(text, text);
  };
  const resolve = (text: string): AttributePath | undefined => {
    const exact = resolveExact(text);
    if (exact) return exact;
    // The order of the extensions decides: a standard one comes before those that bring names of their own.
    for (const face of extensions) {
      const found = face.resolve(text, text);
      if (found) return found;
    }
    return undefined;
  };
  return { core, extensions, face: (urn) => byUrn.get(urn.toLowerCase()), resolveExact, resolve };
}

function buildFace(schema: SchemaDefinition, extension: boolean): SchemaFace {
  const names = new Map<string, IndexedAttribute>();
  const own = schema.attributes.filter(({ name }) => name !== '__proto__');
  const ownNames = new Set(own.map(({ name }) => name.toLowerCase()));
  const added = extension ? [] : commonAttributes.filter(({ name }) => !ownNames.has(name.toLowerCase()));
  const attributes = [...own, ...added].map((definition): IndexedAttribute => {
    const position = { schema: schema.id, extension, attribute: definition.name };
    const spelled = extension ? `${schema.id}:${definition.name}` : definition.name;
    return { path: { ...position, definition, spelled }, subAttributes: indexSubAttributes(definition) };
  });
  for (const attribute of attributes) names.set(attribute.path.attribute.toLowerCase(), attribute);
  // Aliases come second: a canonical name is never hidden by another attribute's alias.
  for (const attribute of attributes) {
    for (const alias of attribute.path.definition.aliases ?? []) {
      const key = alias.toLowerCase();
      if (!names.has(key)) names.set(key, { ...attribute, alias });
    }
  }
  const find = (name: string): IndexedAttribute | undefined => names.get(name.toLowerCase());
  return {
    urn: schema.id,
    extension,
    attributes,
    demanding: attributes.filter(({ path: { definition } }) => isDemanding(definition)),
    common: new Set(extension ? [] : commonAttributes.map(({ name }) => name)),
    find,
    resolve: (text, spelled) => {
      // Attribute names may hold dots (`1.2.840…`), so the whole text is tried as a name before its last dot means anything.
      const whole = find(text);
      if (whole) return pathTo(whole, spelled);
      const dot = text.lastIndexOf('.');
      const found = dot > 0 ? find(text.slice(0, dot)) : undefined;
      return found && subPath(found, text.slice(dot + 1), spelled);
    },
  };
}

function isDemanding({ required, mutability, subAttributes = [] }: AttributeDefinition): boolean {
  return (required && mutability !== 'readOnly') || subAttributes.some((sub) => sub.required);
}

function indexSubAttributes(definition: AttributeDefinition): ReadonlyMap<string, AttributeDefinition> {
  const subAttributes = new Map<string, AttributeDefinition>();
  for (const sub of definition.subAttributes ?? []) {
    if (sub.name === '__proto__') continue;
    for (const name of [sub.name, ...(sub.aliases ?? [])]) {
      if (!subAttributes.has(name.toLowerCase())) subAttributes.set(name.toLowerCase(), sub);
    }
  }
  return subAttributes;
}

function pathTo({ path, alias }: IndexedAttribute, spelled: string): AttributePath {
  if (alias === undefined && spelled === path.spelled) return path;
  const { schema, extension, attribute, definition } = path;
  const plain = { schema, extension, attribute, definition, spelled };
  return alias === undefined ? plain : { ...plain, alias };
}

/**
 * The path of a sub-attribute, or undefined. A simple attribute has one implied sub-attribute, `value` (RFC 7643 §2.4),
 * which is the attribute itself.
 */
export function subPath(attribute: IndexedAttribute, name: string, spelled: string): AttributePath | undefined {
  const { definition } = attribute.path;
  if (definition.type !== 'complex') return name.toLowerCase() === 'value' ? pathTo(attribute, spelled) : undefined;
  const sub = attribute.subAttributes.get(name.toLowerCase());
  if (sub === undefined) return undefined;
  const { schema, extension } = attribute.path;
  const part = { subAttribute: sub.name, subDefinition: sub };
  const plain = { schema, extension, attribute: definition.name, definition, ...part, spelled };
  return attribute.alias === undefined ? plain : { ...plain, alias: attribute.alias };
}
