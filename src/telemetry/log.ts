/**
 * `telemetry/` is what the project says about itself: log lines and secrets that stay secret. It knows no other room.
 * This file owns the log: one event, one line, to a stream and, where one is named, to a file that is rotated. It never
 * decides what is worth a line.
 */
import { once } from 'node:events';
import { createLogger, format, type Logger, transports } from 'winston';
import { GatheredLines } from './gatheredLines';
import { RotatingFile } from './rotatingFile';
import { isSecretName, Secret } from './secret';

/** How urgent a line is. `error`: somebody has to act; `warn`: somebody should look; `info`: what happened; `debug`: why. */
export type Level = 'error' | 'warn' | 'info' | 'debug';

/** What a line says beside its message. An `error` field may hold an Error: its stack goes to the log. */
export type Fields = Readonly<Record<string, unknown>>;

/** Writes lines. Never throws and never blocks. */
export interface Log {
  /** The least urgent level that is written; it may change at any time, for the children of the log too. */
  level: Level;
  write(level: Level, message: string, fields?: Fields): void;
  error(message: string, fields?: Fields): void;
  warn(message: string, fields?: Fields): void;
  info(message: string, fields?: Fields): void;
  debug(message: string, fields?: Fields): void;
  /** A log whose lines all carry these fields too. */
  child(fields: Fields): Log;
  /** Resolves when every line has been handed to the stream. Lines written afterwards are dropped. */
  close(): Promise<void>;
}

/** How to write. */
export interface LogOptions {
  /** The least urgent level that is written; `info` by default. */
  readonly level?: Level;
  /** `json`: one JSON object per line; `text`: a short line for people. By default `text` on a terminal, else `json`. */
  readonly format?: 'json' | 'text';
  /** By default standard output. It is not closed. */
  readonly stream?: NodeJS.WritableStream & { readonly isTTY?: boolean };
  /** Gets every line too, as JSON. */
  readonly file?: {
    readonly path: string;
    /** Octets after which it is rotated. */
    readonly maxBytes: number;
    /** Files that are kept, the current one included. */
    readonly kept: number;
  };
  readonly clock?: () => Date;
}

const LEVELS: Record<Level, number> = { error: 0, warn: 1, info: 2, debug: 3 };

/** A log on a stream, and in a file. */
export function createLog(options: LogOptions = {}): Log {
  const stream = options.stream ?? process.stdout;
  const asText = (options.format ?? (stream.isTTY ? 'text' : 'json')) === 'text';
  const written = (form: (line: Line) => string) => format.printf(({ line }) => form(line as Line));
  const file = options.file && new RotatingFile({ ...options.file, onFault: (error) => tellFileFault(log, error) });
  const gathered = new GatheredLines(stream);
  const logger = createLogger({
    levels: LEVELS,
    level: options.level ?? 'info',
    exitOnError: false,
    // Each transport has its own format; without this one winston would make JSON of every line first.
    format: format((info) => info)(),
    transports: [
      new transports.Stream({ stream: gathered, eol: '\n', format: written(asText ? textLine : jsonLine) }),
      ...(file ? [new transports.Stream({ stream: file, eol: '\n', format: written(jsonLine) })] : []),
    ],
  });
  const log = new StreamLog({ logger, gathered, file, clock: options.clock ?? (() => new Date()) });
  return log;
}

function tellFileFault(log: Log, error: Error): void {
  log.error('the log file cannot be written: lines are missing there until it can', { error });
}

/** What a log and its children share. */
interface Shared {
  readonly logger: Logger;
  readonly gathered: GatheredLines;
  readonly file: RotatingFile | undefined;
  readonly clock: () => Date;
}

class StreamLog implements Log {
  readonly #shared: Shared;
  readonly #fields: Fields | undefined;

  constructor(shared: Shared, fields?: Fields) {
    this.#shared = shared;
    this.#fields = fields;
  }

  get level(): Level {
    return this.#shared.logger.level as Level;
  }

  set level(level: Level) {
    this.#shared.logger.level = level;
  }

  write(level: Level, message: string, fields: Fields = {}): void {
    const { logger, gathered, clock } = this.#shared;
    if (!logger.writable || LEVELS[level] > LEVELS[this.level]) return;
    const all = this.#fields === undefined ? fields : { ...this.#fields, ...fields };
    // A line travels under one key: winston gives `message`, `level` and `splat` of loose ones a meaning of its own.
    const line: Line = { time: clock(), level, message, fields: plain(all) as Fields };
    gathered.gather();
    logger.log({ level, message, line });
  }

  error(message: string, fields?: Fields): void {
    this.write('error', message, fields);
  }

  warn(message: string, fields?: Fields): void {
    this.write('warn', message, fields);
  }

  info(message: string, fields?: Fields): void {
    this.write('info', message, fields);
  }

  debug(message: string, fields?: Fields): void {
    this.write('debug', message, fields);
  }

  child(fields: Fields): Log {
    return new StreamLog(this.#shared, { ...this.#fields, ...fields });
  }

  async close(): Promise<void> {
    const { logger, gathered, file } = this.#shared;
    if (logger.writable) {
      const handedOver = logger.transports.map((transport) => once(transport, 'finish'));
      logger.end();
      await Promise.all(handedOver);
    }
    await gathered.close();
    if (file?.writable) await new Promise<void>((resolve) => file.end(() => resolve()));
  }
}

interface Line {
  readonly time: Date;
  readonly level: Level;
  readonly message: string;
  readonly fields: Fields;
}

/** Made of two texts: an object that is spread together of what the line says and its fields is slow to write. */
function jsonLine({ time, level, message, fields }: Line): string {
  const head = JSON.stringify({ time: time.toISOString(), level, message });
  const rest = JSON.stringify(besideHead(fields));
  return rest === '{}' ? head : `${head.slice(0, -1)},${rest.slice(1)}`;
}

/** What the line itself says stands first, and is not replaced by a field of that name. */
function besideHead(fields: Fields): Fields {
  if (!('time' in fields || 'level' in fields || 'message' in fields)) return fields;
  const { time: _time, level: _level, message: _message, ...others } = fields;
  return others;
}

/** The message and the plain fields; what is nested is for machines, except an error, whose stack a person needs. */
function textLine({ time, level, message, fields }: Line): string {
  const words = [time.toISOString().slice(11, 19), level.padEnd(5), printable(message)];
  let stack = '';
  for (const [name, value] of Object.entries(fields)) {
    if (typeof value !== 'object') words.push(`${name}=${printable(String(value))}`);
    else if (name === 'error' && value !== null) stack = trace(value).replace(/\n/g, '\n    ');
  }
  return words.join(' ') + stack;
}

/** The stack of an error that {@link plainError} has made, and those of its causes. */
function trace(error: object): string {
  const { message, stack, cause } = error as { message?: unknown; stack?: unknown; cause?: unknown };
  const own = `\n${String(stack ?? message)}`;
  return typeof cause === 'object' && cause !== null ? `${own}\ncaused by:${trace(cause)}` : own;
}

/** What would move the cursor or begin a line of its own is written as an escape. */
function printable(text: string): string {
  return text.replace(
    /[\p{Cc}\u2028\u2029]/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

const DEEPEST = 6;
const MOST_MEMBERS = 100;
const LONGEST_STRING = 8192;

/** The value as plain JSON: bounded in depth and size, without circles, and without secrets. */
function plain(value: unknown, ancestors: readonly object[] = []): unknown {
  if (typeof value === 'string') return value.length > LONGEST_STRING ? `${value.slice(0, LONGEST_STRING)}…` : value;
  if (typeof value === 'bigint') return value.toString();
  if (typeof value === 'function' || typeof value === 'symbol') return undefined;
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Secret) return value.toJSON();
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'Invalid Date' : value.toISOString();
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} octets]`;
  if (ancestors.length >= DEEPEST || ancestors.includes(value)) return '[…]';
  const within = [...ancestors, value];
  if (value instanceof Error) return plainError(value, within);
  if (Array.isArray(value)) return value.slice(0, MOST_MEMBERS).map((member) => plain(member, within));
  const members: Record<string, unknown> = {};
  let room = MOST_MEMBERS;
  for (const name of Object.keys(value)) {
    if (room-- === 0) break;
    const shown = isSecretName(name) ? '[secret]' : plain((value as Record<string, unknown>)[name], within);
    if (name === '__proto__') Object.defineProperty(members, name, { value: shown, enumerable: true });
    else members[name] = shown;
  }
  return members;
}

/** Errors of libraries carry whole requests as properties; only what tells the cause is kept. */
function plainError(error: Error, ancestors: readonly object[]): object {
  const { code } = error as { code?: unknown };
  return {
    name: error.name,
    message: plain(error.message),
    ...(typeof code === 'string' || typeof code === 'number' ? { code } : {}),
    stack: plain(error.stack),
    ...(error.cause === undefined ? {} : { cause: plain(error.cause, ancestors) }),
  };
}
