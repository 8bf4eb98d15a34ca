/** Compiles an object type: options and schema → what the rest of the room works with, or every fault at once. */
import { and, equality, type Filter, parseFilter } from '../directory/filter';
import type { Schema } from '../directory/schema';
import type { ResourceType } from '../scim/resourceType';
import { isDNAnchor } from './anchor';
import { compileMappings } from './compileMappings';
import { coreSchemas, type KeptAttributes, type Link, membersLink } from './coreFace';
import {
  type DirectoryAttribute,
  directoryAttributes,
  directoryFaceSchema,
  directoryFaceUrn,
  type FaceInput,
  isSecretAttribute,
  ldapName,
} from './directoryFace';
import { parseExpression } from './expression';
import type { ObjectType } from './objectType';
import {
  attributesIn,
  checkAnchor,
  checkClasses,
  checkFilter,
  checkFlows,
  checkMatching,
  checkMust,
  checkSources,
  checkStored,
  namingTypes,
  type ObjectTypeInput,
  type Report,
} from './objectTypeChecks';
import { type Fault, flowAttributes, type ObjectTypeOptions } from './options';
import { namesRules } from './rules';
import { standardType } from './standardTypes';

export type { ObjectTypeInput } from './objectTypeChecks';

/** Compiles; every fault and notice at once. Without faults there is an object type. */
export function compileObjectType(input: ObjectTypeInput): { objectType?: ObjectType; faults: readonly Fault[] } {
  const faults: Fault[] = [];
  const report = (fault: Fault) => faults.push(fault);
  const { options, schema, path } = input;
  const classes = checkClasses(input, report);
  if (classes === undefined) {
    checkRest(input, report);
    return { faults };
  }
  const { links, flows } = compileMappings(input, classes, report);
  const singleByMapping = new Set(links.filter(({ multiValued }) => !multiValued).map(({ target }) => target));
  const attributes = directoryAttributes({ ...input, classes, singleByMapping, report });
  for (const link of [...links, ...flows])
    ensureSelected(link.target, attributes, { ...input, classes, singleByMapping });
  const { anchor, matched } = checkRest(input, report);
  const naming = links.find(({ attribute, extension }) => attribute === 'userName' && !extension)?.target;
  // RFC 7643 §4.1.1: no two users have the same userName.
  const givenAnchor = givenAnchorOf(input, anchor);
  const matching = [...new Set([...matched, naming, givenAnchor].filter((key) => key !== undefined))];
  const dnExpression = options.dn === undefined ? undefined : parseExpression(options.dn);
  const named = dnExpression === undefined ? [] : namingTypes(dnExpression);
  checkMust(
    input,
    classes,
    [...[...links, ...flows].map(({ target }) => target), ...attributes.keys(), ...named],
    report,
  );
  if (faults.some(({ severity }) => severity === 'fault')) return { faults };
  const rdn = rdnAttribute(input, links);
  const given = [...flows.map(({ target }) => target), ...named.map((name) => schema.canonicalName(name))];
  const resourceType = resourceTypeOf(input, links, attributes, {
    mandatory: mandatoryOf(classes, schema, given),
    unique: new Set(matching),
    naming: rdn,
  });
  const objectType: ObjectType = {
    name: options.resourceType,
    resourceType,
    // What the directory holds is not kept beside it.
    options: { ...options, stored: options.stored.filter((name) => !links.some((link) => isStoredAs(link, name))) },
    schema,
    urn: directoryFaceUrn(options.resourceType),
    attributes,
    links,
    flows,
    classes,
    anchor,
    ...(givenAnchor !== undefined && { givenAnchor }),
    matching,
    filter: typeFilter(options),
    readAttributes: readAttributes(input, attributes.values(), matching, anchor),
    passwordAttribute: input.passwordAttribute,
    ...(dnExpression === undefined ? {} : { dnExpression }),
    rdnAttribute: rdn,
    namingAttributes: namingAttributes([rdn, ...named, 'cn', 'uid'], schema),
    ...(input.revisionAttribute === undefined ? {} : { revisionAttribute: ldapName(schema, input.revisionAttribute) }),
    ...(options.disableFlow === undefined ? {} : { disableFlow: options.disableFlow }),
    deleteFlow: options.deleteFlow,
  };
  checkSources(objectType, path, report);
  return faults.some(({ severity }) => severity === 'fault') ? { faults } : { objectType, faults };
}

/** An anchor beside the product's own that the server does not write itself. */
function givenAnchorOf({ schema, proposedAnchor }: ObjectTypeInput, anchor: string): string | undefined {
  const key = schema.canonicalName(anchor);
  const type = schema.attributeType(anchor);
  if (isDNAnchor(anchor) || key === schema.canonicalName(proposedAnchor)) return undefined;
  return type === undefined || type.noUserModification || type.usage !== 'userApplications' ? undefined : key;
}

/** What a mapping fills is read and written even where the file does not select it. */
function ensureSelected(
  target: string,
  attributes: Map<string, DirectoryAttribute>,
  input: Omit<FaceInput, 'report'>,
): void {
  if (attributes.has(target)) return;
  const options = { ...input.options, attributes: [{ name: ldapName(input.schema, target) }] };
  const added = directoryAttributes({ ...input, options, report: () => undefined }).get(target);
  if (added !== undefined) attributes.set(target, added);
}

function isStoredAs({ schema, extension, attribute }: Link, name: string): boolean {
  return (extension ? `${schema}:${attribute}` : attribute).toLowerCase() === name.toLowerCase();
}

/** Keys of the attributes that the classes demand, less those that have a value without a client. */
function mandatoryOf(classes: readonly string[], schema: Schema, given: readonly string[]): ReadonlySet<string> {
  const mandatory = new Set(schema.requirements(classes).must.map(({ name }) => schema.canonicalName(name)));
  for (const key of given) mandatory.delete(key);
  return mandatory;
}

function resourceTypeOf(
  { options, hidesDirectoryFace }: ObjectTypeInput,
  links: readonly Link[],
  attributes: ReadonlyMap<string, DirectoryAttribute>,
  demanded: Pick<KeptAttributes, 'mandatory' | 'unique'> & { readonly naming: string },
): ResourceType {
  const standard = standardType(options.resourceType);
  const otherwise = new Set(['objectclass', demanded.naming, ...links.map(({ target }) => target)]);
  const { schema, extensions } = coreSchemas(options.resourceType, links, {
    stored: options.stored,
    active: options.disableFlow !== undefined,
    password: options.resourceType === 'User',
    ...demanded,
  });
  return {
    ...standard,
    endpoint: options.endpoint ?? standard.endpoint,
    schema,
    extensions: [
      ...extensions,
      directoryFaceSchema(
        options.resourceType,
        attributes.values(),
        {
          unique: demanded.unique,
          members: membersLink(links)?.target,
          demanded: new Set([...demanded.mandatory].filter((key) => !otherwise.has(key))),
        },
        hidesDirectoryFace,
      ),
    ],
  };
}

function typeFilter({ targetObject, filter }: ObjectTypeOptions): Filter {
  const own = equality('objectClass', targetObject);
  return filter === undefined ? own : and(own, parseFilter(filter));
}

/** Under their first names, so that entries come back under them whatever the file calls an attribute. */
function readAttributes(
  { options, schema, passwordAttribute, revisionAttribute }: ObjectTypeInput,
  attributes: Iterable<DirectoryAttribute>,
  matching: readonly string[],
  anchor: string,
): string[] {
  const wanted = [
    'objectClass',
    ...[...attributes].map(({ ldapName }) => ldapName),
    ...matching,
    ...(options.filter === undefined ? [] : attributesIn(parseFilter(options.filter))),
    ...flowAttributes(options.disableFlow),
    ...(isDNAnchor(anchor) ? [] : [anchor]),
    'createTimestamp',
    'modifyTimestamp',
    ...(revisionAttribute === undefined ? [] : [revisionAttribute]),
  ].map((name) => ldapName(schema, name));
  return [...new Set(wanted)].filter((name) => !isSecretAttribute(name, passwordAttribute));
}

function rdnAttribute({ options, schema, namingAttribute }: ObjectTypeInput, links: readonly Link[]): string {
  const isOfPeople = options.resourceType === 'User' || options.resourceType === 'Group';
  if (namingAttribute !== undefined && isOfPeople)
    return schema.attributeType(namingAttribute)?.name ?? namingAttribute;
  const naming = options.resourceType === 'User' ? 'userName' : 'displayName';
  const target = links.find(({ attribute, extension }) => attribute === naming && !extension)?.target;
  return target === undefined ? 'cn' : (schema.attributeType(target)?.name ?? target);
}

/** Those that a server finds values by, whatever their case. */
function namingAttributes(names: readonly string[], schema: Schema): string[] {
  const findable = names.filter((name) => {
    const type = schema.attributeType(name);
    return type !== undefined && !schema.isCaseExact(name) && (type.equality !== undefined || !namesRules(schema));
  });
  return [...new Set(findable.map((name) => schema.canonicalName(name)))];
}

/** What can be said without the classes. */
function checkRest(input: ObjectTypeInput, report: Report): { anchor: string; matched: readonly string[] } {
  const anchor = checkAnchor(input, report);
  const matched = checkMatching(input, report);
  checkStored(input, report);
  checkFilter(input, report);
  checkFlows(input, report);
  return { anchor, matched };
}
