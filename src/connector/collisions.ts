/** Which entries an entry would collide with: those of its name, and those that have one of its matching values. */
import type { Entry } from '../directory/entry';
import { type Filter, or } from '../directory/filter';
import type { ObjectType } from '../mapping/objectType';

/** The filter that finds the entries that have one of its matching values; undefined when nothing could. */
export function collisionFilter({ matching }: ObjectType, entry: Entry): Filter | undefined {
  const keys = matching.flatMap((attribute) =>
    entry.values(attribute).map((value): Filter => ({ kind: 'equality', attribute, value })),
  );
  return keys.length === 0 ? undefined : or(...keys);
}

/** The key of an entry's name: whoever takes the name from it, or gives it to somebody, takes its turn. */
export function turnOfName({ normalizedDN }: { readonly normalizedDN: string }): string {
  return `dn:${normalizedDN}`;
}

/** The keys whose turns a create or a rename takes: its name and its matching values. */
export function turnsOf({ schema, matching }: ObjectType, entry: Entry): string[] {
  const values = matching.flatMap((attribute) =>
    entry.values(attribute).map((value) => `${attribute}=${schema.normalize(attribute, value)}`),
  );
  return [turnOfName({ normalizedDN: entry.dn.normalized(schema) }), ...values];
}
