/**
 * Entries whose values name others. Where a directory keeps such values itself (refint, memberOf), it changes entries that
 * it tells nobody about: whoever named an entry that was renamed or deleted has to be looked at again.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { DN, type MatchingRules } from '../directory/dn';
import { type Entry, unshared } from '../directory/entry';
import { inTurns, type Steps } from '../directory/steps';
import type { ConnectorSpace, SpaceChange, SpaceEntry, SpaceRow } from './connectorSpace';
import type { DeltaImportOptions } from './deltaImportOptions';
import type { FollowUp } from './followUps';
import type { RowKey } from './row';

/** refint of OpenLDAP follows a moment behind; what takes it longer is left to later runs. */
const PAUSES_MS = [200, 600];

/** With more entries that still name one that is gone nobody waits: a directory that has much to see to needs longer. */
const MOST_AWAITED = 32;

/** How often what was looked at again may show what else to look at. */
const MOST_ROUNDS = 3;

/** How often whoever names an entry that is gone is looked at in later runs, each time after twice as long: about a quarter of an hour. */
const MOST_LOOKS = 6;
const FIRST_PAUSE_MS = 15_000;

/** Names of entries that are not there any more, in any of the spellings that values have. */
export class GoneNames {
  /** By what is looked for first: most values are in the spelling of the entry's own name, and need no parsing. */
  readonly #spelled = new Map<string, FollowUp>();
  readonly #normalized = new Map<string, FollowUp>();

  constructor(readonly rules: MatchingRules) {}

  /** The names as they were told, each once. */
  get names(): string[] {
    return [...this.#spelled.values()].map(({ dn }) => dn);
  }

  /** The name as it is kept; undefined: it was there already. */
  add(dn: DN, looks = 0): FollowUp | undefined {
    const text = dn.toString();
    const key = text.toLowerCase();
    if (this.#spelled.has(key)) return undefined;
    const name: FollowUp = { kind: 'gone', dn: text, looks, due: 0 };
    this.#spelled.set(key, name);
    this.#normalized.set(dn.normalized(this.rules), name);
    return name;
  }

  /** Which of them a value names. */
  find(value: string): FollowUp | undefined {
    const found = this.#spelled.get(value.toLowerCase());
    if (found !== undefined || !UNUSUAL.test(value)) return found;
    return this.#normalized.get(normalizedOf(value, this.rules));
  }

  /** Which of them an entry still names in these attributes. */
  namedBy(entry: Entry, attributes: readonly string[]): FollowUp[] {
    return attributes
      .flatMap((attribute) => entry.values(attribute).map((value) => this.find(value.toString())))
      .filter((name) => name !== undefined);
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

/** Who has to be looked at again because of what a delta import saves. */
export class Aftermath {
  readonly gone: GoneNames;
  #touched = new Map<string, DN>();
  #noticed: FollowUp[] = [];
  readonly #later: readonly FollowUp[];
  #stillNamed: ReadonlySet<FollowUp> = new Set();

  /**
   * @param backLinks whether entries show who names them (`memberOf`), so that they change with the one that does
   * @param now what is due by this moment is looked at
   */
  constructor(
    readonly space: ConnectorSpace,
    readonly rules: MatchingRules,
    readonly references: readonly string[],
    readonly backLinks: boolean,
    now: number,
  ) {
    this.gone = new GoneNames(rules);
    const { followUps } = space;
    this.#later = followUps.filter(({ due }) => due > now);
    for (const { kind, dn, due, looks } of followUps) {
      if (due > now) continue;
      if (kind === 'gone') this.gone.add(DN.parse(dn), looks);
      else this.#touch(DN.parse(dn));
    }
  }

  /**
   * Looks again at entries that name, or are named by, what has changed: plug-ins of the directory may have changed them
   * too. `read` reads entries and saves them.
   */
  async follow(
    read: (names: readonly DN[]) => Promise<readonly SpaceRow[]>,
    { pausesMs = PAUSES_MS, signal }: Pick<DeltaImportOptions, 'pausesMs' | 'signal'>,
  ): Promise<void> {
    let left = this.references.length === 0 ? [] : await this.space.referrers(this.gone.names);
    for (const pause of [0, ...pausesMs]) {
      if (left.length === 0 || (pause > 0 && left.length > MOST_AWAITED)) break;
      await sleep(pause, undefined, signal && { signal });
      const rows = await read(left);
      const named = rows.map(({ entry }) => this.gone.namedBy(entry, this.references));
      left = rows.flatMap(({ entry }, index) => (named[index]?.length ? [entry.dn] : []));
      this.#stillNamed = new Set(named.flat());
    }
    for (let rounds = MOST_ROUNDS; rounds > 0 && this.#touched.size > 0; rounds -= 1) await read(this.#takeTouched());
  }

  /**
   * What is left for later runs: a directory with much to do takes minutes to see to those that name an entry which is
   * gone, and many a directory never does.
   */
  postponed(now: number): FollowUp[] {
    const again = [...this.#stillNamed].filter(({ looks }) => looks < MOST_LOOKS);
    return [
      ...[...this.#touched.values()].map((dn) => touchedAt(dn)),
      ...this.#later.filter(({ dn }) => this.gone.find(dn) === undefined),
      ...again.map((name) => ({ ...name, looks: name.looks + 1, due: now + FIRST_PAUSE_MS * 2 ** name.looks })),
    ];
  }

  /** Nothing is at this name any more. */
  left(dn: DN): void {
    const name = this.gone.add(dn);
    if (name) this.#noticed.push(name);
  }

  /** What was noticed since the last call: to be kept together with what it follows from. */
  takeNoticed(): readonly FollowUp[] {
    return this.#noticed.splice(0);
  }

  /** Told of changes before they are saved. */
  async notice(changes: readonly SpaceChange[]): Promise<void> {
    for (const change of changes) {
      if (change.kind === 'upsert') {
        const { anchor, normalizedDN, entry } = change.row;
        const before = this.space.byAnchor(anchor, 'short') ?? this.space.byDN(normalizedDN, 'short');
        if (before && before.normalizedDN !== normalizedDN) this.left(before.entry.dn);
        await this.#compare(before, entry);
      } else if (change.kind === 'remove') {
        const before = this.#at(change.key);
        if (before) this.left(before.entry.dn);
        await this.#compare(before, undefined);
      }
    }
  }

  /** The entries whose derived attributes may have changed; they are forgotten here. */
  #takeTouched(): DN[] {
    const names = [...this.#touched.values()];
    this.#touched = new Map();
    return names;
  }

  #at(key: RowKey): SpaceEntry | undefined {
    if ('anchor' in key) return this.space.byAnchor(key.anchor, 'short');
    return 'id' in key ? this.space.get(key.id, 'short') : this.space.byDN(key.normalizedDN, 'short');
  }

  async #compare(before: SpaceEntry | undefined, after: Entry | undefined): Promise<void> {
    if (!this.backLinks) return;
    const whole = before && (await this.space.long.whole(before));
    if (after) await inTurns(after.unfoldSteps());
    for (const name of await inTurns(differingNames(whole?.entry, after, this.references))) {
      try {
        const dn = DN.parse(name);
        if (this.#touch(dn)) this.#noticed.push(touchedAt(dn));
      } catch {
        // A value that is no DN names nobody.
      }
    }
  }

  #touch(dn: DN): boolean {
    const key = dn.normalized(this.rules);
    if (this.#touched.has(key)) return false;
    this.#touched.set(key, dn);
    return true;
  }
}

function touchedAt(dn: DN): FollowUp {
  return { kind: 'touched', dn: dn.toString(), looks: 0, due: 0 };
}

/** The values by which two versions of an entry differ, each once. */
function* differingNames(
  before: Entry | undefined,
  after: Entry | undefined,
  attributes: readonly string[],
): Steps<string[]> {
  const names: string[] = [];
  for (const attribute of attributes) {
    const [old = [], now = []] = [before, after].map((entry) => (entry?.values(attribute) ?? []).map(String));
    const [gone, come] = (yield* unshared(old, now)) ?? [old, now];
    const [had, has] = [new Set(gone), new Set(come)];
    for (const value of had) if (!has.has(value)) names.push(value.toString());
    for (const value of has) if (!had.has(value)) names.push(value.toString());
  }
  return names;
}
