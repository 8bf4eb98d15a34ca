/**
 * PATCH against an oracle: RFC 7644 §3.5.2 once more, written down as plainly as can be over JSON that is copied each
 * time, with linear searches and no parser. Whatever sequence of operations comes, both make the same of a resource.
 */
import fc from 'fast-check';
import { compilePatch } from '../../src/scim/patch';
import type { Resource } from '../../src/scim/resource';
import { frozen, type Operation } from './patched';
import { ecma, userType } from './resourceTypes';

interface Email {
  value?: string;
  type?: string;
  display?: string;
  primary?: boolean;
}
type Part = keyof Email;
type Kind = 'add' | 'replace' | 'remove';

/** What an operation means, beside how it is written. */
type Meaning =
  | { at: 'title'; value: string | null | undefined }
  | { at: 'name'; value: Record<string, string | null> | undefined }
  | { at: 'emails'; value: Email[] | undefined }
  | { at: 'filter'; term: 'type' | 'value'; is: string; value: Email | undefined }
  | { at: 'part'; term: 'type' | 'value'; is: string; part: Part; value: string | boolean | undefined }
  | { at: 'allParts'; part: Part; value: string | boolean | undefined }
  | { at: 'objectClass'; value: string[] | undefined }
  | { at: 'oneClass'; is: string };

interface Step {
  kind: Kind;
  meaning: Meaning;
}

interface State {
  title?: string;
  name?: Record<string, string>;
  emails: Email[];
  objectClass: string[];
}

const lower = (text: string | undefined) => text?.toLowerCase();
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

function distinct(list: readonly Email[]): Email[] {
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
      const { term, is } = meaning;
      const selected = [...list.keys()].filter((index) => lower(list[index]?.[term]) === lower(is));
      const parts =
        meaning.at === 'part' ? { [meaning.part]: kind === 'remove' ? null : meaning.value } : meaning.value;
      if (kind === 'remove' && meaning.at === 'filter')
        state.emails = list.filter((_, index) => !selected.includes(index));
      else if (selected.length === 0 && kind !== 'remove') add(list, { [term]: is, ...parts } as Email);
      else if (kind === 'replace' && meaning.at === 'filter') {
        state.emails = list.filter((_, index) => !selected.includes(index));
        add(state.emails, { [term]: is, ...parts });
      } else for (const index of selected) merge(list, index, { ...parts });
      return;
    }
    default:
  }
}

function applyStep(state: State, step: Step): void {
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
function finish(state: State): State {
  return { ...state, emails: state.emails.filter(({ value }) => value !== undefined) };
}

/** How a client writes an operation down. */
function written({ kind, meaning }: Step): Operation {
  switch (meaning.at) {
    case 'filter':
      return operation(kind, `emails[${meaning.term} eq "${meaning.is}"]`, meaning.value);
    case 'part':
      return operation(kind, `emails[${meaning.term} eq "${meaning.is}"].${meaning.part}`, meaning.value);
    case 'allParts':
      return operation(kind, `emails.${meaning.part}`, meaning.value);
    case 'objectClass':
      return operation(kind, `${ecma}:objectClass`, meaning.value);
    case 'oneClass':
      return operation(kind, `${ecma}:objectClass[value eq "${meaning.is}"]`, undefined);
    default:
      return operation(kind, meaning.at, meaning.value);
  }
}

function operation(op: Kind, path: string, value: unknown): Operation {
  return value === undefined ? { op, path } : { op, path, value };
}

const word = fc.constantFrom('a', 'A', 'b', 'c');
const type = fc.constantFrom('work', 'WORK', 'home', 'other');
const email: fc.Arbitrary<Email> = fc.record(
  { value: word, type, display: word, primary: fc.constant(false) },
  { requiredKeys: ['value'] },
);
const emails = fc
  .tuple(fc.array(email, { minLength: 1, maxLength: 3 }), fc.nat(5))
  .map(([list, primary]) => list.map((one, index) => (index === primary ? { ...one, primary: true } : one)));
const part = fc.oneof(
  fc.record({ part: fc.constantFrom<Part>('value', 'display'), value: word }),
  fc.record({ part: fc.constant<Part>('type'), value: type }),
  fc.record({ part: fc.constant<Part>('primary'), value: fc.boolean() }),
);
const term = fc.oneof(
  fc.record({ term: fc.constant('type' as const), is: type }),
  fc.record({ term: fc.constant('value' as const), is: word }),
);
const name = fc.dictionary(fc.constantFrom('givenName', 'familyName'), fc.option(word), { minKeys: 1 });
const classes = fc.array(word, { minLength: 1, maxLength: 3 });
/** A filter's `eq` is a part of what it creates, so the value that comes with it says nothing of that part. */
const without = (one: Email, term: Part): Email =>
  Object.fromEntries(Object.entries(one).filter(([part]) => part !== term));

const kind = fc.constantFrom<Kind>('add', 'replace', 'remove');
const meaning: fc.Arbitrary<Meaning> = fc.oneof(
  fc.record({ at: fc.constant('title' as const), value: fc.constantFrom('x', 'y', '', null) }),
  fc.record({ at: fc.constant('name' as const), value: name }),
  fc.record({ at: fc.constant('emails' as const), value: fc.option(emails, { nil: undefined }) }),
  fc
    .tuple(term, email)
    .map(([where, value]) => ({ at: 'filter' as const, ...where, value: without(value, where.term) }))
    .filter(({ value }) => Object.keys(value).length > 0),
  fc.tuple(term, part).map(([where, what]) => ({ at: 'part' as const, ...where, ...what })),
  part.map((what) => ({ at: 'allParts' as const, ...what })),
  fc.record({ at: fc.constant('objectClass' as const), value: fc.option(classes, { nil: undefined }) }),
);
const step: fc.Arbitrary<Step> = fc.oneof(
  fc
    .record({ kind, meaning })
    .filter(({ kind, meaning }) => kind === 'remove' || !('value' in meaning) || meaning.value !== undefined),
  word.map((is): Step => ({ kind: 'remove', meaning: { at: 'oneClass', is } })),
);
const start: fc.Arbitrary<State> = fc
  .record(
    { title: word, name: fc.record({ givenName: word }), emails, objectClass: classes },
    { requiredKeys: ['emails', 'objectClass'] },
  )
  .map((state) => ({
    ...state,
    emails: distinct(state.emails),
    objectClass: state.objectClass.filter(
      (one, index, all) => all.findIndex((other) => lower(other) === lower(one)) === index,
    ),
  }));

function resourceOf({ emails: list, objectClass, ...rest }: State): Resource {
  return {
    ...rest,
    ...(list.length > 0 && { emails: list }),
    ...(objectClass.length > 0 && { [ecma]: { objectClass } }),
  };
}

describe('PATCH', () => {
  it('makes of every resource what the oracle makes of it, whatever the operations', () => {
    fc.assert(
      fc.property(start, fc.array(step, { minLength: 1, maxLength: 6 }), (before, steps) => {
        const patched = compilePatch({ Operations: steps.map(written) }, userType).apply(
          frozen(resourceOf(structuredClone(before))),
        );
        const state = structuredClone(before);
        for (const one of steps) applyStep(state, one);
        expect(patched).toEqual(resourceOf(finish(state)));
      }),
      { numRuns: 1000 },
    );
  });

  it('answers every message with a result or a refusal, and never changes what it is given', () => {
    const anything = fc.jsonValue({ maxDepth: 3 });
    const names = fc.constantFrom(
      ...['title', 'emails', 'name.givenName', 'emails[type eq "work"].value', 'emails[', '', ecma, `${ecma}:sn`],
      ...['__proto__', 'constructor', 'hasOwnProperty', 'emails[__proto__ eq "x"]', 'name.__proto__', 'schemas', 'id'],
      ...['members[value eq "x"]', 'manager', `${ecma}:objectClass[value sw "p"]`, '$ref', 'emails.value.value'],
    );
    const value = fc.oneof(
      anything,
      fc.dictionary(names, anything, { maxKeys: 3 }),
      fc.array(fc.dictionary(names, anything)),
    );
    const wild = fc.record({
      op: fc.constantFrom('add', 'Replace', 'REMOVE', 'move', 1),
      path: fc.option(fc.oneof(names, fc.string())),
      value,
    });
    fc.assert(
      fc.property(start, fc.oneof(anything, fc.record({ Operations: fc.array(wild) })), (before, body) => {
        const resource = frozen(resourceOf(before));
        try {
          compilePatch(body, userType).apply(resource);
        } catch (error) {
          expect(error).toMatchObject({ status: 400, detail: expect.any(String) });
        }
        expect(Object.keys(Object.prototype)).toEqual([]);
      }),
      { numRuns: 1000 },
    );
  });
});
