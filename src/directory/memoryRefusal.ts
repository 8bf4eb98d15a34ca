/** What the memory directory refuses, with the result codes that OpenLDAP gives for the same (measured on 2.5). */
import type { RDN } from './dn';
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
  ['duplicateValue', ResultCode.attributeOrValueExists],
  ['readOnly', ResultCode.constraintViolation],
  ['noStructuralClass', ResultCode.objectClassViolation],
  ['structuralChain', ResultCode.objectClassViolation],
  ['singleValue', ResultCode.constraintViolation],
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

/** Refuses an RDN that no entry can have: unknown types, types that do not compare, values against their syntax. */
export function checkNaming(rdn: RDN, schema: Schema): void {
  for (const { type, value } of rdn.parts) {
    const description = schema.attributeType(type);
    if (!description) throw new Refusal(ResultCode.invalidDNSyntax, 'the RDN has an attribute type that is not known');
    if (description.equality === undefined) {
      throw new Refusal(
        ResultCode.namingViolation,
        `${description.name} has no equality rule and cannot name an entry`,
      );
    }
    const complaint = value.length === 0 ? 'is empty' : checkSyntax(description.syntax ?? '', value);
    if (complaint !== undefined) {
      throw new Refusal(ResultCode.invalidDNSyntax, `the value of ${description.name} in the RDN ${complaint}`);
    }
  }
}
