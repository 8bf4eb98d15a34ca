/** Makes look-up tables of the texts of a subschema subentry, and says what is wrong with them. Used by `schema.ts` only. */
import { type Description, parseDescription } from './schemaParser';
import type {
  AttributeTypeDescription,
  AttributeUsage,
  ContentRule,
  ObjectClassDescription,
  SchemaSource,
} from './schemaTypes';

/** What a schema is looked up in; the keys are names and OIDs in lower case. */
export interface SchemaTables {
  readonly attributeTypes: readonly AttributeTypeDescription[];
  readonly attributeTypeByName: ReadonlyMap<string, AttributeTypeDescription>;
  readonly objectClasses: readonly ObjectClassDescription[];
  readonly objectClassByName: ReadonlyMap<string, ObjectClassDescription>;
  /** By OID of the structural class. */
  readonly contentRules: ReadonlyMap<string, ContentRule>;
  /** Syntaxes that the server itself calls not human-readable. */
  readonly binarySyntaxes: ReadonlySet<string>;
}

type OnFault = (text: string) => void;

/** Reads all descriptions; each fault is one call of `onFault`. */
export function loadSchema(source: SchemaSource, onFault: OnFault): SchemaTables {
  const syntaxes = readAll('ldapSyntaxes', source.ldapSyntaxes ?? [], (description) => description, onFault);
  const substitutes = new Map(
    syntaxes.flatMap(({ oid, fields }): [string, string][] => {
      const substitute = fields.get('X-SUBST')?.[0];
      return substitute ? [[oid, substitute]] : [];
    }),
  );
  const declared = readAll('attributeTypes', source.attributeTypes, toAttributeType, onFault);
  const declaredByName = byName('attribute type', declared, onFault);
  const attributeTypes = declared.map((type) => inherit(type, declaredByName, substitutes, onFault));
  const objectClasses = readAll('objectClasses', source.objectClasses, toObjectClass, onFault);
  const objectClassByName = byName('object class', objectClasses, onFault);
  checkSuperclasses(objectClasses, objectClassByName, onFault);
  const contentRules = readAll('dITContentRules', source.dITContentRules ?? [], toContentRule, onFault);
  return {
    attributeTypes,
    attributeTypeByName: byName('attribute type', attributeTypes, () => {}),
    objectClasses,
    objectClassByName,
    contentRules: new Map(contentRules.map((rule) => [rule.oid.toLowerCase(), rule])),
    binarySyntaxes: new Set(
      syntaxes
        .filter(({ fields }) => fields.get('X-NOT-HUMAN-READABLE')?.[0]?.toUpperCase() === 'TRUE')
        .map(({ oid }) => oid),
    ),
  };
}

const SHOWN = 80;

function readAll<T>(
  attribute: string,
  texts: readonly string[],
  convert: (description: Description) => T,
  onFault: OnFault,
): T[] {
  const result: T[] = [];
  for (const text of texts) {
    try {
      result.push(convert(parseDescription(text)));
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      const shown = text.slice(0, SHOWN).replace(/\p{Cc}+/gu, ' ');
      onFault(`${attribute}: ${reason} of "${shown}${text.length > SHOWN ? '…' : ''}"; the description is left out`);
    }
  }
  return result;
}

const list = (description: Description, keyword: string): readonly string[] => description.fields.get(keyword) ?? [];
const first = (description: Description, keyword: string): string | undefined => list(description, keyword)[0];
const flag = (description: Description, keyword: string): boolean => description.fields.has(keyword);

const USAGES: readonly AttributeUsage[] = ['directoryOperation', 'distributedOperation', 'dSAOperation'];

const OBJECT_CLASS = '2.5.4.0';

function toAttributeType(description: Description): AttributeTypeDescription {
  const names = list(description, 'NAME');
  // `{64}` belongs to the syntax, with or without a blank before it (RFC 4512 §4.1.2, noidlen).
  const [syntax, length] = list(description, 'SYNTAX').join('').split('{', 2);
  const bound = Number.parseInt(length ?? '', 10);
  const usage = first(description, 'USAGE')?.toLowerCase();
  return {
    oid: description.oid,
    names,
    name: names[0] ?? description.oid,
    ...optional('description', first(description, 'DESC')),
    ...optional('superior', first(description, 'SUP')),
    ...optional('equality', first(description, 'EQUALITY')),
    ...optional('ordering', first(description, 'ORDERING')),
    ...optional('substring', first(description, 'SUBSTR')),
    ...optional('syntax', syntax),
    ...(Number.isNaN(bound) ? {} : { length: bound }),
    singleValue: flag(description, 'SINGLE-VALUE'),
    collective: flag(description, 'COLLECTIVE'),
    // Samba says it of objectClass, without which no entry could be added (RFC 4512 §3.3 says the contrary).
    noUserModification: description.oid !== OBJECT_CLASS && flag(description, 'NO-USER-MODIFICATION'),
    usage: USAGES.find((known) => known.toLowerCase() === usage) ?? 'userApplications',
    obsolete: flag(description, 'OBSOLETE'),
  };
}

function toObjectClass(description: Description): ObjectClassDescription {
  const names = list(description, 'NAME');
  return {
    oid: description.oid,
    names,
    name: names[0] ?? description.oid,
    ...optional('description', first(description, 'DESC')),
    superiors: list(description, 'SUP'),
    kind: flag(description, 'ABSTRACT') ? 'ABSTRACT' : flag(description, 'AUXILIARY') ? 'AUXILIARY' : 'STRUCTURAL',
    must: list(description, 'MUST'),
    may: list(description, 'MAY'),
  };
}

function toContentRule(description: Description): ContentRule {
  return {
    oid: description.oid,
    must: list(description, 'MUST'),
    may: list(description, 'MAY'),
    not: list(description, 'NOT'),
  };
}

function optional<K extends string>(key: K, value: string | undefined): { readonly [P in K]?: string } {
  return (value ? { [key]: value } : {}) as { readonly [P in K]?: string };
}

interface Named {
  readonly oid: string;
  readonly names: readonly string[];
  readonly name: string;
}

/** The first element that claims a name keeps it. */
function byName<T extends Named>(what: string, elements: readonly T[], onFault: OnFault): Map<string, T> {
  const map = new Map<string, T>();
  for (const element of elements) {
    for (const key of new Set([element.oid, ...element.names].map((name) => name.toLowerCase()))) {
      const holder = map.get(key);
      if (!holder) map.set(key, element);
      else
        onFault(`${what} ${element.name} (${element.oid}): "${key}" belongs to ${holder.name} (${holder.oid}) already`);
    }
  }
  return map;
}

/** Deeper chains of superiors are no schema that anyone uses, and would make the work grow with their square. */
const MAX_SUPERIORS = 32;

/** Takes from the superiors what an attribute type does not say itself (RFC 4512 §2.5.1). */
function inherit(
  type: AttributeTypeDescription,
  types: ReadonlyMap<string, AttributeTypeDescription>,
  substitutes: ReadonlyMap<string, string>,
  onFault: OnFault,
): AttributeTypeDescription {
  let merged = type;
  const seen = new Set([type]);
  for (let current = type; current.superior !== undefined && seen.size <= MAX_SUPERIORS; ) {
    const superior = types.get(current.superior.toLowerCase());
    if (!superior || seen.has(superior)) {
      // Reported once, at the type that says it, not again at each type below.
      if (current === type || superior === type) {
        const reason = superior ? 'its superiors go round in a circle' : `its superior ${current.superior} is unknown`;
        onFault(`attribute type ${type.name} (${type.oid}): ${reason}`);
      }
      break;
    }
    seen.add(superior);
    merged = { ...inheritable(superior), ...merged };
    current = superior;
  }
  const substitute = merged.syntax === undefined ? undefined : substitutes.get(merged.syntax);
  return substitute ? { ...merged, syntax: substitute } : merged;
}

function inheritable(type: AttributeTypeDescription): Partial<AttributeTypeDescription> {
  const { equality, ordering, substring, syntax, length } = type;
  return {
    ...optional('equality', equality),
    ...optional('ordering', ordering),
    ...optional('substring', substring),
    ...optional('syntax', syntax),
    ...(length === undefined ? {} : { length }),
  };
}

function checkSuperclasses(
  classes: readonly ObjectClassDescription[],
  byAnyName: ReadonlyMap<string, ObjectClassDescription>,
  onFault: OnFault,
): void {
  for (const { name, oid, superiors } of classes) {
    for (const superior of superiors) {
      if (!byAnyName.has(superior.toLowerCase())) {
        onFault(`object class ${name} (${oid}): its superclass ${superior} is unknown`);
      }
    }
  }
}
