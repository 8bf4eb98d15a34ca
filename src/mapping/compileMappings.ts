/** The mappings of an object type → two-way links and one-way flows, with what is wrong with them. */
import { coreUser } from '../scim/core';
import { groupsLink, type Link, linkOf, rankLinks, samePlace } from './coreFace';
import { defaultFlows, defaultLinks } from './defaultMapping';
import { isSecretAttribute, unknownAttribute } from './directoryFace';
import { parseExpression } from './expression';
import type { Flow } from './objectType';
import type { ObjectTypeInput, Report } from './objectTypeChecks';
import { flowAttributes, type MappingOptions } from './options';

/** What mappings amount to. */
export interface Mappings {
  readonly links: readonly Link[];
  readonly flows: readonly Flow[];
}

/** Compiles the mappings of the file, or the default ones where it has none. */
export function compileMappings(input: ObjectTypeInput, classes: readonly string[], report: Report): Mappings {
  const { mappings, resourceType, stored } = input.options;
  const { links, flows } =
    mappings === undefined ? defaultMappings(input, classes) : ownMappings(input, mappings, classes, report);
  const named = links.some(({ schema, attribute }) => schema === coreUser.id && attribute === 'userName');
  if (resourceType === 'User' && !named && !stored.includes('userName')) {
    report({
      path: `${input.path}.mappings`,
      message:
        'userName is not mapped to an attribute of the directory, so clients read the name of the entry instead of what they have set: map it, or list it under stored',
      severity: 'notice',
    });
  }
  const groups = resourceType === 'User' ? groupsLink(input.schema) : undefined;
  return { links: rankLinks(groups === undefined ? links : [...links, groups]), flows };
}

function defaultMappings({ options, schema }: ObjectTypeInput, classes: readonly string[]): Mappings {
  const { must, may } = schema.requirements(classes);
  const free = new Set([...must, ...may]);
  for (const name of flowAttributes(options.disableFlow)) {
    const type = schema.attributeType(name);
    if (type !== undefined) free.delete(type);
  }
  const isFree = (name: string) => {
    const type = schema.attributeType(name);
    return type !== undefined && free.has(type);
  };
  const isMandatory = (name: string) => must.some((type) => type === schema.attributeType(name));
  const links = defaultLinks(options.resourceType, options.memberAttribute).flatMap(({ source, targets }) => {
    const target = targets.find(isFree);
    const link = target === undefined ? undefined : linkOf(source, target, options.resourceType, schema);
    return link === undefined || typeof link === 'string' ? [] : [link];
  });
  const flows = defaultFlows(options.resourceType)
    .filter(({ target, ifMandatory }) => isFree(target) && !(ifMandatory && !isMandatory(target)))
    .map(
      ({ target, expression }): Flow => ({
        target: schema.canonicalName(target),
        value: parseExpression(expression),
        apply: 'onCreate',
        fallback: true,
      }),
    );
  return { links, flows };
}

function ownMappings(
  input: ObjectTypeInput,
  mappings: readonly MappingOptions[],
  classes: readonly string[],
  report: Report,
): Mappings {
  const { options, schema, path } = input;
  const links = new Map<string, Link>();
  const flows: Flow[] = [];
  for (const [index, mapping] of mappings.entries()) {
    const at = `${path}.mappings[${index}]`;
    if (!checkTarget(input, mapping, classes, at, report)) continue;
    if (mapping.kind === 'direct') {
      const link = linkOf(mapping.source, mapping.target, options.resourceType, schema);
      if (typeof link === 'string') report({ path: `${at}.source`, message: link, severity: 'fault' });
      else {
        checkReadBack(input, link, links, at, report);
        links.set(`mappings[${index}]`, link);
      }
      continue;
    }
    const value = mapping.kind === 'constant' ? { constant: mapping.constant } : parseExpression(mapping.expression);
    flows.push({ target: schema.canonicalName(mapping.target), value, apply: mapping.apply, fallback: false });
  }
  return { links: [...links.values()], flows };
}

/** Whether a target is an attribute of the directory; and what speaks against it. */
function checkTarget(
  { options, schema }: ObjectTypeInput,
  mapping: MappingOptions,
  classes: readonly string[],
  at: string,
  report: Report,
): boolean {
  const { target } = mapping;
  const type = schema.attributeType(target);
  if (type === undefined) {
    report(unknownAttribute(schema, target, `${at}.target`));
    return false;
  }
  const { must, may, allowsAny } = schema.requirements(classes);
  if (options.auxiliaryClasses.length > 0 && !allowsAny && ![...must, ...may].includes(type)) {
    report({
      path: `${at}.target`,
      message: `none of ${classes.join(', ')} allows ${target}: add the auxiliary class that does`,
      severity: 'notice',
    });
  }
  const isFlows = flowAttributes(options.disableFlow).some((name) => schema.attributeType(name) === type);
  // What a new entry starts with is no contradiction: the flow sets something else later.
  if (isFlows && !(mapping.kind !== 'direct' && mapping.apply === 'onCreate')) {
    report({
      path: `${at}.target`,
      message: `${target} is set by the disable flow: it cannot be mapped as well`,
      severity: 'fault',
    });
  }
  return true;
}

/** Every core attribute that is accepted reads back as it was set (decision 12 of the architecture). */
function checkReadBack(
  { schema, passwordAttribute }: ObjectTypeInput,
  link: Link,
  earlier: ReadonlyMap<string, Link>,
  at: string,
  report: Report,
): void {
  const fault = (path: string, message: string) => report({ path: `${at}.${path}`, message, severity: 'fault' });
  const type = schema.attributeType(link.target);
  const target = type?.name ?? link.target;
  const secret = isSecretAttribute(target, passwordAttribute);
  if (link.attribute === 'active' && !link.extension)
    fault('source', '"active" is what the disable flow says: set deprovisioning.disableFlow instead of mapping it');
  else if ((link.attribute === 'password') !== secret)
    fault(
      'target',
      secret
        ? `${target} is never read, so "${link.source}" could not be read back as it was set`
        : `${target} can be read: a password may only be mapped to ${passwordAttribute}`,
    );
  else if (type !== undefined && (type.noUserModification || type.usage !== 'userApplications'))
    fault('target', `${target} is written by the directory only, so "${link.source}" could not be set`);
  for (const [place, other] of earlier) {
    if (samePlace(other, link))
      fault('source', `"${link.source}" is mapped by ${place} already: use an expression for the second attribute`);
    else if (other.target === link.target) {
      report({
        path: `${at}.target`,
        message: `${target} is mapped by ${place} too, so "${link.source}" reads back as it was set only where "${other.source}" is the same`,
        severity: 'notice',
      });
    }
  }
}
