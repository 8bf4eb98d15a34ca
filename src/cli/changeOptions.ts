/** Values of options that commands on changes have. */
import { InvalidArgumentError } from 'commander';

const units: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** A time, or how long ago, in milliseconds since the epoch. @throws InvalidArgumentError */
export function momentOf(text: string): number {
  const ago = /^(\d{1,6})([smhd])$/.exec(text);
  if (ago) return Date.now() - Number(ago[1]) * (units[ago[2] ?? ''] ?? 0);
  const moment = /^\d{4}-\d{2}-\d{2}/.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(moment)) return moment;
  throw new InvalidArgumentError('it has to be a time like 2026-11-21T08:00:00Z, or 90m, 12h, 7d');
}

/** A whole number. @throws InvalidArgumentError */
export function countOf(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError('it has to be a whole number');
  return Number(text);
}
