/**
 * RFC 7644 §3.5.2 once more, written down as plainly as can be over JSON that is copied each time, with linear searches and
 * no parser: what a PATCH is held against.
 */

export interface Email {
  value?: string;
  type?: string;
  display?: string;
  primary?: boolean;
}
export type Part = keyof Email;
export type Kind = 'add' | 'replace' | 'remove';

/** Which values a path means: what a client writes in brackets, and what it says of a value. */
export interface Selection {
  text: string;
  matches(email: Email): boolean;
  /** What has to be there of a value that the filter describes; absent where it describes none. */
  creates?: Email;
}

/** What an operation means, beside how it is written. */
export type Meaning =
  | { at: 'title'; value: string | null | undefined }
  | { at: 'name'; value: Record<string, string | null> | undefined }
  | { at: 'emails'; value: Email[] | undefined }
  | { at: 'filter'; selection: Selection; value: Email | undefined }
  | { at: 'part'; selection: Selection; part: Part; value: string | boolean | undefined }
  | { at: 'allParts'; part: Part; value: string | boolean | undefined }
  | { at: 'objectClass'; value: string[] | undefined }
  | { at: 'oneClass'; is: string };

export interface Step {
  kind: Kind;
  meaning: Meaning;
  style: Style;
}

/** How a client writes the same down: dialects that mean nothing of their own. */
export interface Style {
  upper: boolean;
  urn: boolean;
  /** The path as a key of a value without a path. */
  key: boolean;
  /** One value in a list, or in an object. */
  wrapped: 'not' | 'list' | 'object' | 'listed object';
}

/** The path means values that are not there, and does not say what they would be. */
export class NoTarget extends Error {}

export interface State {
  title?: string;
  name?: Record<string, string>;
  emails: Email[];
  objectClass: string[];
}

export const lower = (text: string | undefined) => text?.toLowerCase();
const sorted = (email: Email) => JSON.stringify(Object.entries(email).sort());

/** Whether a value that comes is the one that is there: the same value, and no other type. */
function same(there: Email, comes: Email): boolean {
  if (there.value === undefined || comes.value === undefined)
    return there.value === comes.value && sorted(there) === sorted(comes);
  if (lower(there.value) !== lower(comes.value)) return false;
  return comes.type === undefined || there.type === undefined || lower(there.type) === lower(comes.type);
}

/** At most one is primary: the last one that was made so. */
function put(list: Email[], index: number, email: Email): void {
  if (email.primary) for (const other of list) if (other.primary) other.primary = false;
  list[index] = { ...email };
}

function add(list: Email[], comes: Email): void {
  const like = list.map((there, index) => ({ there, index })).filter(({ there }) => same(there, comes));
  // Of several, one of the very type goes before one without any.
  const found = like.find(({ there }) => comes.type !== undefined && there.type !== undefined) ?? like[0];
  put(list, found?.index ?? list.length, { ...found?.there, ...comes });
}

function merge(list: Email[], index: number, parts: Record<string, unknown>): void {
  const merged = Object.entries({ ...list[index], ...parts }).filter(([, part]) => part !== null);
  put(list, index, Object.fromEntries(merged));
}

export function distinct(list: readonly Email[]): Email[] {
  const result: Email[] = [];
  for (const email of list) add(result, email);
  return result;
}

function applyToEmails(state: State, { kind, meaning }: Step): void {
  const list = state.emails;
  switch (meaning.at) {
    case 'emails':
      if (kind === 'replace' || meaning.value === undefined) state.emails = [];
      if (kind === 'remove' && meaning.value)
        state.emails = list.filter((there) => !meaning.value?.some((comes) => same(there, comes)));
      else for (const comes of distinct(meaning.value ?? [])) add(state.emails, comes);
      return;
    case 'allParts':
      if (list.length === 0 && kind !== 'remove') list.push({ [meaning.part]: meaning.value });
      for (const index of list.keys()) merge(list, index, { [meaning.part]: kind === 'remove' ? null : meaning.value });
      state.emails = distinct(list);
      return;
    case 'filter':
    case 'part': {
      const { matches, creates } = meaning.selection;
      const selected = [...list.keys()].filter((index) => matches(list[index] ?? {}));
      const parts =
        meaning.at === 'part' ? { [meaning.part]: kind === 'remove' ? null : meaning.value } : meaning.value;
      if (kind === 'remove' && meaning.at === 'filter')
        state.emails = list.filter((_, index) => !selected.includes(index));
      else if (selected.length === 0 && kind !== 'remove') {
        if (creates === undefined) throw new NoTarget();
        add(list, { ...creates, ...parts } as Email);
      } else if (kind === 'replace' && meaning.at === 'filter') {
        state.emails = list.filter((_, index) => !selected.includes(index));
        add(state.emails, { ...creates, ...parts });
      } else for (const index of selected) merge(list, index, { ...parts });
      return;
    }
    default:
  }
}

export function applyStep(state: State, step: Step): void {
  const { kind, meaning } = step;
  switch (meaning.at) {
    case 'title':
      delete state.title;
      if (kind !== 'remove' && meaning.value) state.title = meaning.value;
      return;
    case 'name': {
      const name = kind === 'remove' ? {} : { ...state.name, ...meaning.value };
      const left = Object.entries(name).filter((part): part is [string, string] => part[1] !== null);
      delete state.name;
      if (left.length > 0) state.name = Object.fromEntries(left);
      return;
    }
    case 'objectClass': {
      const { value } = meaning;
      if (kind === 'replace' || value === undefined) state.objectClass = [];
      const has = (list: readonly string[], one: string) => list.some((other) => lower(other) === lower(one));
      if (kind === 'remove') state.objectClass = state.objectClass.filter((one) => !has(value ?? [], one));
      else for (const one of value ?? []) if (!has(state.objectClass, one)) state.objectClass.push(one);
      return;
    }
    case 'oneClass':
      state.objectClass = state.objectClass.filter((one) => lower(one) !== lower(meaning.is));
      return;
    default:
      applyToEmails(state, step);
  }
}

/** Values that hold nothing but labels are none. */
export function finish(state: State): State {
  return { ...state, emails: state.emails.filter(({ value }) => value !== undefined) };
}
