/** What a full import searches for and which rows it makes: the same in the host and in the process of an import. */
import type { Entry } from '../directory/entry';
import { anchorOf, idOfAnchor, isDNAnchor } from '../mapping/anchor';
import type { ObjectType } from '../mapping/objectType';
import type { SpaceRow } from '../space/connectorSpace';
import type { ImportScope, ToRow } from '../space/importScope';
import type { Compiled } from './objectTypes';

/** The first object type owns an entry that several would take; of two scopes the import lets the later one have it. */
export function importScopesOf({
  objectTypes,
  scope,
}: Pick<Compiled, 'objectTypes' | 'scope'>): readonly ImportScope[] {
  return [...objectTypes].reverse().flatMap(({ name, filter, readAttributes, anchor }) =>
    scope.bases.map((base): ImportScope => {
      const containers = scope.soughtBelow(base);
      return {
        objectType: name,
        base,
        scope: 'sub',
        filter,
        attributes: readAttributes,
        ...(isDNAnchor(anchor) ? {} : { anchor }),
        ...(containers && { containers }),
        excluded: scope.excluded,
        ...(scope.isSeparate(base) && { separate: true }),
      };
    }),
  );
}

/** Which attributes of the object types name other entries. */
export interface Links {
  readonly references: readonly string[];
  /** Whether entries show who names them. */
  readonly hasBackLinks: boolean;
}

/** What the directory derives from references: it changes with them, and no log tells so. */
const BACK_LINKS = ['memberof', 'ismemberof', 'directreports'];

export function linksOf({ objectTypes }: Pick<Compiled, 'objectTypes'>): Links {
  const attributes = objectTypes.flatMap((objectType) => [...objectType.attributes.values()]);
  const references = attributes.filter(({ type, readOnly }) => type === 'reference' && !readOnly);
  return {
    references: [...new Set(references.map(({ ldapName }) => ldapName))],
    hasBackLinks: attributes.some(({ ldapName }) => BACK_LINKS.includes(ldapName.toLowerCase())),
  };
}

/** The row of an entry. `idOfDN` is asked where entries have no immutable anchor. Undefined: the directory did not tell the anchor. */
export function rowOf(
  objectType: ObjectType,
  entry: Entry,
  readAt: number,
  idOfDN: (normalizedDN: string) => string,
): SpaceRow | undefined {
  const { schema } = objectType;
  const normalizedDN = entry.dn.normalized(schema);
  const isDN = isDNAnchor(objectType.anchor);
  const anchor = isDN ? idOfDN(normalizedDN) : anchorOf(entry, objectType.anchor);
  if (anchor === undefined) return undefined;
  const matches = objectType.matching.flatMap((attribute) =>
    entry.values(attribute).map((value) => ({ attribute, value: schema.normalize(attribute, value) })),
  );
  const id = isDN ? anchor : idOfAnchor(anchor, objectType.anchor);
  return { id, anchor, objectType: objectType.name, normalizedDN, entry, readAt, matches };
}

/** How an import makes rows. Entries that a delete flow has hidden make none; one without its anchor is counted as failed. */
export function toRowBy(
  objectTypes: readonly ObjectType[],
  makeRow: (objectType: ObjectType, entry: Entry) => SpaceRow | undefined | Promise<SpaceRow | undefined>,
  isHidden: (id: string, normalizedDN: string) => boolean,
): ToRow {
  const byName = new Map(objectTypes.map((objectType) => [objectType.name, objectType]));
  const shown = (objectType: ObjectType, row: SpaceRow | undefined): SpaceRow | undefined => {
    if (row === undefined) {
      throw new Error(
        `the directory did not return its anchor (${objectType.anchor}): the account needs the right to read it`,
      );
    }
    return isHidden(row.id, row.normalizedDN) ? undefined : row;
  };
  return (entry, name) => {
    const objectType = byName.get(name);
    if (objectType === undefined) return undefined;
    const made = makeRow(objectType, entry);
    return made instanceof Promise ? made.then((row) => shown(objectType, row)) : shown(objectType, made);
  };
}
