/**
 * Secrets are references: `env:NAME`, `file:PATH` or `enc:…`; of a secret token that is only compared, `sha256:…` is
 * enough. A plain one is accepted with a notice.
 */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { SecretToken } from '../connector/options';
import { Secret, TokenDigest } from '../telemetry/secret';

/** Where secrets come from. Injected, so that tests need no process environment. */
export interface Environment {
  readonly variables: Readonly<Record<string, string | undefined>>;
  /** The tokens of a connector whose file names none: made once and kept by the host; several while one is rolled. */
  readonly keptTokens?: (connector: string) => readonly Secret[];
  /** Opens a sealed secret (`enc:…`). @throws SecretFault */
  readonly unseal?: (reference: string) => Secret;
}

/** Whether a text names a secret instead of being one. */
export function isReference(text: string): boolean {
  return /^(?:env|file|enc|sha256):/.test(text);
}

/** A secret that cannot be had; the message never holds its value. */
export class SecretFault extends Error {
  override readonly name = 'SecretFault';
}

/** Shorter secret tokens are refused, as the original host does. */
export const minimumTokenLength = 12;

/** The file that a reference names, if it names one. */
export function fileOf(reference: string, folder: string): string | undefined {
  return reference.startsWith('file:') ? resolve(folder, reference.slice('file:'.length)) : undefined;
}

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
  if (reference.startsWith('enc:')) {
    if (environment.unseal === undefined) throw new SecretFault('is sealed, and there is no seal key here');
    return environment.unseal(reference);
  }
  if (reference.startsWith('sha256:')) {
    throw new SecretFault('is a digest (sha256:…), which does for secret tokens only: name the secret itself');
  }
  onPlain();
  return new Secret(reference);
}

const digestForm = /^sha256:(?:[0-9a-f]{64}|[A-Za-z0-9_-]{43})$/;

/** One secret token by its reference. @throws SecretFault */
export function secretToken(
  reference: string,
  folder: string,
  environment: Environment,
  onPlain: () => void,
): SecretToken {
  if (!reference.startsWith('sha256:')) return longEnough(secretValue(reference, folder, environment, onPlain));
  if (!digestForm.test(reference)) {
    throw new SecretFault('is no SHA-256 digest: take the reference as `connector-host token` prints it');
  }
  const digest = reference.slice('sha256:'.length);
  return new TokenDigest(Buffer.from(digest, digest.length === 64 ? 'hex' : 'base64url'));
}

/** The secret tokens of a connector: those of its file, else the kept one. @throws SecretFault */
export function secretTokens(
  references: string | readonly string[] | undefined,
  connector: string,
  folder: string,
  environment: Environment,
  onPlain: () => void,
): readonly SecretToken[] {
  if (references === undefined) {
    const kept = environment.keptTokens?.(connector) ?? [];
    if (kept.length === 0) throw new SecretFault('is missing: name the secret token as env:NAME or file:PATH');
    return kept.map(longEnough);
  }
  const list = typeof references === 'string' ? [references] : references;
  return list.map((reference) => secretToken(reference, folder, environment, onPlain));
}

function longEnough(token: Secret): Secret {
  const { length } = token.reveal();
  if (length < minimumTokenLength) {
    throw new SecretFault(`the secret token has ${length} characters: it needs at least ${minimumTokenLength}`);
  }
  return token;
}
