/** How commands write paths and commands. */
import { join, relative } from 'node:path';

/** A path as somebody in this folder would type it. */
export function here(file: string): string {
  const path = relative(process.cwd(), file);
  return path.startsWith('..') ? file : join('.', path);
}

/** A word for a shell. */
export function quote(text: string): string {
  return /^[A-Za-z0-9_./:-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

/** Text for people, or JSON when that was asked for. */
export function print(json: boolean | undefined, data: unknown, text: () => string): void {
  process.stdout.write(json ? `${JSON.stringify(data, undefined, 2)}\n` : `${text()}\n`);
}

/** A message about wrong usage without what somebody has given to an option that does not exist: it may be a secret. */
export function withoutValues(text: string): string {
  return text.replace(/'(-[^'=\s]*)=.*'/s, "'$1=…'");
}
