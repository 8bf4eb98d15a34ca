/** The elements of a schema as values (RFC 4512 §4.1). Plain data, no behaviour. */

/** USAGE of an attribute type (RFC 4512 §4.1.2). */
export type AttributeUsage = 'userApplications' | 'directoryOperation' | 'distributedOperation' | 'dSAOperation';

/** An attribute type (RFC 4512 §4.1.2); rules and syntax are its own or inherited from its superior. */
export interface AttributeTypeDescription {
  /** The OID; where a server gives none, what it gives instead. */
  readonly oid: string;
  readonly names: readonly string[];
  /** The first name, or else the OID. */
  readonly name: string;
  readonly description?: string;
  readonly superior?: string;
  readonly equality?: string;
  readonly ordering?: string;
  readonly substring?: string;
  /** OID of the syntax, without length. */
  readonly syntax?: string;
  /** Suggested minimum upper bound of the syntax, in characters or octets (RFC 4512 §4.1.2). */
  readonly length?: number;
  readonly singleValue: boolean;
  readonly collective: boolean;
  readonly noUserModification: boolean;
  readonly usage: AttributeUsage;
  readonly obsolete: boolean;
}

/** An object class (RFC 4512 §4.1.1). `must` and `may` are its own, without those of its superiors. */
export interface ObjectClassDescription {
  readonly oid: string;
  readonly names: readonly string[];
  /** The first name, or else the OID. */
  readonly name: string;
  readonly description?: string;
  readonly superiors: readonly string[];
  readonly kind: 'ABSTRACT' | 'STRUCTURAL' | 'AUXILIARY';
  readonly must: readonly string[];
  readonly may: readonly string[];
}

/** A DIT content rule (RFC 4512 §4.1.6): what else entries of one structural class must, may and must not hold. */
export interface ContentRule {
  /** The OID of the structural class. */
  readonly oid: string;
  readonly must: readonly string[];
  readonly may: readonly string[];
  readonly not: readonly string[];
}

/** The descriptions of a subschema subentry as texts (RFC 4512 §4.2). */
export interface SchemaSource {
  readonly attributeTypes: readonly string[];
  readonly objectClasses: readonly string[];
  readonly ldapSyntaxes?: readonly string[];
  readonly matchingRules?: readonly string[];
  readonly dITContentRules?: readonly string[];
}
