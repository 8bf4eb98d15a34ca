/** Attribute paths of SCIM (RFC 7644 §3.10, and figure 7 for PATCH): text to a place in a resource type's schemas. */
import type { AttributePath } from './attributePath';
import { ScimError } from './error';
import { SyntaxFault } from './filterLexer';
import { FilterParser } from './filterParser';
import type { ResourceType } from './resourceType';
import { schemaIndex } from './schemaIndex';

export { type AttributePath, attributeAt, faceOf, formatPath, targetDefinition } from './attributePath';

/**
 * Parses `[URN:]attribute[.sub]`, or `[URN:]attribute[filter][.sub]`. The URN is found as the longest known prefix, names
 * compare without case and by alias; a bare name is looked up in the core schema, then in the extensions, where it counts
 * only if one alone has it. Undefined when there is no such attribute; throws 400 `invalidPath` when the text is no path.
 */
export function parsePath(text: string, type: ResourceType): AttributePath | undefined {
  const index = schemaIndex(type);
  // Nearly every path is a plain name, and a plain name needs no parser.
  const plain = index.resolve(text);
  if (plain) return plain;
  try {
    return new FilterParser(text, index, { readableOnly: false }).path();
  } catch (error) {
    if (error instanceof SyntaxFault) {
      throw ScimError.invalidPath(`The path "${text.slice(0, 200)}" can not be used: ${error.describe()}.`);
    }
    throw error;
  }
}

/** Every attribute of the schema with this URN (in any case), the common attributes aside; undefined when it is unknown. */
export function schemaPaths(urn: string, type: ResourceType): readonly AttributePath[] | undefined {
  const face = schemaIndex(type).face(urn);
  return face?.attributes.flatMap(({ path }) => (face.common.has(path.attribute) ? [] : path));
}
