/**
 * Changes of single values of an entry: what a write did to a group of 100,000 members without anybody having read them.
 * They stand beside the row until it is read as a whole the next time, and are applied to it whenever it is looked at.
 */
import { DN } from '../directory/dn';
import type { Entry, EntryAttribute } from '../directory/entry';

/** What happened to one value. `set`: it is the attribute's only value now. */
export interface SpaceValueChange {
  readonly operation: 'add' | 'remove' | 'set';
  readonly attribute: string;
  readonly value: string;
}

/** The key of a value among those of its attribute; `set` has one for the attribute as a whole. */
export function keyOfChange({ operation, value }: SpaceValueChange): string {
  return operation === 'set' ? '' : matchingKey(value);
}

/**
 * The same for every spelling of a DN, by the usual matching rules. What a space has of a schema is gone when another
 * process reads it; a spelling that only the directory's own rules know as the same is put right by the next read.
 */
function matchingKey(value: string): string {
  try {
    return DN.keyOf(value);
  } catch {
    return value.toLowerCase();
  }
}

/** The entry after the changes, which are in any order. Attributes that the entry does not hold are made. */
export function withChanges(entry: Entry, changes: readonly SpaceValueChange[]): Entry {
  const byAttribute = new Map<string, SpaceValueChange[]>();
  for (const change of changes) {
    const key = change.attribute.toLowerCase();
    byAttribute.set(key, [...(byAttribute.get(key) ?? []), change]);
  }
  return entry.with([...byAttribute.values()].map((own) => changed(entry, own)));
}

function changed(entry: Entry, changes: readonly SpaceValueChange[]): EntryAttribute {
  const [{ attribute: name } = { attribute: '' }] = changes;
  const set = changes.find(({ operation }) => operation === 'set');
  if (set !== undefined) return { name, values: [set.value] };
  const before = entry.values(name).map(String);
  const spellings = new Spellings(before);
  const removed = new Set(
    changes.flatMap(({ operation, value }) => (operation === 'remove' ? (spellings.of(value) ?? []) : [])),
  );
  const added = changes.flatMap(({ operation, value }) =>
    operation === 'add' && spellings.of(value) === undefined ? [value] : [],
  );
  return { name, values: [...(removed.size > 0 ? before.filter((value) => !removed.has(value)) : before), ...added] };
}

/** Finds a value among many: as it is written, and only where that fails by what it means. */
class Spellings {
  readonly #written: ReadonlySet<string>;
  #byMeaning: ReadonlyMap<string, string> | undefined;

  constructor(values: readonly string[]) {
    this.#written = new Set(values);
  }

  of(value: string): string | undefined {
    if (this.#written.has(value)) return value;
    this.#byMeaning ??= new Map([...this.#written].map((written) => [matchingKey(written), written]));
    return this.#byMeaning.get(matchingKey(value));
  }
}
