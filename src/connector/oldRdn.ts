/** What a rename makes of the values that name an entry (RFC 4511 §4.9). */
import type { DN } from '../directory/dn';
import type { Entry, Value } from '../directory/entry';
import type { Schema } from '../directory/schema';

/** Whether the values of an old RDN go with it. One that the entry keeps may be mandatory, and the server would refuse. */
export function dropsOldRdn(old: DN, after: Entry, schema: Schema): boolean {
  const named = new Set(partsOf(after.dn).map(({ type, value }) => keyOf(type, value, schema)));
  const kept = partsOf(old).filter(
    ({ type, value }) =>
      !named.has(keyOf(type, value, schema)) &&
      after.values(schema.canonicalName(type)).some((own) => keyOf(type, own, schema) === keyOf(type, value, schema)),
  );
  return kept.length === 0;
}

/** The entry as the server has it after the rename alone: with the values of its new RDN, and perhaps without those of the old one. */
export function afterRename(entry: Entry, to: DN, deleteOldRdn: boolean, schema: Schema): Entry {
  const values = new Map<string, readonly Value[]>();
  const now = (name: string) => values.get(name) ?? entry.values(name);
  for (const { type, value } of deleteOldRdn ? partsOf(entry.dn) : []) {
    const name = schema.canonicalName(type);
    const gone = keyOf(type, value, schema);
    values.set(
      name,
      now(name).filter((own) => keyOf(type, own, schema) !== gone),
    );
  }
  for (const { type, value } of partsOf(to)) {
    const name = schema.canonicalName(type);
    const there = now(name).some((own) => keyOf(type, own, schema) === keyOf(type, value, schema));
    if (!there) values.set(name, [...now(name), value]);
  }
  return entry.with(
    [...values].map(([name, left]) => ({ name, values: left })),
    to,
  );
}

const partsOf = ({ rdn }: DN) => rdn?.parts ?? [];

const keyOf = (type: string, value: Value, schema: Schema) =>
  `${schema.canonicalName(type)}=${schema.normalize(type, value)}`;
