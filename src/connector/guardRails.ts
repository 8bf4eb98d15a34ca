/**
 * Guard rails: how many entries a connector may delete, and how many it may disable, within a time. Beyond that nothing
 * more is, until an operator says so: a client that deletes everybody would otherwise only be slowed down.
 */
import { ScimError } from '../scim/error';
import type { Changes, GuardRails as KeptRails, RailState } from '../space/state';

/** What can be limited. */
export const guardedOperations = ['delete', 'disable'] as const;
export type GuardedOperation = (typeof guardedOperations)[number];

/** A number of entries, or a share (0 to 1) of those in the connector space. */
export type Limit = { readonly count: number } | { readonly share: number };

/** The limits of a connector; absent: there is none. */
export interface GuardRailOptions {
  readonly windowMs: number;
  readonly delete?: Limit;
  readonly disable?: Limit;
}

/** A guard rail as an operator sees it. */
export interface GuardRailStatus {
  readonly operation: GuardedOperation;
  /** Entries that may be deleted (disabled) within the window, by the space as it is now. */
  readonly limit?: number;
  readonly windowMs: number;
  /** Those within the window, those under way included. */
  readonly counted: number;
  /** Since when it stops the operation, in milliseconds since the epoch. */
  readonly trippedAt?: number;
}

/** One place within a limit. Of {@link keep} and {@link giveBack} the first one counts. */
export interface Reservation {
  /** The write took place, or may have. */
  keep(): void;
  /** It certainly did not. */
  giveBack(): void;
}

/** What is asked of the connector at each reservation. */
export interface RailSurroundings {
  readonly connector: string;
  readonly limits: GuardRailOptions;
  /** Entries in the connector space. */
  readonly entries: number;
  /** Told once when a guard rail stops its operation. */
  readonly tripped: (operation: GuardedOperation, detail: string) => void;
}

interface Rail {
  /** When those that are kept took place, oldest first, in milliseconds since the epoch. */
  readonly times: number[];
  /** Places that are taken by writes under way. */
  reserved: number;
  /** Entries that a share is of, as counted when nothing was under way. */
  whole?: number;
  state: RailState;
}

/** The guard rails of one connector. They are the same when it is opened again with other options. */
export class GuardRails {
  readonly #kept: KeptRails;
  readonly #now: () => number;
  readonly #rails: Readonly<Record<GuardedOperation, Rail>>;

  private constructor(kept: KeptRails, now: () => number, rails: Readonly<Record<GuardedOperation, Rail>>) {
    this.#kept = kept;
    this.#now = now;
    this.#rails = rails;
  }

  /** What was written within the window before a restart stands in the change log. */
  static async open(kept: KeptRails, changes: Changes, windowMs: number, now: () => number): Promise<GuardRails> {
    const states = (await kept.get()) ?? {};
    const rails = { delete: await railOf('delete'), disable: await railOf('disable') };
    return new GuardRails(kept, now, rails);

    async function railOf(operation: GuardedOperation): Promise<Rail> {
      const times: number[] = [];
      for await (const { at, outcome, below = 0 } of changes.list({ operation, since: now() - windowMs })) {
        const partly = outcome === 'failed' && below > 0;
        if (outcome === 'success' || outcome === 'unknown' || partly) times.push(...Array<number>(below + 1).fill(at));
      }
      return { times: times.reverse(), reserved: 0, state: states[operation] ?? {} };
    }
  }

  /**
   * Takes a place, before the write; or as many as one write removes entries, all or none.
   * @throws ScimError 403 where there is no room for them, from then on until {@link release}
   */
  async reserve(
    operation: GuardedOperation,
    surroundings: RailSurroundings,
    places = 1,
  ): Promise<Reservation | undefined> {
    const rail = this.#rails[operation];
    const { limits, entries } = surroundings;
    if (rail.state.tripped !== undefined) throw ScimError.forbidden(rail.state.tripped.detail);
    const limit = this.#limitOf(operation, limits, entries);
    if (limit === undefined) return undefined;
    if (this.#counted(operation, limits.windowMs) + places > limit) {
      const detail = stopped(operation, limit, surroundings, places);
      rail.state = { ...rail.state, tripped: { at: this.#now(), detail } };
      surroundings.tripped(operation, detail);
      await this.#save();
      throw ScimError.forbidden(detail);
    }
    rail.reserved += places;
    let settled = false;
    const settle = (kept: boolean) => {
      if (settled) return;
      settled = true;
      rail.reserved -= places;
      if (kept) rail.times.push(...Array<number>(places).fill(this.#now()));
    };
    return { keep: () => settle(true), giveBack: () => settle(false) };
  }

  /** Says what {@link reserve} would, and takes no place. @throws ScimError 403 */
  check(operation: GuardedOperation, surroundings: RailSurroundings): void {
    const { tripped } = this.#rails[operation].state;
    if (tripped !== undefined) throw ScimError.forbidden(tripped.detail);
    const limit = this.#limitOf(operation, surroundings.limits, surroundings.entries);
    if (limit !== undefined && this.#counted(operation, surroundings.limits.windowMs) >= limit)
      throw ScimError.forbidden(stopped(operation, limit, surroundings, 1));
  }

  /** Lets the operation go on: counting begins anew, and `more` entries beside the limit may go within one window. Answers whether it was stopped. */
  async release(operation: GuardedOperation, more = 0): Promise<boolean> {
    const rail = this.#rails[operation];
    const wasTripped = rail.state.tripped !== undefined;
    rail.times.length = 0;
    rail.state = { released: { at: this.#now(), more } };
    await this.#save();
    return wasTripped;
  }

  status(limits: GuardRailOptions, entries: number): GuardRailStatus[] {
    const { windowMs } = limits;
    return guardedOperations.map((operation) => {
      const limit = this.#limitOf(operation, limits, entries);
      const { tripped } = this.#rails[operation].state;
      return {
        operation,
        windowMs,
        counted: this.#counted(operation, windowMs),
        ...(limit !== undefined && { limit }),
        ...(tripped !== undefined && { trippedAt: tripped.at }),
      };
    });
  }

  #counted(operation: GuardedOperation, windowMs: number): number {
    const { times, reserved, state } = this.#rails[operation];
    const since = Math.max(this.#now() - windowMs, state.released?.at ?? 0);
    const first = times.findIndex((time) => time >= since);
    times.splice(0, first < 0 ? times.length : first);
    return times.length + reserved;
  }

  /**
   * What the share is of: what was deleted within the window was there at its beginning. Of a delete under way nobody
   * knows whether the connector space has its entry still, so while there are some the number from before them holds.
   */
  #whole(operation: GuardedOperation, windowMs: number, entries: number): number {
    const rail = this.#rails[operation];
    if (rail.reserved > 0 && rail.whole !== undefined) return rail.whole;
    rail.whole = entries + (operation === 'delete' ? this.#counted(operation, windowMs) : 0);
    return rail.whole;
  }

  #limitOf(operation: GuardedOperation, limits: GuardRailOptions, entries: number): number | undefined {
    const limit = limits[operation];
    if (limit === undefined) return undefined;
    const { released } = this.#rails[operation].state;
    const more = released !== undefined && this.#now() - released.at < limits.windowMs ? released.more : 0;
    if ('count' in limit) return limit.count + more;
    // Of a small directory one entry is always allowed.
    return Math.max(1, Math.floor(limit.share * this.#whole(operation, limits.windowMs, entries))) + more;
  }

  async #save(): Promise<void> {
    await this.#kept.set({ delete: this.#rails.delete.state, disable: this.#rails.disable.state });
  }
}

function stopped(
  operation: GuardedOperation,
  limit: number,
  { connector, limits }: RailSurroundings,
  places: number,
): string {
  const release = `until an operator has looked at it and released it: connector-host changes release ${connector} --operation ${operation}.`;
  if (limit === 0) return `The connector may ${operation} no entry (guardRails.${operation} is 0) ${release}`;
  if (places > 1)
    return `With the entries below it ${places} entries would be ${operation}d, which is more than the limit of ${limit} (guardRails.${operation}) leaves: the connector ${operation}s no more ${release}`;
  const minutes = Math.round(limits.windowMs / 6_000) / 10;
  const what = `${operation}d ${limit} ${limit === 1 ? 'entry' : 'entries'} within ${minutes} minutes`;
  return `The connector has ${what}, which is its limit (guardRails.${operation}), and ${operation}s no more ${release}`;
}
