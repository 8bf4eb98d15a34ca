/**
 * The schema of a directory (RFC 4512 §4): attribute types and object classes by every name they have, superiors
 * resolved, and how values compare. It owns the reading of a subschema subentry, and never judges an entry
 * (`schemaCheck.ts`). What a server publishes wrongly is reported and left out; the rest stays usable.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Entry, Value } from './entry';
import { compareValues, type Family, familyOf, matchingKey, type NameRules } from './matchingRule';
import { loadSchema, type SchemaTables } from './schemaLoader';
import type { AttributeTypeDescription, ObjectClassDescription, SchemaSource } from './schemaTypes';
import { BINARY_SYNTAXES, Syntax } from './syntax';

export type { AttributeTypeDescription, AttributeUsage, ObjectClassDescription, SchemaSource } from './schemaTypes';

/** What a set of object classes asks of an entry, superclasses and content rules included (RFC 4512 §2.4, §4.1.6). */
export interface Requirements {
  readonly must: readonly AttributeTypeDescription[];
  /** Allowed and not required. */
  readonly may: readonly AttributeTypeDescription[];
  /** Both together. */
  readonly allowed: ReadonlySet<AttributeTypeDescription>;
  /** `extensibleObject` is among the classes: every user attribute is allowed (RFC 4512 §4.3). */
  readonly allowsAny: boolean;
  /** Name of the class that requires an attribute type. */
  readonly requiredBy: ReadonlyMap<AttributeTypeDescription, string>;
  /** Structural classes that no other of the classes inherits from: the ends of the structural chains. */
  readonly structuralEnds: readonly ObjectClassDescription[];
  /** Classes that the schema does not know, as they are spelled. */
  readonly unknown: readonly string[];
}

/** What a description says, options included. */
interface Described {
  readonly type: AttributeTypeDescription | undefined;
  readonly canonicalName: string;
  readonly family: Family;
}

const CACHED_REQUIREMENTS = 200;
/** More than the spellings of all attributes of a schema that is in use. */
const CACHED_DESCRIPTIONS = 5_000;
/** Names come from entries and requests: neither their number nor their length may fill the memory. */
const LONGEST_CACHED = 1_000;

/** An immutable schema. Names are compared without case; attribute options (`;binary`) are ignored in look-ups. */
export class Schema implements NameRules {
  readonly #source: SchemaSource;
  readonly #tables: SchemaTables;
  readonly #described = new Map<string, Described>();
  readonly #superclasses = new Map<ObjectClassDescription, ReadonlySet<ObjectClassDescription>>();
  readonly #requirements = new Map<string, Requirements>();

  private constructor(source: SchemaSource, onFault: (text: string) => void) {
    this.#source = source;
    this.#tables = loadSchema(source, onFault);
  }

  /**
   * Reads descriptions as a subschema subentry holds them. It never throws: each description that cannot be read or
   * is at odds with another is one call of `onFault`, in words for an operator.
   */
  static parse(source: SchemaSource, onFault: (text: string) => void = () => {}): Schema {
    return new Schema(source, onFault);
  }

  /** Reads a subschema subentry (RFC 4512 §4.2). One that says the same as `known` is `known`. */
  static from(subschema: Entry, onFault?: (text: string) => void, known?: Schema): Schema {
    const texts = (name: string): string[] => subschema.values(name).map((value) => value.toString());
    const source: SchemaSource = {
      attributeTypes: texts('attributeTypes'),
      objectClasses: texts('objectClasses'),
      ldapSyntaxes: texts('ldapSyntaxes'),
      matchingRules: texts('matchingRules'),
      dITContentRules: texts('dITContentRules'),
    };
    return known !== undefined && isDeepStrictEqual(source, known.source()) ? known : Schema.parse(source, onFault);
  }

  /** The descriptions as they were read: plain data to be stored as JSON and parsed again. */
  source(): SchemaSource {
    return this.#source;
  }

  get attributeTypes(): readonly AttributeTypeDescription[] {
    return this.#tables.attributeTypes;
  }

  get objectClasses(): readonly ObjectClassDescription[] {
    return this.#tables.objectClasses;
  }

  /** Attribute types that the directory keeps for itself; a search returns them only when asked. */
  get operationalAttributes(): readonly AttributeTypeDescription[] {
    return this.#tables.attributeTypes.filter(({ usage }) => usage !== 'userApplications');
  }

  attributeType(nameOrOid: string): AttributeTypeDescription | undefined {
    return this.#describe(nameOrOid).type;
  }

  objectClass(nameOrOid: string): ObjectClassDescription | undefined {
    return this.#tables.objectClassByName.get(withoutOidPrefix(nameOrOid.trim().toLowerCase()));
  }

  /** The primary name in lower case with its options in order; a name that the schema does not know, in lower case. */
  canonicalName(description: string): string {
    return this.#describe(description).canonicalName;
  }

  /** Every look at an attribute begins here, and the same spellings come again with every entry. */
  #describe(description: string): Described {
    let described = this.#described.get(description);
    if (described === undefined) {
      described = this.#found(description);
      if (this.#described.size >= CACHED_DESCRIPTIONS) this.#described.clear();
      if (description.length <= LONGEST_CACHED) this.#described.set(description, described);
    }
    return described;
  }

  #found(description: string): Described {
    const key = description.toLowerCase();
    const [base = '', ...options] = key.split(';');
    const types = this.#tables.attributeTypeByName;
    const whole = types.get(key);
    const type = whole ?? types.get(withoutOidPrefix(base));
    // Unknown attributes compare as Directory Strings do: the widest guess, and the usual one.
    if (!type) return { type, canonicalName: key, family: options.includes('binary') ? 'octets' : 'caseIgnore' };
    const name = type.name.toLowerCase();
    const canonicalName = whole || options.length === 0 ? name : [name, ...options.sort()].join(';');
    return { type, canonicalName, family: familyOf(type.equality, type.syntax) };
  }

  /** One spelling for all names and the OID of an object class or attribute type. */
  canonicalOid(nameOrOid: string): string {
    return (
      (this.objectClass(nameOrOid) ?? this.attributeType(nameOrOid))?.name.toLowerCase() ?? nameOrOid.toLowerCase()
    );
  }

  /** All names of an attribute type; a name that the schema does not know, alone. */
  names(nameOrOid: string): readonly string[] {
    const type = this.attributeType(nameOrOid);
    if (!type) return [nameOrOid];
    return type.names.length === 0 ? [type.oid] : type.names;
  }

  /** The class itself first, then its superclasses upwards, each once; empty for an unknown class. */
  superclasses(name: string): readonly ObjectClassDescription[] {
    const first = this.objectClass(name);
    return first === undefined ? [] : [...this.#lineage(first)];
  }

  /** Whether a class is `ancestor` or inherits from it. */
  isSubclassOf(name: string, ancestor: string): boolean {
    const [own, wanted] = [this.objectClass(name), this.objectClass(ancestor)];
    return own !== undefined && wanted !== undefined && this.#lineage(own).has(wanted);
  }

  /** A class and its superclasses, upwards. */
  #lineage(first: ObjectClassDescription): ReadonlySet<ObjectClassDescription> {
    const known = this.#superclasses.get(first);
    if (known !== undefined) return known;
    const chain = new Set([first]);
    // A set hands out what is added while it is walked, and takes nothing twice: circular superiors end here.
    for (const description of chain) {
      for (const superior of description.superiors) {
        const above = this.objectClass(superior);
        if (above) chain.add(above);
      }
    }
    if (this.#superclasses.size >= CACHED_REQUIREMENTS) this.#superclasses.clear();
    this.#superclasses.set(first, chain);
    return chain;
  }

  /** What the classes ask of an entry together. Unknown classes and attribute types ask nothing. The same at each call. */
  requirements(classes: readonly string[]): Requirements {
    const key = JSON.stringify(classes);
    let requirements = this.#requirements.get(key);
    if (!requirements) {
      requirements = this.#computeRequirements(classes);
      if (this.#requirements.size >= CACHED_REQUIREMENTS) this.#requirements.clear();
      if (key.length <= LONGEST_CACHED) this.#requirements.set(key, requirements);
    }
    return requirements;
  }

  #computeRequirements(classes: readonly string[]): Requirements {
    const known = new Set(classes.flatMap((name) => this.objectClass(name) ?? []));
    const closure = new Set([...known].flatMap((description) => [...this.#lineage(description)]));
    const must = new Set<AttributeTypeDescription>();
    const may = new Set<AttributeTypeDescription>();
    const not = new Set<AttributeTypeDescription>();
    const requiredBy = new Map<AttributeTypeDescription, string>();
    for (const { oid, name, must: required, may: allowed } of closure) {
      const rule = this.#tables.contentRules.get(oid.toLowerCase());
      for (const type of this.#types([...required, ...(rule?.must ?? [])])) {
        must.add(type);
        if (!requiredBy.has(type)) requiredBy.set(type, name);
      }
      for (const type of this.#types([...allowed, ...(rule?.may ?? [])])) may.add(type);
      for (const type of this.#types(rule?.not ?? [])) not.add(type);
    }
    const onlyAllowed = [...may].filter((type) => !must.has(type) && !not.has(type));
    return {
      must: [...must],
      may: onlyAllowed,
      allowed: new Set([...must, ...onlyAllowed]),
      allowsAny: [...closure].some(({ oid }) => oid === '1.3.6.1.4.1.1466.101.120.111'),
      requiredBy,
      structuralEnds: this.#structuralEnds(known),
      unknown: classes.filter((name) => !this.objectClass(name)),
    };
  }

  #structuralEnds(classes: Iterable<ObjectClassDescription>): ObjectClassDescription[] {
    const structural = [...classes].filter(({ kind }) => kind === 'STRUCTURAL');
    const above = new Set(structural.flatMap((description) => [...this.#lineage(description)].slice(1)));
    return structural.filter((description) => !above.has(description));
  }

  #types(names: readonly string[]): AttributeTypeDescription[] {
    return names.flatMap((name) => this.attributeType(name) ?? []);
  }

  /** Whether values are octets rather than text: by syntax, by what the server says of it, or by option `;binary`. */
  isBinary(description: string): boolean {
    const syntax = this.attributeType(description)?.syntax;
    if (syntax !== undefined && (BINARY_SYNTAXES.has(syntax) || this.#tables.binarySyntaxes.has(syntax))) return true;
    return description.toLowerCase().split(';').includes('binary', 1);
  }

  isDN(name: string): boolean {
    return this.attributeType(name)?.syntax === Syntax.dn;
  }

  isBoolean(name: string): boolean {
    return this.attributeType(name)?.syntax === Syntax.boolean;
  }

  isInteger(name: string): boolean {
    const syntax = this.attributeType(name)?.syntax;
    return syntax === Syntax.integer || syntax === Syntax.adLargeInteger;
  }

  isGeneralizedTime(name: string): boolean {
    return this.attributeType(name)?.syntax === Syntax.generalizedTime;
  }

  /** Whether values that differ only in case differ; an unknown attribute's do not. */
  isCaseExact(name: string): boolean {
    const { family } = this.#describe(name);
    return family === 'caseExact' || family === 'octets';
  }

  /** A key that two values share if and only if they match by the attribute's EQUALITY rule. Not for output. */
  normalize(description: string, value: Value): string {
    return matchingKey(this.#describe(description).family, value, this);
  }

  /**
   * Less than, equal to or greater than 0 as `a` sorts before, with or after `b`. Undefined where the attribute has no
   * order: no ORDERING rule, although the schema gives it an EQUALITY rule.
   */
  ordering(name: string, a: Value, b: Value): number | undefined {
    const type = this.attributeType(name);
    if (!type || (type.ordering === undefined && type.equality !== undefined)) return undefined;
    return compareValues(familyOf(type.ordering, type.syntax), a, b, this);
  }
}

function withoutOidPrefix(name: string): string {
  return name.startsWith('oid.') ? name.slice(4) : name;
}
