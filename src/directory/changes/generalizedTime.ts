/** Moments as directories write them (RFC 4517 §3.3.13). */
import { parseGeneralizedTime } from '../syntax';

/** Milliseconds since the epoch; undefined for what is no moment. */
export function timeOf(text: string | undefined): number | undefined {
  const instant = parseGeneralizedTime(text ?? '');
  return instant && instant.seconds * 1_000 + Math.floor(Number(`0.${instant.fraction}`) * 1_000);
}

/** A moment to the second, in UTC. */
export function generalizedTime(time: number): string {
  return `${new Date(time).toISOString().slice(0, 19).replace(/[-:T]/g, '')}Z`;
}
