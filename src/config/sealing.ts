/**
 * Sealed secrets: `enc:1.<key id>.<nonce, ciphertext and tag in base64url>`, AES-256-GCM. The seal key has a file of its
 * own, made once and never built in. The file holds one key per line, the current one first; further ones are those of a
 * rotation that has not ended.
 */
import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { Secret } from '../telemetry/secret';
import { replaceFile } from './replaceFile';
import { SecretFault } from './secretReference';

const keyLength = 32;
const nonceLength = 12;
const tagLength = 16;
const form = /^enc:1\.([0-9a-f]{8})\.([A-Za-z0-9_-]+)$/;

/** The keys of a key file. */
export class SealKeys {
  readonly #file: string;
  readonly #keys: readonly Buffer[];

  private constructor(file: string, keys: readonly Buffer[]) {
    this.#file = file;
    this.#keys = keys;
  }

  /** @throws SecretFault when the file is missing or holds something else */
  static read(file: string): SealKeys {
    let text: string;
    try {
      text = readFileSync(file, 'utf8');
    } catch (error) {
      const reason = codeOf(error) === 'ENOENT' ? 'does not exist' : 'cannot be read';
      throw new SecretFault(
        `the seal key file ${file} ${reason}: bring it back, or seal the secret again (connector-host secret seal)`,
      );
    }
    const lines = text.split(/\r?\n/).filter((line) => line.trim() !== '' && !line.startsWith('#'));
    const keys = lines.map((line) => Buffer.from(line.trim(), 'base64url'));
    if (keys.length === 0 || keys.some(({ length }) => length !== keyLength)) {
      throw new SecretFault(
        `${file} is no seal key file: each line has to be a key of ${keyLength * 8} bits in base64url`,
      );
    }
    return new SealKeys(file, keys);
  }

  /** The keys of the file, which is made with a new key, for this account only, when it is not there. */
  static readOrMake(file: string): SealKeys {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    try {
      writeFileSync(file, textOf([randomBytes(keyLength)]), { mode: 0o600, flag: 'wx' });
    } catch (error) {
      // It is there already, or another process has made it meanwhile.
      if (codeOf(error) !== 'EEXIST') throw error;
    }
    return SealKeys.read(file);
  }

  /** Whether a rotation has begun that has not ended. */
  get isRotating(): boolean {
    return this.#keys.length > 1;
  }

  /** Puts a new key in front; the others go on opening what they have sealed. */
  withNewKey(): SealKeys {
    return this.#write([randomBytes(keyLength), ...this.#keys]);
  }

  /** Forgets all keys but the current one. */
  withoutOldKeys(): SealKeys {
    return this.#write(this.#keys.slice(0, 1));
  }

  /** Seals with the current key; each time another text. */
  seal(secret: Secret): string {
    const [key] = this.#keys;
    if (key === undefined) throw new Error('a key file without keys is not read');
    const nonce = randomBytes(nonceLength);
    const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: tagLength });
    cipher.setAAD(Buffer.from(headOf(key)));
    const sealed = Buffer.concat([nonce, cipher.update(secret.reveal(), 'utf8'), cipher.final(), cipher.getAuthTag()]);
    return `${headOf(key)}${sealed.toString('base64url')}`;
  }

  /** Opens what one of the keys has sealed. @throws SecretFault */
  open(reference: string): Secret {
    const [, id, text = ''] = form.exec(reference) ?? [];
    const sealed = Buffer.from(text, 'base64url');
    if (id === undefined || sealed.length < nonceLength + tagLength) {
      throw new SecretFault('is not a sealed secret as `connector-host secret seal` prints it: seal the secret again');
    }
    const key = this.#keys.find((one) => idOf(one) === id);
    if (key === undefined) {
      throw new SecretFault(
        `was sealed with another key (${id}) than the one in ${this.#file}: bring that key back, or seal the secret again`,
      );
    }
    try {
      const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, nonceLength), {
        authTagLength: tagLength,
      });
      decipher.setAAD(Buffer.from(headOf(key)));
      decipher.setAuthTag(sealed.subarray(-tagLength));
      const opened = decipher.update(sealed.subarray(nonceLength, -tagLength));
      return new Secret(Buffer.concat([opened, decipher.final()]).toString('utf8'));
    } catch {
      throw new SecretFault('was changed after it had been sealed: seal the secret again (connector-host secret seal)');
    }
  }

  /** Whether the current key has sealed this. */
  isCurrent(reference: string): boolean {
    const [key] = this.#keys;
    return key !== undefined && reference.startsWith(headOf(key));
  }

  #write(keys: readonly Buffer[]): SealKeys {
    replaceFile(this.#file, textOf(keys));
    return new SealKeys(this.#file, keys);
  }
}

function textOf(keys: readonly Buffer[]): string {
  const comment =
    '# The seal key of a connector host: it opens the secrets `enc:…` of its files. Keep it, and keep it secret.';
  return `${[comment, ...keys.map((key) => key.toString('base64url'))].join('\n')}\n`;
}

/** Enough to tell keys apart; it says nothing about the key. */
function idOf(key: Buffer): string {
  return createHash('sha256').update('connector-host seal key id').update(key).digest('hex').slice(0, 8);
}

/** What stands before the sealed octets, and is sealed with them. */
const headOf = (key: Buffer) => `enc:1.${idOf(key)}.`;

const codeOf = (error: unknown) => (error as NodeJS.ErrnoException).code;
