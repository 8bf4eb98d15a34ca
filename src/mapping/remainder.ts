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

/** Elements as they were set, less those whose mapped values have gone from the directory, plus those that have come. */
export function restoreElements(
  links: readonly Link[],
  derived: readonly Element[],
  remembered: readonly Element[],
): Element[] {
  const rest = [...derived];
  const elements: Element[] = [];
  for (const element of remembered) {
    const own = links.filter((link) => isOwn(link, element, link === links[0]));
    if (own.length === 0) {
      elements.push(element);
      continue;
    }
    const index = rest.findIndex((candidate) =>
      own.every(({ subAttribute = 'value' }) => sameText(candidate[subAttribute], element[subAttribute])),
    );
    const [found] = index < 0 ? [] : rest.splice(index, 1);
    if (found !== undefined) elements.push({ ...element, ...pick(found, own) });
  }
  return [...elements, ...rest];
}

/** Case alone does not make another value: the directory keeps its own spelling. */
function sameText(a: unknown, b: unknown): boolean {
  return a === b || (typeof a === 'string' && typeof b === 'string' && a.toLowerCase() === b.toLowerCase());
}

function pick(element: Element, links: readonly Link[]): Element {
  return Object.fromEntries(
    links.flatMap(({ subAttribute = 'value' }) =>
      element[subAttribute] === undefined ? [] : [[subAttribute, element[subAttribute]]],
    ),
  );
}
