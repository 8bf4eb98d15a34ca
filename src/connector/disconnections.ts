/**
 * Disconnected entries: deleted for SCIM by a delete flow that keeps them in the directory. They are hidden from every
 * look-up until a create meets them again (decision 13).
 */
import type { DisconnectedEntry, Disconnected as Store } from '../space/state';

/** The disconnected entries of one connector, kept in the state store and at hand in memory. */
export class Disconnections {
  readonly #store: Store;
  readonly #byDN = new Map<string, DisconnectedEntry>();
  readonly #byId = new Map<string, DisconnectedEntry>();

  private constructor(store: Store) {
    this.#store = store;
  }

  /** Reads what is kept. */
  static async open(store: Store): Promise<Disconnections> {
    const disconnections = new Disconnections(store);
    for (const entry of await store.all()) disconnections.#add(entry);
    return disconnections;
  }

  /** Whether the entry of this id, or at this normalised DN, is hidden. */
  has(id: string, normalizedDN: string): boolean {
    return this.#byId.has(id) || this.#byDN.has(normalizedDN);
  }

  async add(entry: DisconnectedEntry): Promise<void> {
    await this.#store.add(entry);
    this.#add(entry);
  }

  /** The entry is connected again, or gone for good. */
  async remove(id: string): Promise<void> {
    const entry = this.#byId.get(id);
    if (entry === undefined) return;
    await this.#store.remove(id);
    this.#byId.delete(id);
    this.#byDN.delete(entry.normalizedDN);
  }

  #add(entry: DisconnectedEntry): void {
    this.#byId.set(entry.id, entry);
    this.#byDN.set(entry.normalizedDN, entry);
  }
}
