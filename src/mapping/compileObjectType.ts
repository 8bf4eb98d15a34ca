/** Compiles an object type: options and schema → what the rest of the room works with, or every fault at once. */
import { and, equality, type Filter, parseFilter } from '../directory/filter';
import type { Schema } from '../directory/schema';
import type { ResourceType } from '../scim/resourceType';
import { isDNAnchor } from './anchor';
import { coreSchemas, type Link, linkOf, standardType } from './coreFace';
import { defaultFlows, defaultLinks } from './defaultMapping';
import {
  type DirectoryAttribute,
  directoryAttributes,
  directoryFaceSchema,
  directoryFaceUrn,
  unknownAttribute,
} from './directoryFace';
import { parseExpression } from './expression';
import type { Flow, ObjectType } from './objectType';
import {
  checkAnchor,
  checkClasses,
  checkMust,
  checkSources,
  type ObjectTypeInput,
  type Report,
} from './objectTypeChecks';
import type { Fault, ObjectTypeOptions } from './options';

export type { ObjectTypeInput } from './objectTypeChecks';

/** Compiles; every fault and notice at once. Without faults there is an object type. */
export function compileObjectType(input: ObjectTypeInput): { objectType?: ObjectType; faults: readonly Fault[] } {
  const faults: Fault[] = [];
  const report = (fault: Fault) => faults.push(fault);
  const { options, schema, path } = input;
  const classes = checkClasses(input, report);
  if (classes === undefined) return { faults };
  const { links, flows } = compileMappings(input, classes, report);
  const singleByMapping = new Set(links.filter(({ multiValued }) => !multiValued).map(({ target }) => target));
  const attributes = directoryAttributes({ ...input, classes, singleByMapping, report });
  for (const link of [...links, ...flows]) ensureSelected(link.target, attributes, input, classes);
  const anchor = checkAnchor(input, report);
  const matching = options.matchingAttributes.flatMap((name, index) => {
    if (schema.attributeType(name) !== undefined) return [schema.canonicalName(name)];
    report(unknownAttribute(schema, name, `${path}.matchingAttributes[${index}]`));
    return [];
  });
  const naming = links.find(({ attribute, extension }) => attribute === 'userName' && !extension)?.target;
  // RFC 7643 §4.1.1: no two users have the same userName.
  if (naming !== undefined && !matching.includes(naming)) matching.push(naming);
  checkMust(input, classes, links, flows, attributes, report);
  if (faults.some(({ severity }) => severity === 'fault')) return { faults };
  const resourceType = resourceTypeOf(input, links, attributes);
  const objectType: ObjectType = {
    name: options.resourceType,
    resourceType,
    options,
    schema,
    urn: directoryFaceUrn(options.resourceType),
    attributes,
    links,
    flows,
    classes,
    anchor,
    matching,
    filter: typeFilter(options),
    readAttributes: readAttributes(attributes, matching, anchor, options),
    passwordAttribute: input.passwordAttribute,
    ...(options.dn === undefined ? {} : { dnExpression: parseExpression(options.dn) }),
    rdnAttribute: rdnAttribute(options, links, schema),
    ...(options.disableFlow === undefined ? {} : { disableFlow: options.disableFlow }),
    deleteFlow: options.deleteFlow,
  };
  checkSources(objectType, path, report);
  return faults.some(({ severity }) => severity === 'fault') ? { faults } : { objectType, faults };
}

function compileMappings(
  { options, schema, path }: ObjectTypeInput,
  classes: readonly string[],
  report: Report,
): { links: Link[]; flows: Flow[] } {
  const links: Link[] = [];
  const flows: Flow[] = [];
  const { must, may, allowsAny } = schema.requirements([...classes]);
  const allowed = new Set([...must, ...may].map(({ oid }) => oid));
  if (options.mappings === undefined) {
    for (const { source, targets } of defaultLinks(options.resourceType)) {
      const target = targets.find((name) => allowed.has(schema.attributeType(name)?.oid ?? ''));
      const link = target === undefined ? undefined : linkOf(source, target, options.resourceType, schema);
      if (link !== undefined && typeof link !== 'string') links.push(link);
    }
    for (const { target, expression } of defaultFlows(options.resourceType)) {
      if (!allowed.has(schema.attributeType(target)?.oid ?? '')) continue;
      flows.push({
        target: schema.canonicalName(target),
        value: parseExpression(expression),
        apply: 'onCreate',
        fallback: true,
      });
    }
    return { links, flows };
  }
  for (const [index, mapping] of options.mappings.entries()) {
    const at = `${path}.mappings[${index}]`;
    const type = schema.attributeType(mapping.target);
    if (type === undefined) {
      report(unknownAttribute(schema, mapping.target, `${at}.target`));
      continue;
    }
    if (options.auxiliaryClasses.length > 0 && !allowsAny && !allowed.has(type.oid)) {
      report({
        path: `${at}.target`,
        message: `none of ${classes.join(', ')} allows ${mapping.target}: add the auxiliary class that does`,
        severity: 'notice',
      });
    }
    const target = schema.canonicalName(mapping.target);
    if (mapping.kind === 'direct') {
      const link = linkOf(mapping.source, mapping.target, options.resourceType, schema);
      if (typeof link === 'string') report({ path: `${at}.source`, message: link, severity: 'fault' });
      else links.push(link);
    } else if (mapping.kind === 'constant') {
      flows.push({ target, value: { constant: mapping.constant }, apply: mapping.apply, fallback: false });
    } else {
      flows.push({ target, value: parseExpression(mapping.expression), apply: mapping.apply, fallback: false });
    }
  }
  return { links, flows };
}

/** What a mapping fills is read and written even where the file does not select it. */
function ensureSelected(
  target: string,
  attributes: Map<string, DirectoryAttribute>,
  input: ObjectTypeInput,
  classes: readonly string[],
): void {
  if (attributes.has(target)) return;
  const options = { ...input.options, attributes: [{ name: input.schema.attributeType(target)?.name ?? target }] };
  const added = directoryAttributes({
    ...input,
    options,
    classes,
    singleByMapping: new Set(),
    report: () => undefined,
  }).get(target);
  if (added !== undefined) attributes.set(target, added);
}

function resourceTypeOf(
  { options }: ObjectTypeInput,
  links: readonly Link[],
  attributes: ReadonlyMap<string, DirectoryAttribute>,
): ResourceType {
  const standard = standardType(options.resourceType);
  const { schema, extensions } = coreSchemas(options.resourceType, links, {
    stored: options.stored,
    active: options.disableFlow !== undefined,
    password: options.resourceType === 'User',
  });
  return {
    ...standard,
    schema,
    extensions: [...extensions, directoryFaceSchema(options.resourceType, attributes.values())],
  };
}

function typeFilter({ targetObject, filter }: ObjectTypeOptions): Filter {
  const own = equality('objectClass', targetObject);
  return filter === undefined ? own : and(own, parseFilter(filter));
}

function readAttributes(
  attributes: ReadonlyMap<string, DirectoryAttribute>,
  matching: readonly string[],
  anchor: string,
  options: ObjectTypeOptions,
): string[] {
  const names = [...attributes.values()].filter(({ secret }) => !secret).map(({ name }) => name);
  const filtered = options.filter === undefined ? [] : attributesIn(parseFilter(options.filter));
  const flow = options.disableFlow?.action === 'setAttribute' ? Object.keys(options.disableFlow.values) : [];
  const wanted = [
    'objectClass',
    ...names,
    ...matching,
    ...filtered,
    ...flow,
    ...(isDNAnchor(anchor) ? [] : [anchor]),
    'createTimestamp',
    'modifyTimestamp',
  ];
  return [...new Map(wanted.map((name) => [name.toLowerCase(), name])).values()];
}

/** The attributes that a filter looks at: whether an entry is of the type is decided from what was read of it. */
function attributesIn(filter: Filter): string[] {
  switch (filter.kind) {
    case 'and':
    case 'or':
      return filter.filters.flatMap(attributesIn);
    case 'not':
      return attributesIn(filter.filter);
    default:
      return filter.attribute === undefined ? [] : [filter.attribute];
  }
}

function rdnAttribute(options: ObjectTypeOptions, links: readonly Link[], schema: Schema): string {
  const naming = options.resourceType === 'Group' ? 'displayName' : 'userName';
  const target = links.find(({ attribute, extension }) => attribute === naming && !extension)?.target;
  return target === undefined ? 'cn' : (schema.attributeType(target)?.name ?? target);
}
