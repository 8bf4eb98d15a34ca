/**
 * The secret tokens that the host makes for connectors whose files name none: 256 bits each, one per line of
 * `<connector>.token` beside the certificate, the newest first; the others are valid until they are retired.
 */
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Secret } from '../telemetry/secret';
import { replaceFile } from './replaceFile';

/** Where the tokens of a connector are kept when its file names none. */
export function tokenFile(certsDirectory: string, connector: string): string {
  return join(certsDirectory, `${connector}.token`);
}

/** The tokens of a connector, of which the first is made when there is none. */
export function keptTokens(certsDirectory: string, connector: string): readonly Secret[] {
  const file = tokenFile(certsDirectory, connector);
  if (!existsSync(file)) make(certsDirectory, file);
  return linesOf(file).map((line) => new Secret(line));
}

function make(certsDirectory: string, file: string): void {
  mkdirSync(certsDirectory, { recursive: true, mode: 0o700 });
  try {
    writeFileSync(file, `${newToken()}\n`, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    // Another process has made it between the look and the write: its token is as good.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

/** Puts a new token before the others, which stay valid. */
export function rollToken(certsDirectory: string, connector: string): readonly Secret[] {
  keptTokens(certsDirectory, connector);
  return keep(certsDirectory, connector, (lines) => [newToken(), ...lines]);
}

/** Makes all tokens but the newest invalid. */
export function retireTokens(certsDirectory: string, connector: string): readonly Secret[] {
  keptTokens(certsDirectory, connector);
  return keep(certsDirectory, connector, (lines) => lines.slice(0, 1));
}

function keep(
  certsDirectory: string,
  connector: string,
  change: (lines: readonly string[]) => readonly string[],
): readonly Secret[] {
  const file = tokenFile(certsDirectory, connector);
  const lines = change(linesOf(file));
  replaceFile(file, `${lines.join('\n')}\n`);
  return lines.map((line) => new Secret(line));
}

const newToken = () => randomBytes(32).toString('base64url');

function linesOf(file: string): readonly string[] {
  const lines = readFileSync(file, 'utf8').split(/\r?\n/);
  return lines.filter((line) => line !== '');
}
