/** Which source of changes is used: the one that the connector file names, or the best of those that a directory offers. */
import type { DirectoryDescription, Options } from '../directory';
import { isLdapError } from '../error';
import {
  type ChangeMethod,
  type ChangeSource,
  ChangesUnreadable,
  type DirectoryChange,
  type Watermark,
  WatermarkExpired,
} from './changeSource';

/** Each method with what makes its source, the best first. */
export type Candidates = readonly (readonly [method: ChangeMethod, open: () => ChangeSource])[];

/**
 * A source that asks the first candidate that the account may read. The watermark says which one that was, so that a
 * delta import goes on with it; which one is asked may change with each full import.
 */
export class ChosenSource implements ChangeSource {
  readonly #sources: ReadonlyMap<string, ChangeSource>;
  readonly methods: readonly ChangeMethod[];
  readonly anchorAttribute: string;
  #passedOver: readonly string[] = [];

  constructor(candidates: Candidates, description: DirectoryDescription) {
    this.methods = candidates.map(([method]) => method);
    this.#sources = new Map(candidates.map(([method, open]) => [method, open()]));
    this.anchorAttribute = this.#sources.values().next().value?.anchorAttribute ?? description.proposedAnchor;
  }

  get passedOver(): readonly string[] {
    return this.#passedOver;
  }

  async latest(options?: Options): Promise<Watermark> {
    const reasons: string[] = [];
    for (const source of this.#sources.values()) {
      try {
        const watermark = await source.latest(options);
        this.#passedOver = reasons;
        return watermark;
      } catch (error) {
        const unreadable = error instanceof ChangesUnreadable || isLdapError(error);
        if (!unreadable || isLdapError(error, 'connectionLost', 'timeout', 'cancelled')) throw error;
        reasons.push(error.message);
      }
    }
    throw new ChangesUnreadable(reasons.join('; '));
  }

  since(watermark: Watermark, options?: Options): AsyncIterable<DirectoryChange> {
    const source = this.#sources.get(watermark.method);
    if (source) return source.since(watermark, options);
    throw new WatermarkExpired(`Changes are told by ${this.methods.join(' or ')} now; a full import is needed first`);
  }
}
