/**
 * Renames and deletes whose outcome nobody has heard of yet. Where the record has to follow them (the name is the anchor,
 * a delete flow keeps the entry, references are changed here) it knows of them before they are sent, so that a lost answer
 * or a killed host leaves nobody under another id, and no name in a group that is somebody else's tomorrow (decision 46).
 */
import type { DN } from '../directory/dn';
import { isLdapError, ResultCode } from '../directory/error';
import { isDNAnchor } from '../mapping/anchor';
import type { ObjectType } from '../mapping/objectType';
import type { BegunMove, Moves } from '../space/state';
import type { Found } from './entries';
import { isAmbiguous } from './outcome';
import type { ReferenceKeeping } from './references';

export type { BegunMove } from '../space/state';

/** The begun renames and deletes of one connector. */
export class BegunMoves {
  readonly #store: Moves;
  readonly #now: () => number;
  /** The last one of each id that is not done with: of a request, or left. */
  readonly #latest = new Map<string, BegunMove>();
  /** Those that no request sees to any more, by id. */
  readonly #left = new Map<string, BegunMove>();
  /** The same by both of their normalised names. */
  readonly #byDN = new Map<string, BegunMove>();

  private constructor(store: Moves, now: () => number) {
    this.#store = store;
    this.#now = now;
  }

  /** What the process before has left. */
  static async open(store: Moves, now: () => number): Promise<BegunMoves> {
    const moves = new BegunMoves(store, now);
    for (const move of await store.all()) moves.#leave(move);
    return moves;
  }

  /** Runs what sends a rename or delete and does in the record what follows from it; undefined: nothing follows. */
  async during<T>(move: Omit<BegunMove, 'at'> | undefined, work: () => Promise<T>): Promise<T> {
    if (move === undefined) return work();
    // It may be on its way still when this one fails.
    const earlier = this.#left.get(move.id);
    this.take(move.id);
    const begun = { ...move, at: this.#now() };
    this.#latest.set(begun.id, begun);
    await this.#store.begin(begun);
    try {
      const result = await work();
      this.ended(begun);
      return result;
    } catch (error) {
      const left = isAmbiguous(error) ? begun : (earlier ?? refused(begun, error));
      if (left === undefined) this.ended(begun);
      else this.#leave(left);
      throw error;
    }
  }

  /** Whether there is none that nobody sees to. */
  get isEmpty(): boolean {
    return this.#left.size === 0;
  }

  get left(): readonly BegunMove[] {
    return [...this.#left.values()];
  }

  /** The one of this id that nobody sees to. */
  ofId(id: string): BegunMove | undefined {
    return this.#left.get(id);
  }

  /** The one from or to this normalised name that nobody sees to. */
  at(normalizedDN: string): BegunMove | undefined {
    return this.#byDN.get(normalizedDN);
  }

  /** Somebody sees to it: nobody else has to look at it. */
  take(id: string): void {
    const move = this.#left.get(id);
    if (move === undefined) return;
    this.#left.delete(id);
    for (const name of namesOf(move)) if (this.#byDN.get(name) === move) this.#byDN.delete(name);
  }

  /** All that was to be done is done, or it has not taken place. */
  ended(move: BegunMove): void {
    // A later one of the same entry stands in its place by now.
    if (this.#latest.get(move.id) !== move) return;
    this.take(move.id);
    this.#latest.delete(move.id);
    // Nobody waits: what is found again at the next start is seen to have been done.
    this.#store.forgetLater(move.id).catch(() => undefined);
  }

  #leave(move: BegunMove): void {
    this.#latest.set(move.id, move);
    this.#left.set(move.id, move);
    for (const name of namesOf(move)) this.#byDN.set(name, move);
  }
}

/** What a rename of an entry is to be remembered by, or a delete; undefined where nothing but the entry has to follow it. */
export function moveOf(
  { anchor, name, schema }: ObjectType,
  { id, entry, normalizedDN }: Found,
  to: DN | undefined,
  {
    references,
    disconnects = false,
  }: { readonly references: Pick<ReferenceKeeping, 'areKept' | 'naming'>; readonly disconnects?: boolean },
): Omit<BegunMove, 'at'> | undefined {
  const after = to && { dn: to.toString(), normalizedDN: to.normalized(schema) };
  if (after?.normalizedDN === normalizedDN) return undefined;
  if (!isDNAnchor(anchor) && !references.areKept && !disconnects) return undefined;
  const values = references.naming.map((by) => [by, entry.values(by).map(String)] as const);
  return {
    id,
    objectType: name,
    dn: entry.dn.toString(),
    normalizedDN,
    ...(values.length > 0 && { values: Object.fromEntries(values) }),
    ...(after && { to: after }),
    ...(disconnects && { disconnects }),
  };
}

/** What is left to look at of one that was refused, once: a rename may have taken place and not been undone. Nothing where the entry was not there. */
function refused(begun: BegunMove, error: unknown): BegunMove | undefined {
  return isLdapError(error, ResultCode.noSuchObject) ? undefined : { ...begun, at: 0 };
}

function namesOf({ normalizedDN, to }: BegunMove): string[] {
  return to === undefined ? [normalizedDN] : [normalizedDN, to.normalizedDN];
}
