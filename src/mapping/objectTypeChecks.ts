/** What can be wrong with an object type once the directory's schema is known. */
import type { Schema } from '../directory/schema';
import { isDNAnchor } from './anchor';
import type { Link } from './coreFace';
import { type DirectoryAttribute, isVirtual, unknownAttribute } from './directoryFace';
import { type Expression, parseExpression } from './expression';
import { isKnownSource } from './flow';
import type { Flow, ObjectType } from './objectType';
import type { Fault, ObjectTypeOptions } from './options';

/** What an object type is compiled from. */
export interface ObjectTypeInput {
  readonly options: ObjectTypeOptions;
  readonly schema: Schema;
  readonly proposedAnchor: string;
  readonly passwordAttribute: string;
  readonly attributeAliases: readonly string[];
  readonly includeOperational: boolean;
  readonly includeExtensible: boolean;
  readonly allowManualAnchorSelection: boolean;
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
  } else if (anchor.toLowerCase() !== proposedAnchor.toLowerCase() && !allowManualAnchorSelection) {
    const message = `${anchor} is not what this directory proposes (${proposedAnchor}): set connectivity.allowManualAnchorSelection to use it all the same`;
    report({ path: at, message, severity: 'fault' });
  }
  return anchor;
}

/** A MUST attribute that nothing can fill makes every create fail: it is said before the first one does. */
export function checkMust(
  { options, schema, path }: ObjectTypeInput,
  classes: readonly string[],
  links: readonly Link[],
  flows: readonly Flow[],
  attributes: ReadonlyMap<string, DirectoryAttribute>,
  report: Report,
): void {
  const filled = new Set([...links, ...flows].map(({ target }) => target));
  for (const { name } of schema.requirements([...classes]).must) {
    const key = schema.canonicalName(name);
    if (key === 'objectclass' || filled.has(key) || attributes.has(key)) continue;
    report({
      path,
      message: `${name} is mandatory for ${classes.join(', ')} and nothing fills it: map it, or add it to attributes`,
      severity: 'fault',
    });
  }
  for (const [index, { name }] of (options.attributes ?? []).entries()) {
    if (isVirtual(name) || options.disableFlow?.action !== 'setAttribute') continue;
    const values = Object.keys(options.disableFlow.values).map((flow) => schema.canonicalName(flow));
    if (values.includes(schema.canonicalName(name))) {
      report({
        path: `${path}.attributes[${index}]`,
        message: `${name} is set by the disable flow: it cannot be selected as well`,
        severity: 'fault',
      });
    }
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
