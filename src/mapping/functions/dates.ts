/** The functions on dates. A date is a value of its own: it prints as `M/d/yyyy h:mm:ss tt` in UTC where a text is needed. */
import { compileDateFormat, type DateFormat, DateFormatError, parseDate } from './dateFormat';
import {
  type Arguments,
  type Constant,
  type FunctionDefinition,
  forEach,
  onPlain,
  onValues,
  plainFunction,
} from './definition';
import { bigintOf, FunctionFault, generated, type Plain, single } from './value';

const DAY = 86_400_000;
const INTERVALS = ['yyyy', 'm', 'd', 'ww', 'h', 'n', 's'] as const;
type Interval = (typeof INTERVALS)[number];

/** Milliseconds of the intervals whose length never changes. */
const LENGTHS: Readonly<Record<Exclude<Interval, 'yyyy' | 'm'>, number>> = {
  d: DAY,
  ww: 7 * DAY,
  h: 3_600_000,
  n: 60_000,
  s: 1000,
};

/** Milliseconds from 1601, where Active Directory's file times begin, to 1970. */
const FILE_TIME_EPOCH = 11_644_473_600_000n;
const FILE_TIME_UNITS = 10_000n;

/** A date argument; null where it has no value. */
function dateOf(args: Arguments, index: number): Date | null {
  const value = single(args.plain(index));
  if (value === null || value === '') return null;
  const date = value instanceof Date ? value : typeof value === 'string' ? parseDate(value) : undefined;
  if (date === undefined)
    throw new FunctionFault('the value is not a date in a form that is known; FormatDateTime reads other forms', index);
  return date;
}

function checked(date: Date): Date {
  const year = date.getUTCFullYear();
  if (!(year >= 1 && year <= 9999)) throw new FunctionFault('the result is not a date between the years 1 and 9999');
  return date;
}

function intervalOf(text: string | null | undefined): Interval {
  const interval = INTERVALS.find((known) => known === text);
  if (interval === undefined) throw new FunctionFault(`the interval is one of "${INTERVALS.join('", "')}"`, 0);
  return interval;
}

/** Adds months; the last day of a shorter month stands for days that it does not have. */
function addMonths(date: Date, months: number): Date {
  const result = new Date(date);
  result.setUTCDate(1);
  result.setUTCMonth(result.getUTCMonth() + months);
  const last = new Date(result);
  last.setUTCMonth(last.getUTCMonth() + 1, 0);
  result.setUTCDate(Math.min(date.getUTCDate(), last.getUTCDate()));
  return result;
}

function dateAdd(args: Arguments): Plain {
  const interval = intervalOf(args.text(0));
  const date = dateOf(args, 2);
  if (date === null) return null;
  const amount = args.integer(1);
  if (interval === 'yyyy' || interval === 'm') return checked(addMonths(date, interval === 'm' ? amount : amount * 12));
  return checked(new Date(date.getTime() + amount * LENGTHS[interval]));
}

/** Whole intervals from the first date to the second, counted as Visual Basic does: calendar years, months and weeks, elapsed time else. */
function dateDiff(args: Arguments): Plain {
  const interval = intervalOf(args.text(0));
  const from = dateOf(args, 1);
  const to = dateOf(args, 2);
  if (from === null || to === null) return null;
  const years = to.getUTCFullYear() - from.getUTCFullYear();
  if (interval === 'yyyy') return years;
  if (interval === 'm') return years * 12 + to.getUTCMonth() - from.getUTCMonth();
  const startOfWeek = (date: Date): number => date.getTime() - date.getUTCDay() * DAY;
  const elapsed = interval === 'ww' ? startOfWeek(to) - startOfWeek(from) : to.getTime() - from.getTime();
  return Math.trunc(elapsed / LENGTHS[interval]) + 0;
}

function dateFromNum(args: Arguments): Plain {
  if (args.text(0) === null) return null;
  const fileTime = bigintOf(args.plain(0));
  if (fileTime === undefined) throw new FunctionFault('the value is not an integer', 0);
  return checked(new Date(Number(fileTime / FILE_TIME_UNITS - FILE_TIME_EPOCH)));
}

/** The digits of a file time: a double could not hold all of them. */
function numFromDate(args: Arguments): Plain {
  const date = dateOf(args, 0);
  return date === null ? null : ((BigInt(date.getTime()) + FILE_TIME_EPOCH) * FILE_TIME_UNITS).toString();
}

function formatAt(index: number, text: string): DateFormat {
  try {
    return compileDateFormat(text);
  } catch (error) {
    if (error instanceof DateFormatError) throw new FunctionFault(error.message, index);
    throw error;
  }
}

const STYLES = new Set([
  'None',
  'AllowLeadingWhite',
  'AllowTrailingWhite',
  'AllowInnerWhite',
  'AllowWhiteSpaces',
  'NoCurrentDateDefault',
  'AdjustToUniversal',
  'AssumeLocal',
  'AssumeUniversal',
  'RoundtripKind',
]);

/** The styles are checked and otherwise without effect: everything is UTC here, and blanks around a date are always allowed. */
function checkStyles(text: string): void {
  for (const style of text.split(/[,|]/)) {
    const name = style.trim().replace('DateTimeStyles.', '');
    if (!STYLES.has(name)) throw new FunctionFault(`the date style is one of ${[...STYLES].join(', ')}`, 1);
  }
}

const FORMAT_PARAMETERS = ['source', 'dateTimeStyles?', 'inputFormat', 'outputFormat'];

const formatDateTime: FunctionDefinition = {
  name: 'FormatDateTime',
  parameters: FORMAT_PARAMETERS,
  bind(constants: readonly Constant[]) {
    if (constants[1]?.text) checkStyles(constants[1].text);
    const [input, output] = [2, 3].map((index) => {
      const text = constants[index]?.text;
      return text === undefined ? undefined : formatAt(index, text);
    });
    const compute = (args: Arguments): Plain => {
      const source = single(args.plain(0));
      if (source === null || source === '') return null;
      const reader = input ?? formatAt(2, args.text(2) ?? '');
      const date = source instanceof Date ? source : reader.read(args.text(0) ?? '');
      if (date === undefined) throw new FunctionFault('the value is not a date in the input format', 0);
      return (output ?? formatAt(3, args.text(3) ?? '')).write(date);
    };
    return onPlain(FORMAT_PARAMETERS, forEach(compute, FORMAT_PARAMETERS));
  },
};

function withInterval(
  name: string,
  parameters: readonly string[],
  compute: (args: Arguments) => Plain,
): FunctionDefinition {
  const evaluate = onPlain(parameters, compute);
  return {
    name,
    parameters,
    bind(constants) {
      if (constants[0]?.text !== undefined) intervalOf(constants[0].text);
      return evaluate;
    },
  };
}

export const dateFunctions: readonly FunctionDefinition[] = [
  plainFunction('CDate', ['text'], (args) => dateOf(args, 0)),
  withInterval('DateAdd', ['interval', 'value', 'dateTime'], dateAdd),
  withInterval('DateDiff', ['interval', 'date1', 'date2'], dateDiff),
  plainFunction('DateFromNum', ['value'], dateFromNum),
  plainFunction('NumFromDate', ['value'], numFromDate),
  formatDateTime,
  { name: 'Now', parameters: [], bind: () => onValues((_, context) => generated(context.scope.now())) },
];
