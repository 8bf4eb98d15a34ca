/**
 * What a delta import has still to look at because of what it has saved: kept with the rows, so that a run that is killed
 * in between is made up for by the next one.
 */
import type { Database } from './database';

/** `gone`: nothing is there any more, so whoever names it is read again. `touched`: it is read again itself. */
export interface FollowUp {
  readonly kind: 'gone' | 'touched';
  readonly dn: string;
  /** How often it was looked at in vain. */
  readonly looks: number;
  /** Not before this moment, in milliseconds since the epoch. */
  readonly due: number;
}

/** The follow-ups of one generation. Writing methods belong inside a transaction. */
export class FollowUpTable {
  constructor(readonly database: Database) {}

  all(): FollowUp[] {
    return this.database.all<FollowUp>('SELECT kind, dn, looks, due FROM follow_up');
  }

  /** What is there already is as new again. */
  add(followUps: readonly FollowUp[]): void {
    for (const { kind, dn, looks, due } of followUps)
      this.database.run(
        'INSERT OR REPLACE INTO follow_up (kind, dn, looks, due) VALUES (?, ?, ?, ?)',
        kind,
        dn,
        looks,
        due,
      );
  }

  /** Only these are left. */
  replace(followUps: readonly FollowUp[]): void {
    this.database.run('DELETE FROM follow_up');
    this.add(followUps);
  }
}
