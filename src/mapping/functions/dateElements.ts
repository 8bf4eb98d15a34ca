/** The elements of .NET's custom date format strings: how each is written and read. `dateFormat.ts` puts them together. */

const MONTHS = 'January February March April May June July August September October November December'.split(' ');
const DAYS = 'Sunday Monday Tuesday Wednesday Thursday Friday Saturday'.split(' ');

/** The parts of a date while it is read. */
export interface Fields {
  year?: number;
  month?: number;
  day?: number;
  hour?: number;
  hour12?: number;
  afternoon?: boolean;
  minute?: number;
  second?: number;
  millisecond?: number;
  /** Minutes east of UTC. */
  offset?: number;
}

/** One element of a format: how it is written, and how it is read (answering how many characters it took; -1: no match). */
export interface Element {
  write(date: Date): string;
  read(text: string, position: number, fields: Fields): number;
}

/** A format string that is not one. */
export class DateFormatError extends Error {
  override readonly name = 'DateFormatError';
}

const pad = (value: number, width: number): string => String(value).padStart(width, '0');

/** A number of a fixed or growing width. */
function numeric(
  width: number,
  longest: number,
  of: (date: Date) => number,
  into: (fields: Fields, value: number) => void,
) {
  const pattern = new RegExp(`\\d{${width},${longest}}`, 'y');
  return {
    write: (date: Date) => pad(of(date), width),
    read: (text: string, position: number, fields: Fields) => {
      const digits = match(pattern, text, position);
      if (digits !== undefined) into(fields, Number(digits));
      return digits?.length ?? -1;
    },
  } satisfies Element;
}

function match(pattern: RegExp, text: string, position: number): string | undefined {
  pattern.lastIndex = position;
  return pattern.exec(text)?.[0];
}

/** A name out of a list, whole or its first three letters; case does not matter. */
function named(
  names: readonly string[],
  length: number,
  of: (date: Date) => number,
  into: (fields: Fields, index: number) => void,
): Element {
  const spelled = names.map((name) => name.slice(0, length));
  return {
    write: (date) => spelled[of(date)] ?? '',
    read: (text, position, fields) => {
      const index = spelled.findIndex(
        (name) => text.slice(position, position + name.length).toLowerCase() === name.toLowerCase(),
      );
      if (index < 0) return -1;
      into(fields, index);
      return spelled[index]?.length ?? -1;
    },
  };
}

export function fixed(literal: string): Element {
  return { write: () => literal, read: (text, position) => (text.startsWith(literal, position) ? literal.length : -1) };
}

/** Fractions of a second: `f` exactly so many digits, `F` at most so many and none when they are zero. */
function fraction(width: number, optional: boolean): Element {
  const pattern = new RegExp(`\\d{${optional ? 0 : width},${width}}`, 'y');
  return {
    write: (date) => {
      const digits = pad(date.getUTCMilliseconds(), 3).padEnd(7, '0').slice(0, width);
      return optional ? digits.replace(/0+$/, '') : digits;
    },
    read: (text, position, fields) => {
      const digits = match(pattern, text, position);
      if (digits !== undefined) fields.millisecond = milliseconds(digits);
      return digits?.length ?? -1;
    },
  };
}

export function milliseconds(digits: string): number {
  return Number(digits.padEnd(3, '0').slice(0, 3));
}

function designator(width: number): Element {
  return {
    write: (date) => (date.getUTCHours() < 12 ? 'AM' : 'PM').slice(0, width),
    read: (text, position, fields) => {
      const found = text.slice(position, position + width).toUpperCase();
      if (found !== 'AM'.slice(0, width) && found !== 'PM'.slice(0, width)) return -1;
      fields.afternoon = found.startsWith('P');
      return width;
    },
  };
}

/** Offsets from UTC; what is written is UTC, so only its spelling differs. */
function zone(spelling: string, pattern: RegExp): Element {
  return {
    write: () => spelling,
    read: (text, position, fields) => {
      const found = match(pattern, text, position);
      if (found === undefined) return -1;
      fields.offset = offsetMinutes(found);
      return found.length;
    },
  };
}

/** Minutes east of UTC of `Z`, `+1`, `+01`, `+01:00`, `+0100` or nothing. */
export function offsetMinutes(text: string): number {
  const [, sign, hours, minutes] = /^([+-])(\d{1,2}):?(\d{2})?$/.exec(text) ?? [];
  if (sign === undefined) return 0;
  return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes ?? 0));
}

/** Letters that stand for a number of one or two digits. */
const NUMBERS: ReadonlyMap<
  string,
  readonly [of: (date: Date) => number, into: (fields: Fields, value: number) => void]
> = new Map([
  [
    'M',
    [
      (date: Date) => date.getUTCMonth() + 1,
      (fields: Fields, value: number) => {
        fields.month = value;
      },
    ],
  ],
  [
    'd',
    [
      (date: Date) => date.getUTCDate(),
      (fields: Fields, value: number) => {
        fields.day = value;
      },
    ],
  ],
  [
    'H',
    [
      (date: Date) => date.getUTCHours(),
      (fields: Fields, value: number) => {
        fields.hour = value;
      },
    ],
  ],
  [
    'h',
    [
      (date: Date) => date.getUTCHours() % 12 || 12,
      (fields: Fields, value: number) => {
        fields.hour12 = value;
      },
    ],
  ],
  [
    'm',
    [
      (date: Date) => date.getUTCMinutes(),
      (fields: Fields, value: number) => {
        fields.minute = value;
      },
    ],
  ],
  [
    's',
    [
      (date: Date) => date.getUTCSeconds(),
      (fields: Fields, value: number) => {
        fields.second = value;
      },
    ],
  ],
]);

/** The element of a run of one format letter; undefined where the letter means nothing and stands for itself. */
export function elementOf(letter: string, count: number): Element | undefined {
  const nameLength = count === 3 ? 3 : 9;
  if (letter === 'M' && count > 2)
    return named(
      MONTHS,
      nameLength,
      (date) => date.getUTCMonth(),
      (fields, index) => {
        fields.month = index + 1;
      },
    );
  if (letter === 'd' && count > 2)
    return named(
      DAYS,
      nameLength,
      (date) => date.getUTCDay(),
      () => undefined,
    );
  const number = NUMBERS.get(letter);
  if (number) return numeric(Math.min(count, 2), 2, ...number);
  switch (letter) {
    case 'y':
      return year(count);
    case 'f':
    case 'F':
      if (count > 7) throw new DateFormatError('a fraction of a second has at most seven digits');
      return fraction(count, letter === 'F');
    case 't':
      return designator(Math.min(count, 2));
    case 'z':
      if (count === 1) return zone('+0', /[+-]\d{1,2}/y);
      return count === 2 ? zone('+00', /[+-]\d{2}/y) : zone('+00:00', /[+-]\d{2}:?\d{2}|Z/y);
    case 'K':
      return zone('Z', /(?:[+-]\d{2}:?\d{2}|Z)?/y);
    default:
      return undefined;
  }
}

/** A year; two digits mean 1950 to 2049. */
function year(count: number): Element {
  if (count > 2)
    return numeric(
      count,
      Math.max(count, 4),
      (date) => date.getUTCFullYear(),
      (fields, value) => {
        fields.year = value;
      },
    );
  return numeric(
    count,
    2,
    (date) => date.getUTCFullYear() % 100,
    (fields, value) => {
      fields.year = value + (value < 50 ? 2000 : 1900);
    },
  );
}
