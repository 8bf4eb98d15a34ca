/** PATCH against an oracle: whatever sequence of operations comes, and however it is written, both make the same of a resource. */
import fc from 'fast-check';
import { compilePatch } from '../../src/scim/patch';
import type { Resource } from '../../src/scim/resource';
import { frozen, type Operation } from './patched';
import {
  applyStep,
  distinct,
  type Email,
  finish,
  type Kind,
  lower,
  type Meaning,
  NoTarget,
  type Part,
  type Selection,
  type State,
  type Step,
  type Style,
} from './patchOracle';
import { ecma, refusal, userType } from './resourceTypes';

/** How a client writes an operation down. */
function written({ kind, meaning, style }: Step): Operation {
  switch (meaning.at) {
    case 'filter':
      return operation(kind, `emails[${meaning.selection.text}]`, meaning.value, { ...style, wrapped: 'not' });
    case 'part':
      return operation(kind, `emails[${meaning.selection.text}].${meaning.part}`, meaning.value, style);
    case 'allParts':
      return operation(kind, `emails.${meaning.part}`, meaning.value, style);
    case 'objectClass':
      return operation(kind, `${ecma}:objectClass`, meaning.value, { ...style, wrapped: 'not', urn: false });
    case 'oneClass':
      return operation(kind, `${ecma}:objectClass[value eq ${text(meaning.is)}]`, undefined, { ...style, urn: false });
    default:
      return operation(kind, meaning.at, meaning.value, meaning.at === 'title' ? style : { ...style, wrapped: 'not' });
  }
}

const text = (value: string) => JSON.stringify(value);

function operation(op: Kind, plain: string, value: unknown, { upper, urn, key, wrapped }: Style): Operation {
  const name = urn ? `${userType.schema.id}:${plain}` : plain;
  // What stands in quotation marks is data.
  const path = upper
    ? name.replace(/"(?:[^"\\]|\\.)*"|[^"]+/g, (each) => (each.startsWith('"') ? each : each.toUpperCase()))
    : name;
  const kind = upper ? op.toUpperCase() : op;
  if (value === undefined) return { op: kind, path };
  const shown = { not: value, list: [value], object: { value }, 'listed object': [{ value }] }[
    value === null ? 'not' : wrapped
  ];
  return key && op !== 'remove' ? { op: kind, value: { [path]: shown } } : { op: kind, path, value: shown };
}

const word = fc.constantFrom('a', 'A', 'b', 'c', 'd "e\\"', '\\', '] or (', 'é', 'É', '*');
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
const blanks = fc.constantFrom(' ', '  ');
/** One part of a value that is equal to something: a filter which also says what to make. */
const equal: fc.Arbitrary<Selection> = fc.oneof(
  fc
    .tuple(
      fc.oneof(
        type.map((is) => ['type', is] as const),
        word.map((is) => ['value', is] as const),
      ),
      blanks,
    )
    .map(([[term, is], blank]) => ({
      text: `${term}${blank}eq ${text(is)}`,
      matches: (email: Email) => lower(email[term]) === lower(is),
      creates: { [term]: is },
    })),
  fc.constant<Selection>({
    text: 'primary eq true',
    matches: ({ primary }) => primary === true,
    creates: { primary: true },
  }),
);
const both = fc.tuple(type, word).map(
  ([is, value]): Selection => ({
    text: `type eq ${text(is)} AND Value Eq ${text(value)}`,
    matches: (email) => lower(email.type) === lower(is) && lower(email.value) === lower(value),
    creates: { type: is, value },
  }),
);
/** No value is two things at once. */
const twice = fc.tuple(word, word).map(
  ([one, two]): Selection => ({
    text: `value eq ${text(one)} and value eq ${text(two)}`,
    matches: ({ value }) => lower(value) === lower(one) && lower(value) === lower(two),
    ...(one === two && { creates: { value: one } }),
  }),
);
/** Filters that describe no value. */
const other: fc.Arbitrary<Selection> = fc.oneof(
  fc.tuple(equal, equal).map(([a, b]) => ({
    text: `${a.text} or ${b.text}`,
    matches: (email: Email) => a.matches(email) || b.matches(email),
  })),
  fc.tuple(equal, equal, equal).map(([a, b, c]) => ({
    text: `${a.text} or ${b.text} and ${c.text}`,
    matches: (email: Email) => a.matches(email) || (b.matches(email) && c.matches(email)),
  })),
  fc.tuple(equal, word).map(([one, is]) => ({
    text: `${one.text} and value co ${text(is)}`,
    matches: (email: Email) => one.matches(email) && (lower(email.value)?.includes(is.toLowerCase()) ?? false),
  })),
  equal.map((one) => ({ text: `not (${one.text})`, matches: (email: Email) => !one.matches(email) })),
  fc
    .constantFrom<Part>('display', 'type', 'value')
    .map((part) => ({ text: `${part} pr`, matches: (email: Email) => email[part] !== undefined })),
  word.map((is) => ({
    text: `(value co ${text(is)})`,
    matches: ({ value }: Email) => lower(value)?.includes(is.toLowerCase()) ?? false,
  })),
  word.map((is) => ({ text: `value ne ${text(is)}`, matches: ({ value }: Email) => lower(value) !== lower(is) })),
);
const selection = fc.oneof({ weight: 3, arbitrary: equal }, both, twice, other);
const style: fc.Arbitrary<Style> = fc.record({
  upper: fc.boolean(),
  urn: fc.boolean(),
  key: fc.boolean(),
  wrapped: fc.constantFrom('not', 'list', 'object', 'listed object'),
});
const name = fc.dictionary(fc.constantFrom('givenName', 'familyName'), fc.option(word), { minKeys: 1 });
const classes = fc.array(word, { minLength: 1, maxLength: 3 });
/** A filter's `eq` is a part of what it creates, so the value that comes with it says nothing of that part. */
const without = (one: Email, creates: Email = {}): Email =>
  Object.fromEntries(Object.entries(one).filter(([part]) => !Object.hasOwn(creates, part)));

const kind = fc.constantFrom<Kind>('add', 'replace', 'remove');
const meaning: fc.Arbitrary<Meaning> = fc.oneof(
  fc.record({ at: fc.constant('title' as const), value: fc.constantFrom('x', 'y', '', null) }),
  fc.record({ at: fc.constant('name' as const), value: name }),
  fc.record({ at: fc.constant('emails' as const), value: fc.option(emails, { nil: undefined }) }),
  fc
    .tuple(selection, email)
    .map(([selection, value]) => ({ at: 'filter' as const, selection, value: without(value, selection.creates) }))
    .filter(({ value }) => Object.keys(value).length > 0),
  fc.tuple(selection, part).map(([selection, what]) => ({ at: 'part' as const, selection, ...what })),
  part.map((what) => ({ at: 'allParts' as const, ...what })),
  fc.record({ at: fc.constant('objectClass' as const), value: fc.option(classes, { nil: undefined }) }),
);
const step: fc.Arbitrary<Step> = fc.oneof(
  fc
    .record({ kind, meaning, style })
    .filter(({ kind, meaning }) => kind === 'remove' || !('value' in meaning) || meaning.value !== undefined),
  fc.tuple(word, style).map(([is, style]): Step => ({ kind: 'remove', meaning: { at: 'oneClass', is }, style })),
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
        const patch = () =>
          compilePatch({ Operations: steps.map(written) }, userType).apply(frozen(resourceOf(structuredClone(before))));
        const state = structuredClone(before);
        try {
          for (const one of steps) applyStep(state, one);
        } catch (error) {
          if (!(error instanceof NoTarget)) throw error;
          expect(refusal(patch).scimType).toBe('noTarget');
          return;
        }
        expect(patch()).toEqual(resourceOf(finish(state)));
      }),
      { numRuns: 2000 },
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
