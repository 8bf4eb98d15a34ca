/** A directory's certificate in one line. */
import type { ServerCertificate } from '../directory/connectionProbe';

const dayMs = 86_400_000;

/** Subject, issuer, expiry, names, fingerprint, in one line. */
export function certificateText(certificate: ServerCertificate, now: Date): string {
  const { subject, issuer, names, validTo, thumbprint } = certificate;
  const left = validTo.getTime() - now.getTime();
  const days = Math.floor(left / dayMs);
  const expiry = left < 0 ? 'has EXPIRED on' : left < 30 * dayMs ? `expires SOON, in ${days} days, on` : 'expires on';
  const by = subject === issuer ? 'self-signed' : `by ${issuer}`;
  return `certificate of ${subject || 'nobody'} ${by}, ${expiry} ${validTo.toISOString().slice(0, 10)}, for ${names || 'no name'}, SHA-256 ${thumbprint}`;
}
