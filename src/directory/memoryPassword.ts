/** Passwords of the memory directory: salted hashes in the notation of RFC 2307 §5.3, never the password itself. */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Value } from './entry';
import { octetsOf } from './octets';

const SCHEMES: ReadonlyMap<string, { readonly algorithm: string; readonly length: number }> = new Map([
  ['SHA', { algorithm: 'sha1', length: 20 }],
  ['SSHA', { algorithm: 'sha1', length: 20 }],
  ['SSHA256', { algorithm: 'sha256', length: 32 }],
  ['SSHA384', { algorithm: 'sha384', length: 48 }],
  ['SSHA512', { algorithm: 'sha512', length: 64 }],
]);

const SALT_LENGTH = 16;

interface Hash {
  readonly algorithm: string;
  readonly digest: Buffer;
  readonly salt: Buffer;
}

/** `{SSHA512}` of a password; what already is a hash that {@link verifyPassword} can read stays as it is. */
export function hashPassword(password: Value): string {
  const octets = octetsOf(password);
  if (parseHash(octets)) return octets.toString();
  const salt = randomBytes(SALT_LENGTH);
  return `{SSHA512}${Buffer.concat([digest('sha512', octets, salt), salt]).toString('base64')}`;
}

/** Whether a stored hash is one of this password. An empty password fits nothing (RFC 4513 §5.1.2). */
export function verifyPassword(stored: Value, password: Value): boolean {
  const hash = parseHash(octetsOf(stored));
  const octets = octetsOf(password);
  if (!hash || octets.length === 0) return false;
  return timingSafeEqual(digest(hash.algorithm, octets, hash.salt), hash.digest);
}

function parseHash(octets: Buffer): Hash | undefined {
  const match = /^\{([A-Z0-9]{3,7})\}([A-Za-z0-9+/]+={0,2})$/.exec(octets.toString('latin1'));
  const [, name = '', base64 = ''] = match ?? [];
  const scheme = SCHEMES.get(name);
  if (!scheme) return undefined;
  const decoded = Buffer.from(base64, 'base64');
  const salt = decoded.subarray(scheme.length);
  if (decoded.length < scheme.length || salt.length > 0 !== name.startsWith('SS')) return undefined;
  return { algorithm: scheme.algorithm, digest: decoded.subarray(0, scheme.length), salt };
}

function digest(algorithm: string, password: Buffer, salt: Buffer): Buffer {
  return createHash(algorithm).update(password).update(salt).digest();
}
