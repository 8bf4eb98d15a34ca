/**
 * Failed exports: what is needed to send them again, kept until that is done or a later export of the same thing has taken
 * their place. Never a password, and never values that the file calls sensitive.
 */
import type { Database } from '../database';
import type { Change } from './change';

/** A value as it is kept: text, or octets in base64. */
export type KeptValue = string | { readonly b: string };

/** What one attribute was to become. */
export interface KeptAttribute {
  readonly name: string;
  readonly added: readonly KeptValue[];
  readonly removed: readonly KeptValue[];
  /** All values were to be replaced by `added`. */
  readonly replaced: boolean;
  /** Digest of the values that the attribute had; absent where nobody had read them. */
  readonly before?: string;
}

/** What is needed to send a failed export again. `lost` names attributes whose values are not kept. */
export type FailedExport =
  | { readonly kind: 'create'; readonly resource: Readonly<Record<string, unknown>>; readonly lost: readonly string[] }
  | { readonly kind: 'change'; readonly attributes: readonly KeptAttribute[]; readonly lost: readonly string[] }
  | { readonly kind: 'delete' /** Digest of the entry that was to be deleted. */; readonly before: string };

/** Which failures there are, by the number of their change. */
export class OpenFailures {
  #open: Map<number, Summary> | undefined;

  /** Forgets what it knows from transactions that may not have taken place. */
  reload(): void {
    this.#open = undefined;
  }

  /** How many there are. */
  count(database: Database): number {
    return this.#loaded(database).size;
  }

  add(database: Database, number: number, change: Change, failed: FailedExport): void {
    database.run('INSERT INTO failed_export (number, json) VALUES (?, ?)', number, JSON.stringify(failed));
    this.#loaded(database).set(number, summaryOf(change));
  }

  /** Forgets what a later change has taken the place of. */
  supersede(database: Database, change: Change): void {
    const open = this.#loaded(database);
    if (open.size === 0 || change.outcome === 'refused' || change.outcome === 'dryRun') return;
    const later = summaryOf(change);
    for (const [number, earlier] of open) if (takesPlaceOf(later, earlier)) this.remove(database, number);
  }

  remove(database: Database, number: number): boolean {
    this.#loaded(database).delete(number);
    return database.run('DELETE FROM failed_export WHERE number = ?', number) > 0;
  }

  #loaded(database: Database): Map<number, Summary> {
    this.#open ??= new Map(
      database
        .all<{ number: number; json: string }>(
          'SELECT c.number, c.json FROM failed_export f JOIN change c ON c.number = f.number',
        )
        .map(({ number, json }) => [number, summaryOf(JSON.parse(json) as Change)]),
    );
    return this.#open;
  }
}

interface Summary {
  readonly change: Change;
  readonly names: ReadonlySet<string>;
}

function summaryOf(change: Change): Summary {
  return { change, names: new Set(change.attributes.map(({ name }) => name.toLowerCase())) };
}

/** Whether a later export was about all that an earlier one was about. */
function takesPlaceOf(later: Summary, earlier: Summary): boolean {
  const [now, then] = [later.change, earlier.change];
  if (then.operation === 'create')
    return now.operation === 'create' && now.dn?.toLowerCase() === then.dn?.toLowerCase() && now.dn !== undefined;
  if (now.id === undefined || now.id !== then.id) return false;
  if (now.operation === 'delete') return now.outcome === 'success' || then.operation === 'delete';
  // Whoever changes an entry after its delete has failed wants it to stay.
  if (then.operation === 'delete') return now.outcome === 'success';
  if (then.newDN !== undefined && now.newDN === undefined) return false;
  return [...earlier.names].every((name) => later.names.has(name));
}
