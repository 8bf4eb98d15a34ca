/** What entries were named by before they were renamed, changed or deleted, and what by now. Pure. */
import type { DN } from '../directory/dn';
import type { Entry, Value } from '../directory/entry';
import type { Schema } from '../directory/schema';

/** An entry as it was and as it is: what matters are its name and the values that name it. */
export interface NameChange {
  readonly from: Entry;
  /** Absent: it is deleted. */
  readonly to?: Entry;
}

/** What stands in the place of an old name; `now` is absent where nothing does. */
export interface Successor {
  readonly now?: string;
}

/** A value of an attribute by which an entry was named. */
export interface StaleValue {
  readonly by: string;
  readonly value: string;
}

/** Names that their entries do not have any more. */
export class StaleNames {
  readonly #schema: Schema;
  /** By normalised DN. */
  readonly #dns = new Map<string, Successor & { readonly dn: DN }>();
  /** By attribute and normalised value. */
  readonly #values = new Map<string, StaleValue & Successor>();

  /** @param renamed whose DNs matter; @param changed whose values of the attributes `naming` matter */
  constructor(
    renamed: readonly NameChange[],
    changed: readonly NameChange[],
    naming: readonly string[],
    schema: Schema,
  ) {
    this.#schema = schema;
    for (const { from, to } of renamed) {
      if (to?.dn.equals(from.dn, schema)) continue;
      this.#dns.set(from.dn.normalized(schema), { dn: from.dn, ...(to && { now: to.dn.toString() }) });
    }
    for (const by of naming) {
      for (const { from, to } of changed) {
        const now = to?.values(by)[0]?.toString();
        for (const value of from.values(by))
          this.#values.set(this.#key(by, value), { by, value: value.toString(), ...(now !== undefined && { now }) });
        if (to) this.spare(to);
      }
    }
  }

  get isEmpty(): boolean {
    return this.#dns.size === 0 && this.#values.size === 0;
  }

  get dns(): string[] {
    return [...this.#dns.values()].map(({ dn }) => dn.toString());
  }

  /** What the entries that are still there are called. */
  get newDNs(): string[] {
    return [...this.#dns.values()].flatMap(({ now }) => now ?? []);
  }

  get values(): StaleValue[] {
    return [...this.#values.values()];
  }

  /** An entry has these values: they name it. */
  spare(entry: Entry): void {
    for (const by of new Set([...this.#values.values()].map((one) => one.by)))
      for (const value of entry.values(by)) this.#values.delete(this.#key(by, value));
  }

  /** Undefined: it is no old name. */
  ofDN(dn: DN): Successor | undefined {
    return this.#dns.get(dn.normalized(this.#schema));
  }

  /** The same of a value of `by`. */
  ofValue(by: string, value: Value): Successor | undefined {
    return this.#values.get(this.#key(by, value));
  }

  #key(by: string, value: Value): string {
    return `${by}=${this.#schema.normalize(by, value)}`;
  }
}
