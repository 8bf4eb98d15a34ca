/** What changed in a memory directory: numbered changes, deletes and renames among them, the oldest forgotten first. */
import {
  type ChangeMethod,
  type ChangeSource,
  type DirectoryChange,
  type Watermark,
  WatermarkExpired,
} from './changes/changeSource';
import type { DN } from './dn';

/** A change that has not been numbered yet. */
export type UnnumberedChange =
  | { readonly kind: 'changed' | 'deleted'; readonly dn: DN; readonly anchor: string }
  | { readonly kind: 'renamed'; readonly dn: DN; readonly oldDN: DN; readonly anchor: string };

const METHOD: ChangeMethod = 'memory';

export class MemoryChangeLog implements ChangeSource {
  readonly methods = [METHOD];
  readonly anchorAttribute = 'entryUUID';
  readonly #changes = new Map<number, UnnumberedChange>();
  #last = 0;

  /** `serverId` stands for this instance: a watermark of another one is worth nothing. */
  constructor(
    private readonly serverId: string,
    private readonly capacity: number,
  ) {}

  record(change: UnnumberedChange): void {
    this.#changes.set(++this.#last, change);
    this.#changes.delete(this.#last - this.capacity);
  }

  async latest(): Promise<Watermark> {
    return this.#watermark(this.#last);
  }

  /** Ends with the last change of the moment in which it was first asked. */
  async *since(watermark: Watermark): AsyncGenerator<DirectoryChange> {
    const from = this.#position(watermark);
    const to = this.#last;
    for (let number = from + 1; number <= to; number++) {
      const change = this.#changes.get(number);
      if (!change) throw new WatermarkExpired('The change log was trimmed while it was read; a full import is needed');
      yield { ...change, watermark: this.#watermark(number) };
    }
  }

  #watermark(number: number): Watermark {
    return { method: METHOD, serverId: this.serverId, value: String(number) };
  }

  #position({ method, serverId, value }: Watermark): number {
    if (method !== METHOD || serverId !== this.serverId) {
      throw new WatermarkExpired("The watermark is another directory's; a full import is needed");
    }
    const number = /^\d{1,15}$/.test(value) ? Number(value) : -1;
    if (number < this.#last - this.#changes.size || number > this.#last) {
      throw new WatermarkExpired('The change log does not reach back to the watermark; a full import is needed');
    }
    return number;
  }
}
