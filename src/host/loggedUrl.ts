/** A request's URL as the log may show it: where it went and what was asked for, without the values it asked about. */
import { Forms, PLACEHOLDER, valueApart, withValue } from '../scim/urlForm';

const LONGEST = 1024;
const ELLIPSIS = '…';
/** Parameters of RFC 7644 §3.4.2 whose values are numbers, words of the protocol, or attribute names. */
const SHOWN = new Set(['startindex', 'count', 'cursor', 'sortby', 'sortorder', 'attributes', 'excludedattributes']);
const COMPARISON = new Set(['eq', 'ne', 'co', 'sw', 'ew', 'gt', 'ge', 'lt', 'le']);
const WORD = new Set(['and', 'or', 'not', 'pr', ...COMPARISON]);

/** Query strings as they are logged, by what they are but for one value: the value is not logged. */
const forms = new Forms<string | undefined>();

/** Path and query of a URL; each undefined when it has none. */
export function loggedUrl(url: string): { readonly path: string; readonly query: string | undefined } {
  const start = url.indexOf('?');
  if (start < 0) return { path: bounded(url), query: undefined };
  const search = url.slice(start + 1);
  const apart = valueApart(search);
  const known = apart && forms.of(apart.form, loggedForm);
  return { path: bounded(url.slice(0, start)), query: known ?? loggedQuery(search) };
}

/** Undefined where what is logged is not the same for every value. */
function loggedForm(form: string): string | undefined {
  const logged = loggedQuery(withValue(form, PLACEHOLDER));
  // Where the quotation marks end one value and begin another, what is between them is no value.
  const isValue = logged === loggedQuery(withValue(form, `${PLACEHOLDER} eq title pr`));
  return isValue && !logged.includes(PLACEHOLDER) ? logged : undefined;
}

function loggedQuery(search: string): string {
  const shown: string[] = [];
  for (const [name, value] of new URLSearchParams(search)) {
    const lower = name.toLowerCase();
    const kept = lower === 'filter' ? withoutValues(value) : SHOWN.has(lower) ? value : ELLIPSIS;
    shown.push(`${name}=${kept}`);
    if (shown.length === 20) break;
  }
  return bounded(shown.join('&'));
}

/**
 * A SCIM filter (RFC 7644 §3.4.2.2) with every value replaced. It does not parse, since what cannot be parsed has to be
 * logged too: a token stays when it is a word of the language or stands where only an attribute can, all else goes.
 */
function withoutValues(filter: string): string {
  const tokens = filter.slice(0, 4 * LONGEST).match(/"(?:[^"\\]|\\.)*"?|[()[\]]|[^\s()[\]"]+/gs) ?? [];
  let expectsValue = false;
  return tokens
    .map((token, index) => {
      if (expectsValue) {
        expectsValue = false;
        return ELLIPSIS;
      }
      const lower = token.toLowerCase();
      expectsValue = COMPARISON.has(lower);
      const next = tokens[index + 1]?.toLowerCase() ?? '';
      const stays = WORD.has(lower) || /^[()[\]]$/.test(token) || /^\.\w+$/.test(token);
      return stays || (!token.startsWith('"') && isAfterAttribute(next)) ? token : ELLIPSIS;
    })
    .join(' ');
}

function isAfterAttribute(token: string): boolean {
  return COMPARISON.has(token) || token === 'pr' || token === '[';
}

function bounded(text: string): string {
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}${ELLIPSIS}` : text;
}
