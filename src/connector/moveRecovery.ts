/**
 * What becomes of begun renames and deletes that nobody sees to any more. The directory shows whether they have taken
 * place; if so, the record follows. Whoever looks at the entry by its id or by one of its names asks here first.
 */
import type { Options } from '../directory/directory';
import { DN } from '../directory/dn';
import { Entry } from '../directory/entry';
import { isDNAnchor } from '../mapping/anchor';
import type { BegunMove } from './begunMoves';
import type { ConnectorContext } from './context';
import { readEntry } from './export';
import type { ReferenceKeeping } from './references';

/** A write whose answer is lost may still be on its way so long, in milliseconds: what has not taken place yet may do so. */
const ON_ITS_WAY_MS = 300_000;

/** Settles the begun renames and deletes of one connector. */
export class MoveRecovery {
  readonly #settling = new Map<string, Promise<void>>();

  constructor(
    readonly context: ConnectorContext,
    readonly references: ReferenceKeeping,
  ) {}

  /** @throws LdapError when the directory cannot be asked */
  async ofId(id: string, options: Options): Promise<void> {
    const { moves } = this.context;
    const move = moves.isEmpty ? undefined : moves.ofId(id);
    if (move !== undefined) await this.#settle(move, options);
  }

  /** The same by a name, old or new; normalised where there is anything to look for. */
  async at(normalizedDN: () => string, options: Options): Promise<void> {
    const { moves } = this.context;
    const move = moves.isEmpty ? undefined : moves.at(normalizedDN());
    if (move !== undefined) await this.#settle(move, options);
  }

  /** All of them. */
  async all(options: Options): Promise<void> {
    for (const move of this.context.moves.left) await this.#settle(move, options);
  }

  #settle(move: BegunMove, options: Options): Promise<void> {
    const settling = this.#settling.get(move.id) ?? this.#look(move, options);
    this.#settling.set(move.id, settling);
    const done = () => {
      if (this.#settling.get(move.id) === settling) this.#settling.delete(move.id);
    };
    settling.then(done, done);
    return settling;
  }

  async #look(move: BegunMove, options: Options): Promise<void> {
    const { directory, moves, clock } = this.context;
    const from = new Entry(DN.parse(move.dn), move.values ?? {});
    const to = move.to && DN.parse(move.to.dn);
    const at = (dn: DN) => readEntry(directory, dn, ['objectClass', ...this.references.naming], options);
    const isThere = (await at(from.dn)) !== undefined;
    const moved = isThere || to === undefined ? undefined : await at(to);
    const isDone = !isThere && (to === undefined || moved !== undefined);
    // A request has taken it over meanwhile.
    if (moves.ofId(move.id) !== move) return;
    if (!isDone) {
      if (clock().getTime() - move.at > ON_ITS_WAY_MS) moves.ended(move);
      return;
    }
    await this.#follow(move);
    // Groups may name each other: whoever is looked at from here on has not to wait for this.
    moves.take(move.id);
    if (moved === undefined) await this.references.deleted([from], options);
    else await this.references.renamed(from, moved, options);
    moves.ended(move);
  }

  /** The record as it would be if the answer had come. */
  async #follow({ id, objectType, normalizedDN, to, disconnects }: BegunMove): Promise<void> {
    const { state, space, disconnections, doubts, clock, objectTypes } = this.context;
    const anchor = objectTypes.find(({ name }) => name === objectType)?.anchor;
    const isNamed = anchor !== undefined && isDNAnchor(anchor);
    if (to === undefined) {
      await Promise.all([
        state.stored.remove(id),
        disconnections.remove(id),
        isNamed ? state.ids.deleted(normalizedDN) : undefined,
      ]);
      space.remove({ id });
      return;
    }
    // The process before this one may have got so far: then the old name is nobody's, and has no id to take along.
    if (isNamed) await state.ids.keep(id, to.normalizedDN);
    // Its row has the old name, however young it is.
    doubts.suspect(id);
    if (disconnects !== true) return;
    await disconnections.add({ id, normalizedDN: to.normalizedDN, since: clock().getTime() });
    space.remove({ id });
    space.remove({ normalizedDN: to.normalizedDN });
  }
}
