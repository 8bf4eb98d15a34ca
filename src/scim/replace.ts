/** PUT (RFC 7644 §3.5.1) as a Change. */
import { attributeAt, faceOf, formatPath } from './attributePath';
import { ScimError } from './error';
import type { Change } from './handler';
import { isEmpty, isObject, own, sameJson } from './json';
import type { Resource } from './resource';
import type { ResourceType } from './resourceType';
import { type IndexedAttribute, type SchemaFace, schemaIndex } from './schemaIndex';

/**
 * The replacement of a resource by a canonical one. A face (the core schema, or one extension) of which the body says
 * nothing is left alone: many clients know one face only. Within the others, what can be written and is absent is
 * cleared; readOnly attributes stay as they are, and so do writeOnly ones that are absent, since no client can repeat
 * what it was never shown. `faces`, `emptied` and `repeated` are those of `canonicalize`; by default the faces that have a value, and none.
 * `apply` throws 400 `mutability` when an immutable attribute would change; its result shares unchanged values with `current`.
 */
export function compileReplace(
  resource: Resource,
  type: ResourceType,
  faces: ReadonlySet<string> = facesOf(resource, type),
  emptied: ReadonlySet<string> = new Set(),
  repeated: ReadonlySet<string> = new Set(),
): Change {
  const { core, extensions } = schemaIndex(type);
  const meant = [core, ...extensions].filter(({ urn }) => faces.has(urn));
  const given = faces.has(core.urn) ? [] : commonGiven(resource, core);
  return {
    kind: 'replace',
    valueChanges: [],
    faces,
    emptied,
    repeated,
    needs: [...meant.flatMap(({ attributes }) => attributes), ...given].map(({ path }) => path),
    apply: (current) => {
      const result: Resource = { ...current };
      for (const face of meant) replaceFace(result, resource, face, current);
      for (const attribute of given) result[attribute.path.attribute] = replaced(attribute, resource, current);
      return result;
    },
  };
}

/** The faces of which a canonical resource has a value, the common attributes aside. */
function facesOf(resource: Resource, type: ResourceType): Set<string> {
  const { core, extensions } = schemaIndex(type);
  const faces = new Set<string>();
  if (core.attributes.some(({ path }) => !core.common.has(path.attribute) && Object.hasOwn(resource, path.attribute))) {
    faces.add(core.urn);
  }
  for (const { urn } of extensions) if (isObject(own(resource, urn))) faces.add(urn);
  return faces;
}

/** Without the core face, a common attribute (`externalId`) is set when it is given, and never cleared. */
function commonGiven(resource: Resource, core: SchemaFace): readonly IndexedAttribute[] {
  return core.attributes.filter(
    ({ path }) =>
      core.common.has(path.attribute) &&
      path.definition.mutability !== 'readOnly' &&
      Object.hasOwn(resource, path.attribute),
  );
}

function replaceFace(result: Resource, resource: Resource, face: SchemaFace, current: Resource): void {
  const target: Record<string, unknown> = face.extension
    ? { ...faceOf(current, { schema: face.urn, extension: true }) }
    : result;
  for (const attribute of face.attributes) {
    const value = replaced(attribute, resource, current);
    if (value === undefined) delete target[attribute.path.attribute];
    else target[attribute.path.attribute] = value;
  }
  if (!face.extension) return;
  if (Object.keys(target).length === 0) delete result[face.urn];
  else result[face.urn] = target;
}

function replaced({ path }: IndexedAttribute, resource: Resource, current: Resource): unknown {
  const before = attributeAt(current, path);
  const given = attributeAt(resource, path);
  switch (path.definition.mutability) {
    case 'readOnly':
      return before;
    case 'readWrite':
      return path.definition.returned === 'never' ? (given ?? before) : given;
    case 'writeOnly':
      return given ?? before;
    case 'immutable':
      if (isEmpty(before)) return given;
      if (given !== undefined && !sameJson(given, before)) {
        throw ScimError.mutability(`"${formatPath(path)}" can not be changed once it is set.`);
      }
      return before;
  }
}
