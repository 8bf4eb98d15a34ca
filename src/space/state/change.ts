/** One export, as the change log keeps it. */

/** What an export does to an entry. `password`: nothing but its password. */
export const changeOperations = ['create', 'modify', 'rename', 'disable', 'enable', 'delete', 'password'] as const;
export type ChangeOperation = (typeof changeOperations)[number];

/** `unknown`: the answer of the directory was lost, and the entry did not show what became of it. `refused`: the host itself held it back; `dryRun`: it was only tried. */
export const changeOutcomes = ['success', 'failed', 'unknown', 'refused', 'dryRun'] as const;
export type ChangeOutcome = (typeof changeOutcomes)[number];

/** What becomes of one attribute. Long values are cut, of many values the first ones are here. */
export interface ChangedAttribute {
  readonly name: string;
  readonly added?: readonly string[];
  readonly removed?: readonly string[];
  /** All values are replaced by `added`, or removed. */
  readonly replaced?: true;
  /** Its values are never kept. */
  readonly sensitive?: true;
  /** Values that were left out here. */
  readonly more?: number;
}

/** One export. Never a password. */
export interface Change {
  /** Milliseconds since the epoch, when it ended. */
  readonly at: number;
  readonly actor: string;
  readonly requestId: string;
  readonly operation: ChangeOperation;
  readonly outcome: ChangeOutcome;
  readonly objectType: string;
  /** The SCIM id; absent where the entry never got one. */
  readonly id?: string;
  /** The name before; of a create, the name that it got or was to get. */
  readonly dn?: string;
  /** The name after, where it is another one. */
  readonly newDN?: string;
  /** Of a delete: entries below it that were to be deleted with it. Of one that failed: some of them are gone. */
  readonly below?: number;
  readonly attributes: readonly ChangedAttribute[];
  /** The name of the LDAP result code, or why there is none. */
  readonly result?: string;
  /** The number of the failed change that it was sent again for. */
  readonly resendOf?: number;
  /** Why it did not succeed, for people. */
  readonly detail?: string;
  readonly durationMs: number;
}
