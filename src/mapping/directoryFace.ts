/**
 * The face of an object type that speaks the directory's own names: the ECMA2Host extension, with types and
 * multiplicity from the schema and the virtual attributes that the original host has.
 */
import type { AttributeTypeDescription, Schema } from '../directory/schema';
import { faceOf } from '../scim/path';
import type { Resource } from '../scim/resource';
import type { AttributeDefinition, AttributeType, SchemaDefinition } from '../scim/resourceType';
import { isBacklink, namedBy } from './membership';
import { nearest } from './nearest';
import { type Fault, flowAttributes, type ObjectTypeOptions } from './options';
import { scimTypeOf } from './syntax';

/** The URN of the directory's face of a resource type. */
export function directoryFaceUrn(resourceType: string): string {
  return `urn:ietf:params:scim:schemas:extension:ECMA2Host:2.0:${resourceType}`;
}

/** What a resource says under a name of the directory's face. Names are the directory's: `constructor` is one like any other. */
export function faceValue(resource: Resource, urn: string, name: string): unknown {
  const face = faceOf(resource, { schema: urn, extension: true });
  return face !== undefined && Object.hasOwn(face, name) ? face[name] : undefined;
}

/** The virtual attributes. */
export const virtual = {
  dn: '-dn-',
  distinguishedName: '_distinguishedName',
  exportPassword: 'export_password',
} as const;

/** Attributes whose values are never read, stored, logged or returned, whatever a file says. */
const secrets = new Set(
  [
    'userPassword',
    'unicodePwd',
    'userPKCS12',
    'authPassword',
    'sambaNTPassword',
    'sambaLMPassword',
    'sambaPasswordHistory',
    'krbPrincipalKey',
    'pwdHistory',
    'nsRoleScopeDN',
    'ds-pwp-password-history',
    'ibm-slapdAdminPW',
    'ipaNTHash',
    'orclPassword',
  ].map((name) => name.toLowerCase()),
);

/** Whether the values of an attribute are secrets. */
export function isSecretAttribute(name: string, passwordAttribute?: string): boolean {
  const base = (name.split(';', 1)[0] ?? name).toLowerCase();
  return secrets.has(base) || base === passwordAttribute?.toLowerCase();
}

/** One attribute of the directory as clients see it. */
export interface DirectoryAttribute {
  /** The name that clients see: as the file spells it, else the schema's first name. */
  readonly name: string;
  /** {@link Schema.canonicalName}: the same for every name of the attribute. */
  readonly key: string;
  /** The name by which it is read and written: the schema's first one, whatever the file calls it. */
  readonly ldapName: string;
  readonly aliases: readonly string[];
  readonly type: Exclude<AttributeType, 'complex' | 'decimal'>;
  /** Of a `reference` that is no DN: the attribute of the other entry (canonical name) whose value it is. */
  readonly by?: string;
  /** Clients see one value. */
  readonly single: boolean;
  readonly readOnly: boolean;
  readonly secret: boolean;
  readonly required: boolean;
  readonly caseExact: boolean;
  readonly description?: string;
}

/** The name under which entries hold an attribute: the schema's first one, with its options; else as it is given. */
export function ldapName(schema: Schema, description: string): string {
  const type = schema.attributeType(description);
  return type === undefined ? description : `${type.name}${optionsOf(description)}`;
}

function optionsOf(description: string): string {
  const start = description.indexOf(';');
  return start < 0 ? '' : description.slice(start);
}

/** What the face is made from. */
export interface FaceInput {
  readonly options: ObjectTypeOptions;
  readonly schema: Schema;
  /** Target object and auxiliary classes. */
  readonly classes: readonly string[];
  readonly passwordAttribute: string;
  readonly attributeAliases: readonly string[];
  readonly includeOperational: boolean;
  readonly includeExtensible: boolean;
  /** Keys of attributes that a single-valued core attribute is mapped to: clients see one value of them. */
  readonly singleByMapping: ReadonlySet<string>;
  readonly report: (fault: Fault) => void;
  readonly path: string;
}

/** The attributes of the face, by key: those that the file selects, else every attribute of the classes. */
export function directoryAttributes(input: FaceInput): Map<string, DirectoryAttribute> {
  const { options, schema } = input;
  const attributes = new Map<string, DirectoryAttribute>();
  const add = (name: string, treatAsSingleValue?: boolean) => {
    // No object of JSON can have an attribute of this name, wherever the schema got it from.
    if (name === '__proto__') return;
    const attribute = describe(name, input, treatAsSingleValue);
    if (!attributes.has(attribute.key)) attributes.set(attribute.key, attribute);
  };
  if (options.attributes === undefined) {
    for (const name of defaultSelection(input)) add(name);
  } else {
    for (const [index, { name, treatAsSingleValue }] of options.attributes.entries()) {
      if (isVirtual(name)) continue;
      if (schema.attributeType(name) === undefined) {
        input.report(unknownAttribute(schema, name, `${input.path}.attributes[${index}]`));
        continue;
      }
      if (treatAsSingleValue === true && schema.canonicalName(name) === 'objectclass') {
        input.report({
          path: `${input.path}.attributes[${index}].treatAsSingleValue`,
          message: `${name} has a value for each class of an entry: it cannot be treated as a single value`,
          severity: 'fault',
        });
      }
      add(name, treatAsSingleValue);
    }
    add('objectClass');
    // Nobody sees it, so that it is not selected says nothing: a password that a client sends must not be dropped in silence.
    if (allowsAttribute(input.passwordAttribute, input)) add(input.passwordAttribute);
  }
  return attributes;
}

function allowsAttribute(name: string, { schema, classes }: FaceInput): boolean {
  const { must, may } = schema.requirements([...classes]);
  const oid = schema.attributeType(name)?.oid;
  return [...must, ...may].some((type) => type.oid === oid);
}

/** Whether a name is one of the virtual attributes, which every object type has. */
export function isVirtual(name: string): boolean {
  return Object.values(virtual).some((known) => known.toLowerCase() === name.toLowerCase());
}

/** A fault that names the attribute and, where there is one, its near neighbour. */
export function unknownAttribute(schema: Schema, name: string, path: string): Fault {
  const near = nearest(
    name.split(';', 1)[0] ?? name,
    schema.attributeTypes.flatMap(({ names }) => names),
  );
  const hint =
    near === undefined ? "check the spelling, or add the attribute to the directory's schema" : `did you mean ${near}?`;
  return {
    path,
    message: `the directory's schema has no attribute "${name.slice(0, 100)}": ${hint}`,
    severity: 'fault',
  };
}

function* defaultSelection({ schema, classes, options, ...input }: FaceInput): Iterable<string> {
  const reachable = [...classes];
  if (options.auxiliaryClasses.length === 0) {
    // A client that names auxiliary classes in a request needs their attributes, and nothing else says which ones.
    for (const { name, kind } of schema.objectClasses)
      if (kind === 'AUXILIARY' && !/^extensibleObject$/i.test(name)) reachable.push(name);
  }
  const { must, may } = schema.requirements(reachable);
  // What the disable flow sets is its own: clients say `active`.
  const flow = new Set(flowAttributes(options.disableFlow).map((name) => schema.attributeType(name)));
  for (const type of [...must, ...may]) if (type.usage === 'userApplications' && !flow.has(type)) yield type.name;
  for (const [index, name] of input.attributeAliases.entries()) {
    if (schema.attributeType(name) !== undefined) yield name;
    else input.report(unknownAttribute(schema, name, `connectivity.attributeAliases[${index}]`));
  }
  for (const type of schema.attributeTypes) {
    if (type.usage === 'userApplications' ? input.includeExtensible : input.includeOperational) yield type.name;
  }
}

function describe(name: string, input: FaceInput, treatAsSingleValue?: boolean): DirectoryAttribute {
  const { schema, passwordAttribute, classes } = input;
  const type = schema.attributeType(name) as AttributeTypeDescription;
  const key = schema.canonicalName(name);
  const { must } = schema.requirements([...classes]);
  const options = optionsOf(name);
  const by = namedBy(key, schema);
  return {
    name: input.options.attributes === undefined && options === '' ? type.name : name,
    key,
    ldapName: ldapName(schema, name),
    aliases: type.names
      .map((known) => known + options)
      .filter((known) => known.toLowerCase() !== name.toLowerCase() && known !== '__proto__'),
    // A password is text to whoever sends it, whatever syntax holds it.
    type: isSecretAttribute(name, passwordAttribute)
      ? 'string'
      : by === undefined
        ? scimTypeOf(schema, name)
        : 'reference',
    ...(by === undefined ? {} : { by }),
    single: type.singleValue || (key !== 'objectclass' && (treatAsSingleValue ?? input.singleByMapping.has(key))),
    readOnly: type.noUserModification || type.usage !== 'userApplications' || isBacklink(key, schema),
    secret: isSecretAttribute(name, passwordAttribute),
    required: must.some(({ oid }) => oid === type.oid),
    caseExact: schema.isCaseExact(name),
    description: type.description,
  };
}

/** What the face says of some of its attributes, by their keys. */
export interface FaceKeys {
  /** No two entries may have the same value. */
  readonly unique: ReadonlySet<string>;
  /** Holds what the core schema calls `members`. */
  readonly members?: string;
  /** Has to have a value, and only this face can give it one. */
  readonly demanded: ReadonlySet<string>;
}

/** The extension schema of RFC 7643 §7 that describes the face. Where it is `hidden`, its attributes are shown to who asks for them. */
export function directoryFaceSchema(
  resourceType: string,
  attributes: Iterable<DirectoryAttribute>,
  { unique, members, demanded }: FaceKeys,
  hidden = false,
): SchemaDefinition {
  const text = { type: 'string', multiValued: false, required: false, caseExact: false, uniqueness: 'none' } as const;
  const virtuals: AttributeDefinition[] = [
    {
      ...text,
      name: virtual.dn,
      description: 'The distinguished name of the entry; a change renames or moves it.',
      mutability: 'readWrite',
      returned: 'default',
      uniqueness: 'server',
    },
    {
      ...text,
      name: virtual.distinguishedName,
      description: 'The distinguished name of the entry.',
      mutability: 'readOnly',
      returned: 'default',
      uniqueness: 'server',
    },
    {
      ...text,
      name: virtual.exportPassword,
      description: 'A password for the entry; never returned.',
      caseExact: true,
      mutability: 'writeOnly',
      returned: 'never',
    },
  ];
  return {
    id: directoryFaceUrn(resourceType),
    name: 'ECMA2Host',
    description: 'The attributes of the directory under their own names',
    attributes: [
      ...virtuals,
      ...[...attributes].map((attribute) => ({
        ...definitionOf(attribute, unique.has(attribute.key)),
        // Whoever wants no list of 100,000 members does not want it under another name.
        ...(attribute.key === members && { excludedWith: 'members' }),
        ...(demanded.has(attribute.key) && { demanded: true }),
      })),
    ].map((definition) =>
      hidden && definition.returned === 'default' ? { ...definition, returned: 'request' } : definition,
    ),
    ...(hidden && { hidden }),
  };
}

function definitionOf(attribute: DirectoryAttribute, isUnique: boolean): AttributeDefinition {
  return {
    name: attribute.name,
    aliases: attribute.aliases,
    type: attribute.type,
    multiValued: !attribute.single,
    description: attribute.description ?? attribute.name,
    // The DN, a mapping or the core face may fill what the directory requires: the entry is checked as a whole.
    required: false,
    // RFC 7643 §2.3.7: references are case exact.
    caseExact: attribute.caseExact || attribute.type === 'reference',
    mutability: attribute.secret ? 'writeOnly' : attribute.readOnly ? 'readOnly' : 'readWrite',
    returned: attribute.secret ? 'never' : 'default',
    uniqueness: isUnique ? 'server' : 'none',
    ...(attribute.type === 'reference' ? { referenceTypes: ['User', 'Group'] } : {}),
  };
}
