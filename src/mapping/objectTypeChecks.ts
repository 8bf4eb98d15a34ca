/** What can be wrong with an object type once the directory's schema is known. */
import { isDeepStrictEqual } from 'node:util';
import { DN } from '../directory/dn';
import { Entry } from '../directory/entry';
import { type Filter, parseFilter } from '../directory/filter';
import type { Schema } from '../directory/schema';
import { checkEntry } from '../directory/schemaCheck';
import { isDNAnchor } from './anchor';
import { isSecretAttribute, isVirtual, ldapName, unknownAttribute } from './directoryFace';
import { DNExpressionError, evaluateDN } from './dnExpression';
import { type Expression, parseExpression } from './expression';
import { isKnownSource } from './flow';
import { nearest } from './nearest';
import type { ObjectType } from './objectType';
import { type Fault, flowAttributes, type ObjectTypeOptions } from './options';
import { standardType } from './standardTypes';

/** What an object type is compiled from. */
export interface ObjectTypeInput {
  readonly options: ObjectTypeOptions;
  readonly schema: Schema;
  readonly proposedAnchor: string;
  readonly passwordAttribute: string;
  /** The only attribute that names entries there; absent: the one that the user name or the group's name is mapped to. */
  readonly namingAttribute?: string;
  /** An attribute that has another value after every change of an entry. */
  readonly revisionAttribute?: string;
  readonly attributeAliases: readonly string[];
  readonly includeOperational: boolean;
  readonly includeExtensible: boolean;
  readonly allowManualAnchorSelection: boolean;
  /** The directory's face is shown only to who asks for it. */
  readonly hidesDirectoryFace?: boolean;
  /** Path of the object type in the file. */
  readonly path: string;
}

/** Takes faults and notices. */
export type Report = (fault: Fault) => void;

/** Target object and known auxiliary classes; undefined when there is no target object to go on with. */
export function checkClasses(
  { options, schema, path }: ObjectTypeInput,
  report: Report,
): readonly string[] | undefined {
  const fault = (at: string, message: string) => report({ path: `${path}.${at}`, message, severity: 'fault' });
  const target = schema.objectClass(options.targetObject);
  if (target === undefined) {
    fault('targetObject', `the directory's schema has no object class "${options.targetObject}": check the spelling`);
    return undefined;
  }
  if (target.kind === 'AUXILIARY') {
    fault(
      'targetObject',
      `"${options.targetObject}" is an auxiliary class: name the structural class here and this one under auxiliaryClasses`,
    );
  }
  for (const [index, name] of options.auxiliaryClasses.entries()) {
    const auxiliary = schema.objectClass(name);
    if (auxiliary === undefined)
      fault(`auxiliaryClasses[${index}]`, `the directory's schema has no object class "${name}"`);
    else if (auxiliary.kind === 'STRUCTURAL')
      fault(
        `auxiliaryClasses[${index}]`,
        `"${name}" is a structural class: an entry has one, and that is targetObject`,
      );
  }
  const known = options.auxiliaryClasses.filter((name) => schema.objectClass(name) !== undefined);
  return [options.targetObject, ...known];
}

/** The anchor, checked; the product's proposal where the file names none. */
export function checkAnchor(
  { options, schema, proposedAnchor, allowManualAnchorSelection, path }: ObjectTypeInput,
  report: Report,
): string {
  const { anchor } = options;
  if (anchor === undefined) return isDNAnchor(proposedAnchor) ? 'dn' : proposedAnchor;
  if (isDNAnchor(anchor)) return 'dn';
  const at = `${path}.anchor`;
  const type = schema.attributeType(anchor);
  if (type === undefined) report(unknownAttribute(schema, anchor, at));
  else if (!type.singleValue) {
    report({
      path: at,
      message: `${anchor} may have several values, so it cannot identify an entry: use ${proposedAnchor}`,
      severity: 'fault',
    });
  } else if (schema.canonicalName(anchor) !== schema.canonicalName(proposedAnchor) && !allowManualAnchorSelection) {
    const message = `${anchor} is not what this directory proposes (${proposedAnchor}): set connectivity.allowManualAnchorSelection to use it all the same`;
    report({ path: at, message, severity: 'fault' });
  }
  return ldapName(schema, anchor);
}

/** The canonical names of the file's matching attributes: their values are kept as keys, so none can be a secret. */
export function checkMatching({ options, schema, passwordAttribute, path }: ObjectTypeInput, report: Report): string[] {
  return options.matchingAttributes.flatMap((name, index) => {
    const at = `${path}.matchingAttributes[${index}]`;
    if (schema.attributeType(name) === undefined) report(unknownAttribute(schema, name, at));
    else if (isSecretAttribute(name, passwordAttribute)) report(neverRead(name, at));
    else return [schema.canonicalName(name)];
    return [];
  });
}

/** What the host is to keep has to be a whole attribute that a resource can have; a password never is kept. */
export function checkStored({ options, path }: ObjectTypeInput, report: Report): void {
  const { schema, extensions } = standardType(options.resourceType);
  const known = [
    'externalId',
    ...schema.attributes.map(({ name }) => name),
    ...extensions.flatMap(({ id, attributes }) => attributes.map(({ name }) => `${id}:${name}`)),
  ].filter((name) => name !== 'password');
  for (const [index, name] of options.stored.entries()) {
    if (known.some((one) => one.toLowerCase() === name.toLowerCase())) continue;
    const near = nearest(name, known);
    const hint =
      near === undefined
        ? 'name one of RFC 7643, whole, with its URN where it is an extension’s'
        : `did you mean ${near}?`;
    const why = /^password$/i.test(name)
      ? 'a password is never kept by the host'
      : `a ${options.resourceType} has no attribute "${name.slice(0, 100)}": ${hint}`;
    report({ path: `${path}.stored[${index}]`, message: why, severity: 'fault' });
  }
}

/** Whether an entry is of the type is decided from what was read of it: the filter may look at nothing else. */
export function checkFilter({ options, schema, passwordAttribute, path }: ObjectTypeInput, report: Report): void {
  const names = options.filter === undefined ? [] : attributesIn(parseFilter(options.filter));
  for (const name of new Set(names)) {
    if (schema.attributeType(name) === undefined) report(unknownAttribute(schema, name, `${path}.filter`));
    else if (isSecretAttribute(name, passwordAttribute)) report(neverRead(name, `${path}.filter`));
  }
}

/** The attributes that a filter looks at. */
export function attributesIn(filter: Filter): string[] {
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

function neverRead(name: string, path: string): Fault {
  return {
    path,
    message: `${name} is never read, so nothing can be found by it: name another attribute`,
    severity: 'fault',
  };
}

/** What the flows set is read back to tell whether an entry is disabled, and kept to undo it. */
export function checkFlows(input: ObjectTypeInput, report: Report): void {
  const { options, schema, passwordAttribute, path } = input;
  for (const flow of ['disableFlow', 'deleteFlow'] as const) {
    for (const name of flowAttributes(options[flow])) {
      const place = options[flow]?.action === 'setBits' ? 'attribute' : `values.${name}`;
      const at = `${path}.deprovisioning.${flow}.${place}`;
      const fault = (message: string) => report({ path: at, message, severity: 'fault' });
      const type = schema.attributeType(name);
      if (type === undefined) report(unknownAttribute(schema, name, at));
      else if (isSecretAttribute(name, passwordAttribute))
        fault(`${name} is never read, so nobody could tell a disabled entry: set another attribute`);
      else if (type.noUserModification) fault(`${name} is written by the directory only: set another attribute`);
      else if (schema.isBinary(name))
        fault(`${name} holds octets, which a file has no way to write: set another attribute`);
    }
  }
  const own = new Set(flowAttributes(options.disableFlow).map((name) => schema.canonicalName(name)));
  for (const [index, { name }] of (options.attributes ?? []).entries()) {
    if (isVirtual(name) || !own.has(schema.canonicalName(name))) continue;
    report({
      path: `${path}.attributes[${index}]`,
      message: `${name} is set by the disable flow: it cannot be selected as well`,
      severity: 'fault',
    });
  }
}

/** The attribute types of the RDN that a DN expression makes, whatever it is given; none where it depends on that. */
export function namingTypes(expression: Expression): string[] {
  if (expression.allocation !== undefined) return [];
  try {
    const scope = { attribute: () => 'x', now: () => new Date(0), random: (length: number) => new Uint8Array(length) };
    return (evaluateDN(expression, scope).rdn?.parts ?? []).map(({ type }) => type);
  } catch (error) {
    if (error instanceof DNExpressionError) return [];
    throw error;
  }
}

/** A MUST attribute that nothing can fill makes every create fail: it is said before the first one does. */
export function checkMust(
  { schema, path }: ObjectTypeInput,
  classes: readonly string[],
  filled: Iterable<string>,
  report: Report,
): void {
  const keys = new Set([...filled].map((name) => schema.canonicalName(name)));
  const bare = new Entry(DN.root, { objectClass: classes });
  for (const { kind, attribute } of checkEntry(bare, schema)) {
    if (kind !== 'missing' || attribute === undefined || keys.has(schema.canonicalName(attribute))) continue;
    report({
      path,
      message: `${attribute} is mandatory for ${classes.join(', ')} and nothing fills it: map it, or add it to attributes`,
      severity: 'fault',
    });
  }
}

/** An expression that reads what no request can say, or what only a create can be given, never does what was meant. */
export function checkSources(objectType: ObjectType, path: string, report: Report): void {
  const expressions: [at: string, expression: Expression][] = (objectType.options.mappings ?? []).flatMap(
    (mapping, index) =>
      mapping.kind === 'expression'
        ? [[`mappings[${index}].expression`, parseExpression(mapping.expression)] as [string, Expression]]
        : [],
  );
  if (objectType.dnExpression !== undefined) expressions.push(['dn', objectType.dnExpression]);
  for (const [at, { sources, allocation }] of expressions) {
    for (const name of sources.filter((source) => !isKnownSource(objectType, source))) {
      const message = `[${name}] is no attribute that this connector accepts: map it, list it under stored, or name an attribute of the directory`;
      report({ path: `${path}.${at}`, message, severity: 'fault' });
    }
    if (at === 'dn' && allocation !== undefined) {
      const message =
        'a DN expression cannot find unique values: use SelectUniqueValue or NextNumber in a mapping, and that attribute here';
      report({ path: `${path}.${at}`, message, severity: 'fault' });
    }
  }
}

/** Object types that can both own an entry: the first one does. `paths` are theirs in the file. */
export function checkOverlaps(types: readonly { objectType: ObjectType; path: string }[], report: Report): void {
  for (const [index, { objectType: later, path }] of types.entries()) {
    const earlier = types.slice(0, index).find(({ objectType }) => overlap(objectType, later));
    if (earlier === undefined) continue;
    report({
      path: `${path}.filter`,
      message: `an entry can be both a ${later.name} and a ${earlier.objectType.name} (${earlier.path}), and is then a ${earlier.objectType.name}: tell them apart by a filter`,
      severity: 'notice',
    });
  }
}

function overlap(a: ObjectType, b: ObjectType): boolean {
  const [x, y] = [a.options.targetObject, b.options.targetObject];
  if (!a.schema.isSubclassOf(x, y) && !a.schema.isSubclassOf(y, x)) return false;
  const [of, against] = [conjuncts(a.filter), conjuncts(b.filter)];
  return !of.some((one) => against.some((other) => isContrary(one, other) || isContrary(other, one)));
}

function conjuncts(filter: Filter): readonly Filter[] {
  return filter.kind === 'and' ? filter.filters.flatMap(conjuncts) : [filter];
}

function isContrary(a: Filter, b: Filter): boolean {
  return a.kind === 'not' && isDeepStrictEqual(a.filter, b);
}
