/** A plan never hides what a filter finds: not behind the directory's rules, nor behind keys. */
import fc from 'fast-check';
import type { Entry } from '../../src/directory/entry';
import {
  type Filter as DirectoryFilter,
  equality,
  filterToString,
  matches,
  or,
  parseFilter as parseLdap,
} from '../../src/directory/filter';
import { Schema } from '../../src/directory/schema';
import { resourceOf } from '../../src/mapping/attributes';
import { type Candidate, elementText, type FilterPlan, idsInFilter, planOf } from '../../src/mapping/filter';
import type { ObjectType } from '../../src/mapping/objectType';
import { noReferences } from '../../src/mapping/reference';
import { isRemainder } from '../../src/mapping/remainder';
import { parseFilter } from '../../src/scim/filter';
import { matcher } from '../../src/scim/filterEvaluate';
import { entries, filters } from './filters';
import { group, objectType, references, schema } from './objectTypes';

const user = objectType({ auxiliaryClasses: ['oddities'], matchingAttributes: ['mail', 'moment', 'octets'] });
const known = references({ ada: 'uid=ada,dc=x', bob: 'uid=bob,dc=x' });
const urn = user.urn;

function plan(text: string, type: ObjectType = user, with_ = known): FilterPlan {
  return planOf(parseFilter(text, type.resourceType), type, with_);
}

const superset = (text: string, type?: ObjectType) => {
  const { superset: filter } = plan(text, type);
  return typeof filter === 'string' ? filter : filterToString(filter);
};

/** What a search of the directory would ask for a key. */
function asked({ attribute, naming, asserted }: Extract<Candidate, { kind: 'match' }>): DirectoryFilter {
  return or(...[attribute, ...naming].map((name) => equality(name, asserted)));
}

function finds(candidate: Candidate, entry: Entry, id: string, stored: Readonly<Record<string, unknown>>): boolean {
  switch (candidate.kind) {
    case 'id':
      return candidate.id === id;
    case 'dn':
      return candidate.dn.equals(entry.dn, schema);
    case 'stored':
      return keysOf(stored).some(({ path, value }) => path === candidate.path && value === candidate.value);
    case 'search':
      return matches(candidate.filter, entry, schema) === true;
    case 'match': {
      const keys = entry.values(candidate.attribute).map((value) => schema.normalize(candidate.attribute, value));
      const live = matches(asked(candidate), entry, schema) === true;
      return keys.length > 0 && candidate.naming.length === 0 ? live && keys.includes(candidate.value) : live;
    }
  }
}

/** The keys under which the state store finds what it keeps. */
function keysOf(stored: Readonly<Record<string, unknown>>): { path: string; value: string }[] {
  return Object.entries(stored).flatMap(([path, value]) => {
    if (typeof value === 'string') return [{ path, value }];
    if (!isRemainder(value)) return [];
    return value.elements.map((element) => ({ path: `${path}.value`, value: elementText(element.value) }));
  });
}

/** A server answers Undefined where it has no rule. */
function rulesOf(filter: DirectoryFilter): boolean {
  switch (filter.kind) {
    case 'and':
    case 'or':
      return filter.filters.every(rulesOf);
    case 'not':
      return rulesOf(filter.filter);
    case 'extensible':
    case 'present':
      return true;
    case 'equality':
    case 'approx':
      return schema.attributeType(filter.attribute)?.equality !== undefined;
    case 'substrings':
      return schema.attributeType(filter.attribute)?.substring !== undefined;
    default:
      return schema.attributeType(filter.attribute)?.ordering !== undefined;
  }
}

test('whatever a filter finds is found by the plan', () => {
  let found = 0;
  let narrowed = 0;
  fc.assert(
    fc.property(filters(urn), fc.array(entries, { minLength: 1, maxLength: 6 }), (spelled, all) => {
      let filter: ReturnType<typeof parseFilter>;
      try {
        filter = parseFilter(spelled, user.resourceType);
      } catch {
        return; // What compares no such values is refused before there is a plan.
      }
      const { superset: narrow, candidates } = planOf(filter, user, known);
      if (typeof narrow !== 'string')
        expect([filterToString(narrow), rulesOf(narrow)]).toEqual([expect.anything(), true]);
      for (const [index, { entry, stored }] of all.entries()) {
        const id = `id${index}`;
        const resource = resourceOf(user, entry, { id, references: known, stored, spelled: new Map() });
        if (!matcher(filter)(resource)) continue;
        found += 1;
        if (typeof narrow !== 'string' || candidates !== undefined) narrowed += 1;
        const shown = {
          spelled,
          narrow: typeof narrow === 'string' ? narrow : filterToString(narrow),
          candidates,
          resource,
        };
        expect({ ...shown, none: narrow === 'none' }).toEqual({ ...shown, none: false });
        if (typeof narrow !== 'string')
          expect({ ...shown, matches: matches(narrow, entry, schema) }).toEqual({ ...shown, matches: true });
        if (candidates !== undefined) {
          const keyed = candidates.some((candidate) => finds(candidate, entry, id, stored));
          expect({ ...shown, keyed }).toEqual({ ...shown, keyed: true });
        }
      }
    }),
    { numRuns: 4000 },
  );
  expect({ found: found > 1000, narrowed: narrowed > 100 }).toEqual({ found: true, narrowed: true });
});

describe('what the directory is asked', () => {
  test.each([
    // A value is data, whatever it is made of.
    ['title eq "*)(uid=*\\\\\\u0000"', '(title=\\2a\\29\\28uid=\\2a\\5c\\00)'],
    ['title sw "a*"', '(title=a\\2a*)'],
    ['title co "" ', 'all'],
    ['title eq ""', 'none'],
    [`${urn}:telephoneNumber co "- "`, 'all'],
    // No rule, another case, or an order that is the server's own.
    [`${urn}:ruleless eq "a"`, 'all'],
    [`${urn}:exact eq "a"`, '(exact=a)'],
    [`${urn}:exact co "a"`, '(exact=*a*)'],
    [`${urn}:jpegPhoto eq "YQ=="`, 'all'],
    [`${urn}:octets eq "YQ=="`, '(octets=\\61)'],
    [`${urn}:octets sw "YQ=="`, 'all'],
    ['title gt "a"', 'all'],
    [`${urn}:count ge 7`, '(count>=7)'],
    [`${urn}:count ge "9007199254740993"`, 'all'],
    [`${urn}:count eq "x"`, 'none'],
    [`${urn}:moment lt "2026-01-01T00:00:00+01:00"`, '(moment<=20251231230000Z)'],
    [`${urn}:commonName eq "a"`, '(cn=a)'],
    // Elements whose type nothing maps are in the state store.
    ['emails.value eq "a@b"', 'all'],
    ['emails pr', 'all'],
    ['emails[type eq "work"].value eq "a@b"', '(mail=a@b)'],
    ['emails[type eq "WORK" and (value sw "a" or value sw "b")]', '(|(mail=a*)(mail=b*))'],
    ['emails[type eq "work" or value eq "a@b"]', 'all'],
    ['emails[not (type eq "work") and value eq "a@b"]', 'all'],
    // Users without the attribute are known by the name of their entry.
    ['userName eq "ada"', '(|(uid=ada)(!(uid=*)))'],
    ['userName sw "a"', '(|(uid=a*)(!(uid=*)))'],
    [`${urn}:uid eq "ada"`, '(uid=ada)'],
    // What is not known matches nothing, negated or not.
    ['nosuch eq "a"', 'none'],
    ['nosuch eq "a" or title eq "b"', '(title=b)'],
    ['nosuch eq "a" and title eq "b"', 'none'],
    ['title eq "a" and not (title eq "b")', '(title=a)'],
    ['title ne "a"', 'all'],
    ['title pr', '(title=*)'],
    [`${urn}:-dn- eq "no name"`, 'none'],
    [`${urn}:manager eq "ada"`, '(manager=uid=ada,dc=x)'],
    [`${urn}:manager eq "nobody"`, 'none'],
    [`${urn}:manager[value eq "ada"]`, '(manager=uid=ada,dc=x)'],
  ])('%s', (filter, expected) => {
    expect(superset(filter)).toBe(expected);
  });

  test('a filter of 5,000 terms is as flat as it was written', () => {
    const terms = Array.from({ length: 5000 }, (_, index) => `title eq "${index}"`).join(' or ');
    const { superset: filter } = plan(terms);
    expect(typeof filter !== 'string' && filter.kind === 'or' ? filter.filters : []).toHaveLength(5000);
  });

  test('a rule that minds case does not narrow down what SCIM compares without it', () => {
    const type = objectType({
      auxiliaryClasses: ['oddities'],
      mappings: [
        { kind: 'direct', source: 'userName', target: 'uid' },
        { kind: 'direct', source: 'nickName', target: 'exact' },
      ],
    });
    expect(superset('nickName eq "a"', type)).toBe('all');
  });

  test('members are looked for by the ids that the filter names', () => {
    const type = group();
    const filter = parseFilter('members[value eq "ada"] or members.value eq "bob"', type.resourceType);
    expect(idsInFilter(filter, type)).toEqual(['ada', 'bob']);
    expect(superset('members[value eq "ada"]', type)).toBe('(member=uid=ada,dc=x)');
  });

  test('a schema that names no rules is taken at its syntaxes', () => {
    const bare = Schema.parse({
      attributeTypes: [
        "( 2.5.4.0 NAME 'objectClass' SYNTAX 1.3.6.1.4.1.1466.115.121.1.38 )",
        "( 2.5.4.3 NAME 'cn' SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE )",
        "( 1.2.840.113556.1.4.221 NAME 'sAMAccountName' SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE )",
        "( 1.2.840.113556.1.4.2 NAME 'objectGUID' SYNTAX 1.3.6.1.4.1.1466.115.121.1.40 SINGLE-VALUE NO-USER-MODIFICATION )",
      ],
      objectClasses: ["( 1.2.840.113556.1.5.9 NAME 'user' STRUCTURAL MUST cn MAY sAMAccountName )"],
    });
    const type = objectType({ schema: bare, targetObject: 'user', proposedAnchor: 'objectGUID' });
    expect(type.namingAttributes).toEqual(['samaccountname', 'cn']);
    expect(superset('userName eq "a"', type)).toBe('(|(sAMAccountName=a)(!(sAMAccountName=*)))');
    expect(superset(`${urn}:cn co "a"`, type)).toBe('(cn=*a*)');
    expect(plan('userName eq "A"', type).candidates).toEqual([
      { kind: 'match', attribute: 'samaccountname', value: 'a', asserted: 'A', naming: ['cn'] },
    ]);
  });
});

describe('keys', () => {
  test.each<[string, readonly Candidate[] | undefined]>([
    ['id eq "x"', [{ kind: 'id', id: 'x' }]],
    ['externalId eq "X"', [{ kind: 'stored', path: 'externalId', value: 'X' }]],
    ['userName eq "Ada"', [{ kind: 'match', attribute: 'uid', value: 'ada', asserted: 'Ada', naming: ['cn'] }]],
    [`${urn}:uid eq "Ada"`, [{ kind: 'match', attribute: 'uid', value: 'ada', asserted: 'Ada', naming: [] }]],
    // A key that the space compares is not always what a search may assert.
    [
      `${urn}:octets eq "/w=="`,
      [{ kind: 'match', attribute: 'octets', value: 'ÿ', asserted: Buffer.from([255]), naming: [] }],
    ],
    [
      'id eq "x" or id eq "y"',
      [
        { kind: 'id', id: 'x' },
        { kind: 'id', id: 'y' },
      ],
    ],
    ['id eq "x" and userName eq "y"', [{ kind: 'id', id: 'x' }]],
    ['id eq "x" or title eq "y"', undefined],
    ['id eq "x" or nosuch eq "y"', [{ kind: 'id', id: 'x' }]],
    [`${urn}:-dn- eq "exact=A,dc=x"`, undefined],
    ['title eq "x"', undefined],
  ])('%s', (filter, expected) => {
    expect(plan(filter).candidates).toEqual(expected);
  });

  test('what a mapping holds is no key of the state store', () => {
    const type = objectType({
      mappings: [
        { kind: 'direct', source: 'userName', target: 'uid' },
        { kind: 'direct', source: 'externalId', target: 'employeeNumber' },
        { kind: 'direct', source: 'name.familyName', target: 'sn' },
      ],
    });
    expect(plan('externalId eq "x"', type, noReferences)).toEqual({ superset: parseLdap('(employeeNumber=x)') });
  });
});
