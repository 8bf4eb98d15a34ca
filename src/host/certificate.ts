/**
 * The host's TLS certificate and key. It owns two pairs of files in the folder of certificates: `host.crt` and
 * `host.key`, which the administrator brings and which are only ever read, and `self-signed.crt` and `self-signed.key`,
 * which are made here when the administrator has brought none, and made anew before they expire.
 */
import { createPrivateKey, randomBytes, X509Certificate } from 'node:crypto';
import { chmod, mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
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

const BROUGHT = { cert: 'host.crt', key: 'host.key' };
const SELF_SIGNED = { cert: 'self-signed.crt', key: 'self-signed.key' };
const DAY = 86_400_000;
/** As long as the original's: two years, within what TLS clients accept. */
const VALIDITY_DAYS = 730;
const RENEWAL_DAYS = 30;
const LONGEST_COMMON_NAME = 64; // ub-common-name, RFC 5280 appendix A.1

/**
 * The certificate that the administrator has brought, else the host's own, which is made or renewed when needed.
 * Rejects with a {@link HostError} when the files that were brought cannot be used.
 */
export async function openCertificate(options: CertificateOptions): Promise<Certificate> {
  const now = (options.clock ?? (() => new Date()))();
  const brought = await readPair(options.directory, BROUGHT);
  if (brought.cert !== undefined || brought.key !== undefined) {
    return checkBrought(options, now, brought.cert, brought.key);
  }
  const own = await readPair(options.directory, SELF_SIGNED);
  const present = own.cert !== undefined && own.key !== undefined ? parse(own.cert, own.key) : undefined;
  if (present && own.cert !== undefined && own.key !== undefined && isUsable(present, options.hostName, now)) {
    return { cert: own.cert, key: own.key, info: describe(options, 'self-signed', present, []) };
  }
  return makeOwn(options, now, own.cert !== undefined);
}

interface Pair {
  readonly cert: string | undefined;
  readonly key: string | undefined;
}

async function readPair(directory: string, names: { cert: string; key: string }): Promise<Pair> {
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

/** The certificate, when both parse and belong together. */
function parse(cert: string, key: string): X509Certificate | undefined {
  try {
    const certificate = new X509Certificate(cert);
    return certificate.checkPrivateKey(createPrivateKey(key)) ? certificate : undefined;
  } catch {
    return undefined;
  }
}

function isUsable(certificate: X509Certificate, hostName: string, now: Date): boolean {
  const validFrom = Date.parse(certificate.validFrom);
  const left = Date.parse(certificate.validTo) - now.getTime();
  return validFrom <= now.getTime() && left > RENEWAL_DAYS * DAY && names(certificate, hostName);
}

function names(certificate: X509Certificate, hostName: string): boolean {
  const name = isIP(hostName) ? certificate.checkIP(hostName) : certificate.checkHost(hostName);
  return name !== undefined;
}

async function checkBrought(
  options: CertificateOptions,
  now: Date,
  cert: string | undefined,
  key: string | undefined,
): Promise<Certificate> {
  const certFile = join(options.directory, BROUGHT.cert);
  const keyFile = join(options.directory, BROUGHT.key);
  if (cert === undefined || key === undefined) {
    const [present, absent] = cert === undefined ? [keyFile, certFile] : [certFile, keyFile];
    throw new HostError(
      `${present} is there but ${absent} is not: bring both, or remove it to let the host make its own`,
    );
  }
  const certificate = attempt(`${certFile} is not a PEM certificate`, () => new X509Certificate(cert));
  if (/-----BEGIN ENCRYPTED PRIVATE KEY-----|^Proc-Type: 4,ENCRYPTED/m.test(key)) {
    throw new HostError(
      `${keyFile} is encrypted and the host cannot ask for its passphrase: store it without one (openssl pkey -in … -out …) and keep its mode at 0600`,
    );
  }
  const privateKey = attempt(`${keyFile} is not a PEM private key`, () => createPrivateKey(key));
  if (!certificate.checkPrivateKey(privateKey)) {
    throw new HostError(`${keyFile} is not the key of ${certFile}: bring the two that belong together`);
  }
  const warnings = [...validityWarnings(certificate, certFile, now), ...(await modeWarnings(keyFile))];
  if (!names(certificate, options.hostName)) {
    warnings.push(
      `${certFile} names ${certificate.subjectAltName ?? certificate.subject}, not "${options.hostName}": clients that use this name will refuse it`,
    );
  }
  return { cert, key, info: describe(options, 'brought', certificate, warnings) };
}

function attempt<T>(fault: string, parsing: () => T): T {
  try {
    return parsing();
  } catch (error) {
    throw new HostError(`${fault} (${reason(error)}): bring it in PEM form`, error);
  }
}

function validityWarnings(certificate: X509Certificate, file: string, now: Date): string[] {
  const from = Date.parse(certificate.validFrom);
  const left = Math.floor((Date.parse(certificate.validTo) - now.getTime()) / DAY);
  if (from > now.getTime())
    return [`${file} is not valid before ${certificate.validFrom}: check it and this machine's clock`];
  if (left < 0) return [`${file} expired on ${certificate.validTo}: clients will refuse it, bring a new one`];
  if (left <= RENEWAL_DAYS) return [`${file} expires on ${certificate.validTo}, in ${left} days: bring a new one`];
  return [];
}

async function modeWarnings(keyFile: string): Promise<string[]> {
  if (process.platform === 'win32') return [];
  const { mode } = await stat(keyFile);
  return mode & 0o007 ? [`${keyFile} can be read by every account of this machine: set its mode to 0600`] : [];
}

function describe(
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
    validTo: new Date(certificate.validTo),
    fingerprint256: certificate.fingerprint256,
    warnings,
  };
}

async function makeOwn(options: CertificateOptions, now: Date, renewed: boolean): Promise<Certificate> {
  const { cert, key } = await generateOwn(options.hostName, now);
  try {
    await mkdir(options.directory, { recursive: true, mode: 0o700 });
    await chmod(options.directory, 0o700);
    // The key first: a certificate without its key would be taken for a fault of the disk, a key alone is replaced.
    await writeAtomically(join(options.directory, SELF_SIGNED.key), key, 0o600);
    await writeAtomically(join(options.directory, SELF_SIGNED.cert), cert, 0o644);
  } catch (error) {
    throw new HostError(
      `the host's certificate cannot be written to ${options.directory} (${reason(error)}): let the account of the host write there, or bring ${BROUGHT.cert} and ${BROUGHT.key}`,
      error,
    );
  }
  const certificate = new X509Certificate(cert);
  const file = join(options.directory, SELF_SIGNED.cert);
  const warnings = renewed
    ? [
        `${file} was replaced (the old one expired soon, or did not name this host): clients that trusted it must trust the new one`,
      ]
    : [];
  return { cert, key, info: describe(options, 'self-signed', certificate, warnings) };
}

/** Elliptic curve P-256: made in milliseconds, and long enough for every client that the original documents name. */
async function generateOwn(hostName: string, now: Date): Promise<{ cert: string; key: string }> {
  if (!isIP(hostName) && !/^[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*$/i.test(hostName)) {
    throw new HostError(
      `"${hostName}" is no host name: a certificate cannot be made for it, give a DNS name or an address`,
    );
  }
  // Loaded here only, since it is not needed once the certificate has been made.
  const { generate } = await import('selfsigned');
  const dnsNames = new Set([...(isIP(hostName) ? [] : [hostName]), 'localhost']);
  const addresses = new Set([...(isIP(hostName) ? [hostName] : []), '127.0.0.1', '::1']);
  const commonName = hostName.length <= LONGEST_COMMON_NAME ? hostName : 'localhost';
  const made = await generate([{ name: 'commonName', value: commonName }], {
    keyType: 'ec',
    curve: 'P-256',
    algorithm: 'sha256',
    notBeforeDate: new Date(now.getTime() - DAY / 24),
    notAfterDate: new Date(now.getTime() + VALIDITY_DAYS * DAY),
    extensions: [
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'keyUsage', digitalSignature: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      {
        name: 'subjectAltName',
        altNames: [
          ...Array.from(dnsNames, (value) => ({ type: 2 as const, value })),
          ...Array.from(addresses, (ip) => ({ type: 7 as const, ip })),
        ],
      },
    ],
  });
  return { cert: made.cert, key: made.private };
}

async function writeAtomically(path: string, text: string, mode: number): Promise<void> {
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

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
