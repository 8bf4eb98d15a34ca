/** Query strings that differ in one value: `filter=userName eq "…"` comes with one name after the other. */

/** A query string whose last value in quotation marks is apart. */
export interface ValueApart {
  /** The query string without the value: its last two quotation marks stand side by side. */
  readonly form: string;
  /** The value, still percent-encoded. It has no quotation mark and nothing that is escaped with a backslash. */
  readonly value: string;
}

const QUOTE = '%22';
/** Longer ones are somebody's own invention, and are not kept. */
const LONGEST = 1_024;
/** Nothing that could end the string or the parameter, begin an escape, mean something else than itself, or not be allowed. */
const PLAIN = /^(?:[\w!$'()*,./:;=?@~-]|%(?!5c|[01])[\da-f]{2})*$/i;

/** Takes the last quoted value out of a query string; undefined where there is none, or it is not a plain one. */
export function valueApart(search: string): ValueApart | undefined {
  if (search.length > LONGEST) return undefined;
  const end = search.lastIndexOf(QUOTE);
  const start = end < QUOTE.length ? -1 : search.lastIndexOf(QUOTE, end - QUOTE.length);
  if (start < 0) return undefined;
  const begin = start + QUOTE.length;
  const value = search.slice(begin, end);
  return PLAIN.test(value) ? { form: search.slice(0, begin) + search.slice(end), value } : undefined;
}

/** Stands in a form for the value: of letters that no value and no name has. */
export const PLACEHOLDER = '\u{f8ff}value\u{f8ff}';

/** The query string that has a form and a value. */
export function withValue(form: string, value: string): string {
  const end = form.lastIndexOf(QUOTE);
  return form.slice(0, end) + encodeURIComponent(value) + form.slice(end);
}

/** So many forms are in use at a time. */
const KEPT = 64;

/** What was found out about forms, by their text: about the last {@link KEPT} that were new. */
export class Forms<Known> {
  readonly #known = new Map<string, Known>();

  of(form: string, find: (form: string) => Known): Known {
    const before = this.#known.get(form);
    if (before !== undefined || this.#known.has(form)) return before as Known;
    const known = find(form);
    const [oldest] = this.#known.keys();
    if (this.#known.size >= KEPT && oldest !== undefined) this.#known.delete(oldest);
    this.#known.set(form, known);
    return known;
  }
}
