/** What an administrator says of an object type: the words of the connector file, defaults in place. */

/** Something wrong with a connector: where in the file, and what to do. */
export interface Fault {
  /** Path in the file, e.g. `objectTypes[0].mappings[2].target`. */
  readonly path: string;
  readonly message: string;
  /** A notice does not keep the connector from opening. */
  readonly severity: 'fault' | 'notice';
}

/** How an attribute of a resource and an attribute of an entry belong together. */
export type MappingOptions =
  | { readonly kind: 'direct'; readonly source: string; readonly target: string }
  | { readonly kind: 'expression'; readonly expression: string; readonly target: string; readonly apply: Apply }
  | { readonly kind: 'constant'; readonly constant: string; readonly target: string; readonly apply: Apply };

/** `always`: whenever a source changes; `onCreate`: only during object creation. */
export type Apply = 'always' | 'onCreate';

/** What becomes of an entry that is disabled or deleted (page *Deprovisioning*). */
export type FlowOptions =
  | { readonly action: 'none' }
  | { readonly action: 'delete'; readonly recursive?: boolean }
  | { readonly action: 'setAttribute'; readonly values: Readonly<Record<string, string | readonly string[]>> }
  | BitsFlow
  | { readonly action: 'move'; readonly container: string };

/** Sets bits of an integer that holds other flags too, and leaves those as they are. */
export interface BitsFlow {
  readonly action: 'setBits';
  readonly attribute: string;
  /** The bits, as a number. */
  readonly bits: number;
  /** What a new entry starts with: with the bits when it is created inactive, without them when it has a password. */
  readonly initial?: number;
}

/** Names of the attributes that a flow sets. */
export function flowAttributes(flow: FlowOptions | undefined): readonly string[] {
  if (flow?.action === 'setBits') return [flow.attribute];
  return flow?.action === 'setAttribute' ? Object.keys(flow.values) : [];
}

/** What passwords can be hashed by before they are sent. */
export const passwordHashes = ['SSHA', 'SSHA256', 'SSHA512', 'PBKDF2-SHA256', 'PBKDF2-SHA512'] as const;

/** How passwords are made and written. */
export interface PasswordOptions {
  /** Of new entries. `random` only where the request brings none; `none` also where it does. */
  readonly initial: 'none' | 'random' | 'fromRequest';
  /** Characters of a random password. */
  readonly length: number;
  /** What a random password is made of; absent: letters, digits and signs. */
  readonly characters?: string;
  /** By what it is hashed before it is sent. */
  readonly hash: 'none' | (typeof passwordHashes)[number];
  /** The user has to change it at the next login. */
  readonly mustChange: boolean;
  /** `attribute`: in the same add or modify; `passwordModify`: by the operation of RFC 3062. */
  readonly method: 'attribute' | 'passwordModify';
}

/** What a file without a word about passwords means. */
export const defaultPassword: PasswordOptions = {
  initial: 'fromRequest',
  length: 24,
  hash: 'none',
  mustChange: false,
  method: 'attribute',
};

/** An object type (pages *Object Types*, *Select Attributes*, *Deprovisioning*). */
export interface ObjectTypeOptions {
  /** `User`, `Group`, or a name of the administrator's own. */
  readonly resourceType: string;
  /** Below the connector's base, e.g. `/Devices`; absent: the name with an s. */
  readonly endpoint?: string;
  readonly targetObject: string;
  readonly auxiliaryClasses: readonly string[];
  /** Absent: the product's proposal. */
  readonly anchor?: string;
  readonly matchingAttributes: readonly string[];
  readonly filter?: string;
  readonly container?: string;
  readonly dn?: string;
  /** Absent: every attribute of the classes. */
  readonly attributes?: readonly { readonly name: string; readonly treatAsSingleValue?: boolean }[];
  /** Absent: the default mapping of the resource type. */
  readonly mappings?: readonly MappingOptions[];
  /** Core attributes that the directory has no place for and that the state store keeps. */
  readonly stored: readonly string[];
  readonly memberAttribute?: string;
  /** What becomes of a group without members where its class demands one; absent: `placeholder`. */
  readonly emptyGroup?: 'placeholder' | 'refuse';
  /** Absent: {@link defaultPassword}. */
  readonly password?: PasswordOptions;
  readonly disableFlow?: FlowOptions;
  readonly deleteFlow: FlowOptions;
}
