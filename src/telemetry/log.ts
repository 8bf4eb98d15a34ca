/**
 * `telemetry/` is what the project says about itself: log lines and secrets that stay secret. It knows no other room.
 * This file owns the log: one event, one line. It never decides what is worth a line, and never opens a file:
 * where the lines go is the business of whoever starts the process.
 */
import { createLogger, format, type Logger, transports } from 'winston';
import { isSecretName, Secret } from './secret';

/** How urgent a line is. `error`: somebody has to act; `warn`: somebody should look; `info`: what happened; `debug`: why. */
export type Level = 'error' | 'warn' | 'info' | 'debug';

/** What a line says beside its message. An `error` field may hold an Error: its stack goes to the log. */
export type Fields = Readonly<Record<string, unknown>>;

/** Writes lines. Never throws and never blocks. */
export interface Log {
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
  readonly clock?: () => Date;
}

const LEVELS: Record<Level, number> = { error: 0, warn: 1, info: 2, debug: 3 };

/** A log on a stream. */
export function createLog(options: LogOptions = {}): Log {
  const stream = options.stream ?? process.stdout;
  const clock = options.clock ?? (() => new Date());
  const asText = (options.format ?? (stream.isTTY ? 'text' : 'json')) === 'text';
  const logger = createLogger({
    levels: LEVELS,
    level: options.level ?? 'info',
    exitOnError: false,
    format: format.printf(({ level, message, fields }) => {
      const line = { time: clock(), level, message: String(message), fields: plain(fields) as Fields };
      return asText ? textLine(line) : jsonLine(line);
    }),
    transports: [new transports.Stream({ stream, eol: '\n' })],
  });
  return new StreamLog(logger, stream, {});
}

class StreamLog implements Log {
  readonly #logger: Logger;
  readonly #stream: NodeJS.WritableStream;
  readonly #fields: Fields;

  constructor(logger: Logger, stream: NodeJS.WritableStream, fields: Fields) {
    this.#logger = logger;
    this.#stream = stream;
    this.#fields = fields;
  }

  write(level: Level, message: string, fields: Fields = {}): void {
    if (!this.#logger.writable) return;
    // Fields travel under one key: winston gives `message`, `level` and `splat` of loose ones a meaning of its own.
    this.#logger.log({ level, message, fields: { ...this.#fields, ...fields } });
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
    return new StreamLog(this.#logger, this.#stream, { ...this.#fields, ...fields });
  }

  async close(): Promise<void> {
    if (this.#logger.writable) {
      await new Promise<void>((resolve) => {
        this.#logger.once('finish', resolve);
        this.#logger.end();
      });
    }
    await new Promise<void>((resolve) => {
      if (this.#stream.writable) this.#stream.write('', () => resolve());
      else resolve();
    });
  }
}

interface Line {
  readonly time: Date;
  readonly level: string;
  readonly message: string;
  readonly fields: Fields;
}

function jsonLine({ time, level, message, fields }: Line): string {
  return JSON.stringify({ time: time.toISOString(), level, message, ...without(fields, 'time', 'level', 'message') });
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

function without(fields: Fields, ...names: readonly string[]): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([name]) => !names.includes(name)));
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
  const members = Object.entries(value).slice(0, MOST_MEMBERS);
  return Object.fromEntries(
    members.map(([name, member]) => [name, isSecretName(name) ? '[secret]' : plain(member, within)]),
  );
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
