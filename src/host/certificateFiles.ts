/** Where the pairs of certificate and key stand, how they are read and written, and what there is to say of one. */
import { randomBytes, type X509Certificate } from 'node:crypto';
import { open, readFile, rename, rm } from 'node:fs/promises';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { HostError } from './hostError';

/** A certificate chain and its private key, both PEM, and what there is to say of them. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
  readonly info: CertificateInfo;
}

/** What an operator wants to know of the host's certificate. */
export interface CertificateInfo {
  /** `brought` by the administrator, or `self-signed` by this host. */
  readonly origin: 'brought' | 'self-signed';
  readonly file: string;
  readonly subject: string;
  /** As openssl prints them: `DNS:localhost, IP Address:127.0.0.1`. */
  readonly subjectAltName: string;
  readonly validFrom: Date;
  readonly validTo: Date;
  /** SHA-256, hexadecimal pairs with colons. */
  readonly fingerprint256: string;
  /** What is wrong or will be soon, in sentences. Empty when nothing is. */
  readonly warnings: readonly string[];
}

/** Where the certificate is and whom it has to name. */
export interface CertificateOptions {
  readonly directory: string;
  /** The name by which clients reach this host. `localhost` and the loopback addresses are always named too. */
  readonly hostName: string;
  readonly clock?: () => Date;
}

/** The pair that the administrator brings, and the one that is made here. */
export const BROUGHT = { cert: 'host.crt', key: 'host.key' };
export const SELF_SIGNED = { cert: 'self-signed.crt', key: 'self-signed.key' };

/** Milliseconds. */
export const DAY = 86_400_000;

/** The texts of a pair, as far as they are there. */
export interface Pair {
  readonly cert: string | undefined;
  readonly key: string | undefined;
}

/** Reads a pair. @throws HostError when a file is there but cannot be read */
export async function readPair(directory: string, names: { cert: string; key: string }): Promise<Pair> {
  const [cert, key] = await Promise.all([readText(join(directory, names.cert)), readText(join(directory, names.key))]);
  return { cert, key };
}

async function readText(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new HostError(`${path} cannot be read (${reason(error)}): let the account of the host read it`, error);
  }
}

/** Whether clients that use this name will accept the certificate. */
export function names(certificate: X509Certificate, hostName: string): boolean {
  const name = isIP(hostName) ? certificate.checkIP(hostName) : certificate.checkHost(hostName);
  return name !== undefined;
}

/** What an operator wants to know of it. */
export function describe(
  options: CertificateOptions,
  origin: CertificateInfo['origin'],
  certificate: X509Certificate,
  warnings: readonly string[],
): CertificateInfo {
  return {
    origin,
    file: join(options.directory, (origin === 'brought' ? BROUGHT : SELF_SIGNED).cert),
    subject: certificate.subject,
    subjectAltName: certificate.subjectAltName ?? '',
    validFrom: new Date(certificate.validFrom),
    validTo: new Date(certificate.validTo),
    fingerprint256: certificate.fingerprint256,
    warnings,
  };
}

/** Replaces a file whole. */
export async function writeAtomically(path: string, text: string, mode: number): Promise<void> {
  const temporary = `${path}.${randomBytes(6).toString('hex')}`;
  try {
    const file = await open(temporary, 'wx', mode);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/** What an error says. */
export function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
