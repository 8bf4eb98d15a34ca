/** Secrets are references: `env:NAME` or `file:PATH`. A plain one is accepted with a notice. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { Secret } from '../telemetry/secret';

/** Where secrets come from. Injected, so that tests need no process environment. */
export interface Environment {
  readonly variables: Readonly<Record<string, string | undefined>>;
  /** The token of a connector whose file names none: made once and kept by the host. */
  readonly keptToken?: (connector: string) => Secret | undefined;
}

/** A secret that cannot be had; the message never holds its value. */
export class SecretFault extends Error {
  override readonly name = 'SecretFault';
}

/** Shorter secret tokens are refused, as the original host does. */
export const minimumTokenLength = 12;

/** Resolves one reference; paths are relative to `folder`. @throws SecretFault */
export function secretValue(reference: string, folder: string, environment: Environment, onPlain: () => void): Secret {
  if (reference.startsWith('env:')) {
    const name = reference.slice('env:'.length);
    const value = environment.variables[name];
    if (value === undefined || value === '')
      throw new SecretFault(`the environment variable ${name} is not set: set it and start again`);
    return new Secret(value);
  }
  if (reference.startsWith('file:')) {
    const file = resolve(folder, reference.slice('file:'.length));
    let text: string;
    try {
      text = readFileSync(file, 'utf8');
    } catch (error) {
      const reason = (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'does not exist' : 'cannot be read';
      throw new SecretFault(`the secret file ${file} ${reason}`);
    }
    const [line = ''] = text.split(/\r?\n/, 1);
    if (line === '') throw new SecretFault(`the secret file ${file} is empty: its first line is the secret`);
    return new Secret(line);
  }
  onPlain();
  return new Secret(reference);
}

/** The secret tokens of a connector: those of its file, else the kept one. @throws SecretFault */
export function secretTokens(
  references: string | readonly string[] | undefined,
  connector: string,
  folder: string,
  environment: Environment,
  onPlain: () => void,
): readonly Secret[] {
  if (references === undefined) {
    const kept = environment.keptToken?.(connector);
    if (kept === undefined) throw new SecretFault('is missing: name the secret token as env:NAME or file:PATH');
    return [longEnough(kept)];
  }
  const list = typeof references === 'string' ? [references] : references;
  return list.map((reference) => longEnough(secretValue(reference, folder, environment, onPlain)));
}

function longEnough(token: Secret): Secret {
  const { length } = token.reveal();
  if (length < minimumTokenLength) {
    throw new SecretFault(`the secret token has ${length} characters: it needs at least ${minimumTokenLength}`);
  }
  return token;
}
