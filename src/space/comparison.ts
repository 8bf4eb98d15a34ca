/** What a switch to a new generation would do, told by SQLite alone: no row of either crosses into JavaScript. */
import type { Database } from './database';

/** What a switch would do to the entries of one object type. Plain JSON. */
export interface Comparison {
  readonly objectType: string;
  readonly previous: number;
  readonly added: number;
  readonly updated: number;
  readonly unchanged: number;
  /** Were there before the import began and are not in the new generation. */
  readonly lost: number;
}

/** Whether the rows `n` and `o` of two generations say the same of an entry. */
const SAME = `(n.payload IS o.payload AND n.dn IS o.dn AND n.dn_key IS o.dn_key AND n.apart IS o.apart
  AND t.name IS (SELECT name FROM main.object_type WHERE number = n.object_type)
  AND (n.apart IS NULL OR (SELECT payload FROM main.long_value WHERE entry = n.number) IS
    (SELECT payload FROM previous.long_value WHERE entry = o.number)))`;

/** What the host has written since the import began, with a higher number, is taken over by the switch, so it is not lost. */
const BEFORE = `
  SELECT t.name AS objectType,
    sum(n.number IS NOT NULL OR o.sequence <= ?1) AS previous,
    sum(n.number IS NULL AND o.sequence <= ?1) AS lost,
    sum(n.number IS NOT NULL AND ${SAME}) AS unchanged,
    sum(n.number IS NOT NULL AND NOT ${SAME}) AS updated
  FROM previous.entry o JOIN previous.object_type t ON t.number = o.object_type
    LEFT JOIN main.entry n ON n.object_type IN (SELECT number FROM main.object_type) AND n.anchor = o.anchor
  GROUP BY t.name`;

/**
 * Compares a new generation, whose indexes are built, with the file of the one before, by object type. Another process
 * may be writing that one.
 * @param sequence the host's sequence number of the import
 */
export function compareGenerations(next: Database, previous: string, sequence: number): Comparison[] {
  next.run('ATTACH DATABASE ? AS previous', previous);
  try {
    const before = new Map(
      next.all<Omit<Comparison, 'added'>>(BEFORE, sequence).map((one) => [one.objectType, one] as const),
    );
    const counts = next.all<{ name: string; entries: number }>('SELECT name, entries FROM main.object_type');
    const names = new Set([...before.keys(), ...counts.map(({ name }) => name)]);
    return [...names].map((objectType) => {
      const one = before.get(objectType) ?? { objectType, previous: 0, updated: 0, unchanged: 0, lost: 0 };
      const entries = counts.find(({ name }) => name === objectType)?.entries ?? 0;
      return { ...one, added: Math.max(0, entries - one.updated - one.unchanged) };
    });
  } finally {
    next.run('DETACH DATABASE previous');
  }
}
