/** What somebody may have meant who misspelled a name. */

/** Longer names are compared by nobody. */
const LONGEST = 60;

/** The known name that is the fewest slips away: two at most, and one in three letters. Undefined when there is none. */
export function nearest(name: string, known: Iterable<string>): string | undefined {
  if (name.length > LONGEST) return undefined;
  const wanted = name.toLowerCase();
  let best: string | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const candidate of known) {
    const allowed = Math.min(2, Math.floor(candidate.length / 3), least - 1);
    if (Math.abs(candidate.length - wanted.length) > allowed) continue;
    const distance = distanceOf(wanted, candidate.toLowerCase());
    if (distance > allowed) continue;
    best = candidate;
    least = distance;
  }
  return best;
}

/** Letters to insert, remove, exchange or swap with their neighbour until one text is the other. */
function distanceOf(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1];
      const swapped = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      current[column] = Math.min(
        at(last, column) + 1,
        at(current, column - 1) + 1,
        at(last, column - 1) + (same ? 0 : 1),
        swapped ? at(beforeLast, column - 2) + 1 : Number.POSITIVE_INFINITY,
      );
    }
    [beforeLast, last] = [last, current];
  }
  return at(last, b.length);
}

function at(row: readonly number[], column: number): number {
  return row[column] ?? Number.POSITIVE_INFINITY;
}
