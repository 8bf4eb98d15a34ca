/** What the searches of an import did not do without failing: told once each, and with an end. */
import type { SearchNotice } from '../directory/directory';

/** Servers that a run names; the rest are only counted. */
const NAMED = 10;

/** What it means that a search was not read in parts. */
export function oneAnswerText(reason: string): string {
  return (
    `The directory gives this account all entries of a search in one answer (${reason}): ` +
    'where its size limit cuts that off the import fails, so keep the limit of this account above the number of entries'
  );
}

/** The notices of one run. */
export class SearchNotices {
  readonly #urls = new Set<string>();
  #references = 0;
  #oneAnswer: string | undefined;

  /** Takes a notice; to be handed on as an option of each search. */
  readonly take = (notice: SearchNotice): void => {
    if (notice.kind === 'oneAnswer') {
      this.#oneAnswer ??= notice.reason;
      return;
    }
    this.#references += 1;
    for (const url of notice.urls) if (this.#urls.size <= NAMED) this.#urls.add(url);
  };

  /** One sentence for each kind, without the full stop. */
  get notes(): string[] {
    const one = this.#oneAnswer;
    return [...(one === undefined ? [] : [oneAnswerText(one)]), ...this.#referenceNotes()];
  }

  #referenceNotes(): string[] {
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
