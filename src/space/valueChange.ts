/**
 * Changes of single values of an entry: what a write did to a group of 100,000 members without anybody having read them.
 * They stand beside the row until it is read as a whole the next time, and are applied to it whenever it is looked at.
 */
import type { Entry, EntryAttribute } from '../directory/entry';
import { atOnce, type Steps, VALUES_PER_STEP } from '../directory/steps';
import { nameKey } from './nameKey';

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
  return nameKey(value) ?? value.toLowerCase();
}

/** The entry after the changes, which are in any order. Attributes that the entry does not hold are made. */
export function withChanges(entry: Entry, changes: readonly SpaceValueChange[]): Entry {
  return atOnce(withChangesSteps(entry, changes));
}

/** The same in steps. */
export function* withChangesSteps(entry: Entry, changes: readonly SpaceValueChange[]): Steps<Entry> {
  const byAttribute = new Map<string, SpaceValueChange[]>();
  for (const change of changes) {
    const key = change.attribute.toLowerCase();
    byAttribute.set(key, [...(byAttribute.get(key) ?? []), change]);
  }
  const attributes: EntryAttribute[] = [];
  for (const own of byAttribute.values()) attributes.push(yield* changed(entry, own));
  return entry.with(attributes);
}

function* changed(entry: Entry, changes: readonly SpaceValueChange[]): Steps<EntryAttribute> {
  const [{ attribute: name } = { attribute: '' }] = changes;
  const set = changes.find(({ operation }) => operation === 'set');
  if (set !== undefined) return { name, values: [set.value] };
  const before = entry.values(name).map(String);
  const spellings = yield* Spellings.of(before, changes);
  const removed = new Set(
    changes.flatMap(({ operation, value }) => (operation === 'remove' ? (spellings.find(value) ?? []) : [])),
  );
  const added = changes.flatMap(({ operation, value }) =>
    operation === 'add' && spellings.find(value) === undefined ? [value] : [],
  );
  return { name, values: [...(removed.size > 0 ? before.filter((value) => !removed.has(value)) : before), ...added] };
}

/** Finds a value among many: as it is written, and only where that fails by what it means. */
class Spellings {
  readonly #written: ReadonlySet<string>;
  readonly #byMeaning: ReadonlyMap<string, string>;

  private constructor(written: ReadonlySet<string>, byMeaning: ReadonlyMap<string, string>) {
    this.#written = written;
    this.#byMeaning = byMeaning;
  }

  /** Those of values, for whoever looks for the values of these changes. */
  static *of(values: readonly string[], changes: readonly SpaceValueChange[]): Steps<Spellings> {
    if (values.length > VALUES_PER_STEP) yield;
    const written = new Set(values);
    const byMeaning = new Map<string, string>();
    if (changes.every(({ value }) => written.has(value))) return new Spellings(written, byMeaning);
    for (const [index, value] of values.entries()) {
      if (index % VALUES_PER_STEP === VALUES_PER_STEP - 1) yield;
      byMeaning.set(matchingKey(value), value);
    }
    return new Spellings(written, byMeaning);
  }

  find(value: string): string | undefined {
    return this.#written.has(value) ? value : this.#byMeaning.get(matchingKey(value));
  }
}
