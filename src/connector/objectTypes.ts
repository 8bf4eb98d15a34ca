/** Options and what the directory says of itself → object types and read scope, or every fault at once. */
import { Oid } from '../directory/controls';
import type { Directory, DirectoryDescription } from '../directory/directory';
import type { Schema } from '../directory/schema';
import { traitsOf } from '../directory/traits';
import { compileObjectType } from '../mapping/compileObjectType';
import type { ObjectType } from '../mapping/objectType';
import { checkOverlaps } from '../mapping/objectTypeChecks';
import { defaultPassword } from '../mapping/options';
import type { ConnectorOptions, Fault } from './options';
import { passwordFindings } from './passwords';
import { withProductFlows } from './productFlows';
import { type ReadScope, readScopeOf } from './readScope';

/** Options that do not fit the directory. Each fault names its place in the file. */
export class ConnectorFaults extends Error {
  override readonly name = 'ConnectorFaults';

  constructor(readonly faults: readonly Fault[]) {
    super(faults.map(({ path, message }) => `${path}: ${message}`).join('; '));
  }
}

/** What options amount to on a directory. */
export interface Compiled {
  readonly objectTypes: readonly ObjectType[];
  readonly scope: ReadScope;
  /** Notices; faults too, and then object types may be missing. */
  readonly faults: readonly Fault[];
}

/** Compiles options against a directory's description and schema. */
export function compileObjectTypes(
  options: ConnectorOptions,
  description: DirectoryDescription,
  schema: Schema,
): Compiled {
  const { connectivity, global } = options;
  const { namingAttribute, revision } = traitsOf(description.product);
  // Of use as a condition only.
  const isServed =
    revision !== undefined &&
    schema.attributeType(revision) !== undefined &&
    description.supportedControls.includes(Oid.assertion);
  const flows = options.objectTypes.map((objectType, index) =>
    withProductFlows(objectType, description, schema, `objectTypes[${index}]`),
  );
  const compiled = flows.map((flow, index) =>
    compileObjectType({
      options: flow.options,
      schema,
      proposedAnchor: description.proposedAnchor,
      ...(namingAttribute === undefined ? {} : { namingAttribute }),
      ...(isServed ? { revisionAttribute: revision } : {}),
      passwordAttribute: global.passwordAttribute ?? description.passwordAttribute,
      attributeAliases: connectivity.attributeAliases,
      includeOperational: connectivity.includeOperationalAttributes,
      includeExtensible: connectivity.includeExtensibleAttributes,
      allowManualAnchorSelection: connectivity.allowManualAnchorSelection,
      hidesDirectoryFace: !global.published.directoryFace,
      path: `objectTypes[${index}]`,
    }),
  );
  const { scope, faults } = readScopeOf(options, description, schema);
  faults.push(...flows.flatMap((flow) => flow.faults), ...passwordFaults(options, description, schema));
  const types = compiled.flatMap(({ objectType }, index) =>
    objectType === undefined ? [] : [{ objectType, path: `objectTypes[${index}]` }],
  );
  checkOverlaps(types, (fault) => faults.push(fault));
  return {
    objectTypes: types.map(({ objectType }) => objectType),
    scope,
    faults: [...faults, ...compiled.flatMap((one) => one.faults)],
  };
}

function passwordFaults(options: ConnectorOptions, description: DirectoryDescription, schema: Schema): Fault[] {
  const supports = (oid: string) => description.supportedExtensions.includes(oid);
  const attribute = options.global.passwordAttribute ?? description.passwordAttribute;
  return options.objectTypes.flatMap(({ password = defaultPassword }, index) =>
    [...passwordFindings(password, attribute, { schema, description, supports })].map(({ key, ...finding }) => ({
      ...finding,
      path: `objectTypes[${index}].password.${key}`,
    })),
  );
}

/** As {@link compileObjectTypes}. @throws ConnectorFaults unless there are only notices */
export function requireObjectTypes(options: ConnectorOptions, directory: Directory): Compiled {
  const compiled = compileObjectTypes(options, directory.description, directory.schema);
  const faults = compiled.faults.filter(({ severity }) => severity === 'fault');
  if (faults.length > 0) throw new ConnectorFaults(faults);
  return compiled;
}
