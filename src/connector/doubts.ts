/** Rows of the connector space that may be wrong whatever their age: they are read again before they are believed. */
export class Doubts {
  /** A write's outcome is not known. */
  readonly #suspect = new Set<string>();
  /** Groups have changed, and what the directory says of them in their members' entries is to be read again. */
  readonly #regrouped = new Set<string>();

  /** The outcome of a write of this entry is not known. */
  suspect(id: string): void {
    this.#suspect.add(id);
  }

  /** This one has come into a group or has left one. */
  regroup(id: string): void {
    this.#regrouped.add(id);
  }

  /** It was read again. */
  believe(id: string): void {
    this.#suspect.delete(id);
    this.#regrouped.delete(id);
  }

  isSuspect(id: string): boolean {
    return this.#suspect.has(id);
  }

  isRegrouped(id: string): boolean {
    return this.#regrouped.has(id);
  }
}
