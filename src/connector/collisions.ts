/** Which entries an entry would collide with: those of its name, and those that have one of its matching values. */
import type { DN } from '../directory/dn';
import type { Entry } from '../directory/entry';
import { RefusedValue } from '../directory/error';
import { type Filter, or } from '../directory/filter';
import type { ObjectType } from '../mapping/objectType';
import { ScimError } from '../scim/error';

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

/** 409 for a create: says which entries are in the way. */
export function exists(dns: readonly DN[], cause?: unknown): ScimError {
  const names = dns.map((dn) => `"${dn.toString()}"`).join(', ');
  return ScimError.uniqueness(
    dns.length === 1
      ? `There is an entry already with this name or with a value that must be unique: ${names}. Match it instead of creating it again.`
      : `Several entries have a value that must be unique: ${names}. Correct them in the directory, or match by another attribute.`,
    { cause },
  );
}

/** Whether a create was refused because of what somebody else has. */
export function isCollision(error: unknown): boolean {
  return error instanceof RefusedValue ? error.why === 'taken' : error instanceof ScimError && error.status === 409;
}

/** 409 for a rename or a move: somebody else has the name. */
export function nameTaken(dn: DN): ScimError {
  return ScimError.uniqueness(
    `There is an entry already with the name "${dn.toString()}": choose another name, or rename or remove that entry.`,
  );
}

/** 409 for a change after which others would have the same matching values: says who has which. */
export function valuesTaken({ matching, schema }: ObjectType, after: Entry, others: readonly Entry[]): ScimError {
  const own = (attribute: string) => after.values(attribute).map((value) => schema.normalize(attribute, value));
  const names = others.map((other) => {
    const shared = matching.filter((attribute) => {
      const values = new Set(own(attribute));
      return other.values(attribute).some((value) => values.has(schema.normalize(attribute, value)));
    });
    return `"${other.dn.toString()}" (${shared.join(', ')})`;
  });
  return ScimError.uniqueness(
    `Another entry has a value that must be unique: ${names.join(', ')}. Choose another value, or correct that entry.`,
  );
}
