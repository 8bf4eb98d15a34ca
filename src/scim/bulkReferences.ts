/** `bulkId:…` in a bulk request (RFC 7644 §3.7.2): where operations refer to resources that other operations create. */
import { isObject } from './json';

/** A whole value, or the end of a URI: `bulkId:qwerty`, `../Users/bulkId:qwerty`. */
const asValue = /^((?:[^\s"]*\/)?)bulkId:(.+)$/s;
/** In the value filter of a PATCH path: `members[value eq "bulkId:qwerty"]`. */
const inFilter = /"bulkId:([^"]+)"/g;

/** The bulkIds that a JSON value refers to. */
export function bulkIdsIn(value: unknown): ReadonlySet<string> {
  const found = new Set<string>();
  replaceBulkIds(value, (bulkId) => {
    found.add(bulkId);
    return bulkId;
  });
  return found;
}

/** A copy of a JSON value with the id in the place of each bulkId. */
export function replaceBulkIds(value: unknown, idOf: (bulkId: string) => string): unknown {
  if (Array.isArray(value)) return value.map((element) => replaceBulkIds(element, idOf));
  if (isObject(value)) {
    return Object.fromEntries(
      Object.entries(value).map(([name, part]) => [
        name,
        name === 'path' && typeof part === 'string' ? replaceInFilter(part, idOf) : replaceBulkIds(part, idOf),
      ]),
    );
  }
  const [, prefix = '', bulkId] = (typeof value === 'string' && asValue.exec(value)) || [];
  return bulkId === undefined ? value : prefix + idOf(bulkId);
}

function replaceInFilter(path: string, idOf: (bulkId: string) => string): string {
  return path.replace(inFilter, (_, bulkId: string) => JSON.stringify(idOf(bulkId)));
}

/**
 * What of a resource can be created at once, and what has to wait because it refers to one of these bulkIds: whole
 * attributes, so that each can be added later as it was meant.
 */
export function splitByBulkIds(
  data: unknown,
  bulkIds: ReadonlySet<string>,
): { now: unknown; later: Record<string, unknown> } {
  if (!isObject(data)) return { now: data, later: {} };
  const waits = ([, part]: [string, unknown]) => [...bulkIdsIn(part)].some((bulkId) => bulkIds.has(bulkId));
  const entries = Object.entries(data);
  return {
    now: Object.fromEntries(entries.filter((entry) => !waits(entry))),
    later: Object.fromEntries(entries.filter(waits)),
  };
}
