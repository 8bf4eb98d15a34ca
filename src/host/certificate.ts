/**
 * The host's TLS certificate and key. It owns two pairs of files in the folder of certificates: `host.crt` and
 * `host.key`, which the administrator brings and which are only ever read, and `self-signed.crt` and `self-signed.key`,
 * which are made here when the administrator has brought none, and made anew before they expire.
 */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { chmod, mkdir } from 'node:fs/promises';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { checkBrought } from './broughtCertificate';
import {
  BROUGHT,
  type Certificate,
  type CertificateOptions,
  DAY,
  describe,
  names,
  readPair,
  reason,
  SELF_SIGNED,
  writeAtomically,
} from './certificateFiles';
import { HostError } from './hostError';

export type { Certificate, CertificateInfo, CertificateOptions } from './certificateFiles';

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
  if (brought.cert !== undefined || brought.key !== undefined) return checkBrought(options, now, brought);
  const own = await readPair(options.directory, SELF_SIGNED);
  const present = own.cert !== undefined && own.key !== undefined ? parse(own.cert, own.key) : undefined;
  if (present && own.cert !== undefined && own.key !== undefined && isUsable(present, options.hostName, now)) {
    return { cert: own.cert, key: own.key, info: describe(options, 'self-signed', present, []) };
  }
  return makeOwn(options, now, own.cert !== undefined);
}

/** The certificate that the host would use, without making or renewing one; undefined when there is none. @throws HostError */
export async function findCertificate(options: CertificateOptions): Promise<Certificate | undefined> {
  const now = (options.clock ?? (() => new Date()))();
  const brought = await readPair(options.directory, BROUGHT);
  if (brought.cert !== undefined || brought.key !== undefined) return checkBrought(options, now, brought);
  const { cert, key } = await readPair(options.directory, SELF_SIGNED);
  if (cert === undefined || key === undefined) return undefined;
  const certificate = parse(cert, key);
  if (certificate === undefined) return undefined;
  const warnings = isUsable(certificate, options.hostName, now)
    ? []
    : [
        `${join(options.directory, SELF_SIGNED.cert)} expires soon, or does not name "${options.hostName}": the host makes another one at its next look`,
      ];
  return { cert, key, info: describe(options, 'self-signed', certificate, warnings) };
}

/** Makes the host's own certificate anew, however long the present one is valid. @throws HostError when one was brought, or it cannot be written */
export async function renewOwnCertificate(options: CertificateOptions): Promise<Certificate> {
  const now = (options.clock ?? (() => new Date()))();
  const brought = await readPair(options.directory, BROUGHT);
  if (brought.cert !== undefined || brought.key !== undefined) {
    throw new HostError(
      `${join(options.directory, BROUGHT.cert)} was brought by you, and only you can renew it: replace it and ${BROUGHT.key}, a running host takes them over by itself`,
    );
  }
  const own = await readPair(options.directory, SELF_SIGNED);
  return makeOwn(options, now, own.cert !== undefined);
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
        `${file} was replaced (renewed on purpose, because it expired soon, or because it did not name this host): clients that trusted it must trust the new one`,
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
