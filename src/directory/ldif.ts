/** LDIF of changes (RFC 2849): what `ldapmodify` would take. */
import type { Modification } from './directory';
import type { DN } from './dn';
import type { Entry, EntryAttribute, Value } from './entry';

/** Characters of a line, its end not counted (RFC 2849 note 10 allows folding anywhere). */
const lineLength = 76;

/** A change record of one entry. */
export type LdifChange =
  | { readonly type: 'add'; readonly entry: Entry }
  | { readonly type: 'modify'; readonly dn: DN; readonly modifications: readonly Modification[] }
  | { readonly type: 'modrdn'; readonly dn: DN; readonly newDN: DN; readonly deleteOldRdn: boolean }
  | { readonly type: 'delete'; readonly dn: DN };

/** Change records as one text. `isSecret` names attributes whose values are written as a comment instead. */
export function ldifOf(changes: readonly LdifChange[], isSecret: (attribute: string) => boolean): string {
  const records = changes.map((change) =>
    commentedWhereEmpty([...linesOf(change, isSecret)])
      .map(folded)
      .join('\n'),
  );
  return `version: 1\n\n${records.join('\n\n')}\n`;
}

function* linesOf(change: LdifChange, isSecret: (attribute: string) => boolean): Iterable<string> {
  yield attributeLine('dn', (change.type === 'add' ? change.entry.dn : change.dn).toString());
  yield `changetype: ${change.type}`;
  switch (change.type) {
    case 'add':
      for (const attribute of change.entry.attributes()) yield* valueLines(attribute, isSecret);
      break;
    case 'modify':
      for (const { operation, attribute, values } of change.modifications) {
        const lines = [`${operation}: ${attribute}`, ...valueLines({ name: attribute, values }, isSecret), '-'];
        // A replace without its values would remove what is there.
        yield* isSecret(attribute) && values.length > 0 ? lines.map(comment) : lines;
      }
      break;
    case 'modrdn':
      yield attributeLine('newrdn', change.newDN.toString().slice(0, rdnLength(change.newDN)));
      yield `deleteoldrdn: ${change.deleteOldRdn ? 1 : 0}`;
      yield attributeLine('newsuperior', change.newDN.parent?.toString() ?? '');
      break;
    case 'delete':
      break;
  }
}

/** A modify of which only comments are left is none. */
function commentedWhereEmpty(lines: readonly string[]): readonly string[] {
  const [dn, type, ...rest] = lines;
  const isEmpty = type === 'changetype: modify' && rest.every((line) => line.startsWith('#'));
  return isEmpty && dn !== undefined ? [dn, type, ...rest].map(comment) : lines;
}

const comment = (line: string) => (line.startsWith('#') ? line : `# ${line}`);

function rdnLength(dn: DN): number {
  const parent = dn.parent?.toString() ?? '';
  return dn.toString().length - (parent === '' ? 0 : parent.length + 1);
}

function* valueLines({ name, values }: EntryAttribute, isSecret: (attribute: string) => boolean): Iterable<string> {
  for (const value of values) yield isSecret(name) ? `# ${name}: [secret]` : attributeLine(name, value);
}

/** A SAFE-STRING as it is, everything else in base64 (RFC 2849 §2). */
function attributeLine(name: string, value: Value): string {
  if (typeof value === 'string' && isSafe(value)) return `${name}: ${value}`.trimEnd();
  return `${name}:: ${Buffer.from(value as string).toString('base64')}`;
}

function isSafe(value: string): boolean {
  return /^(?![ :<])\p{ASCII}*$/u.test(value) && !/[\r\n]/.test(value) && !value.includes('\0') && !value.endsWith(' ');
}

function folded(line: string): string {
  if (line.length <= lineLength) return line;
  const pieces = [line.slice(0, lineLength)];
  for (let at = lineLength; at < line.length; at += lineLength - 1)
    pieces.push(` ${line.slice(at, at + lineLength - 1)}`);
  return pieces.join('\n');
}
