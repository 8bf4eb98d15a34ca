/** What of an object type is shown of each entry, found once for each object type: links, lists, and attributes in their order. */
import { type Link, sameAttribute } from './coreFace';
import type { DirectoryAttribute } from './directoryFace';
import type { ObjectType } from './objectType';

/** A link with the attribute that it shows, and the name under which entries hold that, in lower case. */
export interface ShownLink {
  readonly link: Link;
  readonly key: string;
  readonly attribute: DirectoryAttribute;
  readonly isText: boolean;
}

/** A multi-valued attribute with sub-attributes, and the links that speak of it. */
export interface ShownList {
  readonly link: Link;
  readonly links: readonly Link[];
  /** Under which name the state store keeps it. */
  readonly storedAs: string;
  readonly hasPrimary: boolean;
}

/** What is shown of entries. */
export interface ShownAttributes {
  readonly links: readonly ShownLink[];
  readonly lists: readonly ShownList[];
  /** By name in lower case. */
  readonly attributes: ReadonlyMap<string, PlacedAttribute>;
}

/** An attribute, and its place in the order of the object type. */
export interface PlacedAttribute {
  readonly attribute: DirectoryAttribute;
  readonly place: number;
}

const known = new WeakMap<ObjectType, ShownAttributes>();

/** The same at each call. */
export function shownAttributes(objectType: ObjectType): ShownAttributes {
  let shown = known.get(objectType);
  if (shown === undefined) {
    const attributes = [...objectType.attributes.values()]
      .filter(({ secret }) => !secret)
      .map((attribute) => ({ key: attribute.ldapName.toLowerCase(), attribute }));
    const links = objectType.links.flatMap((link) => {
      const own = attributes.find(({ attribute }) => attribute.key === link.target);
      return own === undefined ? [] : [{ link, ...own, isText: isTextOf(link) }];
    });
    shown = {
      links,
      lists: listsOf(objectType),
      attributes: new Map(attributes.map(({ key, attribute }, place) => [key, { attribute, place }])),
    };
    known.set(objectType, shown);
  }
  return shown;
}

function listsOf({ links }: ObjectType): ShownList[] {
  const lists = new Map<string, ShownList>();
  for (const link of links) {
    const key = `${link.schema}:${link.attribute}`;
    if (!link.multiValued || link.subAttribute === undefined || lists.has(key)) continue;
    lists.set(key, {
      link,
      links: links.filter((other) => sameAttribute(other, link)),
      storedAs: link.extension ? key : link.attribute,
      hasPrimary: link.definition.subAttributes?.some(({ name }) => name === 'primary') ?? false,
    });
  }
  return [...lists.values()];
}

function isTextOf({ definition, subAttribute }: Link): boolean {
  const sub = definition.subAttributes?.find(({ name }) => name === subAttribute);
  return (sub ?? definition).type !== 'boolean';
}
