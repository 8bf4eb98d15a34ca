/** What the searches of an import did not do without failing: told once each, and with an end. */
import type { SearchNotice } from '../directory/directory';

/** Servers that a run names; the rest are only counted. */
const NAMED = 10;

/** The notices of one run. */
export class SearchNotices {
  readonly #urls = new Set<string>();
  #references = 0;

  /** Takes a notice; to be handed on as an option of each search. */
  readonly take = ({ urls }: SearchNotice): void => {
    this.#references += 1;
    for (const url of urls) if (this.#urls.size <= NAMED) this.#urls.add(url);
  };

  /** One sentence for each kind, without the full stop. */
  get notes(): string[] {
    if (this.#references === 0) return [];
    const named = [...this.#urls].slice(0, NAMED).join(', ');
    const more = this.#urls.size > NAMED ? ' and others' : '';
    const times = this.#references === 1 ? 'once' : `${this.#references} times`;
    return [
      `The directory referred to other servers ${times} for parts of the tree, which were not read: ${named}${more}. ` +
        'Referrals are not followed: make such a part a partition of its own with its own connectivity, or exclude it',
    ];
  }
}
