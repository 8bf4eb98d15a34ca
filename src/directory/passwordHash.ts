/** Hashes of passwords in the notation that OpenLDAP and its relatives keep in `userPassword` (RFC 2307 §5.3, and its contributed modules). */
import { createHash, pbkdf2 } from 'node:crypto';
import { promisify } from 'node:util';

/** What a password can be hashed by. */
export type PasswordHash = 'SSHA' | 'SSHA256' | 'SSHA512' | 'PBKDF2-SHA256' | 'PBKDF2-SHA512';

const SALT_LENGTH = 16;
/** Each costs whoever guesses as much as the server at a bind. */
const ITERATIONS = 60_000;

const derive = promisify(pbkdf2);

const salted = { SSHA: 'sha1', SSHA256: 'sha256', SSHA512: 'sha512' } as const;
const derived = {
  'PBKDF2-SHA256': { digest: 'sha256', length: 32 },
  'PBKDF2-SHA512': { digest: 'sha512', length: 64 },
} as const;

/** A password as its hash, e.g. `{SSHA512}…`, with a salt of its own. */
export async function hashOf(
  password: string,
  scheme: PasswordHash,
  random: (length: number) => Uint8Array,
): Promise<string> {
  const salt = Buffer.from(random(SALT_LENGTH));
  if (scheme === 'PBKDF2-SHA256' || scheme === 'PBKDF2-SHA512') {
    const { digest, length } = derived[scheme];
    const key = await derive(password, salt, ITERATIONS, length, digest);
    return `{${scheme}}${ITERATIONS}$${adapted(salt)}$${adapted(key)}`;
  }
  const digest = createHash(salted[scheme]).update(password).update(salt).digest();
  return `{${scheme}}${Buffer.concat([digest, salt]).toString('base64')}`;
}

/** Base64 as passlib adapts it: without padding, and with `.` for `+`. */
function adapted(octets: Buffer): string {
  return octets.toString('base64').replaceAll('=', '').replaceAll('+', '.');
}
