/** What an event means to those who are told: a condition that is open until it is over, in words. */
import type { ConnectorEvent } from '../../connector/events';
import type { CertificateInfo } from '../certificateFiles';

/** Something that is wrong, until it is over. */
export interface Condition {
  /** The same for the same thing, also after a restart. */
  readonly key: string;
  readonly connector: string;
  /** One line. */
  readonly problem: string;
  readonly detail: string;
  readonly advice: string;
}

/** Warned of from so many days before. */
const WARNING_DAYS = 30;
const DAY_MS = 86_400_000;

export const runKey = (connector: string, profile: string) => `run/${connector}/${profile}`;
export const directoryKey = (connector: string) => `directory/${connector}`;
export const limitKey = (connector: string, operation: string) => `limit/${connector}/${operation}`;
export const certificateKey = 'certificate';

/** A run that has failed. */
export function failedRun({ connector, record }: Extract<ConnectorEvent, { kind: 'runEnded' }>): Condition {
  const { profile, errors } = record;
  const reasons = errors.slice(0, 5).map(({ dn, message }) => (dn === undefined ? message : `${dn}: ${message}`));
  return {
    key: runKey(connector, profile),
    connector,
    problem: `the ${profile} has failed`,
    detail: reasons.length === 0 ? 'No reason was recorded.' : reasons.join('\n'),
    advice: `"connector-host check --connect ${connector}" says what is wrong with directory, account or file. The connector space is as it was before the run; the next run is tried by itself.`,
  };
}

/** A directory that has been away for long enough. */
export function unreachable(connector: string, reason: string, minutes: number): Condition {
  const long = minutes === 0 ? '' : ` for ${minutes} minute${minutes === 1 ? '' : 's'}`;
  return {
    key: directoryKey(connector),
    connector,
    problem: `the directory cannot be reached${long}`,
    detail: `The last attempt: ${reason}. Requests of the identity provider are answered with 503 and are repeated by it.`,
    advice: `see whether the directory server runs; "connector-host check --connect ${connector}" tells name, TCP, TLS and bind apart. The connector goes on by itself.`,
  };
}

/** A guard rail that stops the connector. */
export function stopped({
  connector,
  operation,
  detail,
}: Extract<ConnectorEvent, { kind: 'limitReached' }>): Condition {
  return {
    key: limitKey(connector, operation),
    connector,
    problem: `${operation} is stopped by its limit`,
    detail,
    advice: `find out whether the identity provider means it (its scope, its assignments). If so: "connector-host changes release ${connector}".`,
  };
}

/** A certificate of the host that is about to expire; undefined while it is not. */
export function expiring(
  { file, validTo }: Pick<CertificateInfo, 'file' | 'validTo'>,
  now: Date,
): Condition | undefined {
  const days = Math.floor((validTo.getTime() - now.getTime()) / DAY_MS);
  if (days > WARNING_DAYS) return undefined;
  return {
    key: certificateKey,
    connector: 'host',
    problem:
      days < 0 ? 'the certificate has expired' : `the certificate expires in ${days} day${days === 1 ? '' : 's'}`,
    detail: `${file} is valid until ${validTo.toISOString()}. After that no identity provider connects.`,
    advice: 'replace the certificate and its key; a running host takes them over by itself.',
  };
}
