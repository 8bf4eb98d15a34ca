/**
 * Entries whose values name others. Where a directory keeps such values itself (refint, memberOf), it changes entries that
 * it tells nobody about: whoever named an entry that was renamed or deleted has to be looked at again.
 */
import { DN, type MatchingRules } from '../directory/dn';
import type { Entry } from '../directory/entry';
import type { ConnectorSpace, SpaceChange, SpaceEntry } from './connectorSpace';
import { namesIn, type RowKey } from './row';

/** Names of entries that are not there any more, in any of the spellings that values have. */
export class GoneNames {
  readonly #spelled = new Set<string>();
  readonly #normalized = new Set<string>();

  constructor(readonly rules: MatchingRules) {}

  get size(): number {
    return this.#normalized.size;
  }

  add(dn: DN): void {
    this.#spelled.add(dn.toString().toLowerCase());
    this.#normalized.add(dn.normalized(this.rules));
  }

  /** Whether a value names one of them. Most values are in the spelling of the entry's own name, and need no parsing. */
  has(value: string): boolean {
    if (this.#spelled.has(value.toLowerCase())) return true;
    return UNUSUAL.test(value) && this.#normalized.has(normalizedOf(value, this.rules));
  }

  /** Whether an entry still names one of them in these attributes. */
  namedBy(entry: Entry, attributes: readonly string[]): boolean {
    return attributes.some((name) => entry.values(name).some((value) => this.has(value.toString())));
  }
}

/** Escapes, blanks around separators, and what else can be written in more than one way. */
const UNUSUAL = /[\\";]|\s[,=+]|[,=+]\s/;

function normalizedOf(value: string, rules: MatchingRules): string {
  try {
    return DN.parse(value).normalized(rules);
  } catch {
    return value;
  }
}

/** The entries of the space that name one of these in their values. Reads the whole space, in short reads that yield. */
export async function entriesNaming(
  space: ConnectorSpace,
  attributes: readonly string[],
  gone: GoneNames,
): Promise<DN[]> {
  const found: DN[] = [];
  if (gone.size === 0 || attributes.length === 0) return found;
  const marks = attributes.flatMap((name) => [`["${name}",`, `["${name.toLowerCase()}",`]);
  const wanted = new Set(attributes.map((name) => name.toLowerCase()));
  for await (const { dn, payload, long } of space.texts()) {
    const texts = [payload, ...(long === null ? [] : [long])].filter((text) =>
      marks.some((mark) => text.includes(mark)),
    );
    if (texts.some((text) => namesIn(text, wanted).some((value) => gone.has(value)))) found.push(DN.parse(dn));
  }
  return found;
}

/** Who has to be looked at again because of what a delta import saves. */
export class Aftermath {
  readonly gone: GoneNames;
  #touched = new Map<string, DN>();

  /** @param backLinks whether entries show who names them (`memberOf`), so that they change with the one that does */
  constructor(
    readonly space: ConnectorSpace,
    readonly rules: MatchingRules,
    readonly references: readonly string[],
    readonly backLinks: boolean,
  ) {
    this.gone = new GoneNames(rules);
  }

  get isEmpty(): boolean {
    return this.gone.size === 0 && this.#touched.size === 0;
  }

  /** Told of changes before they are saved. */
  notice(changes: readonly SpaceChange[]): void {
    for (const change of changes) {
      if (change.kind === 'upsert') {
        const { anchor, normalizedDN, entry } = change.row;
        const before = this.space.byAnchor(anchor) ?? this.space.byDN(normalizedDN);
        if (before && before.normalizedDN !== normalizedDN) this.gone.add(before.entry.dn);
        this.#touch(before?.entry, entry);
      } else if (change.kind === 'remove') {
        const before = this.#at(change.key);
        if (before) this.gone.add(before.entry.dn);
        this.#touch(before?.entry, undefined);
      }
    }
  }

  /** The entries whose derived attributes may have changed; they are forgotten here. */
  takeTouched(): DN[] {
    const names = [...this.#touched.values()];
    this.#touched = new Map();
    return names;
  }

  #at(key: RowKey): SpaceEntry | undefined {
    if ('anchor' in key) return this.space.byAnchor(key.anchor);
    return 'id' in key ? this.space.get(key.id) : this.space.byDN(key.normalizedDN);
  }

  #touch(before: Entry | undefined, after: Entry | undefined): void {
    if (!this.backLinks) return;
    for (const name of differingNames(before, after, this.references)) {
      try {
        const dn = DN.parse(name);
        this.#touched.set(dn.normalized(this.rules), dn);
      } catch {
        // A value that is no DN names nobody.
      }
    }
  }
}

/** The values by which two versions of an entry differ, each once. */
function differingNames(before: Entry | undefined, after: Entry | undefined, attributes: readonly string[]): string[] {
  return attributes.flatMap((name) => {
    const [old, now] = [before, after].map((entry) => new Set((entry?.values(name) ?? []).map(String)));
    return [
      ...[...(old ?? [])].filter((value) => !now?.has(value)),
      ...[...(now ?? [])].filter((value) => !old?.has(value)),
    ];
  });
}
