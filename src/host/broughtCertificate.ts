/** The certificate that the administrator has brought: it is used as it is, and what is wrong with it is said. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import {
  BROUGHT,
  type Certificate,
  type CertificateOptions,
  DAY,
  describe,
  names,
  type Pair,
  reason,
} from './certificateFiles';
import { HostError } from './hostError';

const WARNING_DAYS = 30;

/** Checks a pair of which at least one file is there. @throws HostError when it cannot be used */
export async function checkBrought(options: CertificateOptions, now: Date, { cert, key }: Pair): Promise<Certificate> {
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
  if (left <= WARNING_DAYS) return [`${file} expires on ${certificate.validTo}, in ${left} days: bring a new one`];
  return [];
}

async function modeWarnings(keyFile: string): Promise<string[]> {
  if (process.platform === 'win32') return [];
  const { mode } = await stat(keyFile);
  return mode & 0o007 ? [`${keyFile} can be read by every account of this machine: set its mode to 0600`] : [];
}
