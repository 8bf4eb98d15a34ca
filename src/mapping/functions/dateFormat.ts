/**
 * Dates as .NET custom format strings write and read them, with the invariant culture and always in UTC: a time zone in the
 * input is taken into account, a missing one means UTC. Pure text work; the functions on dates stand in `dates.ts`.
 * Source: "Custom date and time format strings" of the .NET documentation.
 */
import {
  DateFormatError,
  type Element,
  elementOf,
  type Fields,
  fixed,
  milliseconds,
  offsetMinutes,
} from './dateElements';

export { DateFormatError };

/** The one-letter standard formats, in terms of custom ones. */
const STANDARD: ReadonlyMap<string, string> = new Map([
  ['d', 'MM/dd/yyyy'],
  ['D', 'dddd, dd MMMM yyyy'],
  ['f', 'dddd, dd MMMM yyyy HH:mm'],
  ['F', 'dddd, dd MMMM yyyy HH:mm:ss'],
  ['g', 'MM/dd/yyyy HH:mm'],
  ['G', 'MM/dd/yyyy HH:mm:ss'],
  ['m', 'MMMM dd'],
  ['M', 'MMMM dd'],
  ['o', "yyyy-MM-dd'T'HH:mm:ss.fffffffK"],
  ['O', "yyyy-MM-dd'T'HH:mm:ss.fffffffK"],
  ['r', "ddd, dd MMM yyyy HH:mm:ss 'GMT'"],
  ['R', "ddd, dd MMM yyyy HH:mm:ss 'GMT'"],
  ['s', "yyyy-MM-dd'T'HH:mm:ss"],
  ['t', 'HH:mm'],
  ['T', 'HH:mm:ss'],
  ['u', "yyyy-MM-dd HH:mm:ss'Z'"],
  ['y', 'yyyy MMMM'],
  ['Y', 'yyyy MMMM'],
]);

/** A compiled format. */
export interface DateFormat {
  write(date: Date): string;
  /** Undefined where the text is not of this format or names no real date. Blanks around it are passed over. */
  read(text: string): Date | undefined;
}

const MAX_FORMAT = 200;

/** Compiles a format string. Throws {@link DateFormatError}. */
export function compileDateFormat(format: string): DateFormat {
  const elements = parse(STANDARD.get(format) ?? format);
  return {
    write: (date) => elements.map((element) => element.write(date)).join(''),
    read: (text) => read(elements, text.trim()),
  };
}

function parse(format: string): Element[] {
  if (format === '' || format.length > MAX_FORMAT)
    throw new DateFormatError(`a date format has 1 to ${MAX_FORMAT} characters`);
  const elements: Element[] = [];
  for (let position = 0; position < format.length; ) {
    const letter = format.charAt(position);
    if (letter === '"' || letter === "'") {
      const end = format.indexOf(letter, position + 1);
      if (end < 0) throw new DateFormatError('the date format has a quotation mark that is not closed');
      elements.push(fixed(format.slice(position + 1, end)));
      position = end + 1;
    } else if (letter === '\\' || letter === '%') {
      if (letter === '\\') elements.push(fixed(format.charAt(position + 1)));
      position += letter === '\\' ? 2 : 1;
    } else {
      let end = position + 1;
      while (format.charAt(end) === letter) end++;
      const element = elementOf(letter, end - position);
      elements.push(element ?? fixed(format.slice(position, end)));
      position = end;
    }
  }
  return elements;
}

function read(elements: readonly Element[], text: string): Date | undefined {
  const fields: Fields = {};
  let position = 0;
  for (const element of elements) {
    const length = element.read(text, position, fields);
    if (length < 0) return undefined;
    position += length;
  }
  return position === text.length ? toDate(fields) : undefined;
}

/** The date of these fields; undefined where there is no such day or hour. */
function toDate(fields: Fields): Date | undefined {
  const { year = 1, month = 1, day = 1, minute = 0, second = 0, millisecond = 0, offset = 0 } = fields;
  const hour = hourOf(fields);
  if (hour > 23 || minute > 59 || second > 59 || Math.abs(offset) > 14 * 60) return undefined;
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  if (year < 1 || date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return undefined;
  date.setUTCHours(hour, minute - offset, second, millisecond);
  return date;
}

function hourOf({ hour, hour12, afternoon }: Fields): number {
  if (hour12 === undefined) return hour ?? 0;
  if (hour12 < 1 || hour12 > 12) return Number.POSITIVE_INFINITY;
  if (afternoon === undefined) return hour12;
  return (hour12 % 12) + (afternoon ? 12 : 0);
}

const INVARIANT = compileDateFormat('M/d/yyyy h:mm:ss tt');

/** A date as the functions print it: `M/d/yyyy h:mm:ss tt`, UTC. */
export function formatInvariant(date: Date): string {
  return INVARIANT.write(date);
}

const ISO =
  /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?)? ?(Z|[+-]\d{1,2}(?::?\d{2})?)?$/i;

/** The forms other than ISO 8601: those that the functions print, and GeneralizedTime (RFC 4517 §3.3.13). */
const OTHER = [
  'M/d/yyyy',
  'M/d/yyyy h:mm tt',
  'M/d/yyyy h:mm:ss tt',
  'M/d/yyyy H:mm',
  'M/d/yyyy H:mm:ss',
  'yyyyMMddHHmmssK',
  'yyyyMMddHHmmss.FFFFFFFK',
].map(compileDateFormat);

/** A date out of a text in one of the usual forms; undefined where it is none of them. Without a time zone it is UTC. */
export function parseDate(text: string): Date | undefined {
  const trimmed = text.trim();
  const iso = ISO.exec(trimmed);
  if (!iso) return OTHER.map((format) => format.read(trimmed)).find((date) => date !== undefined);
  const [, year, month, day, hour, minute, second, fractionDigits, offset] = iso;
  return toDate({
    year: Number(year),
    month: Number(month),
    day: Number(day),
    hour: Number(hour ?? 0),
    minute: Number(minute ?? 0),
    second: Number(second ?? 0),
    millisecond: milliseconds(fractionDigits ?? ''),
    offset: offsetMinutes(offset ?? ''),
  });
}
