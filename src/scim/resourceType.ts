/** What a resource type is made of (RFC 7643 §6, §7). The definitions come from a connector: a directory's schema and its mappings. */

export type AttributeType =
  | 'string'
  | 'boolean'
  | 'decimal'
  | 'integer'
  | 'dateTime'
  | 'reference'
  | 'binary'
  | 'complex';

/** An attribute (RFC 7643 §7). */
export interface AttributeDefinition {
  readonly name: string;
  /** Other names that requests may use; each reads back as it was sent. */
  readonly aliases?: readonly string[];
  readonly type: AttributeType;
  readonly multiValued: boolean;
  readonly description?: string;
  readonly required: boolean;
  readonly caseExact: boolean;
  readonly mutability: 'readOnly' | 'readWrite' | 'immutable' | 'writeOnly';
  readonly returned: 'always' | 'never' | 'default' | 'request';
  readonly uniqueness: 'none' | 'server' | 'global';
  readonly canonicalValues?: readonly string[];
  readonly referenceTypes?: readonly string[];
  readonly subAttributes?: readonly AttributeDefinition[];
  /**
   * The canonical path of an attribute that shows the same values: who excludes that one does without these too, unless
   * `attributes` names this one.
   */
  readonly excludedWith?: string;
  /** Requests may speak of it, so that the handler can refuse it in its own words; /Schemas does not list it. */
  readonly hidden?: boolean;
  /** /Schemas says that it is required; whether it has a value is known to the handler, and requests are not checked for it. */
  readonly demanded?: boolean;
}

/** A schema: a URN and its attributes. */
export interface SchemaDefinition {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly attributes: readonly AttributeDefinition[];
  /** Requests may speak of it; discovery does not list it. */
  readonly hidden?: boolean;
}

/** A resource type: its core schema and its extensions, none of which a request has to name in `schemas`. */
export interface ResourceType {
  readonly name: string;
  /** Relative to the base URI, e.g. `/Users`. */
  readonly endpoint: string;
  readonly description: string;
  readonly schema: SchemaDefinition;
  readonly extensions: readonly SchemaDefinition[];
}
