/** A query that is read by its form is the query that reading all of it gives. */
import fc from 'fast-check';
import { matcher } from '../../src/scim/filterEvaluate';
import { parametersOfUrl, resolveQuery } from '../../src/scim/query';
import { queryOfForm } from '../../src/scim/queryForm';
import { valueApart } from '../../src/scim/urlForm';
import { ecma, groupType, userType } from './resourceTypes';

const limits = { maxResults: 200, sort: true };
const base = 'https://host/scim';

const byForm = (search: string, type = userType) => {
  const query = queryOfForm(search, type, limits);
  if (query === undefined) return undefined;
  const { asked, filter, startIndex, count, projection, sortBy, sortOrder } = query;
  return { rest: { filter, startIndex, count, projection, sortBy, sortOrder }, asked };
};
const whole = (search: string, type = userType) => resolveQuery(parametersOfUrl(search), type, limits, base);
const filtered = (filter: string, more = '') => `filter=${encodeURIComponent(filter)}${more}`;

test.each([
  'userName eq "anna"',
  'emails[type eq "work"].value eq "anna@example.com"',
  'emails[type eq "work" and value eq "Anna"]',
  '(title pr and (displayName sw "A"))',
  'not (userName eq "anna")',
  `${ecma}:mail eq "anna@example.com"`,
  'userName eq "Ännä 100%" ',
  'userName eq ""',
])('%s is read by its form', (filter) => {
  for (const more of ['', '&attributes=userName,emails.type', '&startIndex=3&count=7&sortBy=title'])
    for (const search of [filtered(filter, more), filtered(filter.replace(/"[^"]*"(?=[^"]*$)/, '"other"'), more)])
      expect(byForm(search)?.rest).toEqual(whole(search));
});

test('the form is the same object for every value, and says what the value is compared with', () => {
  const [anna, berta] = ['anna', 'berta'].map((name) => byForm(filtered(`title pr and userName eq "${name}"`))?.asked);
  expect(anna?.form).toBe(berta?.form);
  expect([anna?.value, berta?.value]).toEqual(['anna', 'berta']);
  expect(anna?.form.path.attribute).toBe('userName');
  expect(anna?.form.queryFor('carla').filter).toEqual(whole(filtered('title pr and userName eq "carla"')).filter);
});

test.each<[search: string, why: string]>([
  ['', 'nothing is asked'],
  ['count=1', 'there is no filter'],
  [filtered('title pr'), 'there is no value'],
  [filtered('active eq "true"'), 'a boolean has other spellings'],
  [filtered(`${ecma}:whenHired gt "2026-01-01T00:00:00Z"`), 'a date is checked'],
  [filtered(`${ecma}:uidNumber eq "12"`), 'a number has other spellings'],
  [filtered('nobody eq "knows"'), 'the attribute is unknown'],
  [filtered('meta.location eq "https://host/scim/Users/1"'), 'URIs are compared as whole ones'],
  [filtered('userName eq "a\\"b"'), 'a quotation mark is escaped'],
  [filtered('userName eq "a" and title eq b'), 'a bare word stands behind the value'],
  ['filter=userName+eq+%22a+b%22', 'a plus sign is a blank'],
  ['filter=userName%20eq%20"a"', 'quotation marks came as they are'],
  ['filter=userName%20eq%20%22a%ff%22', 'the value is no UTF-8'],
  [filtered('userName eq "a"', '&attributes=%22title%22'), 'another parameter has the last quotation marks'],
  [filtered('userName eq "a"', '&cursor='), 'pages have cursors'],
  [filtered('userName eq "a" title', ''), 'it is no filter'],
  [filtered('userName eq "a"', '&count=x'), 'a parameter is wrong'],
  [filtered('password eq "a"'), 'it may not be asked'],
  [filtered(`userName eq "${'a'.repeat(1_100)}"`), 'it is very long'],
])('%s is read as a whole: %s', (search) => {
  for (let times = 0; times < 2; times += 1) expect(byForm(search)).toBeUndefined();
});

test('other types and other limits have forms of their own', () => {
  const search = filtered('displayName eq "all"');
  expect(byForm(search, groupType)?.rest).toEqual(whole(search, groupType));
  expect(byForm(search)?.rest).toEqual(whole(search));
  expect(queryOfForm(search, userType, { ...limits, maxResults: 5 })?.count).toBe(5);
  expect(byForm(search)?.rest.count).toBe(200);
});

const letters = fc.constantFrom(
  'a',
  'B',
  ' ',
  '"',
  '\\',
  '%',
  '+',
  '&',
  '=',
  ']',
  ')',
  'é',
  '😀',
  '\u0000',
  '%22',
  ' and ',
);
const value = fc.array(letters, { maxLength: 8 }).map((parts) => parts.join(''));
const quoted = fc.oneof(
  value.map((text) => JSON.stringify(text)),
  value.map((text) => `"${text}"`),
);
const term = fc.oneof(
  fc
    .tuple(fc.constantFrom('userName', 'title', 'emails.value', 'active', 'nothing'), quoted)
    .map(([name, text]) => `${name} eq ${text}`),
  fc.tuple(fc.constantFrom('work', 'home'), quoted).map(([type, text]) => `emails[type eq "${type}"].value eq ${text}`),
  fc
    .tuple(fc.constantFrom('work', 'home'), quoted)
    .map(([type, text]) => `emails[value sw ${text} and type eq "${type}"]`),
  fc.constantFrom('title pr', 'title eq bare', 'not (title pr)'),
);
const filter = fc
  .array(fc.tuple(term, fc.constantFrom(' and ', ' or ', ' ')), { minLength: 1, maxLength: 3 })
  .map((terms) => terms.map(([text, word], index) => (index === 0 ? text : `${word}${text}`)).join(''));
const encoding = fc.constantFrom(
  encodeURIComponent,
  (text: string) => encodeURIComponent(text).replaceAll('%20', '+'),
  (text: string) => text.replace(/[&+#%]/g, encodeURIComponent),
);
const further = fc.constantFrom(
  '',
  '&attributes=title',
  '&attributes=%22a%22',
  '&excludedAttributes=emails',
  '&count=0',
  '&count=%22',
  '&sortBy=title',
);

const user = fc.record({
  userName: value,
  title: fc.option(value, { nil: undefined }),
  emails: fc.array(fc.record({ type: fc.constantFrom('work', 'home'), value }), { maxLength: 2 }),
});

test('whatever is read by its form is what reading all of it gives, and matches the same resources', () => {
  const seen = { read: 0, matched: 0 };
  fc.assert(
    fc.property(filter, encoding, further, fc.array(user, { maxLength: 3 }), (text, encode, more, users) => {
      const search = `filter=${encode(text)}${more}`;
      const known = byForm(search);
      if (known === undefined) return;
      seen.read += 1;
      const query = whole(search);
      expect(known.rest).toEqual(query);
      const matches = matcher(query.filter ?? { kind: 'and', filters: [] });
      const value = known.asked?.value ?? '';
      const named = { schemas: [], userName: value.toUpperCase(), emails: [{ type: 'work', value }] };
      for (const resource of [named, ...users.map((one) => ({ schemas: [], ...one }))]) {
        expect(known.asked?.form.matches(resource, value)).toBe(matches(resource));
        if (matches(resource)) seen.matched += 1;
      }
    }),
    { numRuns: 3_000 },
  );
  expect(seen.read).toBeGreaterThan(100);
  expect(seen.matched).toBeGreaterThan(30);
});

test('the value that is taken out is put back in its place', () => {
  fc.assert(
    fc.property(fc.string({ unit: letters }), fc.string({ unit: letters }), value, (before, behind, text) => {
      const search = `${before}%22${encodeURIComponent(text)}%22${behind.replaceAll('%22', '')}`;
      const apart = valueApart(search);
      if (apart === undefined) return;
      const end = apart.form.lastIndexOf('%22');
      expect(apart.form.slice(0, end) + apart.value + apart.form.slice(end)).toBe(search);
    }),
  );
});
