/**
 * `mapping/` turns the words of SCIM into the words of LDAP and back, as pure functions: no I/O, no clock, no state.
 * This is what the room works with: an object type, compiled from a connector's options and a directory's schema.
 */
import { DN } from '../directory/dn';
import type { Filter } from '../directory/filter';
import type { Schema } from '../directory/schema';
import type { ResourceType } from '../scim/resourceType';
import type { Link } from './coreFace';
import type { DirectoryAttribute } from './directoryFace';
import type { Expression } from './expression';
import type { Apply, FlowOptions, ObjectTypeOptions } from './options';

/** A one-way mapping into an attribute of the directory. */
export interface Flow {
  readonly target: string;
  readonly value: Expression | { readonly constant: string };
  readonly apply: Apply;
  /** Only when nothing else fills the attribute. */
  readonly fallback: boolean;
}

/** An object type, compiled. */
export interface ObjectType {
  readonly name: string;
  readonly resourceType: ResourceType;
  readonly options: ObjectTypeOptions;
  readonly schema: Schema;
  /** URN of the directory's face. */
  readonly urn: string;
  /** By {@link Schema.canonicalName}. */
  readonly attributes: ReadonlyMap<string, DirectoryAttribute>;
  readonly links: readonly Link[];
  readonly flows: readonly Flow[];
  /** Target object, then the auxiliary classes of the file. */
  readonly classes: readonly string[];
  readonly anchor: string;
  /** The anchor is an attribute like others, which clients give: its canonical name. Two entries cannot have one value, and none changes its own. */
  readonly givenAnchor?: string;
  /** Canonical names of the matching attributes. */
  readonly matching: readonly string[];
  /** Which entries are of this type: class and the file's filter. */
  readonly filter: Filter;
  /** What is asked of the directory when an entry is read. Never a secret. */
  readonly readAttributes: readonly string[];
  readonly passwordAttribute: string;
  readonly dnExpression?: Expression;
  /** Attribute type of the RDN when neither `-dn-` nor an expression says more. */
  readonly rdnAttribute: string;
  /** Canonical names of the attributes by which entries of this type are usually named; a search for a user's name looks there. */
  readonly namingAttributes: readonly string[];
  /** An attribute that has another value after every change of an entry, where the directory has one and takes conditions on it. */
  readonly revisionAttribute?: string;
  readonly disableFlow?: FlowOptions;
  readonly deleteFlow: FlowOptions;
}

/** A container that the file names, parsed; `fallback` where it names none. */
export function containerOfType(objectType: ObjectType, fallback: DN): DN {
  return objectType.options.container === undefined ? fallback : DN.parse(objectType.options.container);
}
