/** What an import reads of the directory, and how entries become rows. */
import type { ChangeSource } from '../directory/changes/changeSource';
import type { Directory, Scope } from '../directory/directory';
import type { DN, MatchingRules } from '../directory/dn';
import type { Entry } from '../directory/entry';
import type { Filter } from '../directory/filter';
import type { SpaceRow } from './row';
import { KEPT_ERRORS, type RunError } from './runRecord';

/** What an import needs of a directory. */
export interface ImportSource {
  readonly schema: MatchingRules;
  readonly changes?: ChangeSource | undefined;
  search: Directory['search'];
}

/** One search of an import. Where scopes meet in an entry, the later one has it. */
export interface ImportScope {
  readonly objectType: string;
  readonly base: DN;
  readonly scope: Scope;
  readonly filter: Filter;
  readonly attributes: readonly string[];
  /** The immutable id by which rows are told apart; absent where that is the DN. */
  readonly anchor?: string;
  /** The containers below the base that are meant; absent: all of it. */
  readonly containers?: readonly DN[];
  /** Containers below the base that are left out. */
  readonly excluded?: readonly DN[];
  /** It is on a server of its own: while that cannot be read, what the space has of it stays, and the rest is imported. */
  readonly separate?: boolean;
}

/** What the caller makes of an entry; the import adds where and when it was read. */
export type RowDraft = Omit<SpaceRow, 'objectType' | 'readAt'>;

/** Makes a row of an entry; undefined: the entry is not for the space. One that throws is counted as failed. */
export type ToRow = (entry: Entry, objectType: string) => RowDraft | undefined | Promise<RowDraft | undefined>;

/** Whether an entry at this DN would be found by the scope, but for its filter. */
export function covers(scope: ImportScope, dn: DN, rules: MatchingRules): boolean {
  if (isLeftOut(scope, dn, rules)) return false;
  if (scope.scope === 'base') return dn.equals(scope.base, rules);
  if (scope.scope === 'one') return dn.parent?.equals(scope.base, rules) ?? false;
  return dn.isWithin(scope.base, rules);
}

/** Whether a DN below the base lies in a container that the scope leaves out, or in none that it means. */
export function isLeftOut({ containers, excluded }: ImportScope, dn: DN, rules: MatchingRules): boolean {
  const isWithin = (container: DN) => dn.isWithin(container, rules);
  return (excluded?.some(isWithin) ?? false) || !(containers?.some(isWithin) ?? true);
}

/** The entries that could not be saved: how many, and the first ones with the reason. */
export class Failures {
  count = 0;
  readonly errors: RunError[] = [];

  add(dn: DN, error: unknown): void {
    this.count += 1;
    if (this.errors.length >= KEPT_ERRORS) return;
    this.errors.push({ dn: dn.toString(), message: error instanceof Error ? error.message : String(error) });
  }

  /** What is no single entry's fault comes first, and is never left out. */
  note(dn: DN, message: string): void {
    this.errors.unshift({ dn: dn.toString(), message });
  }
}
