/**
 * What a directory cannot hold of a multi-valued attribute: which e-mail address is the primary one, a display text, an
 * element of a type that nothing maps. The state store keeps the elements as they were set; when they are read, the
 * directory decides which of the mapped ones still exist.
 */
import { isDeepStrictEqual } from 'node:util';
import { isOwn, type Link } from './coreFace';

type Element = Record<string, unknown>;

/** The elements to remember: none when the directory's values alone give back what was set. */
export function remainderOf(
  desired: readonly Element[],
  derived: readonly Element[],
): { elements: Element[] } | undefined {
  const plain = (element: Element) => Object.fromEntries(Object.entries(element).filter(([name]) => name !== '$ref'));
  const wanted = desired.map(plain);
  return isDeepStrictEqual(wanted, derived.map(plain)) ? undefined : { elements: wanted };
}

/**
 * Elements as they were set, less those of which a mapped value has gone from the directory; then what has come. One
 * value of the directory may stand in several elements (two offices in one city): a directory keeps each value once.
 */
export function restoreElements(
  links: readonly Link[],
  derived: readonly Element[],
  remembered: readonly Element[],
): Element[] {
  const pools = new Map(links.map((link) => [link, new Pool(link, derived)]));
  const elements: Element[] = [];
  for (const element of remembered) {
    const found = [...pools].flatMap(([link, pool]) =>
      isOwn(link, element) && element[pool.name] !== undefined ? [{ pool, value: element[pool.name] }] : [],
    );
    if (!found.every(({ pool, value }) => pool.has(value))) continue;
    elements.push({ ...element, ...Object.fromEntries(found.map(({ pool, value }) => [pool.name, pool.take(value)])) });
  }
  return [...elements, ...derived.flatMap((element) => rest(element, pools))];
}

/** What no remembered element has taken of an element that was made from the directory's values. */
function rest(element: Element, pools: ReadonlyMap<Link, Pool>): Element[] {
  const own = [...pools].filter(([link]) => hasTerms(element, link));
  const left = { ...element };
  for (const [, pool] of own) if (pool.isTaken(left[pool.name])) delete left[pool.name];
  return own.some(([, { name }]) => left[name] !== undefined) ? [left] : [];
}

/** Whether an element has a link's terms as they stand in the file, as those made from the directory's values have. */
export function hasTerms(element: Element, { terms }: Link): boolean {
  for (const name in terms) if (element[name] !== terms[name]) return false;
  return true;
}

/** The values that the directory has for a link. Case alone does not make another one: the directory keeps its own spelling. */
class Pool {
  readonly name: string;
  readonly #values = new Map<unknown, unknown>();
  readonly #taken = new Set<unknown>();

  constructor(link: Link, derived: readonly Element[]) {
    this.name = link.subAttribute ?? 'value';
    for (const element of derived) {
      const value = element[this.name];
      if (value !== undefined && hasTerms(element, link)) this.#values.set(keyOf(value), value);
    }
  }

  has(value: unknown): boolean {
    return this.#values.has(keyOf(value));
  }

  take(value: unknown): unknown {
    this.#taken.add(keyOf(value));
    return this.#values.get(keyOf(value));
  }

  isTaken(value: unknown): boolean {
    return this.#taken.has(keyOf(value));
  }
}

function keyOf(value: unknown): unknown {
  return typeof value === 'string' ? value.toLowerCase() : value;
}

/** A stored multi-valued attribute: elements whose values stand in the directory, and some that do not. */
export function isRemainder(value: unknown): value is { elements: Record<string, unknown>[] } {
  return typeof value === 'object' && value !== null && 'elements' in value;
}
