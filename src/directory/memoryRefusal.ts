/** What the memory directory refuses, with the result codes that OpenLDAP gives for the same (measured on 2.5). */
import type { DN } from './dn';
import { ResultCode } from './error';
import type { Schema } from './schema';
import type { SchemaFault, SchemaFaultKind } from './schemaCheck';
import { checkSyntax } from './syntax';

/** A refusal before it is known which operation on which entry it ends. */
export class Refusal extends Error {
  override readonly name = 'Refusal';

  constructor(
    readonly result: number,
    diagnostic: string,
  ) {
    super(diagnostic);
  }
}

/** In the order in which OpenLDAP looks: of several faults, the first decides the result code. */
const CODES: ReadonlyMap<SchemaFaultKind, number> = new Map<SchemaFaultKind, number>([
  ['unknownAttribute', ResultCode.undefinedAttributeType],
  ['syntax', ResultCode.invalidAttributeSyntax],
  ['empty', ResultCode.invalidAttributeSyntax],
  ['unknownClass', ResultCode.invalidAttributeSyntax],
  ['singleValue', ResultCode.constraintViolation],
  ['duplicateValue', ResultCode.attributeOrValueExists],
  ['readOnly', ResultCode.constraintViolation],
  ['noStructuralClass', ResultCode.objectClassViolation],
  ['structuralChain', ResultCode.objectClassViolation],
  ['rdn', ResultCode.namingViolation],
  ['missing', ResultCode.objectClassViolation],
  ['notAllowed', ResultCode.objectClassViolation],
]);

/** Throws the {@link Refusal} of the gravest fault, if there is one. */
export function refuse(faults: readonly SchemaFault[]): void {
  for (const [kind, code] of CODES) {
    const fault = faults.find((one) => one.kind === kind);
    if (fault) throw new Refusal(code, fault.message);
  }
}

/** Refuses a name that no entry can have, before anybody looks for it: types that are not known, values against their syntax. */
export function checkName(dn: DN, schema: Schema): void {
  for (const { type, value } of dn.rdns.flatMap(({ parts }) => parts)) {
    const description = schema.attributeType(type);
    if (!description) throw new Refusal(ResultCode.invalidDNSyntax, 'the DN has an attribute type that is not known');
    const complaint = value.length === 0 ? 'is empty' : checkSyntax(description.syntax ?? '', value);
    if (complaint !== undefined) {
      throw new Refusal(ResultCode.invalidDNSyntax, `a value of ${description.name} in the DN ${complaint}`);
    }
  }
}

/** Refuses an RDN whose values do not compare, so that no entry could be found by it. */
export function checkNaming({ rdn }: DN, schema: Schema): void {
  for (const { type } of rdn?.parts ?? []) {
    if (schema.attributeType(type)?.equality === undefined) {
      throw new Refusal(ResultCode.namingViolation, `${type} has no equality rule and cannot name an entry`);
    }
  }
}
