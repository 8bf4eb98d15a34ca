/** Functions on multi-valued attributes. A single value counts as a list of one, an absent one as a list of none. */
import { type FunctionDefinition, onValues, plainFunction } from './definition';
import { ABSENT, isList, isNull, type Plain, type Scalar, textOf } from './value';

function listOf(plain: Plain): readonly Scalar[] {
  if (isList(plain)) return plain;
  return plain === null ? [] : [plain];
}

/** Roles arrive as the values of the attribute; what a role is made of is the identity provider's business. */
const passThrough = (name: string): FunctionDefinition => ({
  name,
  parameters: ['appRoleAssignments'],
  bind: () => onValues(([value]) => value ?? ABSENT),
});

/** Split takes blanks off the pieces, as its documented example does; an empty text has no pieces. */
function split(source: string | null, delimiter: string): Plain {
  if (source === null || source === '') return null;
  return delimiter === '' ? [source] : source.split(delimiter).map((piece) => piece.trim());
}

export const listFunctions: readonly FunctionDefinition[] = [
  plainFunction('Split', ['source', 'delimiter'], (args) => split(args.text(0), args.text(1) ?? '')),
  plainFunction('Item', ['attribute', 'index'], (args) => listOf(args.plain(0))[args.integer(1) - 1] ?? null),
  plainFunction('Count', ['attribute'], (args) => listOf(args.plain(0)).length),
  plainFunction('RemoveDuplicates', ['attribute'], (args) => {
    const value = args.plain(0);
    return isNull(value) ? null : [...new Map(listOf(value).map((item) => [textOf(item), item])).values()];
  }),
  plainFunction('SingleAppRoleAssignment', ['appRoleAssignments'], (args) => listOf(args.plain(0))[0] ?? null),
  passThrough('AppRoleAssignmentsComplex'),
  passThrough('AssertiveAppRoleAssignmentsComplex'),
];
