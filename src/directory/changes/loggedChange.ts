/** What an entry of a log says, whatever its attributes are called. */
import { DN, DNSyntaxError } from '../dn';
import { WatermarkExpired } from './changeSource';
import type { Unmarked } from './watermark';

/** One entry of a log. */
export interface LoggedChange {
  /** The entry of the log itself, for messages. */
  readonly at: DN;
  /** `add`, `modify`, `modrdn` (also `moddn`) or `delete`, in any spelling; all else changes no entry. */
  readonly type: string | undefined;
  /** The name of the changed entry before the change. */
  readonly dn: string | undefined;
  readonly newRdn: string | undefined;
  readonly newSuperior: string | undefined;
  /** The immutable id of the changed entry, where the log has it. */
  readonly anchor: string | undefined;
}

/** Kinds of changes by what logs call them. */
const KINDS: ReadonlyMap<string | undefined, 'changed' | 'deleted' | 'renamed'> = new Map([
  ['add', 'changed'],
  ['modify', 'changed'],
  ['delete', 'deleted'],
  ['modrdn', 'renamed'],
  ['moddn', 'renamed'],
]);

/** The change that a log tells; undefined for what changes no entry. @throws WatermarkExpired when it cannot be said which entry it was */
export function changeOf(logged: LoggedChange): Unmarked | undefined {
  const kind = KINDS.get(logged.type?.toLowerCase());
  if (kind === undefined) return undefined;
  const anchor = logged.anchor === undefined ? {} : { anchor: logged.anchor };
  try {
    const dn = DN.parse(logged.dn ?? '');
    return kind === 'renamed' ? { kind, dn: renamed(logged, dn), oldDN: dn, ...anchor } : { kind, dn, ...anchor };
  } catch (error) {
    if (!(error instanceof DNSyntaxError)) throw error;
    const where = `The entry ${logged.at} of the log names no entry`;
    throw new WatermarkExpired(`${where}; a full import is needed`, { cause: error });
  }
}

function renamed({ newRdn, newSuperior }: LoggedChange, old: DN): DN {
  const rdn = DN.parse(newRdn ?? '').rdn ?? old.rdn;
  const parent = newSuperior ? DN.parse(newSuperior) : (old.parent ?? DN.root);
  return rdn === undefined ? old : parent.child(rdn);
}
